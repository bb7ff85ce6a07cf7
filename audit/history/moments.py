"""The file at a past moment, and what differs between two: put together again from its history rows."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from audit.history.selectors import Reach
from records.models import Document, Enrolment, FamilyMember, Student
from records.trace import Reader, Turn, hides, opened_documents, tracked

AT_A_MOMENT: tuple[type[Any], ...] = (Student, Enrolment, FamilyMember, Document)
"""What is put together again."""


@dataclass(frozen=True, slots=True)
class Part:
    """One object of a file at a moment, or as it differs between two. ``kind``: "", added, removed or changed."""

    title: str
    values: list[tuple[Any, str, str]]
    kind: str = ""


def state(found: Reach, at: datetime) -> list[Part]:
    """The file as its history rows say it was at a moment: label and value of what was filled in."""
    rows = _rows_at(found, at)
    reader, opened = _reading(found, [*rows.values()])
    parts = []
    for (model, _pk), row in rows.items():
        turn = Turn(model, row, None, [])
        values = [
            (reader.label(one), text, "")
            for one in tracked(model)
            if not hides(turn, one, opened) and (text := reader.text(row, one))
        ]
        parts.append(Part(_title(model, row), values))
    return parts


def difference(found: Reach, first: datetime, second: datetime) -> list[Part]:
    """What differs between two moments: objects that came, went or changed, with the fields that differ."""
    old, new = _rows_at(found, first), _rows_at(found, second)
    reader, opened = _reading(found, [*old.values(), *new.values()])
    parts = []
    for model, pk in {**old, **new}:
        before, after = old.get((model, pk)), new.get((model, pk))
        turn = Turn(model, after or before, before, [])
        values = [
            (
                reader.label(one),
                reader.text(before, one) if before else "",
                reader.text(after, one) if after else "",
            )
            for one in tracked(model)
            if not hides(turn, one, opened) and _value(before, one) != _value(after, one)
        ]
        kind = "changed" if before and after else "added" if after else "removed"
        if values:
            parts.append(Part(_title(model, after or before), values, kind))
    return parts


def _value(row: Any, one: Any) -> Any:
    value = getattr(row, one.attname) if row is not None else None
    return value if value not in ("", []) else None


def _rows_at(found: Reach, at: datetime) -> dict[tuple[type[Any], int], Any]:
    """The newest row of each object at or before a moment, without what was removed by then."""
    rows: dict[tuple[type[Any], int], Any] = {}
    if found.destroyed is not None:
        return rows
    for model in AT_A_MOMENT:
        newest = model.history.filter(history_subject=found.student.public_id, history_date__lte=at)
        for row in newest.order_by("id", "-history_date", "-history_id").distinct("id"):
            if row.history_type != "-":
                rows[model, row.id] = row
    return rows


def _reading(found: Reach, rows: list[Any]) -> tuple[Reader, Collection[int]]:
    return Reader(rows), opened_documents(found.file) if found.file else ()


def _title(model: type[Any], row: Any) -> str:
    if model is FamilyMember:
        return _("Family member %(number)s") % {"number": row.position}
    label = str(model._meta.verbose_name)
    return f"{label} · {row.get_kind_display()}" if model is Document else label
