"""Addresses of the intake room, one block for each kind of work."""

from django.urls import path

from enrollment.views import applicants, imports, review

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

import_urls = [
    path("imports/", imports.imports, name="imports"),
    path("imports/new/", imports.upload, name="import_upload"),
    path("imports/template/<uuid:batch_id>/", imports.template, name="import_template"),
    path("imports/<uuid:public_id>/", imports.result, name="import_result"),
    path("imports/<uuid:public_id>/progress/", imports.progress, name="import_progress"),
    path("imports/<uuid:public_id>/start/", imports.start, name="import_start"),
    path("imports/<uuid:public_id>/cancel/", imports.cancel, name="import_cancel"),
    path("imports/<uuid:public_id>/undo/", imports.undo, name="import_undo"),
    path("imports/<uuid:public_id>/marked/", imports.marked, name="import_marked"),
    path("imports/rows/<uuid:public_id>/", imports.row, name="import_row"),
    path("imports/rows/<uuid:public_id>/take-over/", imports.take_over, name="import_row_take_over"),
    path("imports/rows/<uuid:public_id>/dismiss/", imports.dismiss, name="import_row_dismiss"),
]

urlpatterns = [*applicant_urls, *review_urls, *import_urls]
