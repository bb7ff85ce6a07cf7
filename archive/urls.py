"""Addresses of the archives' room."""

from django.urls import path

from archive.edits import views as edits

app_name = "archive"

urlpatterns = [
    path("students/<uuid:student_id>/edit/", edits.new_edit, name="edit_new"),
    path("evidence/<uuid:evidence_id>/", edits.evidence, name="evidence"),
]
