"""The register of exports (数据导出登记)."""

from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from approvals.lists import state_badge
from approvals.models import Request
from audit.exports.fetching import bars
from audit.models import ExportRequest
from core.formatting import moment
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge

MADE = Q(made_at__isnull=False)


def state_of(row: Any) -> str:
    """How far an export is, in words on the ground of their meaning; of a file that cannot be fetched any more, why."""
    if row.bar is not None:
        told = badge("amber", _("Cannot be fetched")) if row.is_there else badge("grey", _("File deleted"))
        return format_html('{}<div class="xj-soft">{}</div>', told, row.bar.label)
    if row.made_at is not None:
        return badge("green", _("Can be fetched"), "circle-check")
    if row.job is not None:
        failed = not row.job.is_open
        return (
            badge("red", _("Not made"), "x") if failed else badge("blue", _("Being made"), "progress-check")
        )
    return state_badge(row.request)


def _by_state(rows: QuerySet[ExportRequest], chosen: str) -> QuerySet[ExportRequest]:
    there = MADE & Q(lapses_at__gt=timezone.now(), discarded_at__isnull=True)
    wanted = {"waiting": Q(request__state=Request.State.UNDER_REVIEW), "there": there, "gone": MADE & ~there}
    return rows.filter(wanted[chosen])


def _person(column: str) -> Any:
    return lambda row: getattr(row, column) and getattr(row, column).name


class ExportList(ListPage[Any]):
    """Who exported how many students, with whom and what for. No student is named here."""

    name = "audit.exports"
    columns = (
        Column("number", _("Serial"), lambda row: row.request.number, sort=("request__number",), fixed=True,
               link=True, css="id"),
        Column("state", _("State"), state_of, css="state", value=lambda row: row.request.state),
        Column("rows", _("Students"), lambda row: row.rows or row.asked, sort=("asked", "pk"), css="num"),
        Column("whole", _("Numbers"), lambda row: _("Whole") if row.whole else _("Masked")),
        Column("purpose", _("Purpose"), lambda row: row.get_purpose_display(), sort=("purpose", "pk"), phone=False),
        Column("requester", _("Exported by"), _person("requester"), sort=("requester__name", "pk"), css="name"),
        Column("second", _("Second person"), _person("named"), css="name", phone=False),
        Column("approver", _("Approved by"), _person("approver"), css="name", phone=False),
        Column("asked_at", _("Asked for"), lambda row: moment(row.request.submitted_at),
               sort=("request__submitted_at", "pk"), css="date", phone=False),
        Column("made_at", _("Made"), lambda row: row.made_at and moment(row.made_at), sort=("made_at", "pk"),
               css="date", phone=False),
        Column("school", _("School"), lambda row: row.request.school.label, default=False),
    )  # fmt: skip
    filters = (
        Filter("person", _("Person"), "text",
               lambda rows, text: rows.filter(
                   Q(requester__name__icontains=text.strip()) | Q(named__name__icontains=text.strip()))),
        Filter("number", _("Serial"), "text",
               lambda rows, text: rows.filter(request__number__icontains=text.strip())),
        Filter("state", _("State"), "choice", _by_state,
               choices=(("waiting", _("Waiting for others")), ("there", _("File still there")),
                        ("gone", _("File deleted")))),
        Filter("purpose", _("Purpose"), "choice", "purpose", choices=ExportRequest.Purpose.choices, rare=True),
        Filter("whole", _("Whole numbers"), "flag", lambda rows, _chosen: rows.filter(whole=True), rare=True),
    )  # fmt: skip
    default_sort = "-asked_at"
    empty = Empty(
        _("Nothing was exported yet"), _("Exports begin on the list of students."), icon="file-export"
    )

    @cached_property
    def objects(self) -> list[Any]:
        """This page's rows, each with what bars its file."""
        rows = super().objects
        barred = bars(self.user, rows)
        for row in rows:
            row.bar = barred.get(row.pk)
        return rows

    def row_url(self, row: Any) -> str:
        """The request."""
        return reverse("approvals:request", args=[row.request.public_id])
