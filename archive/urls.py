"""Addresses of the archives' room."""

from django.urls import path

from archive.certificates import views as certificates
from archive.consents import views as consents
from archive.deletions import views as deletions
from archive.edits import views as edits
from archive.inquiries import views as inquiries
from archive.keeping import views as keeping
from archive.sharing import views as sharing

app_name = "archive"

urlpatterns = [
    path("students/<uuid:student_id>/edit/", edits.new_edit, name="edit_new"),
    path("inquiries/new/", inquiries.new_inquiry, name="inquiry_new"),
    path("inquiries/<uuid:request_id>/read/", inquiries.read, name="inquiry_read"),
    path("inquiries/<uuid:request_id>/letter/", inquiries.letter, name="inquiry_letter"),
    path("sharings/", sharing.register, name="sharings"),
    path("sharings/new/", sharing.new_sharing, name="sharing_new"),
    path("sharings/<uuid:request_id>/consents/", consents.sharing_consents, name="sharing_consents"),
    path("sharings/<uuid:request_id>/package/", sharing.package, name="sharing_package"),
    path("sharings/<uuid:request_id>/receipt/", sharing.receipt, name="sharing_receipt"),
    path("sharings/<uuid:request_id>/revoke/", sharing.revoke, name="sharing_revoke"),
    path("sharings/<uuid:request_id>/papers/<slug:what>/", sharing.paper, name="sharing_paper"),
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
    path("students/<uuid:student_id>/keeping/", keeping.keeping, name="keeping"),
    path("students/<uuid:student_id>/keeping/hold/", keeping.hold, name="hold"),
    path("students/<uuid:student_id>/keeping/lift/<uuid:hold_id>/", keeping.lift, name="hold_lift"),
    path("students/<uuid:student_id>/keeping/lend/", keeping.lend, name="lend"),
    path("students/<uuid:student_id>/keeping/back/<uuid:loan_id>/", keeping.take_back, name="take_back"),
]
