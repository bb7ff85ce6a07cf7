"""Names of what happens in the audit room."""

from django.utils.translation import gettext_lazy as _

EVENTS = {
    "incident.reported": _("Incident reported"),
    "incident.step": _("Step of an incident taken"),
    "incident.suspect": _("Suspect of an incident named"),
    "incident.frozen": _("Account frozen because of an incident"),
    "incident.extent": _("Students concerned by an incident listed"),
    "incident.letter": _("Letter of an incident written"),
    "incident.letter_printed": _("Letter of an incident printed"),
    "incident.notice_printed": _("Letter to the authority about an incident printed"),
    "grant_review.opened": _("Review of roles opened"),
    "grant_review.answered": _("Roles in a review answered for"),
    "grant_review.finished": _("Review of roles finished"),
    "grant_review.printed": _("Report of a review of roles printed"),
    "alert.raised": _("Alert raised"),
    "alert.answered": _("Alert answered"),
    "reading.alerted": _("Many student files read by one person on one day"),
    "export.stood_by": _("Export confirmed by a second person at the screen"),
    "export.made": _("Students exported"),
    "student.exported": _("Student exported in a list"),
    "export.lapsed": _("File of an export deleted"),
    "export.recognised": _("File compared with the exports"),
    "ledger.verified": _("Ledger verified"),
    "events.searched": _("Events about a person searched"),
    "events.opened": _("Event about a person opened"),
    "events.query_saved": _("Query of events saved"),
    "events.query_dropped": _("Saved query of events deleted"),
    "history.viewed": _("History of a student file viewed"),
    "history.revealed": _("Masked value of an earlier time shown"),
    "reading.answered": _("Alert of much reading answered"),
}
