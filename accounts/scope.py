"""Who may see and do what, and where: guardian grants on units, widened to the units below (docs/permissions.md)."""

from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404
from guardian.shortcuts import get_objects_for_user

from accounts.models import User
from ledger.events import Refusal
from school.models import Unit

M = TypeVar("M", bound=Model)


class OutOfScope(Refusal, Http404):
    """The row exists, but not for this user: he is told 404, the ledger keeps the refusal."""


class NotPermitted(Refusal, PermissionDenied):
    """The row may be seen, but this act on it is not this user's: 403."""


def units_with(user: User, perm: str) -> tuple[int, ...]:
    """Ids of the units in use on which ``user`` holds ``perm``, subtrees included; asked once per user object."""
    cache: dict[str, tuple[int, ...]] = user.__dict__.setdefault("_units_with", {})
    if perm not in cache:
        cache[perm] = _ask(user, perm)
    return cache[perm]


def _ask(user: User, perm: str) -> tuple[int, ...]:
    if not user.is_authenticated or not user.is_active:
        return ()
    granted = list(
        get_objects_for_user(
            user, f"school.{perm}", Unit, with_superuser=False, accept_global_perms=False
        ).values_list("pk", flat=True)
    )
    if not granted:
        return ()
    below = Unit.objects.filter(Q(pk__in=granted) | Q(ancestors__overlap=granted), is_active=True)
    return tuple(sorted(below.values_list("pk", flat=True)))


def holds(user: User, perm: str) -> bool:
    """Whether ``user`` holds ``perm`` on any unit."""
    return bool(units_with(user, perm))


def demand(user: User, perm: str, unit_id: int) -> None:
    """Raise NotPermitted unless ``user`` holds ``perm`` on the unit or above it."""
    if unit_id not in units_with(user, perm):
        raise NotPermitted(f"{perm} on unit {unit_id}")


def visible_or_404(every: QuerySet[M], visible: QuerySet[M], **lookup: Any) -> M:
    """The one row of ``visible`` that ``lookup`` names.

    Raises OutOfScope when the row is only in ``every``, a plain Http404 when it is in neither.
    """
    row = visible.filter(**lookup).first()
    if row is not None:
        return row
    if every.filter(**lookup).exists():
        raise OutOfScope(f"{every.model._meta.label_lower}")
    raise Http404
