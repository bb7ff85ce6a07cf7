"""The lists of the records room, and how its states look."""

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.addresses import addresses
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge
from records import selectors
from records.completeness import Missing, completeness
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
    return _status(row.status, get_language())


@lru_cache(maxsize=64)
def _status(status: str, _language: str | None) -> SafeString:
    return badge(STATUS_KINDS.get(status, "grey"), S(status).label)


def sex_label(code: str) -> Any:
    """Male or female in words."""
    return {"1": _("Male"), "2": _("Female")}.get(code, "")


def _name(row: Enrolment) -> object:
    pinyin = row.student.name_pinyin
    return format_html('{}<span class="xj-pinyin">{}</span>', row.student.name, pinyin)


NAMED = 6
"""So many missing items are named in a list; the file names all."""


def _complete(row: Any) -> object:
    if row.has_left:
        return None
    found = completeness(row)
    return _share(found.percent, found.missing[:NAMED], get_language())


def _complete_text(row: Any) -> str:
    return "" if row.has_left else f"{completeness(row).percent}%"


@lru_cache(maxsize=2048)
def _share(percent: int, missing: tuple[Missing, ...], _language: str | None) -> SafeString:
    if not missing:
        return badge("green", "100%")
    return badge("amber", f"{percent}%", "clock", ", ".join(str(item.label) for item in missing))


def _month(row: Enrolment) -> str:
    text = row.enrol_month or f"{row.started_on:%Y%m}"
    return f"{text[:4]}-{text[4:6]}"


def _grade(row: Enrolment) -> object:
    return row.school_class.grade_level if row.school_class else None


def _lacks_hukou(row: Any) -> bool:
    return row.student.no_hukou and not row.has_left


def _no_hukou(row: Enrolment) -> object:
    return (
        badge("purple", _("Without household registration"), "alert-triangle") if _lacks_hukou(row) else None
    )


def _without_hukou(rows: QuerySet[Enrolment], _chosen: object) -> QuerySet[Enrolment]:
    return rows.filter(student__no_hukou=True, pk__in=Enrolment.objects.current().values("pk"))


class StudentList(ListPage[Enrolment]):
    """Students in the reader's scope, one row for each stretch at a school.

    How things stand with somebody who went on to another school is that school's to know: those cells are empty.
    """

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
               value=_complete_text),
        Column("archive_no", _("Archive number"), lambda row: row.student.archive_no,
               sort=("student__archive_no",), css="id", phone=False),
        Column("entry", _("Month of entry"), _month, sort=("started_on",), css="date", phone=False),
        Column("unit", _("Unit"), lambda row: row.unit.label, default=False),
        Column("programme", _("Programme"), lambda row: row.programme.label if row.programme else None,
               default=False),
        Column("birth_date", _("Birth date"), lambda row: row.student.birth_date, default=False, css="date"),
        Column("exam_no", _("Exam number"), lambda row: row.exam_no, default=False, css="id"),
        Column("no_hukou", _("Household registration"), _no_hukou, default=False, css="state",
               value=_lacks_hukou),
    )  # fmt: skip
    filters = (
        Filter("q", _("Name or number"), "text", selectors.name_hits,
               placeholder=_("Part of the name, pinyin, student number")),
        Filter("grade", _("Grade level"), "choice", "school_class__grade_level", choices=selectors.grade_choices),
        Filter("class", _("Class"), "choice", "school_class_id", choices=selectors.class_choices),
        Filter("status", _("Student status"), "choice", "status", choices=Student.Status.choices),
        Filter("unit", _("Unit"), "choice", "unit_id", choices=selectors.unit_choices, rare=True),
        Filter("programme", _("Programme"), "choice", "programme_id", choices=selectors.programme_choices, rare=True),
        Filter("no_hukou", _("Without household registration"), "flag", _without_hukou, rare=True),
        Filter("no_class", _("Without a class"), "flag", "school_class_id__isnull", rare=True),
    )  # fmt: skip
    default_sort = "student_no"
    empty = Empty(
        _("No student file yet"), _("A file opens when the archives accept an applicant."), icon="id"
    )

    @cached_property
    def _file_url(self) -> Callable[[UUID], str]:
        return addresses("records:student")

    def row_url(self, row: Enrolment) -> str:
        """The student file."""
        return self._file_url(row.student.public_id)

    def dressed(self, rows: QuerySet[Enrolment]) -> QuerySet[Enrolment]:
        """With what completeness looks at."""
        return selectors.with_completeness(rows)
