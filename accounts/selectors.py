"""What a user may read about accounts, appointments and the reasons of rights."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.checks import approvers
from accounts.grants import in_force
from accounts.models import Appointment, Training, User
from accounts.roles import PERMISSIONS_OF_ACCOUNTS, ROLE_PERMISSIONS, Role
from accounts.scope import Reason, units_with, visible_or_404, why
from school.models import Unit
from school.permissions import PERMISSIONS

PERMISSION_LABELS = dict(PERMISSIONS)
CONTACT_FIELDS = ("office_phone", "email", "qq", "mobile")


def _overseen(user: User) -> list[int]:
    return sorted({unit for perm in PERMISSIONS_OF_ACCOUNTS for unit in units_with(user, perm)})


def users(user: User) -> QuerySet[User]:
    """Accounts of staff who belong to, or hold a role in, the units whose accounts or grants ``user`` looks after."""
    units = _overseen(user)
    held = Appointment.objects.filter(in_force(), user=OuterRef("pk"), unit_id__in=units)
    current = Appointment.objects.filter(in_force()).order_by("valid_from", "pk")
    rows: QuerySet[User] = (
        User.objects.filter(Q(unit_id__in=units) | Exists(held), kind=User.Kind.STAFF)
        .select_related("unit__parent")
        .prefetch_related(Prefetch("appointments", queryset=current, to_attr="current"))
    )
    return rows


def one_user(user: User, public_id: Any) -> User:
    """One of `users`. Raises Http404, and OutOfScope for an account outside."""
    every = User.objects.filter(kind=User.Kind.STAFF)
    row: User = visible_or_404(every, users(user), public_id=public_id)
    return row


def duty_units(person: User) -> set[int]:
    """Ids of the units where a person has a duty, today or later."""
    rows = Appointment.objects.filter(user=person, withdrawn_at__isnull=True)
    open_ones = rows.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=timezone.localdate()))
    return set(open_ones.values_list("unit_id", flat=True))


def appointments_of(user: User, person: User) -> list[Appointment]:
    """All appointments of a person, those of today and to come first, then the ended ones."""
    rows = Appointment.objects.filter(user=person).select_related("unit__parent", "granted_by")
    return list(rows.order_by(F("withdrawn_at").desc(nulls_first=True), "-valid_from", "-pk"))


def one_appointment(user: User, public_id: Any) -> Appointment:
    """An appointment on a unit whose grants ``user`` looks after. Raises Http404, and OutOfScope outside."""
    every = Appointment.objects.select_related("unit", "user")
    row: Appointment = visible_or_404(every, every.filter(unit_id__in=_overseen(user)), public_id=public_id)
    return row


def asks_by_request(reader: User, person: User) -> bool:
    """Whether a role of ``person`` takes a request, since somebody besides ``reader`` could approve it."""
    return bool(approvers(person).exclude(pk=reader.pk).exists())


def trainings_of(user: User, person: User) -> list[Training]:
    """A person's trainings, the newest first."""
    return list(Training.objects.filter(user=person).order_by("-passed_on", "-pk"))


def units_for(user: User, perm: str) -> QuerySet[Unit]:
    """Open units on which ``user`` holds ``perm``, in the order of the tree."""
    rows: QuerySet[Unit] = Unit.objects.filter(pk__in=list(units_with(user, perm)), is_active=True)
    return rows.order_by("ancestors", "order", "name")


def units_in_tree(user: User, perm: str) -> list[Unit]:
    """Units on which ``user`` holds ``perm``, closed ones too, each followed by those below it."""
    return in_tree_order(Unit.objects.filter(pk__in=list(units_with(user, perm))))


def in_tree_order(units: Iterable[Unit]) -> list[Unit]:
    """These units, each followed by those below it."""
    rows = list(units)
    place = {row.pk: (row.order, row.name) for row in rows}
    return sorted(rows, key=lambda row: [place.get(pk, (0, "")) for pk in (*row.ancestors, row.pk)])


@dataclass(frozen=True, slots=True)
class Path:
    """Why somebody may do something: person, role, unit, days, giver, and the words for what it gives."""

    appointment: Appointment
    rests: bool
    permissions: list[str]

    @property
    def role(self) -> str:
        return str(Role(self.appointment.role).label)


def _path(reason: Reason) -> Path:
    labels = [str(PERMISSION_LABELS[perm]) for perm in reason.permissions]
    return Path(reason.appointment, reason.rests, labels)


def paths_of(person: User) -> list[Path]:
    """What a person may see and do today, and why."""
    return [_path(reason) for reason in why(person)]


def paths_into(user: User, unit: Unit, perm: str = "") -> QuerySet[Appointment]:
    """Appointments in force that reach into a unit: on it or above it, for one permission or for any."""
    rows = Appointment.objects.filter(
        in_force(), unit_id__in=[*unit.ancestors, unit.pk], user__is_active=True
    )
    if perm:
        rows = rows.filter(role__in=[role for role, perms in ROLE_PERMISSIONS.items() if perm in perms])
    found: QuerySet[Appointment] = rows.select_related("user__unit", "unit__parent", "granted_by")
    return found


def one_unit(user: User, public_id: Any) -> Unit:
    """A unit whose grants ``user`` may look at. Raises Http404, and OutOfScope outside."""
    units = [*units_with(user, "view_grants"), *units_with(user, "manage_grants")]
    row: Unit = visible_or_404(
        Unit.objects.all(), Unit.objects.filter(pk__in=units).select_related("parent"), public_id=public_id
    )
    return row


def contacts_shown(reader: User, person: User) -> tuple[str, ...]:
    """Which of the four contacts ``reader`` sees: units above and below all four, peers three, others two (S1-3-7)."""
    if reader.pk == person.pk or reader.unit is None or person.unit is None:
        return CONTACT_FIELDS if reader.pk == person.pk else CONTACT_FIELDS[:2]
    mine, his = reader.unit, person.unit
    if mine.pk in his.ancestors or his.pk in mine.ancestors:
        return CONTACT_FIELDS
    if mine.pk == his.pk or mine.parent_id == his.parent_id:
        return CONTACT_FIELDS[:3]
    return CONTACT_FIELDS[:2]
