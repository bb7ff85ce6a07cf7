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
    "ledger.verified": _("Ledger verified"),
    "reading.answered": _("Alert of much reading answered"),
}
