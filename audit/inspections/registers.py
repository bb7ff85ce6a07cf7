"""What supervision adds to the registers of other rooms; called once when the room starts."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from approvals import inbox, notices
from audit.bulletins.actions import PUBLISHED
from audit.bulletins.selectors import ALL_READERS
from audit.inspections import inbox as inspections
from audit.inspections.actions import FINISHED, OPENED
from audit.inspections.erasing import erase
from audit.inspections.people import ANSWER, INSPECT, READERS
from audit.opinions import inbox as opinions
from audit.rectifications import inbox as rectifications
from audit.rectifications.actions import ISSUED, OVERDUE, REOPENED
from core.menu import MenuItem, register
from records import erasing

EVENTS = {
    "inspection.planned": _("Inspection planned"),
    "inspection.assigned": _("Inspector named"),
    "inspection.begun": _("Inspection begun and sample drawn"),
    "inspection.judged": _("File of a sample judged"),
    "inspection.scored": _("Findings of an inspection written"),
    "inspection.finished": _("Inspection finished"),
    "inspection.printed": _("Result of an inspection printed"),
    "rectification.drafted": _("Rectification notice drafted"),
    "rectification.issued": _("Rectification notice issued"),
    "rectification.dropped": _("Draft of a rectification notice not issued"),
    "rectification.acknowledged": _("Rectification notice acknowledged"),
    "rectification.answered": _("Rectification notice answered"),
    "rectification.reopened": _("Rectification opened again"),
    "rectification.closed": _("Rectification verified and closed"),
    "rectification.overdue": _("Rectification overdue"),
    "rectification.evidence_viewed": _("Evidence of a rectification viewed"),
    "rectification.printed": _("Rectification notice printed"),
    "opinion.written": _("Report or opinion written"),
    "opinion.answered": _("Report or opinion answered"),
    "bulletin.published": _("Bulletin published"),
    "bulletin.printed": _("Bulletin printed"),
}

NOTICES = {
    FINISHED: ngettext_lazy(
        "Inspection %(about)s is finished", "%(count)s inspections are finished: %(about)s", "count"
    ),
    OPENED: ngettext_lazy(
        "%(about)s: %(count)s quarterly sample waits for an inspector",
        "%(about)s: %(count)s quarterly samples wait for an inspector",
        "count",
    ),
    ISSUED: ngettext_lazy(
        "Rectification notice %(about)s was issued to you",
        "%(count)s rectification notices: %(about)s",
        "count",
    ),
    REOPENED: ngettext_lazy(
        "Rectification notice %(about)s was opened again",
        "Rectification notice %(about)s was opened again (%(count)s)",
        "count",
    ),
    OVERDUE: ngettext_lazy(
        "Rectification notice %(about)s is overdue",
        "Rectification notice %(about)s is overdue (%(count)s)",
        "count",
    ),
}
LEADS_TO = {FINISHED: ANSWER, OPENED: INSPECT, ISSUED: ANSWER, REOPENED: ANSWER, OVERDUE: ""}


def register_all() -> None:
    """Inbox, notices, menu, and what is erased with a file."""
    erasing.register("audit", erase)
    inbox.register(inbox.InboxSource("inspections", _("Inspections"), inspections.rows))
    inbox.register(inbox.InboxSource("rectifications", _("Rectification notices"), rectifications.rows))
    inbox.register(inbox.InboxSource("opinions", _("Reports and opinions"), opinions.rows))
    for kind, text in NOTICES.items():
        notices.register(kind, text, LEADS_TO[kind])
    published = ngettext_lazy(
        "Bulletin %(about)s was published", "%(count)s bulletins were published: %(about)s", "count"
    )
    notices.register(PUBLISHED, published, "view_figures")
    register(
        MenuItem(
            _("Inspections"), "audit:inspections", "checklist", READERS, "audit", 30,
            also=("audit:inspection", "audit:inspection_plan", "audit:inspected_file"),
        )
    )  # fmt: skip
    register(
        MenuItem(
            _("Rectification notices"), "audit:rectifications", "clipboard-list", READERS, "audit", 32,
            also=("audit:rectification", "audit:rectification_new", "audit:rectification_of_opinion"),
        )
    )  # fmt: skip
    register(
        MenuItem(
            _("Bulletins"), "audit:bulletins", "report", ALL_READERS, "audit", 34,
            also=("audit:bulletin", "audit:bulletin_new"),
        )
    )  # fmt: skip
    register(
        MenuItem(
            _("Reports and opinions"),
            "audit:opinions",
            "message-circle",
            INSPECT,
            "audit",
            36,
            also=("audit:opinion",),
        )
    )
    register(
        MenuItem(_("Write a report or opinion"), "audit:opinion_write", "message-circle", "", "work", 96)
    )
