"""The register of reports and opinions."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.models import Opinion
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge


def state_badge(row: Opinion) -> str:
    """Whether it is answered, as a badge."""
    if row.answered_at is None:
        return badge("orange", _("Waiting for an answer"), "clock")
    return badge("green", _("Answered"), "circle-check")


def _by_state(rows: QuerySet[Any], chosen: str) -> QuerySet[Any]:
    return rows.filter(answered_at__isnull=chosen == "open")


class OpinionList(ListPage[Any]):
    """What was reported or said, without its words."""

    name = "audit.opinions"
    columns = (
        Column("number", pgettext_lazy("document", "Number"), lambda row: row.number, sort=("number",), fixed=True,
               link=True, css="id"),
        Column("kind", _("Kind"), lambda row: row.get_kind_display()),
        Column("unit", _("Department concerned"), lambda row: row.unit and row.unit.full_label, phone=False),
        Column("outside", _("From outside"), lambda row: _("Yes") if row.is_outside else None, phone=False),
        Column("written", _("Written"), lambda row: timezone.localdate(row.written_at), css="date", phone=False),
        Column("due", _("Due"), lambda row: None if row.answered_at else row.due_on, css="date"),
        Column("state", _("State"), state_badge, css="state", value=lambda row: row.answered_at),
    )  # fmt: skip
    filters = (
        Filter("kind", _("Kind"), "choice", lambda rows, chosen: rows.filter(kind=chosen),
               choices=tuple(Opinion.Kind.choices)),
        Filter("state", _("State"), "choice", _by_state,
               choices=(("open", _("Waiting for an answer")), ("answered", _("Answered")))),
    )  # fmt: skip
    default_sort = "-number"
    empty = Empty(_("No reports and no opinions"), _("Anybody who is signed in can write one."), icon="inbox")

    def row_url(self, row: Any) -> str:
        """The opinion."""
        return reverse("audit:opinion", args=[row.public_id])
