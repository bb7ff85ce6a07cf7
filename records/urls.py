"""Addresses of the records room."""

from django.urls import include, path

from records import views
from records.documents import urls as documents
from records.photos import urls as photos
from records.self_service import urls as self_service

app_name = "records"

urlpatterns = [
    path("search/", views.search, name="search"),
    path("reading-purpose/", views.purpose, name="purpose"),
    path("students/", views.students, name="students"),
    path("students/<uuid:public_id>/", views.student, name="student"),
    path("students/<uuid:public_id>/photo/", views.photo, name="photo"),
    *documents.urlpatterns,
    *photos.urlpatterns,
    *self_service.urlpatterns,
    path("students/<uuid:public_id>/reveal/<str:field>/", views.reveal, name="reveal"),
    path("", include("records.merits.urls")),
    path("students/<uuid:public_id>/<slug:key>/", views.student_section, name="student_section"),
    path("my-classes/", views.my_classes, name="my_classes"),
    path("my-classes/<uuid:class_id>/", views.my_class, name="my_class"),
]
