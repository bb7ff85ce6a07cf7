"""The lists of the intake room."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.chinese import name_query
from core.listpage import Column, Empty, Filter, ListPage
from core.listparts import Choices
from core.templatetags.xueji import badge
from enrollment.models import Applicant
from enrollment.steps import waiting_step

State = Applicant.State

STATE_KINDS = {
    State.DRAFT: "grey",
    State.SELF_CHECKED: "blue",
    State.INITIAL_REVIEWED: "blue",
    State.HEAD_APPROVED: "blue",
    State.ACCEPTED: "green",
    State.RETURNED: "orange",
    State.WITHDRAWN: "grey",
    State.DESTROYED: "grey",
}


def state_badge(row: Applicant) -> str:
    """The state in words on the ground of its meaning."""
    state = State(row.state)
    return badge(STATE_KINDS[state], state.label)


def _due(row: Applicant) -> object:
    if row.due_on and row.due_on < timezone.localdate():
        return badge("red", f"{row.due_on:%Y-%m-%d}", "clock-exclamation", str(_("Overdue")))
    return row.due_on


def _warnings(row: Applicant) -> object:
    return badge("amber", str(row.warning_count)) if row.warning_count else None


def _late(row: Applicant) -> object:
    return badge("amber", _("Late"), "clock-exclamation") if row.entered_late else None


def _by_name(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    query = name_query(text)
    found = rows.filter(name_tokens__matches=query) if query else rows.none()
    return rows.filter(exam_no=text) if text.isdigit() else found


def _overdue(rows: QuerySet[Any], _on: Any) -> QuerySet[Any]:
    return rows.filter(due_on__lt=timezone.localdate())


def _warned(rows: QuerySet[Any], _on: Any) -> QuerySet[Any]:
    return rows.filter(warning_count__gt=0)


class ApplicantList(ListPage[Applicant]):
    """Applicants of one batch, or of every batch that the reader may see."""

    name = "enrollment.applicants"
    columns = (
        Column("name", _("Name"), lambda row: row.name or _("(no name yet)"), sort=("name_sort",), fixed=True,
               link=True, css="name"),
        Column("number", _("Form number"), lambda row: row.number, sort=("number",), css="id", phone=False),
        Column("class_no", _("Class number"), lambda row: row.class_no, sort=("class_no",), css="id"),
        Column("state", _("State"), state_badge, sort=("state",)),
        Column("due_on", _("Due on"), _due, sort=("due_on",), css="date"),
        Column("warnings", _("Warnings"), _warnings, sort=("warning_count",), phone=False),
        Column("entered_by", _("Entered by"), lambda row: row.entered_by.name, phone=False, css="name"),
        Column("late", _("Late"), _late, sort=("entered_late",), phone=False),
        Column("exam_no", _("Exam number"), lambda row: row.exam_no, sort=("exam_no",), default=False, css="id"),
        Column("birth_date", _("Birth date"), lambda row: row.birth_date, default=False, css="date"),
        Column("entered_at", _("Entered at"), lambda row: row.entered_at, sort=("entered_at",), default=False,
               css="date"),
    )  # fmt: skip
    default_sort = "-entered_at"
    empty = Empty(_("No applicants yet"), _("Enter the first one, or import the collection template."))

    def __init__(self, *args: Any, class_choices: Choices = (), start_url: str = "", **kwargs: Any) -> None:
        self.filters = (
            Filter("q", _("Name or exam number"), "text", _by_name),
            Filter("state", _("State"), "choice", "state", choices=State.choices[:-1]),
            Filter("class_no", _("Class"), "choice", "class_no", choices=class_choices),
            Filter("mine", _("Entered by me"), "flag", self._mine),
            Filter("late", _("Entered late"), "flag", "entered_late"),
            Filter("overdue", _("Overdue"), "flag", _overdue, rare=True),
            Filter("warned", _("With warnings"), "flag", _warned, rare=True),
        )
        if start_url:
            title, text, action = _("No applicants yet"), self.empty.text, _("Enter an applicant")
            self.empty = Empty(title, text, start_url, action, "user-plus")
        super().__init__(*args, **kwargs)

    def _mine(self, rows: QuerySet[Any], _on: Any) -> QuerySet[Any]:
        return rows.filter(entered_by=self.user)

    def row_url(self, row: Applicant) -> str:
        """Drafts open in the form of the one who entered them, others beside their scans."""
        mine = row.entered_by_id == self.user.pk and waiting_step(row) is None
        page = "applicant_form" if mine and row.state in {State.DRAFT, State.RETURNED} else "review"
        return reverse(f"enrollment:{page}", args=[row.public_id])
