"""Who still needs a unit or a class: rooms above say why it cannot be closed."""

from collections.abc import Callable
from typing import Any

from django.db import models
from django.utils.functional import Promise

Check = Callable[[Any], str | Promise | None]
_checks: dict[type[models.Model], list[Check]] = {}


def register(model: type[models.Model], check: Check) -> None:
    """Ask ``check`` before a row of ``model`` is closed; it gives the reason against it, or None."""
    _checks.setdefault(model, []).append(check)


def obstacles(row: models.Model) -> list[str | Promise]:
    """Why the row cannot be closed now; empty when nothing speaks against it."""
    found = (check(row) for check in _checks.get(type(row), ()))
    return [reason for reason in found if reason]
