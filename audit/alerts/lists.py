"""The list of alerts."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge
from records.models import BulkViewAlert


def _state(row: BulkViewAlert) -> str:
    if row.answered_at is None:
        return badge("orange", _("Waiting for an answer"), "alert-triangle")
    return badge("green", _("Answered"), "circle-check")


def _by_state(rows: QuerySet[BulkViewAlert], chosen: str) -> QuerySet[BulkViewAlert]:
    return rows.filter(answered_at__isnull=chosen == "open")


class AlertList(ListPage[Any]):
    """Who read how many files on which day, and what came of it. No content of a file stands here."""

    name = "audit.alerts"
    columns = (
        Column("day", _("Day"), lambda row: row.reading.day, sort=("reading__day", "pk"), fixed=True,
               link=True, css="date"),
        Column("reader", _("Reader"), lambda row: row.reader.name, sort=("reader__name", "pk"), css="name"),
        Column("unit", _("Unit"), lambda row: row.reader.unit.label, phone=False),
        Column("school", _("School"), lambda row: row.school.label, phone=False),
        Column("count", _("Files read"), lambda row: row.count, css="num"),
        Column("limit", _("Allowed"), lambda row: row.limit, css="num", phone=False),
        Column("state", _("State"), _state, css="state", value=lambda row: row.answered_at),
        Column("by", _("Answered by"), lambda row: row.answered_by and row.answered_by.name, css="name",
               phone=False),
    )  # fmt: skip
    filters = (
        Filter("reader", _("Reader"), "text",
               lambda rows, text: rows.filter(reader__name__icontains=text.strip())),
        Filter("state", _("State"), "choice", _by_state,
               choices=(("open", _("Waiting for an answer")), ("answered", _("Answered")))),
    )  # fmt: skip
    default_sort = "-day"
    empty = Empty(
        _("Nobody read more files in a day than the school allows"),
        _("The limit is a rule of the school."),
        icon="inbox",
    )

    def row_url(self, row: Any) -> str:
        """The alert."""
        return reverse("audit:alert", args=[row.public_id])
