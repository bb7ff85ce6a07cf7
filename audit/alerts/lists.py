"""The list of alerts."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit.alerts.words import told
from audit.models import Alert
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge

STATES = (("open", _("Waiting for an answer")), *Alert.Conclusion.choices)


def state_badge(row: Alert) -> str:
    """Open, or the conclusion."""
    if row.answered_at is None:
        return badge("orange", _("Waiting for an answer"), "alert-triangle")
    if row.conclusion == Alert.Conclusion.NOT_IN_ORDER:
        return badge("red", _("Not in order"), "alert-circle")
    return badge("green", row.get_conclusion_display() or _("Answered"), "circle-check")


def _by_state(rows: QuerySet[Alert], chosen: str) -> QuerySet[Alert]:
    return rows.filter(answered_at__isnull=True) if chosen == "open" else rows.filter(conclusion=chosen)


class AlertList(ListPage[Any]):
    """Who is concerned on which day, and what came of it. No content of a file stands here."""

    name = "audit.alerts"
    columns = (
        Column("day", _("Day"), lambda row: row.day, sort=("day", "pk"), fixed=True, link=True, css="date"),
        Column("kind", _("Kind"), lambda row: row.get_kind_display(), sort=("kind", "pk")),
        Column("person", _("Person"), lambda row: row.person.name, sort=("person__name", "pk"), css="name"),
        Column("unit", _("Unit"), lambda row: row.person.unit.label, phone=False),
        Column("school", _("School"), lambda row: row.school.label, phone=False, default=False),
        Column("told", _("What there was"), told),
        Column("state", _("State"), state_badge, css="state", value=lambda row: row.answered_at),
        Column("by", _("Answered by"), lambda row: row.answered_by and row.answered_by.name, css="name",
               phone=False),
        Column("incident", _("Incident"), lambda row: row.incident and row.incident.number, css="id",
               phone=False),
    )  # fmt: skip
    filters = (
        Filter("person", _("Person"), "text",
               lambda rows, text: rows.filter(person__name__icontains=text.strip())),
        Filter("kind", _("Kind"), "choice", "kind", choices=Alert.Kind.choices),
        Filter("state", _("State"), "choice", _by_state, choices=STATES),
    )  # fmt: skip
    default_sort = "-day"
    empty = Empty(
        _("No alerts"),
        _("What raises one are rules of the school."),
        icon="inbox",
    )

    def row_url(self, row: Any) -> str:
        """The alert."""
        return reverse("audit:alert", args=[row.public_id])
