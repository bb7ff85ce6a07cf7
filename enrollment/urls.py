"""Addresses of the intake room, one block for each kind of work."""

from django.urls import path

from enrollment.views import (
    applicants,
    batches,
    bulk,
    chosen,
    follow_up,
    handover,
    imports,
    printing,
    review,
    scans,
    submission,
)

app_name = "enrollment"

applicant_urls = [
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
    path("hand-over/", handover.page, name="hand_over"),
    path("applicants/<uuid:applicant_id>/step-aside/", review.step_aside, name="step_aside"),
    path("batches/<uuid:batch_id>/review/", review.next_waiting, name="review_next"),
    path("applicants/<uuid:applicant_id>/review/", review.review, name="review"),
    path("applicants/<uuid:applicant_id>/pass/", review.pass_step, name="review_pass"),
    path("applicants/<uuid:applicant_id>/return/", review.send_back, name="review_return"),
]

import_urls = [
    path("imports/", imports.imports, name="imports"),
    path("imports/problems/", imports.problems, name="import_problems"),
    path("imports/new/", imports.upload, name="import_upload"),
    path("imports/template/<uuid:batch_id>/", imports.template, name="import_template"),
    path("imports/<uuid:public_id>/", imports.result, name="import_result"),
    path("imports/<uuid:public_id>/progress/", imports.progress, name="import_progress"),
    path("imports/<uuid:public_id>/start/", imports.start, name="import_start"),
    path("imports/<uuid:public_id>/cancel/", imports.cancel, name="import_cancel"),
    path("imports/<uuid:public_id>/take-over/", imports.take_over_import, name="import_take_over"),
    path("imports/<uuid:public_id>/undo/", imports.undo, name="import_undo"),
    path("imports/<uuid:public_id>/marked/", imports.marked, name="import_marked"),
    path("imports/<uuid:public_id>/marked/order/", imports.order_marked, name="import_marked_order"),
    path("imports/rows/<uuid:public_id>/", imports.row, name="import_row"),
    path("imports/rows/<uuid:public_id>/take-over/", imports.take_over, name="import_row_take_over"),
    path("imports/rows/<uuid:public_id>/dismiss/", imports.dismiss, name="import_row_dismiss"),
]

batch_urls = [
    path("batches/", batches.batches, name="batches"),
    path("batches/new/", batches.open_batch, name="batch_new"),
    path("batches/<uuid:batch_id>/", batches.batch, name="batch"),
    path("batches/<uuid:batch_id>/change/", batches.change_batch, name="batch_change"),
    path("batches/<uuid:batch_id>/open/", batches.set_open, name="batch_set_open"),
]

bulk_urls = [
    path("batches/<uuid:batch_id>/self-check/", submission.self_check, name="self_check"),
    path("batches/<uuid:batch_id>/bulk/", bulk.classes, name="bulk"),
    path("batches/<uuid:batch_id>/bulk/<slug:step>/", bulk.plan, name="bulk_plan"),
    path("batches/<uuid:batch_id>/bulk/<slug:step>/draw/", bulk.draw, name="bulk_draw"),
    path("bulk/", chosen.several, name="bulk_several"),
    path("samples/<uuid:sample_id>/", bulk.report, name="bulk_report"),
    path("samples/<uuid:sample_id>/pass/", bulk.run, name="bulk_pass"),
]

scan_urls = [
    path("applicants/<uuid:applicant_id>/scans/", scans.attach, name="scan_attach"),
    path("scans/<uuid:document_id>/", scans.show, name="scan"),
    path("scans/<uuid:document_id>/pages/<int:number>/", scans.page, name="scan_page"),
    path("scans/<uuid:document_id>/file/", scans.download, name="scan_download"),
    path("scans/<uuid:document_id>/remove/", scans.remove, name="scan_remove"),
    path("batches/<uuid:batch_id>/scans/", scans.upload, name="scans_upload"),
    path("scans/uploads/<uuid:upload_id>/", scans.uploaded, name="scan_upload"),
]

printing_urls = [
    path("batches/<uuid:batch_id>/printing/", printing.batch, name="batch_printing"),
    path("applicants/<uuid:applicant_id>/print/", printing.applicant_form, name="applicant_print"),
    path("classes/<uuid:class_id>/printing/", printing.class_sheets, name="class_sheets"),
    path("classes/<uuid:class_id>/roster/", printing.class_roster, name="class_roster"),
    path("classes/<uuid:class_id>/cards/", printing.class_cards, name="class_cards"),
    path("students/<uuid:student_id>/card/", printing.student_card, name="student_card"),
]

follow_up_urls = [
    path("no-hukou/", follow_up.bureau, name="bureau"),
    path("without-number/", follow_up.without_number, name="without_number"),
]

urlpatterns = [
    *applicant_urls,
    *review_urls,
    *import_urls,
    *batch_urls,
    *bulk_urls,
    *scan_urls,
    *printing_urls,
    *follow_up_urls,
]
