"""Lists of batches, of pupils without a number, and of what a ZIP of scans came to."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.chinese import name_query
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge
from enrollment.lists import state_badge
from enrollment.models import Applicant, IntakeBatch

BUREAU_KINDS = {
    Applicant.BureauState.NOT_NEEDED: "grey",
    Applicant.BureauState.WAITING: "amber",
    Applicant.BureauState.APPROVED: "green",
    Applicant.BureauState.REFUSED: "orange",
}


def _used(row: Any) -> object:
    if row.quota is None:
        return f"{row.entered:,}"
    text = f"{row.entered:,} / {row.quota:,}"
    return (
        badge("red", text, "alert-circle", str(_("More than the quota"))) if row.entered > row.quota else text
    )


def _accepted(row: Any) -> object:
    return row.accepted


def _deadline(row: IntakeBatch) -> object:
    if row.is_open and row.entry_deadline < timezone.localdate():
        return badge(
            "amber", f"{row.entry_deadline:%Y-%m-%d}", "clock-exclamation", str(_("Deadline has passed"))
        )
    return row.entry_deadline


class BatchList(ListPage[IntakeBatch]):
    """Intake batches in the reader's scope."""

    name = "enrollment.batches"
    unit_path = "school_id"
    columns = (
        Column(
            "name", _("Intake batch"), lambda row: row.name, sort=("name",), fixed=True, link=True, css="name"
        ),
        Column("code", _("Code"), lambda row: row.code, sort=("code",), css="id", phone=False),
        Column("school", _("School"), lambda row: row.school.label, phone=False),
        Column("used", _("Entered / quota"), _used, sort=("entered",), css="num"),
        Column("accepted", _("Accepted"), _accepted, sort=("accepted",), css="num", phone=False),
        Column("deadline", _("Entry deadline"), _deadline, sort=("entry_deadline",), css="date"),
        Column(
            "open",
            _("State"),
            lambda row: badge("green", _("Open")) if row.is_open else badge("grey", _("Closed")),
            css="state",
        ),
    )
    filters = (
        Filter("open", _("State"), "choice", "is_open", choices=((True, _("Open")), (False, _("Closed")))),
    )
    default_sort = "-deadline"
    empty = Empty(_("No intake batch yet"), _("The head of admissions opens one for each cohort."))

    def row_url(self, row: IntakeBatch) -> str:
        """The page of the batch."""
        return reverse("enrollment:batch", args=[row.public_id])


def _by_name(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    query = name_query(text)
    return rows.filter(name_tokens__matches=query) if query else rows.none()


def _bureau(row: Applicant) -> object:
    return badge(BUREAU_KINDS[Applicant.BureauState(row.bureau_state)], row.get_bureau_state_display())


class BureauList(ListPage[Applicant]):
    """Pupils without household registration, for the officer of the bureau."""

    name = "enrollment.bureau"
    unit_path = "batch__school_id"
    columns = (
        Column(
            "name", _("Name"), lambda row: row.name, sort=("name_sort",), fixed=True, link=True, css="name"
        ),
        Column("number", _("Form number"), lambda row: row.number, sort=("number",), css="id", phone=False),
        Column("school", _("School"), lambda row: row.batch.school.label, sort=("batch__school__name",)),
        Column("parents", _("Parents"), lambda row: row.get_parents_case_display(), phone=False),
        Column("state", _("State"), state_badge, sort=("state",), css="state", phone=False),
        Column("bureau", _("Bureau"), _bureau, sort=("bureau_state",), css="state"),
        Column("due_on", _("Due on"), lambda row: row.due_on, sort=("due_on",), css="date"),
        Column(
            "officer",
            _("Decided by"),
            lambda row: row.bureau_officer.name if row.bureau_officer else None,
            default=False,
            css="name",
        ),
    )
    filters = (
        Filter("q", _("Name"), "text", _by_name),
        Filter("bureau", _("Bureau"), "choice", "bureau_state", choices=Applicant.BureauState.choices[1:]),
    )
    default_sort = "due_on"
    empty = Empty(
        _("No student without household registration"),
        _("Schools enter them; they come here when the school's own reviews are done."),
    )

    def row_url(self, row: Applicant) -> str:
        """The review page, where the bureau decides."""
        return reverse("enrollment:review", args=[row.public_id])


def _since(row: Applicant) -> object:
    if row.accepted_at is None:
        return None
    days = (timezone.localdate() - timezone.localdate(row.accepted_at)).days
    text = ngettext("%(count)s day", "%(count)s days", days) % {"count": days}
    return badge("red" if days > 180 else "amber", text)


def _accepted_on(row: Applicant) -> object:
    return row.accepted_at and timezone.localdate(row.accepted_at)


def _why(row: Applicant) -> object:
    if row.no_hukou:
        return badge("purple", _("Without household registration"), "alert-triangle")
    return badge("purple", _("From abroad, without a document number"), "flag")


class WithoutNumberList(ListPage[Applicant]):
    """Accepted pupils without a real identity number, until they have one."""

    name = "enrollment.without_number"
    unit_path = "batch__school_id"
    columns = (
        Column("name", _("Name"), lambda row: row.name, sort=("name_sort",), fixed=True, link=True, css="name"),
        Column(
            "archive_no",
            _("Archive number"),
            lambda row: row.student.archive_no if row.student else None,
            sort=("student__archive_no",),
            css="id",
            phone=False,
        ),
        Column("school", _("School"), lambda row: row.batch.school.label, phone=False),
        Column("class_no", _("Class number"), lambda row: row.class_no, sort=("class_no",), css="id"),
        Column("why", _("Why"), _why, sort=("no_hukou",), css="state", phone=False),
        Column("accepted_at", _("Accepted on"), _accepted_on, sort=("accepted_at",), css="date"),
        Column("since", _("Without a number for"), _since, sort=("accepted_at",), css="state"),
    )  # fmt: skip
    filters = (
        Filter("q", _("Name"), "text", _by_name),
        Filter("no_hukou", _("Without household registration"), "flag", "no_hukou"),
    )
    default_sort = "accepted_at"
    empty = Empty(
        _("Every accepted student has an identity number"),
        _("Whoever is accepted without one stands here until the number is in the file."),
    )

    def row_url(self, row: Applicant) -> str:
        """The applicant's page."""
        return reverse("enrollment:review", args=[row.public_id])
