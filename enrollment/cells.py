"""An applicant as text by field, the way it is typed and imported, and back into the columns of the tables.

Fields are those of the layout (``records.columns``), members as ``member1.name``.
"""

from collections.abc import Mapping
from typing import Any

from django.db import models

from core.chinese import clean_text, name_pinyin
from enrollment.models import Applicant, ApplicantMember, IntakeBatch
from records.cells import CodeBook
from records.checks import lacks_hukou, resident_number
from records.columns import LAYOUTS, PRESENT_LAYOUTS, Column, LayoutColumns
from records.search import fill
from records.values import as_text, split, stored
from school.models import Programme

__all__ = [
    "apply_values",
    "as_text",
    "cells_of",
    "filled_from_number",
    "layout_of",
    "place",
    "programme_units",
    "split",
]
NOT_STORED = frozenset({"school_code", "programme_name"})
"""Columns that repeat what the batch or the programme says already."""

IDENTITY_FIELDS = frozenset(
    {"id_type", "id_number", "overseas_status", "parents_case", "member1.id_number", "member2.id_number"}
)
"""What the bureau's approval of a pupil without household registration rests on."""

Members = dict[int, ApplicantMember]


def layout_of(batch: IntakeBatch) -> LayoutColumns:
    """The columns that a batch collects."""
    layouts = PRESENT_LAYOUTS if batch.kind == IntakeBatch.Kind.PRESENT else LAYOUTS
    return layouts[batch.layout]


def cells_of(applicant: Applicant, members: Members) -> dict[str, str]:
    """Text by field for every column of the batch's layout. Reads programme and school of the batch."""
    return {column.field: _cell(applicant, members, column) for column in layout_of(applicant.batch).columns}


def _cell(applicant: Applicant, members: Members, column: Column) -> str:
    if column.field == "school_code":
        return applicant.batch.school.code
    if column.field in {"programme_code", "programme_name"}:
        programme = applicant.programme
        return getattr(programme, column.field.removeprefix("programme_")) if programme else ""
    position, name = split(column.field)
    row: Any = members.get(position) if position else applicant
    return as_text(getattr(row, name)) if row else ""


def apply_values(
    applicant: Applicant, members: Members, values: Mapping[str, Any], book: CodeBook
) -> set[str]:
    """Put typed values (``records.cells.read_row``) into the rows; "" empties. Adds members that are named first now.

    Gives the fields that changed. The caller saves; search columns are filled already.
    """
    changed = {field for field, value in values.items() if _put(applicant, members, field, value, book)}
    if "name" in changed:
        applicant.name_pinyin = name_pinyin(applicant.name) if applicant.name else ""
    fill(applicant)
    for position in {split(field)[0] for field in changed} - {0}:
        fill(members[position])
    applicant.no_hukou = lacks_hukou(papers_of(applicant))
    return changed


def _put(applicant: Applicant, members: Members, field: str, value: Any, book: CodeBook) -> bool:
    if field in NOT_STORED:
        return False
    if field == "programme_code":
        return _set(applicant, "programme_id", book.programme_ids.get(value))
    position, name = split(field)
    if position and position not in members:
        if value == "":
            return False
        members[position] = ApplicantMember(applicant=applicant, position=position)
    row: Any = members[position] if position else applicant
    if field == "class_no":
        applicant.school_class_id = book.class_ids.get(value)
    return _set(row, name, stored(row, name, value))


def _set(row: Any, name: str, value: Any) -> bool:
    if getattr(row, name) == value:
        return False
    setattr(row, name, value)
    return True


def papers_of(applicant: Applicant) -> dict[str, str]:
    """What tells whether the applicant has a number and a household registration."""
    return {name: getattr(applicant, name) for name in ("id_type", "id_number", "overseas_status")}


def programme_units(batch: IntakeBatch) -> dict[int, int]:
    """The unit that runs each programme of the batch's school."""
    school_id = batch.school_id
    rows = Programme.objects.filter(
        models.Q(unit_id=school_id) | models.Q(unit__ancestors__contains=[school_id])
    )
    return dict(rows.values_list("pk", "unit_id"))


def place(applicant: Applicant, units: Mapping[int, int]) -> None:
    """Put the applicant under the unit that runs his programme, else under the school."""
    applicant.unit_id = units.get(applicant.programme_id or 0, applicant.batch.school_id)


def filled_from_number(cells: Mapping[str, str]) -> dict[str, str]:
    """Birth date and sex as a sound identity number tells them; nothing for other documents."""
    number = resident_number(
        {"id_type": cells.get("id_type"), "id_number": clean_text(cells.get("id_number", "")).upper()}
    )
    if number is None:
        return {}
    return {"birth_date": number.birth_date.isoformat(), "sex": number.sex}
