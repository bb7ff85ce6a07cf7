"""How complete a student file is: what is missing, and whose job it is to supply it.

Looks at an enrolment read with `records.selectors.with_completeness`; nothing encrypted is decrypted for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import groupby
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
MEASURED = frozenset({"current_address", "mailing_address", "home_address"})


@dataclass(frozen=True, slots=True)
class Missing:
    """One missing item: a field, ``document.<kind>`` or ``guardian_phone``, its label and who supplies it."""

    key: str
    label: Any
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


def contact_of(row: Enrolment) -> FamilyMember | None:
    """The member of the family to call: the first guardian, else a guardian, else the first with a phone."""
    reachable = [member for member in row.student.family.all() if member.phone_index]
    reachable.sort(key=lambda one: (not one.is_first_guardian, not one.is_guardian, one.position))
    return reachable[0] if reachable else None


def completeness(row: Enrolment) -> Completeness:
    """What the file of this enrolment's student still lacks."""
    asked = _asked_columns(row.school.stage)
    missing = [item for item, holder, name in asked if not _there(row, holder, name)]
    others = list(_other_items(row))
    missing += [item for item, there in others if not there]
    return Completeness(len(asked) + len(others), tuple(missing))


class _On(Enum):
    """Where the value of a column is looked for."""

    STUDENT = "student"
    INDEX = "index"
    MEASURE = "measure"
    ENROLMENT = "enrolment"


@cache
def _asked_columns(stage: str) -> tuple[tuple[Missing, _On, str], ...]:
    """The required columns of this stage as items, each with where its value is found."""
    asked = [
        column
        for column in layout_for(stage).columns
        if column.required and column.field not in NOT_KEPT and not column.field.startswith("member")
    ]
    return tuple(
        (Missing(column.field, column.label, Holder.ADMISSIONS), *_place(column.field)) for column in asked
    )


def _place(name: str) -> tuple[_On, str]:
    if name in INDEXED:
        return _On.INDEX, f"{name}_index"
    if name in MEASURED:
        return _On.MEASURE, f"has_{name}"
    return (_On.STUDENT if hasattr(Student, name) else _On.ENROLMENT), name


def _other_items(row: Enrolment) -> Iterator[tuple[Missing, bool]]:
    near = Holder.COUNSELLOR if row.school.stage in TERTIARY_STAGES else Holder.ADVISER
    student = row.student
    yield Missing("id_number", _("Identity number"), Holder.ADMISSIONS), student.id_number_index is not None
    yield Missing("guardian_phone", _("Guardian's phone"), near), contact_of(row) is not None
    kinds = {document.kind for document in student.documents.all()}
    photo = DocumentKind.PHOTO
    yield Missing(f"document.{photo}", photo.label, near), photo in kinds
    for kind, needed in _circumstances(row).items():
        if needed:
            yield Missing(f"document.{kind}", kind.label, Holder.ADMISSIONS), kind in kinds
    number = _("National student number")
    yield Missing("national_no", number, Holder.REGISTRAR), student.national_no_index is not None
    yield Missing("school_class", _("Class"), Holder.REGISTRAR), row.school_class_id is not None
    if student.has_paper:
        place = _("Place of the paper file")
        yield Missing("paper_place", place, Holder.ARCHIVES), student.paper_place != ""


def _circumstances(row: Enrolment) -> dict[DocumentKind, Any]:
    student = row.student
    return {
        DocumentKind.NO_ID_PROOF: student.no_hukou and student.id_number_index is None,
        DocumentKind.DISABILITY: student.health == DISABLED,
        DocumentKind.ORPHAN: student.is_orphan,
        DocumentKind.BENEFIT: student.martyr_or_benefit_child,
        DocumentKind.AID_FORM: student.needs_aid,
    }


def _there(row: Enrolment, place: _On, name: str) -> bool:
    if place is _On.STUDENT:
        return getattr(row.student, name) not in ("", None)
    if place is _On.INDEX:
        return getattr(row.student, name) is not None
    if place is _On.MEASURE:
        return bool(getattr(row, name))
    return getattr(row, name) not in ("", None)
