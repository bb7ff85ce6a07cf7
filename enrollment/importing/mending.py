"""A problem row as a form: its faulty cells first, then the rest by section."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from enrollment.cells import layout_of
from enrollment.importing.selectors import masked, words
from enrollment.models import IntakeBatch
from enrollment.selectors import class_choices, codes_in_use, programme_choices
from records.columns import SECTIONS, Column, Kind, LayoutColumns
from records.faults import Fault

OWN_LISTS = frozenset({Kind.BOOLEAN, Kind.CLASS_NO, Kind.PROGRAMME})
"""Kinds of cells that offer choices of the school or of their own, not of a code list."""


@dataclass(frozen=True, slots=True)
class Line:
    """One cell: its column, text, and what is wrong with it as (level, what, what to do)."""

    field: str
    header: str
    text: str
    list_id: str
    required: bool
    faults: list[tuple[str, str, str]]

    @property
    def html_id(self) -> str:
        return f"cell-{self.field.replace('.', '-')}"

    @property
    def has_error(self) -> bool:
        return any(level == "error" for level, _what, _mend in self.faults)


@dataclass(slots=True)
class Section:
    """Cells under one heading; the first section holds those with faults and stands open."""

    key: str
    label: Any
    lines: list[Line] = field(default_factory=list)


def sections(
    layout: LayoutColumns, cells: Mapping[str, str], faults: Iterable[Fault], *, hidden: bool = False
) -> list[Section]:
    """The row for its page. ``hidden`` masks personal numbers for somebody who does not own it."""
    found: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for fault in faults:
        found[fault.field].append((fault.level, *words(fault.code, fault.detail)))
    first = Section("faults", _("To be mended"))
    rest = {key: Section(key, label) for key, label in SECTIONS.items()}
    for column in layout.columns:
        text = cells.get(column.field, "")
        line = Line(
            column.field,
            column.header,
            masked(text, column) if hidden else text,
            list_of(column),
            column.required,
            found.get(column.field, []),
        )
        (first if line.faults else rest[column.section]).lines.append(line)
    return [section for section in (first, *rest.values()) if section.lines]


def list_of(column: Column) -> str:
    """The key of the choices that a cell offers; empty when it takes free text."""
    if column.kind in OWN_LISTS:
        return column.kind.value
    return column.code_list if column.kind is Kind.CODE else ""


def choices(batch: IntakeBatch) -> dict[str, list[str]]:
    """The choices of each list that a batch uses, as they may be typed."""
    keys = {column.code_list for column in layout_of(batch).columns} - {""}
    found: dict[str, list[str]] = {
        Kind.BOOLEAN.value: ["是", "否"],
        Kind.CLASS_NO.value: [number for number, _label in class_choices(batch)],
        Kind.PROGRAMME.value: [code for code, _label in programme_choices(batch)],
    }
    for code in codes_in_use(keys):
        found.setdefault(code.code_list.key, []).append(code.label_zh)
    return found
