"""How complete a student file is: what is missing, and whose job it is to supply it.

Looks at an enrolment read with `records.selectors.with_completeness`; nothing encrypted is decrypted for it, and
nothing is asked of the database.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from records.columns import HIGHER, NATIONAL, VOCATIONAL, LayoutColumns
from records.models import DocumentKind, Enrolment, FamilyMember, Student
from school.models import TERTIARY_STAGES, Stage


class Holder(models.TextChoices):
    """Who supplies a missing item."""

    ADMISSIONS = "admissions", _("Admissions")
    ADVISER = "adviser", _("Class adviser")
    COUNSELLOR = "counsellor", _("Counsellor")
    REGISTRAR = "registrar", _("Registrar")
    ARCHIVES = "archives", _("Archives")


NOT_KEPT = frozenset({"school_code", "programme_name", "programme_code", "enrol_month", "enrol_date"})
"""Columns whose value stands elsewhere in an open file: school, programme, the enrolment's dates."""

DISABLED = "6"
INDEXED = frozenset({"id_number", "phone", "national_no"})
MEASURED = ("current_address", "mailing_address", "home_address")
EMPTY: tuple[object, ...] = ("", None)
STUDENT_FACTS = (
    "id_number_index", "national_no_index", "has_paper", "paper_place", "no_hukou", "health", "is_orphan",
    "martyr_or_benefit_child", "needs_aid",
)  # fmt: skip
"""What is looked at beside the columns that a layout asks for."""


@dataclass(frozen=True, slots=True)
class Missing:
    """One missing item: a field, ``document.<kind>`` or ``guardian_phone``, its label and who supplies it."""

    key: str
    label: Any = field(compare=False)
    holder: str


@dataclass(frozen=True, slots=True)
class Completeness:
    """What is missing among ``asked`` items."""

    asked: int
    missing: tuple[Missing, ...]

    @property
    def percent(self) -> int:
        """Share of the asked items that are there, rounded down."""
        return 100 * (self.asked - len(self.missing)) // self.asked if self.asked else 100

    @property
    def by_holder(self) -> list[tuple[str, list[Missing]]]:
        """The missing items of each holder, in the order of `Holder`."""
        order = {key: place for place, key in enumerate(Holder.values)}
        rows = sorted(self.missing, key=lambda item: order[item.holder])
        return [(key, list(items)) for key, items in groupby(rows, key=lambda item: item.holder)]


def layout_for(stage: str) -> LayoutColumns:
    """The columns that files of this stage keep."""
    if stage in TERTIARY_STAGES:
        return HIGHER
    return VOCATIONAL if stage == Stage.VOCATIONAL else NATIONAL


def contact_of(members: Iterable[FamilyMember]) -> FamilyMember | None:
    """The member of a family to call: the first guardian, else a guardian, else the first with a phone."""
    reachable = [member for member in members if member.phone_index]
    reachable.sort(key=lambda one: (not one.is_first_guardian, not one.is_guardian, one.position))
    return reachable[0] if reachable else None


def completeness(row: Enrolment) -> Completeness:
    """What the file of this enrolment's student still lacks."""
    asked = _asked(row.school.stage)
    values = (*asked.read_student(row.student), *asked.read_row(row))
    missing = [item for item, place in asked.items if values[place] in EMPTY]
    others = _others(row, asked.near)
    missing += [item for item, there in others if not there]
    return Completeness(len(asked.items) + len(others), tuple(missing))


def fields_of(model: type[models.Model]) -> set[str]:
    """Names of the columns of ``model`` that completeness looks at, whatever the stage."""
    asked = [_asked(stage) for stage in Stage.values]
    names = set(STUDENT_FACTS).union(*(one.of_student for one in asked), *(one.of_row for one in asked))
    return names & {column.name for column in model._meta.concrete_fields}


@dataclass(frozen=True, slots=True)
class _Asked:
    """The required columns of a stage: each with its place among what is read of the student, then of the enrolment."""

    near: Holder
    items: tuple[tuple[Missing, int], ...]
    of_student: tuple[str, ...]
    of_row: tuple[str, ...]
    read_student: Callable[[Any], tuple[object, ...]]
    read_row: Callable[[Any], tuple[object, ...]]


@cache
def _asked(stage: str) -> _Asked:
    columns = [
        column
        for column in layout_for(stage).columns
        if column.required and column.field not in NOT_KEPT and not column.field.startswith("member")
    ]
    found = [_place(column.field) for column in columns]
    of_student = tuple(name for is_students, name in found if is_students)
    of_row = tuple(name for is_students, name in found if not is_students)
    places = {name: place for place, name in enumerate((*of_student, *of_row))}
    return _Asked(
        near=Holder.COUNSELLOR if stage in TERTIARY_STAGES else Holder.ADVISER,
        items=tuple(
            (Missing(column.field, column.label, Holder.ADMISSIONS), places[name])
            for column, (_is_students, name) in zip(columns, found, strict=True)
        ),
        of_student=of_student,
        of_row=of_row,
        read_student=_reader(of_student),
        read_row=_reader(of_row),
    )


def _reader(names: tuple[str, ...]) -> Callable[[Any], tuple[object, ...]]:
    """All these attributes at once: a list asks them of every row."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda row: tuple(getattr(row, name) for name in names)


def _place(name: str) -> tuple[bool, str]:
    """Whether the value is the student's, and under which name: encrypted ones by their index or their length."""
    if name in INDEXED:
        return True, f"{name}_index"
    if name in MEASURED:
        return False, f"has_{name}"
    return hasattr(Student, name), name


NUMBER = Missing("id_number", _("Identity number"), Holder.ADMISSIONS)
NATIONAL_NUMBER = Missing("national_no", _("National student number"), Holder.REGISTRAR)
CLASS = Missing("school_class", _("Class"), Holder.REGISTRAR)
PLACE = Missing("paper_place", _("Place of the paper file"), Holder.ARCHIVES)


@cache
def _near_items(near: Holder) -> tuple[Missing, Missing]:
    photo = DocumentKind.PHOTO
    return Missing("guardian_phone", _("Guardian's phone"), near), Missing(
        f"document.{photo}", photo.label, near
    )


@cache
def _document(kind: DocumentKind) -> Missing:
    return Missing(f"document.{kind}", kind.label, Holder.ADMISSIONS)


def _others(row: Any, near: Holder) -> list[tuple[Missing, bool]]:
    student = row.student
    kinds = row.document_kinds
    phone, photo = _near_items(near)
    found = [
        (NUMBER, student.id_number_index is not None),
        (phone, row.contact_id is not None),
        (photo, DocumentKind.PHOTO in kinds),
    ]
    found += [(_document(kind), kind in kinds) for kind in _circumstances(student)]
    found += [
        (NATIONAL_NUMBER, student.national_no_index is not None),
        (CLASS, row.school_class_id is not None),
    ]
    if student.has_paper:
        found.append((PLACE, student.paper_place != ""))
    return found


def _circumstances(student: Student) -> list[DocumentKind]:
    """Documents that what is known of this student asks for."""
    asked = {
        DocumentKind.NO_ID_PROOF: student.no_hukou and student.id_number_index is None,
        DocumentKind.DISABILITY: student.health == DISABLED,
        DocumentKind.ORPHAN: student.is_orphan,
        DocumentKind.BENEFIT: student.martyr_or_benefit_child,
        DocumentKind.AID_FORM: student.needs_aid,
    }
    return [kind for kind, needed in asked.items() if needed]
