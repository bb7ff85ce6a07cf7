"""Addresses of students' accounts, part of the records room's."""

from django.urls import path

from records.self_service import views

urlpatterns = [
    path("my-file/", views.own_file, name="own_file"),
    path("my-file/confirm/", views.confirm, name="own_file_confirm"),
    path("my-file/correction/", views.ask_correction, name="own_file_correction"),
    path("student-corrections/", views.corrections, name="corrections"),
    path("student-corrections/<uuid:public_id>/", views.correction, name="correction"),
    path("student-accounts/", views.student_accounts, name="student_accounts"),
    path("student-accounts/<uuid:class_id>/open/", views.open_class, name="student_accounts_open"),
    path("students/<uuid:public_id>/account/", views.student_account, name="student_account"),
    path("students/<uuid:public_id>/account/open/", views.open_one, name="student_account_open"),
    path("students/<uuid:public_id>/account/close/", views.close, name="student_account_close"),
]
