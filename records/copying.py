"""The sections that the records room keeps itself as plain values: for snapshots and packages.

Each stored field stands as ``{"field", "label", "value", "words"}``: as it is stored, and in words where it is a code.
What is stored is copied whether the layout of the school names it or not; layouts give labels alone.
"""

from collections.abc import Collection
from functools import cache
from typing import Any

from django.db import models
from django.db.models import QuerySet

from core.crypto import BlindIndexField
from records.columns import HIGHER, NATIONAL, VOCATIONAL, Column
from records.completeness import layout_for
from records.models import SEARCH_FIELDS, Enrolment, FamilyMember, Student
from records.sheet import Words
from records.values import as_text, split

ENROLMENT_FIELDS = (
    "school",
    "unit",
    "school_class",
    "programme",
    "student_no",
    "status",
    "started_on",
    "ended_on",
    "shelved_on",
)
DERIVED = frozenset({"id", "student", "destroyed_on", *SEARCH_FIELDS})
"""What is found again from the rest."""


@cache
def _columns(stage: str) -> dict[str, Column]:
    """Columns by the name of the stored field: those of the stage, else of any layout that has one."""
    found: dict[str, Column] = {}
    for layout in (layout_for(stage), NATIONAL, VOCATIONAL, HIGHER):
        for column in layout.columns:
            position, name = split(column.field)
            found.setdefault(f"member.{name}" if position else name, column)
    return found


def _stored(model: type[models.Model], without: Collection[str] = ()) -> list[Any]:
    """The stored fields of a model without what is derived."""
    return [
        field
        for field in model._meta.concrete_fields
        if field.name not in DERIVED and field.name not in without and not isinstance(field, BlindIndexField)
    ]


def _plain(row: models.Model, stage: str, fields: Collection[Any], owner: str = "") -> list[dict[str, str]]:
    of_owner = "member." if owner else ""
    columns = {field.name: _columns(stage).get(f"{of_owner}{field.name}") for field in fields}
    words = Words([column for column in columns.values() if column], [row])
    found = []
    for field in fields:
        value, column = getattr(row, field.name), columns[field.name]
        found.append(
            {
                "field": f"{owner}{field.name}",
                "label": str(column.label if column else field.verbose_name),
                "value": as_text(value),
                "words": words.of(column, value) if column else as_text(value),
            }
        )
    return found


def _stage(student: Student) -> str:
    newest = Enrolment.objects.current().filter(student=student).select_related("school").first()
    return newest.school.stage if newest else ""


def basic(student: Student) -> list[dict[str, str]]:
    """Who the student is, and where his paper file lies."""
    return _plain(student, _stage(student), _stored(Student))


def family(student: Student) -> list[list[dict[str, str]]]:
    """Each member of the family."""
    stage, fields = _stage(student), _stored(FamilyMember)
    rows = FamilyMember.objects.filter(student=student).order_by("position")
    return [_plain(row, stage, fields, f"member{row.position}.") for row in rows]


def study(student: Student) -> list[dict[str, Any]]:
    """Each stretch at a school."""
    found = []
    for row in stretches(student):
        plain: dict[str, Any] = {name: str(getattr(row, name) or "") for name in ENROLMENT_FIELDS}
        plain["programme_code"] = row.programme.code if row.programme else ""
        plain["entry"] = entry(row)
        found.append(plain)
    return found


def stretches(student: Student) -> QuerySet[Enrolment]:
    """Every stretch at a school, whichever, the first one first."""
    rows: QuerySet[Enrolment] = Enrolment.objects.filter(student=student).select_related(
        "school", "unit", "school_class", "programme"
    )
    return rows.order_by("started_on", "pk")


def entry(row: Enrolment) -> list[dict[str, str]]:
    """What a stretch holds of how the student came and learns there."""
    return _plain(row, row.school.stage, _stored(Enrolment, ENROLMENT_FIELDS))
