"""Events: the one way to write down an act. Each room registers its names when it starts.

register("applicant.submitted", _("Applicant submitted"))
record("applicant.submitted", actor=actor, obj=applicant)
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connections, models, router, transaction
from django.utils import timezone
from django.utils.functional import Promise

from ledger.bulk import NewRows
from ledger.context import NoActor, current
from ledger.models import Event

_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_PERSONAL = re.compile(r"(?<!\d)(\d{17}[\dXx]|\d{15}|1[3-9]\d{9})(?!\d)")
_DETAIL_LENGTH = 2000
_TEXT_LENGTH = 200
_LIST_LENGTH = 100


class UnknownAction(LookupError):
    """The action was never registered."""


class BadDetail(ValueError):
    """``detail`` is not a small flat mapping, or it holds a personal number."""


class Refusal(Exception):
    """Base of refusals that must stand in the ledger (out of scope, ...); the middleware writes one event for each.

    ``action`` is the registered name of the event; ``obj`` or ``unit_id`` say what was asked for, as far as known.
    """

    action = "request.refused"

    def __init__(self, *args: Any, obj: Any = None, unit_id: int | None = None, reason: str = "") -> None:
        super().__init__(*args)
        self.obj = obj
        self.unit_id = unit_id
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Action:
    """A registered name; ``anonymous`` ones may be refused or failed acts of somebody who has not signed in."""

    name: str
    label: str | Promise
    anonymous: bool = False


_actions: dict[str, Action] = {}


def register(name: str, label: str | Promise, *, anonymous: bool = False) -> Action:
    """Make an action known under ``thing.verb`` with its translated label. Raises ValueError for a bad or taken one."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r}: an action is called thing.verb, in small letters")
    known = _actions.get(name)
    if known is not None and (str(known.label), known.anonymous) != (str(label), anonymous):
        raise ValueError(f"{name!r} is registered already")
    return _actions.setdefault(name, Action(name, label, anonymous))


def actions() -> Mapping[str, Action]:
    """All registered actions by name."""
    return dict(sorted(_actions.items()))


def label(name: str) -> str:
    """The label of an action in the language of the moment; the bare name when it is no longer registered."""
    known = _actions.get(name)
    return str(known.label) if known else name


def _known(name: str) -> Action:
    try:
        return _actions[name]
    except KeyError:
        raise UnknownAction(
            f"{name!r} is not registered: call ledger.events.register when the app starts"
        ) from None


def _check_scalar(key: str, value: Any) -> Any:
    if isinstance(value, UUID | Decimal | Promise):
        value = str(value)
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int | str):
        if len(str(value)) > _TEXT_LENGTH:
            raise BadDetail(f"{key}: more than {_TEXT_LENGTH} characters")
        if _PERSONAL.search(str(value)):
            raise BadDetail(f"{key}: a personal number does not belong into the ledger")
        return value
    raise BadDetail(f"{key}: {type(value).__name__} is not a count, a code or a short text")


def check_detail(detail: Mapping[str, Any] | None) -> dict[str, Any]:
    """``detail`` as it is stored. Raises BadDetail unless it is flat and small and free of personal numbers."""
    checked: dict[str, Any] = {}
    for key, value in (detail or {}).items():
        if not isinstance(key, str) or not key.isidentifier():
            raise BadDetail(f"{key!r} is not a plain name")
        if isinstance(value, list | tuple | set | frozenset):
            items = sorted(value) if isinstance(value, set | frozenset) else list(value)
            if len(items) > _LIST_LENGTH:
                raise BadDetail(f"{key}: more than {_LIST_LENGTH} items")
            checked[key] = [_check_scalar(key, item) for item in items]
        else:
            checked[key] = _check_scalar(key, value)
    if len(json.dumps(checked, ensure_ascii=False)) > _DETAIL_LENGTH:
        raise BadDetail(f"more than {_DETAIL_LENGTH} characters")
    return checked


def _about(obj: models.Model | None) -> dict[str, Any]:
    if obj is None:
        return {}
    find = getattr(obj, "ledger_subject", None)
    unit = obj.pk if obj._meta.label == "school.Unit" else getattr(obj, "unit_id", None)
    return {
        "object_type": obj._meta.label,
        "object_id": obj.pk if isinstance(obj.pk, int) else None,
        "object_uuid": getattr(obj, "public_id", None),
        "subject": find() if find else None,
        "unit_id": unit,
    }


def _circumstances(action: Action, actor: Any, result: str, role: str, reason: str) -> dict[str, Any]:
    context = current()
    if actor is None and (not action.anonymous or result == "done"):
        raise NoActor(f"{action.name}: an event needs the one who acts")
    if not role and actor is not None and context.actor_source is not None and context.actor == actor:
        role = context.role
    return {
        "action": action.name,
        "actor_id": None if actor is None else actor.pk,
        "role": role,
        "result": result,
        "reason": reason or context.reason,
        "request_no": context.request_no,
        "request_id": context.request_id,
        "address": context.address,
    }


def record(
    action: str,
    *,
    actor: Any,
    obj: models.Model | None = None,
    subject: UUID | None = None,
    unit_id: int | None = None,
    result: str = "done",
    role: str = "",
    reason: str = "",
    purpose: str = "",
    detail: Mapping[str, Any] | None = None,
) -> Event:
    """Write one event in the running transaction.

    What ``obj`` tells (its key, unit and whose file it is about) need not be said again; role, reason, request number,
    request and client address come from the context. ``detail`` holds counts, codes and field names and never what a
    person told us about himself.
    Raises UnknownAction, BadDetail, and NoActor when ``actor`` is None for an act that needs somebody.
    """
    values = _circumstances(_known(action), actor, result, role, reason) | _about(obj)
    values |= {
        name: value for name, value in (("subject", subject), ("unit_id", unit_id)) if value is not None
    }
    event = Event(**values, purpose=purpose, detail=check_detail(detail))
    event.save(force_insert=True)
    return event


def record_many(
    action: str,
    objs: Iterable[models.Model],
    *,
    actor: Any,
    result: str = "done",
    role: str = "",
    reason: str = "",
    purpose: str = "",
    detail: Mapping[str, Any] | Callable[[Any], Mapping[str, Any]] | None = None,
) -> int:
    """One event for each object, written with COPY; returns how many. ``detail`` may be a function of the object."""
    objs = list(objs)
    about = [_about(obj) for obj in objs]
    columns = {name: [one[name] for one in about] for name in (about[0] if about else ())}
    common = _circumstances(_known(action), actor, result, role, reason) | {"purpose": purpose}
    if callable(detail):
        columns["detail"] = [check_detail(detail(obj)) for obj in objs]
    else:
        common["detail"] = check_detail(detail)
    return _copy(len(objs), columns, common)


def record_written(
    action: str, rows: NewRows, keys: Sequence[int], *, actor: Any, role: str = "", reason: str = ""
) -> int:
    """One event for each row that `ledger.bulk.write_columns` wrote under ``keys``; returns how many."""
    common = _circumstances(_known(action), actor, "done", role, reason)
    label = rows.model._meta.label
    columns = {
        "object_id": list(keys),
        "object_uuid": rows.values("public_id"),
        "subject": list(rows.subjects),
        "unit_id": list(keys) if label == "school.Unit" else rows.values("unit_id"),
    }
    return _copy(rows.count, columns, common | {"object_type": label})


def _copy(count: int, columns: Mapping[str, list[Any]], common: Mapping[str, Any]) -> int:
    if count:
        alias = router.db_for_write(Event)
        with transaction.atomic(using=alias):
            NewRows(Event, count, columns, {"at": timezone.now(), **common}).copy(connections[alias])
    return count
