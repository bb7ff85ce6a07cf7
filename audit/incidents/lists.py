"""The register of incidents."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.models import Incident, Step
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge


def state_badge(row: Incident) -> str:
    """The state of a case as a badge."""
    colour, icon = ("green", "circle-check") if row.closed_at else ("orange", "progress-check")
    return badge(colour, row.get_state_display(), icon)


class IncidentList(ListPage[Any]):
    """Every incident of one's schools, without what happened."""

    name = "audit.incidents"
    columns = (
        Column("number", _("Number"), lambda row: row.number, sort=("number",), fixed=True, link=True, css="id"),
        Column("school", _("School"), lambda row: row.school.label, phone=False),
        Column("kind", _("Kind"), lambda row: row.get_kind_display()),
        Column("state", _("State"), state_badge, css="state", value=lambda row: row.state),
        Column("noticed", _("Noticed"), lambda row: timezone.localdate(row.noticed_at),
               sort=("noticed_at", "pk"), css="date"),
        Column("concerned", _("Students concerned"), lambda row: row.concerned, css="num", phone=False),
        Column("handler", _("Handled by"), lambda row: row.handler and row.handler.name, css="name",
               phone=False),
    )  # fmt: skip
    filters = (
        Filter("kind", _("Kind"), "choice", lambda rows, chosen: rows.filter(kind=chosen),
               choices=tuple(Incident.Kind.choices)),
        Filter("state", _("State"), "choice", lambda rows, chosen: rows.filter(state=chosen),
               choices=tuple(Step.choices)),
    )  # fmt: skip
    default_sort = "-number"
    empty = Empty(_("No incident was reported"), _("Anybody who is signed in can report one."), icon="inbox")

    def row_url(self, row: Any) -> str:
        """The case."""
        return reverse("audit:incident", args=[row.public_id])
