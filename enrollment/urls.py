"""Addresses of the intake room, one block for each kind of work."""

from django.urls import path

from enrollment.views import applicants, review

app_name = "enrollment"

applicant_urls = [
    path("batches/", applicants.batches, name="batches"),
    path("batches/<uuid:batch_id>/applicants/", applicants.applicants, name="applicants"),
    path("batches/<uuid:batch_id>/applicants/new/", applicants.start, name="applicant_start"),
    path("applicants/<uuid:applicant_id>/", applicants.form, name="applicant_form"),
    path("applicants/<uuid:applicant_id>/save/", applicants.autosave, name="applicant_save"),
    path("applicants/<uuid:applicant_id>/check/", applicants.check_form, name="applicant_check"),
    path("applicants/<uuid:applicant_id>/recall/", applicants.recall, name="applicant_recall"),
    path("applicants/<uuid:applicant_id>/withdraw/", applicants.withdraw, name="applicant_withdraw"),
    path("regions/", applicants.regions, name="regions"),
]

review_urls = [
    path("batches/<uuid:batch_id>/review/", review.next_waiting, name="review_next"),
    path("applicants/<uuid:applicant_id>/review/", review.review, name="review"),
    path("applicants/<uuid:applicant_id>/pass/", review.pass_step, name="review_pass"),
    path("applicants/<uuid:applicant_id>/return/", review.send_back, name="review_return"),
]

urlpatterns = [*applicant_urls, *review_urls]
