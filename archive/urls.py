"""Addresses of the archives' room."""

from django.urls import path

from archive.assessments import views as assessments
from archive.catalogues import views as catalogues
from archive.certificates import views as certificates
from archive.consents import views as consents
from archive.copies import views as copies
from archive.deletions import views as deletions
from archive.edits import views as edits
from archive.four_checks import views as four_checks
from archive.inquiries import views as inquiries
from archive.keeping import views as keeping
from archive.problems import views as problems
from archive.retention import views as retention
from archive.sharing import views as sharing

app_name = "archive"

urlpatterns = [
    path("students/<uuid:student_id>/edit/", edits.new_edit, name="edit_new"),
    path("edits/new/", edits.new_edit_of_many, name="edit_many"),
    path("edits/<uuid:request_id>/print/", edits.print_edit, name="edit_print"),
    path("inquiries/new/", inquiries.new_inquiry, name="inquiry_new"),
    path("inquiries/<uuid:request_id>/read/", inquiries.read, name="inquiry_read"),
    path("inquiries/<uuid:request_id>/letter/", inquiries.letter, name="inquiry_letter"),
    path("problem-lists/", problems.problem_lists, name="problem_lists"),
    path("problem-lists/new/", problems.new_list, name="problem_new"),
    path("problem-lists/<uuid:list_id>/", problems.problem_list, name="problem_list"),
    path("problem-rows/<uuid:row_id>/", problems.problem_row, name="problem_row"),
    path("problem-rows/<uuid:row_id>/explain/", problems.explain, name="problem_explain"),
    path("problem-rows/<uuid:row_id>/mend/", problems.mend, name="problem_mend"),
    path("problem-rows/<uuid:row_id>/confirm/", problems.confirm, name="problem_confirm"),
    path("problem-rows/<uuid:row_id>/return/", problems.send_back, name="problem_return"),
    path("assessments/", assessments.register, name="assessments"),
    path("assessments/new/", assessments.new, name="assessment_new"),
    path("assessments/<uuid:assessment_id>/", assessments.assessment, name="assessment"),
    path("assessments/<uuid:assessment_id>/confirm/", assessments.confirm, name="assessment_confirm"),
    path("assessments/<uuid:assessment_id>/end/", assessments.end, name="assessment_end"),
    path("sharings/", sharing.register, name="sharings"),
    path("sharings/new/", sharing.new_sharing, name="sharing_new"),
    path("sharings/<uuid:request_id>/consents/", consents.sharing_consents, name="sharing_consents"),
    path("sharings/<uuid:request_id>/package/", sharing.package, name="sharing_package"),
    path("sharings/<uuid:request_id>/receipt/", sharing.receipt, name="sharing_receipt"),
    path("sharings/<uuid:request_id>/revoke/", sharing.revoke, name="sharing_revoke"),
    path("sharings/<uuid:request_id>/papers/<slug:what>/", sharing.paper, name="sharing_paper"),
    path("catalogues/", catalogues.catalogues, name="catalogues"),
    path("catalogues/files/", catalogues.files, name="catalogue_files"),
    path("catalogues/fonds/", catalogues.fonds, name="catalogue_fonds"),
    path("students/<uuid:student_id>/catalogue/", catalogues.documents, name="catalogue_documents"),
    path("certificates/", certificates.register, name="certificates"),
    path("certificates/check/", certificates.check, name="certificate_check"),
    path("certificates/class/", certificates.class_set, name="certificate_class"),
    path("certificates/<uuid:certificate_id>/", certificates.certificate, name="certificate"),
    path("certificates/<uuid:certificate_id>/copy/", certificates.copy, name="certificate_copy"),
    path("certificates/<uuid:certificate_id>/void/", certificates.void, name="certificate_void"),
    path("students/<uuid:student_id>/certificates/", certificates.new_certificate, name="certificate_new"),
    path("students/<uuid:student_id>/consents/", consents.consents, name="consents"),
    path("consents/<uuid:consent_id>/withdraw/", consents.withdraw, name="consent_withdraw"),
    path("consents/<uuid:consent_id>/scan/", consents.scan, name="consent_scan"),
    path("evidence/<uuid:evidence_id>/", edits.evidence, name="evidence"),
    path("students/<uuid:student_id>/delete/", deletions.new_deletion, name="deletion_new"),
    path("students/<uuid:student_id>/copies/", copies.copies, name="copies"),
    path("students/<uuid:student_id>/copies/print/", copies.print_file, name="copy_print"),
    path("students/<uuid:student_id>/copies/hand-out/", copies.hand_out, name="copy_hand_out"),
    path("students/<uuid:student_id>/copies/package/", copies.package, name="package"),
    path("students/<uuid:student_id>/copies/proof/", copies.prove, name="proof"),
    path("four-checks/", four_checks.failing, name="four_checks"),
    path("students/<uuid:student_id>/four-checks/", four_checks.of_file, name="file_checks"),
    path("students/<uuid:student_id>/keeping/", keeping.keeping, name="keeping"),
    path("students/<uuid:student_id>/keeping/hold/", keeping.hold, name="hold"),
    path("students/<uuid:student_id>/keeping/lift/<uuid:hold_id>/", keeping.lift, name="hold_lift"),
    path("students/<uuid:student_id>/keeping/retention/", keeping.mark, name="retention_mark"),
    path("appraisals/", retention.rounds, name="rounds"),
    path("appraisals/open/", retention.open_round, name="round_open"),
    path("appraisals/<uuid:round_id>/", retention.one_round, name="round"),
    path("appraisals/<uuid:round_id>/members/", retention.name_member, name="round_member"),
    path("appraisals/<uuid:round_id>/relief/", retention.relieve_member, name="round_relief"),
    path("appraisals/<uuid:round_id>/votes/", retention.vote, name="round_vote"),
    path("appraisals/<uuid:round_id>/close/", retention.close_round, name="round_close"),
    path("appraisals/<uuid:round_id>/drop/", retention.drop_round, name="round_drop"),
    path("appraisals/<uuid:round_id>/apply/", retention.apply, name="round_apply"),
    path("appraisals/<uuid:round_id>/report/", retention.report, name="round_report"),
    path("destroyed/", retention.destroyed, name="destroyed"),
    path("students/<uuid:student_id>/keeping/lend/", keeping.lend, name="lend"),
    path("students/<uuid:student_id>/keeping/back/<uuid:loan_id>/", keeping.take_back, name="take_back"),
]
