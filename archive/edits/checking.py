"""Whether what somebody asks for may stand in the file: each cell read, then the whole person before and after it."""

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
from records.values import as_text, split

Values = dict[str, Any]


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
    """Read what was typed for a student; fields that stay as they are, are left out. ``book``: the school's."""
    book = book or book_for(enrolment.school)
    columns = {column.field: column for column in columns_for(enrolment.school.stage)}
    now = current(student, enrolment, columns)
    values, faults = read({field: text for field, text in typed.items() if field in columns}, columns, book)
    new = {field: as_text(value) for field, value in values.items() if as_text(value) != now[field]}
    if new and not faults:
        faults = contradictions(enrolment.school.stage, now, {one: values[one] for one in new}, book)
    return Asked(student, {one: now[one] for one in new}, new, faults)


def read(
    typed: Mapping[str, str], columns: Mapping[str, Column], book: CodeBook
) -> tuple[Values, dict[str, str]]:
    """The values of these texts, and what is wrong with those that cannot be read, in words."""
    values: Values = {}
    faults: dict[str, str] = {}
    for field, text in typed.items():
        try:
            values[field] = read_cell(clean_text(text), columns[field], book, exact=False)
        except CellFault as fault:
            faults[field] = in_words(Fault(field, fault.code, "error", fault.detail))
    return values, faults


def contradictions(stage: str, now: Mapping[str, str], new: Values, book: CodeBook) -> dict[str, str]:
    """What would be wrong with the whole person after this change, by field in words, wherever it lies.

    A fault that the file had before is not held against the change, unless it lies in a field that is changed.
    """
    columns = {column.field: column for column in columns_for(stage)}
    before, _unreadable = read(now, columns, book)
    after = {**before, **new}
    had = {(one.field, one.code) for one in _errors(stage, before, book)}
    found = [
        one for one in _errors(stage, after, book) if (one.field, one.code) not in had or one.field in new
    ]
    found += [Fault(field, "required") for field in sorted(_nameless(after) - _nameless(before))]
    return {one.field: in_words(one) for one in found}


def _errors(stage: str, values: Values, book: CodeBook) -> list[Fault]:
    return [one for one in check(dict(values), layout_for(stage), book) if one.level == "error"]


def _nameless(values: Values) -> set[str]:
    """The empty name of each member of the family of whom something else is known."""
    filled = {split(field)[0] for field, value in values.items() if value != ""} - {0}
    names = {f"member{position}.name" for position in filled}
    return {name for name in names if values.get(name) == ""}


def in_words(fault: Fault) -> str:
    """What is wrong and what to do, in the reader's language."""
    return " · ".join(describe(fault))
