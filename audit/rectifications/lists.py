"""The register of rectification notices."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.models import Rectification
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge

_BADGES = {
    "draft": ("grey", "pencil"),
    "issued": ("blue", "mail"),
    "rectifying": ("orange", "progress-check"),
    "answered": ("purple", "search"),
    "closed": ("green", "circle-check"),
    "dropped": ("grey", "circle-x"),
}


def state_badge(row: Rectification) -> str:
    """The state of a notice as a badge; what is overdue says so."""
    if row.overdue_on is not None and row.next_due is not None:
        return badge("red", _("Overdue"), "clock-exclamation")
    colour, icon = _BADGES[row.state]
    return badge(colour, row.get_state_display(), icon)


def _overdue(rows: QuerySet[Any], chosen: str) -> QuerySet[Any]:
    late = rows.filter(overdue_on__isnull=False, state__in=["issued", "rectifying"])
    return late if chosen == "yes" else rows.exclude(pk__in=late.values("pk"))


class RectificationList(ListPage[Any]):
    """Notices to departments."""

    name = "audit.rectifications"
    columns = (
        Column("number", pgettext_lazy("document", "Number"), lambda row: row.number or _("Draft"),
               sort=("number", "pk"), fixed=True, link=True, css="id"),
        Column("unit", _("Department"), lambda row: row.unit.full_label),
        Column("source", _("Source"), lambda row: (row.inspection or row.opinion).number, css="id", phone=False),
        Column("state", _("State"), state_badge, css="state", value=lambda row: row.state),
        Column("due", _("Due"), lambda row: row.next_due, sort=("due_on", "pk"), css="date"),
        Column("inspector", _("Inspector"), lambda row: row.inspector.name, css="name", phone=False),
    )  # fmt: skip
    filters = (
        Filter("state", _("State"), "choice", lambda rows, chosen: rows.filter(state=chosen),
               choices=tuple(Rectification.State.choices)),
        Filter("overdue", _("Overdue"), "choice", _overdue, choices=(("yes", _("Yes")), ("no", _("No")))),
    )  # fmt: skip
    default_sort = "-number"
    empty = Empty(
        _("No rectification notices"),
        _("They are drafted from a finished inspection or an opinion."),
        icon="inbox",
    )

    def row_url(self, row: Any) -> str:
        """The notice."""
        return reverse("audit:rectification", args=[row.public_id])
