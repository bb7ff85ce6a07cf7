"""The lists of the records room, and how its states look."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge
from records import selectors
from records.completeness import completeness
from records.models import Enrolment, Student

S = Student.Status
STATUS_KINDS: dict[str, str] = {
    **dict.fromkeys((S.ENROLLED,), "green"),
    **dict.fromkeys(
        (S.PENDING_ADMISSION, S.RESERVED, S.SUSPENDED, S.RETAINED, S.TRANSFERRING, S.ABROAD), "blue"
    ),
}
"""A person's status is never red; what has ended is grey."""


def status_badge(row: Enrolment) -> str:
    """The status in words on the ground of its meaning."""
    return badge(STATUS_KINDS.get(row.status, "grey"), S(row.status).label)


def sex_label(code: str) -> Any:
    """Male or female in words."""
    return {"1": _("Male"), "2": _("Female")}.get(code, "")


def _name(row: Enrolment) -> object:
    pinyin = row.student.name_pinyin
    return format_html('{}<span class="xj-pinyin">{}</span>', row.student.name, pinyin)


def _complete(row: Enrolment) -> object:
    found = completeness(row)
    if not found.missing:
        return badge("green", "100%")
    labels = ", ".join(str(item.label) for item in found.missing[:6])
    return badge("amber", f"{found.percent}%", "clock", labels)


def _month(row: Enrolment) -> str:
    text = row.enrol_month or f"{row.started_on:%Y%m}"
    return f"{text[:4]}-{text[4:6]}"


def _grade(row: Enrolment) -> object:
    return row.school_class.grade_level if row.school_class else None


def _no_hukou(row: Enrolment) -> object:
    return (
        badge("purple", _("Without household registration"), "alert-triangle")
        if row.student.no_hukou
        else None
    )


class StudentList(ListPage[Enrolment]):
    """Students in the reader's scope, one row for each stretch at a school."""

    name = "records.students"
    columns = (
        Column("name", _("Name"), _name, sort=("student__name_sort",), fixed=True, link=True, css="name",
               value=lambda row: row.student.name),
        Column("student_no", _("Student number"), lambda row: row.student_no, sort=("student_no",), css="id"),
        Column("sex", _("Sex"), lambda row: str(sex_label(row.student.sex)), phone=False),
        Column("class", _("Class"), lambda row: row.school_class.label if row.school_class else None,
               sort=("school_class__class_no",)),
        Column("grade", _("Grade level"), _grade, sort=("school_class__grade_level",), css="num", phone=False),
        Column("status", _("Student status"), status_badge, sort=("status",), css="state",
               value=lambda row: row.get_status_display()),
        Column("completeness", _("Completeness"), _complete, css="state",
               value=lambda row: f"{completeness(row).percent}%"),
        Column("archive_no", _("Archive number"), lambda row: row.student.archive_no,
               sort=("student__archive_no",), css="id", phone=False),
        Column("entry", _("Month of entry"), _month, sort=("started_on",), css="date", phone=False),
        Column("unit", _("Unit"), lambda row: row.unit.label, default=False),
        Column("programme", _("Programme"), lambda row: row.programme.label if row.programme else None,
               default=False),
        Column("birth_date", _("Birth date"), lambda row: row.student.birth_date, default=False, css="date"),
        Column("exam_no", _("Exam number"), lambda row: row.exam_no, default=False, css="id"),
        Column("no_hukou", _("Household registration"), _no_hukou, default=False, css="state",
               value=lambda row: row.student.no_hukou),
    )  # fmt: skip
    filters = (
        Filter("q", _("Name or number"), "text", selectors.name_hits,
               placeholder=_("Part of the name, pinyin, student number")),
        Filter("grade", _("Grade level"), "choice", "school_class__grade_level", choices=selectors.grade_choices),
        Filter("class", _("Class"), "choice", "school_class_id", choices=selectors.class_choices),
        Filter("status", _("Student status"), "choice", "status", choices=Student.Status.choices),
        Filter("unit", _("Unit"), "choice", "unit_id", choices=selectors.unit_choices, rare=True),
        Filter("programme", _("Programme"), "choice", "programme_id", choices=selectors.programme_choices, rare=True),
        Filter("no_hukou", _("Without household registration"), "flag", "student__no_hukou", rare=True),
        Filter("no_class", _("Without a class"), "flag", "school_class_id__isnull", rare=True),
    )  # fmt: skip
    default_sort = "student_no"
    empty = Empty(
        _("No student file yet"), _("A file opens when the archives accept an applicant."), icon="id"
    )

    def row_url(self, row: Enrolment) -> str:
        """The student file."""
        return reverse("records:student", args=[row.student.public_id])


def students(user: Any) -> QuerySet[Enrolment]:
    """What the list of students shows to ``user``."""
    return selectors.with_completeness(selectors.enrolments(user))
