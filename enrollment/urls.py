"""Addresses of the intake room, one block for each kind of work."""

from django.urls import path

from enrollment.views import applicants

app_name = "enrollment"

applicant_urls = [
    path("batches/", applicants.batches, name="batches"),
    path("batches/<uuid:batch_id>/applicants/", applicants.applicants, name="applicants"),
]

urlpatterns = [*applicant_urls]
