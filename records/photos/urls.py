"""Addresses of photos; `records.urls` takes them in before the sections of a file."""

from django.urls import path

from records.photos import views

urlpatterns = [
    path("photos/", views.photos, name="photos"),
    path("photos/uploads/<uuid:upload_id>/", views.uploaded, name="photo_upload"),
    path("photos/files/<uuid:file_id>/crop/", views.crop, name="photo_crop"),
    path("photos/files/<uuid:file_id>/source/", views.source, name="photo_source"),
    path("photos/exports/", views.exports, name="photo_exports"),
    path("photos/exports/<uuid:export_id>/", views.one_export, name="photo_export"),
    path("photos/exports/<uuid:export_id>/decide/", views.decide_export, name="photo_export_decide"),
    path("students/<uuid:public_id>/photo/change/", views.change, name="photo_change"),
]
