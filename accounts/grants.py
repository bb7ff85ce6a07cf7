"""What somebody holds today, and its copy in guardian's table, which every question of permission reads."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from guardian.models import UserObjectPermission

from accounts.models import Appointment, Training, User
from accounts.roles import ENTRY_ROLES, ROLE_PERMISSIONS, Role
from school.models import Unit
from school.models import in_force as dated


def in_force(on: date | None = None) -> Q:
    """Condition on appointments: held on that day (today by default)."""
    return Q(withdrawn_at__isnull=True) & dated(on)


def is_trained(user: User, on: date | None = None) -> bool:
    """Whether the user has a training that is valid on that day (today by default)."""
    return _valid_trainings(on).filter(user=user).exists()


def _valid_trainings(on: date | None = None) -> QuerySet[Training]:
    day = on or timezone.localdate()
    valid: QuerySet[Training] = Training.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=day), passed_on__lte=day
    )
    return valid


@dataclass(frozen=True, slots=True)
class Holding:
    """An appointment in force. ``rests``: it gives nothing now, as a training that the role asks for is missing."""

    appointment: Appointment
    rests: bool = False

    @property
    def role(self) -> Role:
        return Role(self.appointment.role)


def holdings(user: User, on: date | None = None) -> list[Holding]:
    """The user's appointments in force on that day (today by default), units and givers loaded; at most two queries."""
    rows = list(
        Appointment.objects.filter(in_force(on), user=user)
        .select_related("unit__parent", "granted_by")
        .order_by("valid_from", "pk")
    )
    asks = any(row.role in ENTRY_ROLES for row in rows)
    trained = asks and is_trained(user, on)
    return [Holding(row, rests=row.role in ENTRY_ROLES and not trained) for row in rows]


def _wanted(user: User) -> set[tuple[str, str]]:
    if not user.is_active:
        return set()
    return {
        (perm, str(holding.appointment.unit_id))
        for holding in holdings(user)
        if not holding.rests
        for perm in ROLE_PERMISSIONS[holding.role]
    }


def sync_grants(user: User) -> None:
    """Make guardian's rows of the user equal to what the appointments give today; nothing is written when they are.

    Runs after every change of appointments, trainings or the account, and with the first question of a new day, so that
    what has ended stops and what begins today holds. Keeps the day in ``User.grants_synced_on``.
    """
    today = timezone.localdate()
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        unit_type = ContentType.objects.get_for_model(Unit)
        rows = UserObjectPermission.objects.filter(user=locked, content_type=unit_type)
        present = {
            (codename, object_pk): pk
            for pk, codename, object_pk in rows.values_list("pk", "permission__codename", "object_pk")
        }
        wanted = _wanted(locked)
        _add(locked, unit_type, wanted - present.keys())
        if gone := [pk for key, pk in present.items() if key not in wanted]:
            rows.filter(pk__in=gone).delete()
        if locked.grants_synced_on != today:
            locked.grants_synced_on = today
            locked.save(update_fields=["grants_synced_on"])
    user.grants_synced_on = today
    forget(user)


def _add(user: User, unit_type: ContentType, missing: Iterable[tuple[str, str]]) -> None:
    pairs = sorted(missing)
    if not pairs:
        return
    codenames = {codename for codename, _unit in pairs}
    permissions = {
        row.codename: row for row in Permission.objects.filter(content_type=unit_type, codename__in=codenames)
    }
    UserObjectPermission.objects.bulk_create(
        UserObjectPermission(
            user=user, permission=permissions[codename], content_type=unit_type, object_pk=unit
        )
        for codename, unit in pairs
    )


def forget(user: User) -> None:
    """Drop what `accounts.scope` has kept on the user object."""
    user.__dict__.pop("_scope", None)
