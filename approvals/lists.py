"""The list of requests, and how their states look."""

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from approvals.kinds import kind_of, kinds
from approvals.models import Request
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge

S = Request.State
LOOKS: dict[str, tuple[str, str]] = {
    S.DRAFT: ("grey", "circle-dashed"),
    S.UNDER_REVIEW: ("blue", "progress-check"),
    S.RETURNED: ("orange", "arrow-back-up"),
    S.APPROVED: ("blue", "progress-check"),
    S.CLOSED: ("green", "circle-check"),
    S.REFUSED: ("red", "x"),
    S.RECALLED: ("grey", "arrow-back"),
    S.LAPSED: ("grey", "clock"),
}


def state_badge(request: Request) -> str:
    """The state in words on the ground of its meaning."""
    kind, icon = LOOKS[request.state]
    return badge(kind, S(request.state).label, icon)


def _step(request: Request) -> object:
    return next((step.label for step in kind_of(request).every_step if step.key == request.step), None)


def _numbered(rows: QuerySet[Request], text: str) -> QuerySet[Request]:
    return rows.filter(Q(number__icontains=text.strip()) | Q(requester__name__icontains=text.strip()))


def _kind_choices(_rows: Any = None) -> list[tuple[str, Any]]:
    return [(kind.key, kind.label) for kind in kinds()]


class OverdueList(ListPage[Request]):
    """What stands too long, for who answers for it: numbers and steps, nothing of what is asked for."""

    name = "approvals.overdue"
    columns = (
        Column("number", _("Request number"), lambda row: row.number, sort=("number",), fixed=True, css="id"),
        Column("kind", _("Kind"), lambda row: str(kind_of(row).label)),
        Column("step", _("Waits for"), _step),
        Column("due", _("Due"), lambda row: row.due_on, sort=("due_on", "pk"), css="date"),
        Column("school", _("School"), lambda row: row.school.label, phone=False),
        Column("department", _("Department"), lambda row: row.department.label),
        Column("requester", _("Requester"), lambda row: row.requester.name, css="name"),
    )
    filters = (Filter("kind", _("Kind"), "choice", "kind", choices=_kind_choices),)
    default_sort = "due"
    empty = Empty(_("Nothing stands too long"), icon="circle-check")


class RequestList(ListPage[Request]):
    """Requests that the reader may see."""

    name = "approvals.requests"
    columns = (
        Column("number", _("Request number"), lambda row: row.number, sort=("number",), fixed=True, link=True,
               css="id"),
        Column("kind", _("Kind"), lambda row: str(kind_of(row).label)),
        Column("state", _("State"), state_badge, sort=("state",), css="state",
               value=lambda row: row.get_state_display()),
        Column("step", _("Waits for"), _step),
        Column("due", _("Due"), lambda row: row.due_on, sort=("due_on",), css="date"),
        Column("requester", _("Requester"), lambda row: row.requester.name, css="name"),
        Column("department", _("Department"), lambda row: row.department.label, phone=False),
        Column("submitted", _("Submitted"), lambda row: row.submitted_at, sort=("submitted_at",), css="date",
               phone=False),
    )  # fmt: skip
    filters = (
        Filter("q", _("Number or requester"), "text", _numbered),
        Filter("kind", _("Kind"), "choice", "kind", choices=_kind_choices),
        Filter("state", _("State"), "choice", "state", choices=S.choices),
    )
    default_sort = "-number"
    empty = Empty(_("No requests yet"), _("Requests begin in a student file."), icon="inbox")

    def row_url(self, row: Request) -> str:
        """The request."""
        return reverse("approvals:request", args=[row.public_id])
