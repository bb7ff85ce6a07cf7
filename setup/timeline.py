"""Lines of history as rows of a timeline: what was added, changed and removed, field by field."""

from collections.abc import Callable, Sequence
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import pgettext

from accounts.roles import Role
from core.formatting import dash
from core.ui import TimelineRow

NOT_TOLD = {"id", "ancestors", "public_id"}
_KINDS = {"+": ("green", "plus"), "~": ("blue", "pencil"), "-": ("grey", "trash")}


def timeline(
    lines: Sequence[Any], shown: Callable[[str, Any], str] = lambda _name, value: str(value)
) -> list[TimelineRow]:
    """Rows from lines of history, newest first. ``shown`` gives a field's value in words."""
    rows = []
    for line in lines:
        before = next((one for one in lines if one.id == line.id and one.history_id < line.history_id), None)
        kind, icon = _KINDS[line.history_type]
        changed = line.history_type == "~" and before is not None
        rows.append(
            TimelineRow(
                line.history_date,
                _sentence(line.history_type),
                actor=line.history_user.name,
                role=role_label(line.history_role),
                kind=kind,  # type: ignore[arg-type]  # one of the kinds above
                icon=icon,
                note=line.history_change_reason,
                changes=_changes(line, before, shown) if changed else (),
            )
        )
    return rows


def _sentence(kind: str) -> str:
    return {
        "+": pgettext("field history", "Added"),
        "~": pgettext("field history", "Changed"),
        "-": pgettext("field history", "Removed"),
    }[kind]


def role_label(role: str) -> str:
    """A role as words; what is no role stays as it is."""
    return str(Role(role).label) if role in Role.values else ""


def _changes(line: Any, before: Any, shown: Callable[[str, Any], str]) -> list[tuple[str, str, str]]:
    found = []
    for field in line.tracked_fields:
        name = field.attname
        old, new = getattr(before, name), getattr(line, name)
        if name not in NOT_TOLD and old != new:
            found.append((_label(line, field), dash(shown(field.name, old)), dash(shown(field.name, new))))
    return found


def _label(line: Any, field: Any) -> str:
    try:
        return str(line.instance_type._meta.get_field(field.name).verbose_name)
    except FieldDoesNotExist:
        return str(field.name)
