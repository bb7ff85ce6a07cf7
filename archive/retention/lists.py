"""Lists of retention: rounds of appraisal, and the register of destruction (销毁清册)."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from archive.models import AppraisalRound, DestroyedFile
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge


def round_state(row: AppraisalRound) -> str:
    """Open, closed with a report, or given up."""
    if row.closed_at is None:
        return badge("blue", _("Being appraised"), "progress-check")
    if row.report_id is None:
        return badge("grey", _("Given up"), "x")
    return badge("green", _("Closed"), "circle-check")


class RoundList(ListPage[Any]):
    """Rounds, the newest first."""

    name = "archive.rounds"
    columns = (
        Column("number", _("Number"), lambda row: row.number, sort=("number",), fixed=True, link=True, css="id"),
        Column("school", _("School"), lambda row: row.school.label, phone=False),
        Column("state", _("State"), round_state, css="state", value=lambda row: str(row.closed_at or "")),
        Column("files", _("Files"), lambda row: row.listed, css="num"),
        Column("opened", _("Opened"), lambda row: timezone.localdate(row.opened_at), sort=("opened_at", "pk"),
               css="date"),
        Column("closed", _("Closed on"), lambda row: row.closed_at and timezone.localdate(row.closed_at),
               css="date", phone=False),
    )  # fmt: skip
    default_sort = "-number"
    empty = Empty(
        _("No appraisal yet"),
        _("Once a year the files whose retention has ended are listed here for appraisal."),
        icon="inbox",
    )

    def row_url(self, row: Any) -> str:
        """The round."""
        return reverse("archive:round", args=[row.public_id])


def _by_number(rows: QuerySet[DestroyedFile], text: str) -> QuerySet[DestroyedFile]:
    return rows.filter(archive_no__icontains=text.strip())


class DestroyedList(ListPage[Any]):
    """What was destroyed, when, by whom, on which decision. Nothing personal beyond the archive number."""

    name = "archive.destroyed"
    columns = (
        Column("archive_no", _("Archive number"), lambda row: row.archive_no, sort=("archive_no", "pk"),
               fixed=True, css="id"),
        Column("at", _("Destroyed"), lambda row: timezone.localdate(row.at), sort=("at", "pk"), css="date"),
        Column("number", _("Request number"), lambda row: row.number, sort=("number", "pk"), css="id"),
        Column("round_no", _("Appraisal"), lambda row: row.round_no, css="id", phone=False),
        Column("school", _("School"), lambda row: row.school.label, phone=False),
        Column("documents", _("Documents"), lambda row: row.documents, css="num"),
        Column("rows", _("Rows destroyed"), lambda row: sum(row.contents.values()), css="num", phone=False),
        Column("stored", _("Stored contents"), lambda row: row.contents_gone, css="num", phone=False),
        Column("approver", _("Approved by"), lambda row: row.approver.name, css="name", phone=False),
        Column("executors", _("Executors"),
               lambda row: f"{row.first_executor.name}{_(', ')}{row.second_executor.name}"),
    )  # fmt: skip
    filters = (Filter("archive_no", _("Archive number"), "text", _by_number),)
    default_sort = "-at"
    empty = Empty(
        _("No file was destroyed yet"),
        _("Files are destroyed after an appraisal, by approval and two executors."),
        icon="inbox",
    )
