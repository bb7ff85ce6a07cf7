"""Every change of accounts, appointments and trainings."""

from collections.abc import Mapping
from datetime import date
from itertools import chain, count
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import checks, passwords, reopening, selectors
from accounts.grants import sync_grants
from accounts.models import Appointment, FormerPassword, Training, User
from accounts.roles import ADMINISTRATORS, Role
from accounts.scope import demand, role_for
from core.crypto import blind_index_or_none
from ledger import events
from ledger.context import acting
from school.models import Unit

CONTACTS = ("office_phone", "email", "qq", "mobile")
CHANGEABLE = ("name", *CONTACTS)
OF_STUDENTS = (
    "staff_no", "name", "unit", "is_active", "last_seen_on", "password", "password_changed_at", "must_change_password",
)  # fmt: skip
"""What a new slip sets in a student's account that stands already."""


def _locked(user: User) -> User:
    row: User = User.objects.select_for_update().get(pk=user.pk)
    return row


def _role(actor: User, perm: str, user: User) -> str:
    """The role under which ``actor`` may do this to the user's account. Raises NotPermitted."""
    return role_for(actor, perm, user.unit_id or 0)


def _key_role(actor: User, user: User, perm: str = "manage_users") -> str:
    """The role for what opens or shuts the account as a whole: it is asked for wherever the person has duties, too."""
    for unit in selectors.duty_units(user):
        demand(actor, perm, unit)
    return _role(actor, perm, user)


def _new_password(user: User) -> str:
    password = passwords.made_up()
    user.password = make_password(password)
    user.password_changed_at = timezone.now()
    user.must_change_password = True
    return password


@transaction.atomic
def open_user(
    *, actor: User, staff_no: str, name: str, unit: Unit, id_number: str = "", **contacts: str
) -> tuple[User, str]:
    """A new account and its first password, which is told once and must be changed at the first sign-in.

    Raises ValidationError (with the field's name) for a staff number that is taken, NotPermitted outside one's units.
    """
    role = role_for(actor, "manage_users", unit.pk)
    if known := User.objects.filter(staff_no__iexact=staff_no).first():
        words = _("This staff number has an account already.")
        if known.kind == User.Kind.STUDENT:
            words = _(
                "A student signs in with this number. Give another one, for example with a letter before it."
            )
        raise ValidationError({"staff_no": words})
    user = User(staff_no=staff_no, name=name, unit=unit, **contacts)
    _set_id_number(user, id_number)
    with acting(actor, role=role):
        return user, _opened(actor, user)


def _set_id_number(user: User, number: str) -> None:
    """Record the number by which one's own file and family are known ("" removes it). Raises ValidationError."""
    index = blind_index_or_none("id_number", number)
    others = User.objects.filter(kind=User.Kind.STAFF, id_number_index=index).exclude(pk=user.pk)
    if index is not None and others.exists():
        raise ValidationError({"id_number": _("Another account has this identity number.")})
    user.id_number, user.id_number_index = number, index


def _opened(actor: Any, user: User) -> str:
    password = _new_password(user)
    user.full_clean(exclude=["password"])
    user.save()
    events.record("account.opened", actor=actor, obj=user)
    return password


@transaction.atomic
def known_again(*, actor: Any, public_id: str, staff_no: str, name: str, unit: Unit) -> User:
    """Somebody whom a register names: by his id, or by his staff number; else a new account that is locked.

    A restored database may not know who was given an account since the backup; ``actor`` is the service account.
    """
    for known in ({"public_id": public_id}, {"staff_no__iexact": staff_no}):
        if found := User.objects.exclude(kind=User.Kind.STUDENT).filter(**known).first():
            user: User = found
            return user
    user = User(public_id=public_id, name=name, unit=unit, is_active=False)
    user.staff_no = _free_number(staff_no, user)
    with acting(actor, role="service"):
        _opened(actor, user)
    return user


@transaction.atomic
def open_administrators(
    *, actor: Any, unit: Unit, people: Mapping[Role, tuple[str, str]], reason: str
) -> dict[Role, str]:
    """The first three administrators of an empty installation: staff number and name of each; their first passwords.

    ``actor`` is the service account, as nobody else is there yet. Raises ValidationError when an administrator was ever
    appointed, or unless the three duties go to three persons.
    """
    _locked(actor)
    if Appointment.objects.filter(role__in=ADMINISTRATORS).exists():
        raise ValidationError(_("There are administrators already; they open every further account."))
    checks.three_persons(people)
    told: dict[Role, str] = {}
    today = timezone.localdate()
    with acting(actor, role="service", reason=reason):
        for role in ADMINISTRATORS:
            staff_no, name = people[role]
            user = User(staff_no=staff_no, name=name, unit=unit)
            told[role] = _opened(actor, user)
            checks.appointment(actor, user, role, unit, today, None)
            Appointment(
                user=user, role=role, unit=unit, valid_from=today, reason=reason, granted_by=actor
            ).save()
            sync_grants(user)
            events.record(
                "account.appointed", actor=actor, obj=user, unit_id=unit.pk, detail={"role": role.value}
            )
    return told


@transaction.atomic
def open_student_account(
    *, actor: User, role: str, key: UUID, number: str, name: str, unit: Unit
) -> tuple[str, str]:
    """A student's account: the number to sign in with, and a first password that is told once.

    ``key``: the ``public_id`` of the student, whom the caller has locked and may open an account for. An account that
    stands already gets a new password, which ends its sessions, and the number and school of today. Where somebody
    else signs in with this number (numbers are a school's own), a digit is added: ``2026010001-2``.
    """
    user = User.objects.select_for_update().filter(public_id=key, kind=User.Kind.STUDENT).first()
    known = user is not None
    if user is None:
        user = User(public_id=key, kind=User.Kind.STUDENT)
    else:
        FormerPassword(user=user, password=user.password).save()
    user.staff_no, user.name, user.unit = _free_number(number, user), name, unit
    user.is_active, user.last_seen_on = True, None
    with acting(actor, role=role):
        password = _new_password(user)
        AccessAttempt.objects.filter(username=user.staff_no.lower()).delete()
        user.save(update_fields=OF_STUDENTS if known else None)
        action = "account.password_reset" if known else "account.opened"
        events.record(action, actor=actor, obj=user, role=role)
    return user.staff_no, password


def _free_number(number: str, user: User) -> str:
    others = User.objects.exclude(pk=user.pk)
    tried = chain([number], (f"{number}-{more}" for more in count(2)))
    return next(one for one in tried if not others.filter(staff_no__iexact=one).exists())


@transaction.atomic
def close_student_account(*, actor: User, role: str, key: UUID) -> None:
    """Close a student's account: its sessions end. Nothing when there is none that is open."""
    user = User.objects.filter(public_id=key, kind=User.Kind.STUDENT, is_active=True).first()
    if user is not None:
        with acting(actor, role=role):
            _set_active(user, active=False)
            events.record("account.locked", actor=actor, obj=user, role=role)


def forget_student_account(key: UUID) -> None:
    """Take the person out of a student's account, inside the transaction of a destruction, as whoever is acting.

    The row stays: what he did in his time points at it.
    """
    user = User.objects.select_for_update().filter(public_id=key, kind=User.Kind.STUDENT).first()
    if user is None:
        return
    AccessAttempt.objects.filter(username=user.staff_no.lower()).delete()
    user.staff_no, user.name, user.password = f"-{user.pk}", "", make_password(None)
    user.is_active, user.last_login, user.last_seen_on = False, None, None
    user.save(update_fields=["staff_no", "name", "password", "is_active", "last_login", "last_seen_on"])


@transaction.atomic
def change_user(
    *,
    actor: User,
    user: User,
    unit: Unit,
    id_number: str = "",
    remove_id_number: bool = False,
    **values: str,
) -> User:
    """Change name, unit, contacts and identity number; a blank number keeps the one that is recorded.

    Raises NotPermitted unless the actor keeps accounts in both units, ValidationError for somebody else's number.
    """
    role = _role(actor, "manage_users", user)
    demand(actor, "manage_users", unit.pk)
    row = _locked(user)
    changed = [name for name in CHANGEABLE if name in values and getattr(row, name) != values[name]]
    for name in changed:
        setattr(row, name, values[name])
    if row.unit_id != unit.pk:
        row.unit = unit
        changed.append("unit")
    if (id_number or remove_id_number) and row.id_number != id_number:
        _set_id_number(row, id_number)
        changed += ["id_number", "id_number_index"]
    if changed:
        with acting(actor, role=role):
            row.full_clean(exclude=["password"])
            row.save(update_fields=changed)
            events.record("account.changed", actor=actor, obj=row, detail={"fields": changed})
    return row


@transaction.atomic
def change_own_contacts(*, actor: User, **values: str) -> User:
    """One's own office phone, e-mail, QQ and mobile (S1-3-6)."""
    row = _locked(actor)
    changed = [name for name in CONTACTS if name in values and getattr(row, name) != values[name]]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        with acting(actor):
            row.full_clean(exclude=["password"])
            row.save(update_fields=changed)
            events.record("account.changed", actor=actor, obj=row, detail={"fields": changed})
    return row


@transaction.atomic
def lock_user(*, actor: User, user: User, reason: str, perm: str = "manage_users") -> None:
    """Close an account for now: nobody signs in with it, its sessions end, its grants rest.

    ``perm``: that of whoever handles an incident instead; opening it again stays with those who manage users.
    Raises ValidationError for one's own account.
    """
    role = _key_role(actor, user, perm)
    if actor.pk == user.pk:
        raise ValidationError(_("You cannot lock your own account."))
    with acting(actor, role=role, reason=reason):
        _set_active(user, active=False)
        events.record("account.locked", actor=actor, obj=user)


@transaction.atomic
def lock_unused(*, actor: Any, user: User, reason: str) -> None:
    """Close an account that nobody has used for too long; ``actor`` is the service account."""
    with acting(actor, role="service", reason=reason):
        _set_active(user, active=False)
        events.record("account.locked", actor=actor, obj=user, detail={"unused": True})


@transaction.atomic
def unlock_user(*, actor: User, user: User, reason: str) -> None:
    """Open a locked account again; what it holds today works at once."""
    role = _key_role(actor, user)
    with acting(actor, role=role, reason=reason):
        _set_active(user, active=True)
        reopening.tell(actor=actor, user=user)
        events.record("account.unlocked", actor=actor, obj=user)


def _set_active(user: User, *, active: bool) -> None:
    row = _locked(user)
    if row.is_active != active:
        row.is_active = active
        row.last_seen_on = None
        row.save(update_fields=["is_active", "last_seen_on"])
        sync_grants(row)
    user.is_active = active


@transaction.atomic
def reset_password(*, actor: User, user: User, reason: str) -> str:
    """A new password for somebody, told once; it must be changed at the next sign-in and ends the open sessions.

    Raises ValidationError for one's own account: one changes that oneself.
    """
    role = _key_role(actor, user)
    if actor.pk == user.pk:
        raise ValidationError(_("Change your own password under My account."))
    row = _locked(user)
    with acting(actor, role=role, reason=reason):
        FormerPassword(user=row, password=row.password).save()
        password = _new_password(row)
        row.save(update_fields=["password", "password_changed_at", "must_change_password"])
        events.record("account.password_reset", actor=actor, obj=row)
    return password


@transaction.atomic
def change_own_password(*, actor: User, old: str, new: str) -> User:
    """Change one's own password. Raises ValidationError with ``old`` or ``new`` as the faulty field."""
    row = _locked(actor)
    if not row.check_password(old):
        raise ValidationError({"old": _("This is not your present password.")})
    try:
        validate_password(new, row)
    except ValidationError as fault:
        raise ValidationError({"new": fault.messages}) from fault
    with acting(actor):
        FormerPassword(user=row, password=row.password).save()
        row.password = make_password(new)
        row.password_changed_at = timezone.now()
        row.must_change_password = False
        row.save(update_fields=["password", "password_changed_at", "must_change_password"])
        events.record("account.password_changed", actor=actor, obj=row)
    return row


@transaction.atomic
def appoint(
    *,
    actor: User,
    user: User,
    role: Role,
    unit: Unit,
    valid_from: date,
    valid_until: date | None = None,
    reason: str,
    request_no: str = "",
) -> Appointment:
    """Give somebody a role on a unit and all below it, from one day to another, both included.

    ``request_no``: the approved request; without one see `appoint_directly`.

    Raises NotPermitted outside the actor's units, ValidationError for oneself, a missing training, a role that the unit
    cannot have, days in the past, the same role twice, or duties that one person must not hold together.
    """
    own = role_for(actor, "manage_grants", unit.pk)
    row = _locked(user)
    checks.appointment(actor, row, role, unit, valid_from, valid_until)
    appointment = Appointment(
        user=row,
        role=role,
        unit=unit,
        valid_from=valid_from,
        valid_until=valid_until,
        reason=reason,
        request_no=request_no,
        granted_by=actor,
    )
    with acting(actor, role=own, reason=reason, request_no=request_no):
        appointment.save()
        sync_grants(user)
        events.record("account.appointed", actor=actor, obj=row, unit_id=unit.pk, detail={"role": role.value})
    return appointment


def appoint_directly(*, actor: User, user: User, **values: Any) -> Appointment:
    """The same without a request, only while nobody could approve one (first set-up). Raises as `appoint` does."""
    checks.given_directly(actor, user)
    return appoint(actor=actor, user=user, **values)


@transaction.atomic
def end_appointment(*, actor: User, appointment: Appointment, reason: str) -> None:
    """End a role at once. Raises NotPermitted outside the actor's units, ValidationError when it has ended already."""
    own = role_for(actor, "manage_grants", appointment.unit_id)
    row: Appointment = Appointment.objects.select_for_update().get(pk=appointment.pk)
    if row.user_id == actor.pk:
        raise ValidationError(_("Somebody else must end your own appointment."))
    today = timezone.localdate()
    if row.withdrawn_at is not None or (row.valid_until is not None and row.valid_until < today):
        raise ValidationError(_("This appointment has ended already."))
    row.withdrawn_at = timezone.now()
    row.valid_until = max(row.valid_from, today)
    with acting(actor, role=own, reason=reason):
        row.save(update_fields=["withdrawn_at", "valid_until"])
        sync_grants(row.user)
        detail = {"role": row.role}
        events.record(
            "account.appointment_ended", actor=actor, obj=row.user, unit_id=row.unit_id, detail=detail
        )


@transaction.atomic
def record_training(
    *,
    actor: User,
    user: User,
    name: str,
    passed_on: date,
    valid_until: date | None = None,
    certificate_no: str = "",
) -> Training:
    """Note a training that somebody passed; entry roles that rested for want of one hold from now on (S0-3.3-1)."""
    own = _role(actor, "manage_grants", user)
    if actor.pk == user.pk:
        raise ValidationError(_("Somebody else must record your own training."))
    if passed_on > timezone.localdate():
        raise ValidationError({"passed_on": _("This day has not come yet.")})
    if valid_until is not None and valid_until < passed_on:
        raise ValidationError({"valid_until": _("The end lies before the beginning.")})
    training = Training(
        user=user, name=name, passed_on=passed_on, valid_until=valid_until, certificate_no=certificate_no
    )
    with acting(actor, role=own):
        training.save()
        sync_grants(user)
        events.record("account.trained", actor=actor, obj=user)
    return training


@transaction.atomic
def reset_second_factor(*, actor: User, user: User, reason: str) -> None:
    """Take a lost second factor off an account. It is the security administrator's, who cannot reset passwords."""
    own = _role(actor, "manage_grants", user)
    if actor.pk == user.pk:
        raise ValidationError(_("Somebody else must reset your own second factor."))
    _locked(user)
    with acting(actor, role=own, reason=reason):
        gone, _kinds = Authenticator.objects.filter(user=user).delete()
    if not gone:
        raise ValidationError(_("This account has no second factor."))
