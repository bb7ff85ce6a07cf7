"""The register of inspections."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.models import Inspection
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge

_BADGES = {
    "planned": ("grey", "calendar"),
    "running": ("orange", "progress-check"),
    "finished": ("green", "circle-check"),
}


def state_badge(row: Inspection) -> str:
    """The state of an inspection as a badge."""
    colour, icon = _BADGES[row.state]
    return badge(colour, row.get_state_display(), icon)


class InspectionList(ListPage[Any]):
    """Inspections of departments."""

    name = "audit.inspections"
    columns = (
        Column("number", pgettext_lazy("document", "Number"), lambda row: row.number, sort=("number",), fixed=True,
               link=True, css="id"),
        Column("unit", _("Department"), lambda row: row.unit.full_label),
        Column("kind", _("Kind"), lambda row: row.get_kind_display(), phone=False),
        Column("planned", _("Planned for"), lambda row: row.planned_on, sort=("planned_on", "pk"), css="date"),
        Column("state", _("State"), state_badge, css="state", value=lambda row: row.state),
        Column("inspector", _("Inspector"), lambda row: row.inspector and row.inspector.name, css="name",
               phone=False),
        Column("points", _("Points"),
               lambda row: f"{row.points} / {row.full_score}" if row.finished_at else None, css="num"),
    )  # fmt: skip
    filters = (
        Filter("kind", _("Kind"), "choice", lambda rows, chosen: rows.filter(kind=chosen),
               choices=tuple(Inspection.Kind.choices)),
        Filter("state", _("State"), "choice", lambda rows, chosen: rows.filter(state=chosen),
               choices=tuple(Inspection.State.choices)),
    )  # fmt: skip
    default_sort = "-number"
    empty = Empty(
        _("No inspections yet"),
        _("The head of archives plans them; at the turn of a quarter the system draws samples by itself."),
        icon="checklist",
    )

    def row_url(self, row: Any) -> str:
        """The inspection."""
        return reverse("audit:inspection", args=[row.public_id])
