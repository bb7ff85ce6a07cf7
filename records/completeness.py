"""How complete a student file is: what is missing, and whose job it is to supply it.

Looks at plain facts that `records.selectors.facts` reads of enrolments: nothing encrypted is decrypted for it, and no
model is built, so that a list can say it of each row.
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
from records.models import DocumentKind, FamilyMember, Student
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


def completeness(facts: Any) -> Completeness:
    """What a file still lacks; ``facts`` is a row of `records.selectors.facts`."""
    asked = _asked(facts.school__stage)
    missing = [item for item, value in zip(asked.items, asked.read(facts), strict=True) if value in EMPTY]
    others = _others(facts, asked.near)
    missing += [item for item, there in others if not there]
    return Completeness(len(asked.items) + len(others), tuple(missing))


@dataclass(frozen=True, slots=True)
class _Asked:
    """The required columns of a stage as items, the paths under which their values are read, and who is near."""

    near: Holder
    items: tuple[Missing, ...]
    paths: tuple[str, ...]
    read: Callable[[Any], tuple[object, ...]]


@cache
def _asked(stage: str) -> _Asked:
    columns = [
        column
        for column in layout_for(stage).columns
        if column.required and column.field not in NOT_KEPT and not column.field.startswith("member")
    ]
    paths = tuple(_path(column.field) for column in columns)
    return _Asked(
        near=Holder.COUNSELLOR if stage in TERTIARY_STAGES else Holder.ADVISER,
        items=tuple(Missing(column.field, column.label, Holder.ADMISSIONS) for column in columns),
        paths=paths,
        read=attrgetter(*paths),
    )


def _path(name: str) -> str:
    """Where the value of a column stands in the facts: encrypted ones are known by their index or their length."""
    if name in INDEXED:
        return f"student__{name}_index"
    if name in MEASURED:
        return f"has_{name}"
    return f"student__{name}" if hasattr(Student, name) else name


FACTS = tuple(
    dict.fromkeys(
        (
            "pk",
            "school_class_id",
            "school__stage",
            "contact_id",
            "document_kinds",
            *(f"student__{name}" for name in STUDENT_FACTS),
            *(path for stage in Stage.values for path in _asked(stage).paths),
        )
    )
)
"""All that is looked at, whatever the stage: columns, and what `records.selectors.facts` adds to them."""

NUMBER = Missing("id_number", _("Identity number"), Holder.ADMISSIONS)
NATIONAL_NUMBER = Missing("national_no", _("National student number"), Holder.REGISTRAR)
CLASS = Missing("school_class", _("Class"), Holder.REGISTRAR)
PLACE = Missing("paper_place", _("Place of the paper file"), Holder.ARCHIVES)


@cache
def _near_items(near: Holder) -> tuple[Missing, Missing]:
    phone = Missing("guardian_phone", _("Guardian's phone"), near)
    return phone, _document(DocumentKind.PHOTO, near)


@cache
def _document(kind: DocumentKind, holder: Holder) -> Missing:
    return Missing(f"document.{kind}", kind.label, holder)


def _others(facts: Any, near: Holder) -> list[tuple[Missing, bool]]:
    kinds = facts.document_kinds
    phone, photo = _near_items(near)
    found = [
        (NUMBER, facts.student__id_number_index is not None),
        (phone, facts.contact_id is not None),
        (photo, DocumentKind.PHOTO in kinds),
    ]
    found += [(_document(kind, Holder.ADMISSIONS), kind in kinds) for kind in _circumstances(facts)]
    found += [
        (NATIONAL_NUMBER, facts.student__national_no_index is not None),
        (CLASS, facts.school_class_id is not None),
    ]
    if facts.student__has_paper:
        found.append((PLACE, facts.student__paper_place != ""))
    return found


def _circumstances(facts: Any) -> list[DocumentKind]:
    """Documents that what is known of this student asks for."""
    asked = {
        DocumentKind.NO_ID_PROOF: facts.student__no_hukou and facts.student__id_number_index is None,
        DocumentKind.DISABILITY: facts.student__health == DISABLED,
        DocumentKind.ORPHAN: facts.student__is_orphan,
        DocumentKind.BENEFIT: facts.student__martyr_or_benefit_child,
        DocumentKind.AID_FORM: facts.student__needs_aid,
    }
    return [kind for kind, needed in asked.items() if needed]
