"""Whether what somebody asks for may stand in the file: each cell read, then the whole person checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archive.edits.fields import book_for, columns_for, current
from core.chinese import clean_text
from records.cells import CellFault, CodeBook, read_cell
from records.checks import check
from records.columns import Column
from records.completeness import layout_for
from records.faults import Fault, describe
from records.models import Enrolment, Student
from records.values import as_text


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks of one student: texts now and asked for by field, and faults by field in words."""

    student: Student
    old: dict[str, str]
    new: dict[str, str]
    faults: dict[str, str]


def asked(
    student: Student, enrolment: Enrolment, typed: Mapping[str, str], book: CodeBook | None = None
) -> Asked:
    """Read what was typed for a student. Fields that stay as they are, are left out.

    A fault that the file had before is not held against the request, unless it lies in a field that is changed.
    """
    book = book or book_for(enrolment)
    columns = {column.field: column for column in columns_for(enrolment.school.stage)}
    now = current(student, enrolment, columns)
    values: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for field, text in typed.items():
        if field not in columns:
            continue
        try:
            values[field] = read_cell(clean_text(text), columns[field], book, exact=False)
        except CellFault as fault:
            faults[field] = in_words(Fault(field, fault.code, "error", fault.detail))
    new = {field: as_text(value) for field, value in values.items()}
    changed = {field for field, text in new.items() if text != now[field]}
    if changed and not faults:
        faults = _cross_faults(enrolment, columns, {**now, **new}, book, changed)
    return Asked(student, {one: now[one] for one in changed}, {one: new[one] for one in changed}, faults)


def _cross_faults(
    enrolment: Enrolment,
    columns: Mapping[str, Column],
    texts: Mapping[str, str],
    book: CodeBook,
    changed: set[str],
) -> dict[str, str]:
    values: dict[str, Any] = {}
    for field, column in columns.items():
        try:
            values[field] = read_cell(texts[field], column, book, exact=False)
        except CellFault:
            continue
    found = check(values, layout_for(enrolment.school.stage), book)
    return {one.field: in_words(one) for one in found if one.level == "error" and one.field in changed}


def in_words(fault: Fault) -> str:
    """What is wrong and what to do, in the reader's language."""
    return " · ".join(describe(fault))
