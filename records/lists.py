"""The lists of the records room, and how its states look."""

from collections.abc import Callable
from datetime import date
from functools import cached_property, lru_cache
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.addresses import addresses
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge
from records import selectors
from records.completeness import FACTS, Missing, completeness
from records.models import Enrolment, Student
from records.stale import stale_only
from school.models import in_language

S = Student.Status
STATUS_KINDS: dict[str, str] = {
    **dict.fromkeys((S.ENROLLED,), "green"),
    **dict.fromkeys(
        (S.PENDING_ADMISSION, S.RESERVED, S.SUSPENDED, S.RETAINED, S.TRANSFERRING, S.ABROAD), "blue"
    ),
}
"""A person's status is never red; what has ended is grey."""


def status_badge(row: Any) -> SafeString:
    """The status in words on the ground of its meaning."""
    return _status(row.status, get_language())


@lru_cache(maxsize=64)
def _status(status: str, _language: str | None) -> SafeString:
    return badge(STATUS_KINDS.get(status, "grey"), S(status).label)


SEXES = {"1": _("Male"), "2": _("Female")}


def sex_label(code: str) -> Any:
    """Male or female in words."""
    return SEXES.get(code, "")


def _name(row: Any) -> SafeString:
    name, pinyin = escape(row.student__name), escape(row.student__name_pinyin)
    return SafeString(f'{name}<span class="xj-pinyin">{pinyin}</span>')


def _label(row: Any, joined: str) -> str:
    """The name of a joined unit, class or programme in the reader's language; "" where there is none."""
    return in_language(getattr(row, f"{joined}__name") or "", getattr(row, f"{joined}__label_en") or "")


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


def _month(row: Any) -> str:
    text = row.enrol_month or f"{row.started_on:%Y%m}"
    return f"{text[:4]}-{text[4:6]}"


def _lacks_hukou(row: Any) -> bool:
    return row.student__no_hukou and not row.has_left


def _no_hukou(row: Any) -> object:
    return (
        badge("purple", _("Without household registration"), "alert-triangle") if _lacks_hukou(row) else None
    )


def _without_hukou(rows: QuerySet[Enrolment], _chosen: object) -> QuerySet[Enrolment]:
    return rows.filter(student__no_hukou=True, pk__in=Enrolment.objects.current().values("pk"))


def _without_class(rows: QuerySet[Enrolment], _chosen: object) -> QuerySet[Enrolment]:
    return rows.filter(school_class__isnull=True, ended_on__isnull=True)


def _changed(row: Any) -> date | None:
    return None if row.has_left or row.last_change is None else timezone.localdate(row.last_change)


class StudentList(ListPage[Any]):
    """Students in the reader's scope, one row for each stretch at a school; rows are named tuples.

    How things stand with somebody who went on to another school is that school's to know: those cells are empty.
    """

    name = "records.students"
    unit_path = "unit_id"
    columns = (
        Column("name", _("Name"), _name, sort=("student__name_sort",), fixed=True, link=True, css="name",
               value=lambda row: row.student__name, reads=("student__name", "student__name_pinyin")),
        Column("student_no", _("Student number"), lambda row: row.student_no, sort=("student_no",), css="id",
               reads=("student_no",)),
        Column("sex", _("Sex"), lambda row: str(sex_label(row.student__sex)), phone=False, reads=("student__sex",)),
        Column("class", _("Class"), lambda row: _label(row, "school_class"), sort=("school_class__class_no",),
               reads=("school_class__name", "school_class__label_en")),
        Column("grade", _("Grade level"), lambda row: row.school_class__grade_level,
               sort=("school_class__grade_level",), css="num", phone=False, default=False,
               reads=("school_class__grade_level",)),
        Column("status", _("Student status"), status_badge, sort=("status",), css="state",
               value=lambda row: str(S(row.status).label), reads=("status",)),
        Column("completeness", _("Completeness"), _complete, css="state",
               value=_complete_text, reads=(*FACTS, "has_left")),
        Column("archive_no", _("Archive number"), lambda row: row.student__archive_no,
               sort=("student__archive_no",), css="id", phone=False, reads=("student__archive_no",)),
        Column("entry", _("Month of entry"), _month, sort=("started_on",), css="date", phone=False,
               reads=("enrol_month", "started_on")),
        Column("unit", _("Unit"), lambda row: _label(row, "unit"), default=False,
               reads=("unit__name", "unit__label_en")),
        Column("programme", _("Programme"), lambda row: _label(row, "programme"), default=False,
               reads=("programme__name", "programme__label_en")),
        Column("birth_date", _("Birth date"), lambda row: row.student__birth_date, default=False, css="date",
               reads=("student__birth_date",)),
        Column("exam_no", _("Exam number"), lambda row: row.exam_no, default=False, css="id", reads=("exam_no",)),
        Column("no_hukou", _("Household registration"), _no_hukou, default=False, css="state",
               value=_lacks_hukou, reads=("student__no_hukou", "has_left")),
        Column("changed", _("Last change"), _changed, default=False, css="date", reads=("last_change", "has_left")),
    )  # fmt: skip
    filters = (
        Filter("q", _("Name or number"), "text", selectors.name_hits,
               placeholder=_("Name, pinyin or number")),
        Filter("grade", _("Grade level"), "choice", "school_class__grade_level", choices=selectors.grade_choices),
        Filter("class", _("Class"), "choice", "school_class_id", choices=selectors.class_choices),
        Filter("status", _("Student status"), "choice", "status", choices=Student.Status.choices),
        Filter("unit", _("Unit"), "choice", "unit_id", choices=selectors.unit_choices, rare=True),
        Filter("programme", _("Programme"), "choice", "programme_id", choices=selectors.programme_choices, rare=True),
        Filter("no_hukou", _("Without household registration"), "flag", _without_hukou, rare=True),
        Filter("no_class", _("Without a class"), "flag", _without_class, rare=True),
        Filter("stale", _("Not changed for long"), "flag", stale_only, rare=True),
    )  # fmt: skip
    default_sort = "student_no"
    empty = Empty(
        _("No student file yet"), _("A file opens when the archives accept an applicant."), icon="id"
    )

    @cached_property
    def _file_url(self) -> Callable[[UUID], str]:
        return addresses("records:student")

    def row_url(self, row: Any) -> str:
        """The student file."""
        return self._file_url(row.student__public_id)

    def dressed(self, rows: QuerySet[Enrolment]) -> QuerySet[Enrolment, Any]:
        """What the shown columns read, no more."""
        return selectors.facts(rows, ["student__public_id", *self.shown_paths])
