"""What an export can hold: the columns of the school's layout, and what a stretch at the school adds."""

from collections.abc import Callable, Collection
from typing import Any

from django.utils.translation import gettext_lazy as _

from records.columns import PRESENT_LAYOUTS, SECTIONS, Column, Kind
from records.completeness import layout_for
from records.models import Enrolment, FamilyMember, Student
from records.reading import FAMILY_SECRETS, STUDENT_SECRETS
from records.selectors import HEAVY
from records.values import split
from school.models import Unit

_MORE = (
    Column("班级", "class_name", Kind.TEXT, _("Class"), section="entry"),
    Column("学籍状态", "status", Kind.TEXT, _("Student status"), section="entry"),
    Column("档案号", "archive_no", Kind.TEXT, _("Archive number"), section="entry"),
)

USUAL = ("name", "sex", "student_no", "class_name", "status")
"""What is ticked before anybody has chosen."""

_ELSEWHERE: dict[str, Callable[[Enrolment], Any]] = {
    "school_code": lambda row: row.school.code,
    "class_no": lambda row: row.school_class.class_no if row.school_class else row.class_no,
    "class_name": lambda row: row.school_class.name if row.school_class else "",
    "programme_code": lambda row: row.programme.code if row.programme else "",
    "programme_name": lambda row: row.programme.name if row.programme else "",
    "status": lambda row: str(Student.Status(row.status).label),
}


def columns_of(school: Unit) -> list[Column]:
    """The columns that may be chosen, section by section, each section in the order of the layout."""
    layout = PRESENT_LAYOUTS[layout_for(school.stage).key]
    offered = [*layout.columns, *_MORE]
    order = list(SECTIONS)
    return sorted(offered, key=lambda column: order.index(column.section))


def chosen(school: Unit, fields: Collection[str]) -> list[Column]:
    """Those of them that were chosen, in the order of `columns_of`."""
    return [column for column in columns_of(school) if column.field in fields]


def label_of(column: Column) -> str:
    """The label of a column; a family member's names whose."""
    position, _name = split(column.field)
    return f"{SECTIONS[column.section]} · {column.label}" if position else str(column.label)


def is_secret(column: Column) -> bool:
    """Whether its values are masked unless whole numbers were approved."""
    position, name = split(column.field)
    return name in (FAMILY_SECRETS if position else STUDENT_SECRETS)


def value_of(row: Enrolment, column: Column, family: dict[tuple[int, int], FamilyMember]) -> Any:
    """What a stretch, its student or a member of the family holds in a column; None where there is no such person."""
    position, name = split(column.field)
    if position:
        return getattr(family.get((row.student_id, position)), name, None)
    if name in _ELSEWHERE:
        return _ELSEWHERE[name](row)
    return getattr(row if hasattr(row, name) else row.student, name, None)


def unread(columns: Collection[Column]) -> list[str]:
    """Paths of what is costly to read of a student and stands in none of the columns."""
    read = {column.field for column in columns}
    return [f"student__{name}" for name in HEAVY if name not in read]


def every_header() -> set[str]:
    """Each header that a file of ours can have, in any layout."""
    layouts = [column.header for layout in PRESENT_LAYOUTS.values() for column in layout.columns]
    return {*layouts, *(column.header for column in _MORE)}
