"""Stored values and typed text: how a field of the layouts is named, written and stored."""

from datetime import date
from functools import cache
from typing import Any

from django.db import models


@cache
def split(field: str) -> tuple[int, str]:
    """Position of the member (0: the person) and the name of the field: ``member2.phone`` is (2, "phone")."""
    who, _, name = field.rpartition(".")
    return (int(who.removeprefix("member")), name) if who else (0, name)


def as_text(value: Any) -> str:
    """A stored value as it would be typed: dates as eight digits, 是 and 否, codes as codes."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return f"{value:%Y%m%d}"
    return str(value)


def stored(row: models.Model, name: str, value: Any) -> Any:
    """A typed value as the column holds it; what the column holds for an empty cell."""
    empty, is_number = _storage(type(row), name)
    if value == "":
        return empty
    return int(value) if is_number else value


@cache
def _storage(model: type[models.Model], name: str) -> tuple[str | None, bool]:
    """What a column holds for an empty cell, and whether it holds a whole number."""
    column = model._meta.get_field(name)
    empty = None if getattr(column, "null", False) else ""
    return empty, isinstance(column, models.PositiveSmallIntegerField)
