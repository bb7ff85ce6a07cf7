"""Typed values as columns of the two tables: what `enrollment.cells.apply_values` does, for many rows at once."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from django.db import models

from enrollment.cells import NOT_STORED, split
from enrollment.models import Applicant, ApplicantMember
from records.cells import CodeBook
from records.checks import lacks_hukou
from records.columns import LayoutColumns
from records.search import search_columns

Values = dict[str, Any]
Columns = dict[str, list[Any]]


class _Target(NamedTuple):
    """Where a field goes: the attribute, what stands for an empty cell, and how a value is read."""

    name: str
    empty: Any
    read: Callable[[Any], Any] | None

    def column(self, values: list[Any]) -> list[Any]:
        """The values as they are kept."""
        if self.read:
            return [self.empty if value == "" else self.read(value) for value in values]
        return values if self.empty == "" else [self.empty if value == "" else value for value in values]


class Builder:
    """Makes the columns of one layout; search columns come with them. ``people`` are typed values by field."""

    def __init__(self, layout: LayoutColumns, book: CodeBook) -> None:
        self._book = book
        self._own: dict[str, _Target] = {}
        self._members: dict[_Target, dict[int, str]] = {}
        for column in layout.columns:
            if column.field in NOT_STORED:
                continue
            position, name = split(column.field)
            if position:
                self._members.setdefault(_target(ApplicantMember, name), {})[position] = column.field
            elif column.field == "programme_code":
                self._own[column.field] = _Target("programme_id", None, book.programme_ids.get)
            else:
                self._own[column.field] = _target(Applicant, name)

    def applicants(self, people: Sequence[Values]) -> Columns:
        """One row for each person."""
        made = {
            target.name: target.column([values.get(source, "") for values in people])
            for source, target in self._own.items()
        }
        made["school_class_id"] = [self._book.class_ids.get(values.get("class_no", "")) for values in people]
        made["no_hukou"] = [lacks_hukou(values) for values in people]
        return made | search_columns(Applicant, made)

    def members(self, people: Sequence[Values]) -> tuple[list[int], Columns]:
        """One row for each member of whom anything is known, and the place among ``people`` that he belongs to."""
        positions = sorted({position for sources in self._members.values() for position in sources})
        named = {
            position: [sources[position] for sources in self._members.values() if position in sources]
            for position in positions
        }
        family = [
            (place, position)
            for place, values in enumerate(people)
            for position in positions
            if any(values.get(source, "") != "" for source in named[position])
        ]
        made = {
            target.name: target.column([people[place].get(sources.get(at, ""), "") for place, at in family])
            for target, sources in self._members.items()
        }
        made["position"] = [position for _place, position in family]
        return [place for place, _position in family], made | search_columns(ApplicantMember, made)


def _target(model: type[models.Model], name: str) -> _Target:
    field = model._meta.get_field(name)
    empty = None if getattr(field, "null", False) else ""
    return _Target(name, empty, int if isinstance(field, models.PositiveSmallIntegerField) else None)
