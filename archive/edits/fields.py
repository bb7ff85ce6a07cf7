"""Which fields of a file may be changed by request, which are key, and what stands in them."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from core.crypto import blind_index
from records.cells import CodeBook
from records.codebook import code_book
from records.columns import Column
from records.completeness import layout_for
from records.models import Enrolment, FamilyMember, Student
from records.values import as_text, split
from school.models import Unit

KEY_FIELDS = frozenset({"name", "sex", "birth_date", "id_type", "id_number"})
"""Key items (关键信息): a change needs proof by the household registration body (教基一〔2014〕8号)."""

BY_OTHER_WAYS = frozenset(
    {"school_code", "programme_code", "programme_name", "class_no", "seat_no", "level", "study_years"}
    | {"expected_end_on", "fee_status", "enrol_date", "enrol_month", "learning_form", "exam_no"}
)
"""Fields that follow from the school, from a status change or from finance."""

Current = dict[str, str]
FIRST_MONTH = 8
"""School years change in August."""


def columns_for(stage: str) -> list[Column]:
    """The columns that a request may name at a school of this stage."""
    return [column for column in layout_for(stage).columns if column.field not in BY_OTHER_WAYS]


def book_for(school: Unit) -> CodeBook:
    """What cells may hold at this school today."""
    today = timezone.localdate()
    return code_book(school, school_year=today.year - (today.month < FIRST_MONTH), today=today)


def members_of(student: Student) -> dict[int, FamilyMember]:
    """The family by position."""
    return families_of([student.pk])[student.pk]


def families_of(student_ids: Iterable[int]) -> dict[int, dict[int, FamilyMember]]:
    """The families of these students, each by position, in one query."""
    found: dict[int, dict[int, FamilyMember]] = {pk: {} for pk in student_ids}
    for one in FamilyMember.objects.filter(student__in=found):
        found[one.student_id][one.position] = one
    return found


def row_of(
    field: str, student: Student, enrolment: Enrolment | None, members: dict[int, FamilyMember]
) -> tuple[Any, str]:
    """The row that holds a field, None for a member who is not there, and the field's name in it."""
    position, name = split(field)
    if position:
        return members.get(position), name
    return (student if hasattr(student, name) else enrolment), name


def current_text(
    field: str, student: Student, enrolment: Enrolment | None, members: dict[int, FamilyMember]
) -> str:
    """What stands in a field, as text."""
    row, name = row_of(field, student, enrolment, members)
    return as_text(getattr(row, name)) if row is not None else ""


def current(student: Student, enrolment: Enrolment, fields: Iterable[str]) -> Current:
    """What stands in these fields."""
    members = members_of(student)
    return {field: current_text(field, student, enrolment, members) for field in fields}


def digest(text: str) -> bytes:
    """What is compared instead of values: equal texts have equal digests, and nothing can be read from one."""
    return blind_index("edit_value", f"={text}".encode().hex())


def is_key(field: str) -> bool:
    """Whether a field is a key item."""
    return field in KEY_FIELDS


def label_of(column: Column | None, field: str) -> str:
    """The name of a field for readers; those of the family say whose they are."""
    position, _name = split(field)
    label = str(column.label) if column else field
    return (
        _("Family member %(number)s: %(label)s") % {"number": position, "label": label} if position else label
    )
