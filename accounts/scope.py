"""Who may see and do what, and where: guardian grants on units, widened to the units below (docs/permissions.md).

The grants of a user are read once per user object, which means once per request: one query for guardian's rows, one for
the units below them. Questions after that cost nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404
from django.utils import timezone
from guardian.models import UserObjectPermission

from accounts.grants import Holding, holdings, sync_grants
from accounts.models import Appointment, User
from accounts.roles import ROLE_PERMISSIONS, Role
from ledger.events import Refusal
from school.models import Unit

M = TypeVar("M", bound=Model)


class OutOfScope(Refusal, Http404):
    """The row exists, but not for this user: he is told 404, the ledger keeps the refusal."""

    action = "request.out_of_scope"


class NotPermitted(Refusal, PermissionDenied):
    """The row may be seen, but this act on it is not this user's: 403.

    The arguments are the codenames of which one would do; the page says them in words (`accounts.refusals`).
    """


@dataclass(slots=True)
class _Scope:
    """What one user object has asked so far today."""

    day: date
    granted: dict[str, set[int]]
    chains: dict[int, frozenset[int]] = field(default_factory=dict)
    units: dict[str, tuple[int, ...]] = field(default_factory=dict)
    places: tuple[int, ...] = ()
    held: list[Holding] | None = None

    def units_with(self, perm: str) -> tuple[int, ...]:
        if perm not in self.units:
            roots = self.granted.get(perm, set())
            below = (unit for unit, chain in self.chains.items() if not roots.isdisjoint(chain))
            self.units[perm] = tuple(sorted(below)) if roots else ()
        return self.units[perm]


def _scope(user: User) -> _Scope:
    today = timezone.localdate()
    known: _Scope | None = user.__dict__.get("_scope")
    if known is not None and known.day == today:
        return known
    fresh = _read(user, today)
    user.__dict__["_scope"] = fresh
    return fresh


def _read(user: User, today: date) -> _Scope:
    if not user.is_authenticated or not user.is_active or user.kind == User.Kind.STUDENT:
        return _Scope(today, {})
    if user.grants_synced_on != today:
        sync_grants(user)
    granted: dict[str, set[int]] = {}
    rows = UserObjectPermission.objects.filter(
        user=user, content_type__app_label="school", content_type__model="unit"
    )
    for codename, unit in rows.values_list("permission__codename", "object_pk"):
        granted.setdefault(codename, set()).add(int(unit))
    roots = sorted(set().union(*granted.values()))
    if not roots:
        return _Scope(today, {})
    below = Unit.objects.filter(Q(pk__in=roots) | Q(ancestors__overlap=roots))
    units = list(below.values_list("pk", "ancestors", "kind").order_by())
    chains = {pk: frozenset((pk, *ancestors)) for pk, ancestors, _kind in units}
    places = tuple(pk for pk, _ancestors, kind in units if kind != Unit.Kind.DEPARTMENT)
    return _Scope(today, granted, chains, places=places)


def units_with(user: User, perm: str) -> tuple[int, ...]:
    """Ids of the units on which ``user`` holds ``perm``, subtrees included, closed units too: their files remain."""
    return _scope(user).units_with(perm)


def holders(perm: str, unit: Unit) -> QuerySet[User]:
    """Active people who hold ``perm`` on the unit or above it, to be chosen from: one query for any number.

    By the copy of their appointments, which follows the days once they ask themselves: whoever acts on one asks again.
    """
    chain = [str(pk) for pk in (unit.pk, *unit.ancestors)]
    permission = Permission.objects.filter(content_type__app_label="school", codename=perm)
    rows = UserObjectPermission.objects.filter(permission__in=permission, object_pk__in=chain)
    found: QuerySet[User] = User.objects.filter(pk__in=rows.values("user"), is_active=True)
    return found


def units_with_any(user: User, perms: Iterable[str]) -> list[int]:
    """The same for several permissions of which one will do."""
    return sorted({unit for perm in perms for unit in units_with(user, perm)})


def holds(user: User, perm: str) -> bool:
    """Whether ``user`` holds ``perm`` on any unit."""
    return bool(units_with(user, perm))


def places_of(user: User) -> tuple[int, ...]:
    """Ids of the units under the user's rights that are more than a department of another."""
    return _scope(user).places


def units_below(user: User, unit_id: int) -> frozenset[int]:
    """Ids of a unit and of those below it, as far as the user's rights reach."""
    return frozenset(pk for pk, chain in _scope(user).chains.items() if unit_id in chain)


def demand(user: User, perm: str, unit_id: int) -> None:
    """Raise NotPermitted unless ``user`` holds ``perm`` on the unit or above it."""
    if unit_id not in units_with(user, perm):
        raise NotPermitted(perm, unit_id=unit_id)


def knows_unit(user: User, unit_id: int) -> bool:
    """Whether the unit is one of those that ``user`` has to do with: his own, those of his rights, or one above."""
    scope = _scope(user)
    if unit_id in scope.chains or any(unit_id in chain for chain in scope.chains.values()):
        return True
    return user.unit is not None and unit_id in {user.unit.pk, *user.unit.ancestors}


def held_by(user: User) -> list[Holding]:
    """The user's appointments in force today; read once per user object."""
    scope = _scope(user)
    if scope.held is None:
        scope.held = holdings(user)
    return scope.held


def roles_with(user: User, perm: str, unit_id: int) -> tuple[Role, ...]:
    """The roles that give ``user`` this permission on this unit, the one held nearest to the unit first.

    An act is done under the first of them (`acting(user, role=...)`). Empty when nothing gives it.
    """
    chain = _scope(user).chains.get(unit_id, frozenset())
    found = [
        held
        for held in held_by(user)
        if not held.rests and held.appointment.unit_id in chain and perm in ROLE_PERMISSIONS[held.role]
    ]
    found.sort(key=lambda held: -len(held.appointment.unit.ancestors))
    return tuple(dict.fromkeys(held.role for held in found))


def role_for(user: User, perm: str, unit_id: int) -> str:
    """The role under which ``user`` does an act that asks for ``perm`` on this unit. Raises NotPermitted."""
    demand(user, perm, unit_id)
    roles = roles_with(user, perm, unit_id)
    return roles[0].value if roles else ""


def reading_role(user: User, perms: Iterable[str], unit_id: int) -> str:
    """The role under which ``user`` reads, or ends, what any of ``perms`` opens on this unit; "" when none is left."""
    return next((role.value for perm in perms for role in roles_with(user, perm, unit_id)), "")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody may do something: the appointment, and what it gives. ``rests``: it gives nothing at present."""

    appointment: Appointment
    permissions: tuple[str, ...]
    rests: bool = False

    @property
    def role(self) -> Role:
        return Role(self.appointment.role)


def why(user: User) -> list[Reason]:
    """Each path by which a user may see or do something today."""
    return [Reason(held.appointment, ROLE_PERMISSIONS[held.role], held.rests) for held in held_by(user)]


def visible_or_404(every: QuerySet[M], visible: QuerySet[M], **lookup: Any) -> M:
    """The one row of ``visible`` that ``lookup`` names.

    Raises OutOfScope when the row is only in ``every``, a plain Http404 when it is in neither.
    """
    row = visible.filter(**lookup).first()
    if row is not None:
        return row
    hidden = every.filter(**lookup).first()
    if hidden is not None:
        raise OutOfScope(f"{every.model._meta.label_lower}", obj=hidden)
    raise Http404
