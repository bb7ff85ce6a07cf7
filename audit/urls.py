"""Addresses of the audit room."""

from django.urls import path

from audit.alerts import views as alerts
from audit.bulletins import views as bulletins
from audit.exports import views as exports
from audit.grant_reviews import views as grant_reviews
from audit.history import views as history
from audit.incidents import views as incidents
from audit.inspections import views as inspections
from audit.letters import views as letters
from audit.opinions import views as opinions
from audit.rectifications import views as rectifications
from audit.rights import views as rights
from audit.seals import views as seals
from audit.searching import views as searching

app_name = "audit"

urlpatterns = [
    path("alerts/", alerts.register, name="alerts"),
    path("alerts/<uuid:alert_id>/", alerts.alert, name="alert"),
    path("roles/new/", rights.new_request, name="role_new"),
    path("roles/<uuid:request_id>/print/", rights.print_form, name="role_print"),
    path("letters/", letters.register, name="letters"),
    path("letters/mine/", letters.mine, name="letters_mine"),
    path("letters/new/", letters.new, name="letter_new"),
    path("letters/scans/<uuid:signature_id>/", letters.scan, name="letter_scan"),
    path("letters/<uuid:version_id>/", letters.letter, name="letter"),
    path("letters/<uuid:version_id>/next/", letters.new_version, name="letter_next"),
    path("letters/<uuid:version_id>/end/", letters.end, name="letter_end"),
    path("letters/<uuid:version_id>/paper/", letters.paper, name="letter_paper"),
    path("letters/<uuid:version_id>/list/", letters.print_register, name="letter_register_print"),
    path("letters/<uuid:version_id>/sign/", letters.sign, name="letter_sign"),
    path("letters/<uuid:version_id>/print/", letters.print_letter, name="letter_print"),
    path("role-reviews/", grant_reviews.register, name="grant_reviews"),
    path("role-reviews/open/", grant_reviews.open_review, name="grant_review_open"),
    path("role-reviews/<uuid:review_id>/", grant_reviews.review, name="grant_review"),
    path("role-reviews/<uuid:review_id>/answer/", grant_reviews.answer, name="grant_review_answer"),
    path("role-reviews/<uuid:review_id>/finish/", grant_reviews.finish, name="grant_review_finish"),
    path("role-reviews/<uuid:review_id>/report/", grant_reviews.report, name="grant_review_report"),
    path("events/", searching.events, name="events"),
    path("events/charts/", searching.charts, name="event_charts"),
    path("events/saved/", searching.saved_query_new, name="saved_query_new"),
    path("events/saved/<uuid:query_id>/delete/", searching.saved_query_drop, name="saved_query_drop"),
    path("events/<int:event_id>/", searching.event, name="event"),
    path("students/<uuid:public_id>/history/", history.history, name="history"),
    path("students/<uuid:public_id>/history/at/", history.history_at, name="history_at"),
    path(
        "students/<uuid:public_id>/history/<str:kind>/<int:row_id>/<str:field>/",
        history.history_reveal,
        name="history_reveal",
    ),
    path("incidents/", incidents.register, name="incidents"),
    path("incidents/report/", incidents.report, name="incident_report"),
    path("incidents/<uuid:incident_id>/", incidents.incident, name="incident"),
    path("incidents/<uuid:incident_id>/step/", incidents.step, name="incident_step"),
    path("incidents/<uuid:incident_id>/account/", incidents.account, name="incident_account"),
    path("incidents/<uuid:incident_id>/extent/", incidents.extent, name="incident_extent"),
    path("incidents/<uuid:incident_id>/letter/", incidents.letter, name="incident_letter"),
    path("incidents/<uuid:incident_id>/notice/", incidents.notice, name="incident_notice"),
    path("incidents/<uuid:incident_id>/letters/", incidents.letters, name="incident_letters"),
    path("exports/", exports.register, name="exports"),
    path("exports/new/", exports.new_export, name="export_new"),
    path("exports/recognise/", exports.recognise, name="export_recognise"),
    path("seals/", seals.seals, name="seals"),
    path("seals/keys/", seals.keys, name="seal_keys"),
    path("seals/<int:number>/", seals.seal, name="seal"),
    path("verifications/", seals.verifications, name="verifications"),
    path("verifications/run/", seals.verify, name="verify"),
    path("verifications/<uuid:verification_id>/", seals.verification, name="verification"),
    path("inspections/", inspections.register, name="inspections"),
    path("inspections/plan/", inspections.plan, name="inspection_plan"),
    path("inspections/files/<uuid:file_id>/", inspections.file, name="inspected_file"),
    path("inspections/<uuid:inspection_id>/", inspections.inspection, name="inspection"),
    path("inspections/<uuid:inspection_id>/begin/", inspections.begin, name="inspection_begin"),
    path("inspections/<uuid:inspection_id>/assign/", inspections.assign, name="inspection_assign"),
    path("inspections/<uuid:inspection_id>/findings/", inspections.findings, name="inspection_findings"),
    path("inspections/<uuid:inspection_id>/finish/", inspections.finish, name="inspection_finish"),
    path("inspections/<uuid:inspection_id>/print/", inspections.print_result, name="inspection_print"),
    path("inspections/<uuid:inspection_id>/notice/", rectifications.new, name="rectification_new"),
    path("rectifications/", rectifications.register, name="rectifications"),
    path(
        "rectifications/evidence/<uuid:evidence_id>/", rectifications.evidence, name="rectification_evidence"
    ),
    path("rectifications/<uuid:rectification_id>/", rectifications.rectification, name="rectification"),
    path("rectifications/<uuid:rectification_id>/sign/", rectifications.sign, name="rectification_sign"),
    path("rectifications/<uuid:rectification_id>/drop/", rectifications.drop, name="rectification_drop"),
    path(
        "rectifications/<uuid:rectification_id>/acknowledge/",
        rectifications.acknowledge,
        name="rectification_acknowledge",
    ),
    path(
        "rectifications/<uuid:rectification_id>/answer/", rectifications.answer, name="rectification_answer"
    ),
    path(
        "rectifications/<uuid:rectification_id>/verify/", rectifications.verify, name="rectification_verify"
    ),
    path(
        "rectifications/<uuid:rectification_id>/print/",
        rectifications.print_notice,
        name="rectification_print",
    ),
    path("opinions/", opinions.register, name="opinions"),
    path("opinions/write/", opinions.write, name="opinion_write"),
    path("opinions/<uuid:opinion_id>/", opinions.opinion, name="opinion"),
    path(
        "opinions/<uuid:opinion_id>/notice/", rectifications.new_of_opinion, name="rectification_of_opinion"
    ),
    path("bulletins/", bulletins.register, name="bulletins"),
    path("bulletins/new/", bulletins.new, name="bulletin_new"),
    path("bulletins/<uuid:bulletin_id>/", bulletins.bulletin, name="bulletin"),
    path("bulletins/<uuid:bulletin_id>/print/", bulletins.print_bulletin, name="bulletin_print"),
]
