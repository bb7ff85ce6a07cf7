"""What an appointment must fulfil, checked before the database's own constraints have to."""

from collections.abc import Mapping
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.grants import is_trained
from accounts.models import Appointment, User
from accounts.roles import (
    ADMINISTRATORS,
    ENTRY_ROLES,
    NOT_APPOINTED,
    ROLE_PERMISSIONS,
    ROLES_BY_UNIT_KIND,
    STUDENT_ROLES,
    Role,
)
from accounts.scope import holders
from school.models import Unit


def _fault(field: str, text: str, code: str) -> ValidationError:
    return ValidationError({field: ValidationError(text, code=code)})


def appointment(
    actor: User, user: User, role: Role, unit: Unit, valid_from: date, valid_until: date | None
) -> None:
    """Raise ValidationError unless ``actor`` may give ``user`` this role on this unit for these days."""
    _person(actor, user)
    _place(role, unit)
    _days(valid_from, valid_until)
    if role in ENTRY_ROLES and not is_trained(user):
        text = _("This role enters student data: record a valid training first.")
        raise _fault("role", text, "untrained")
    _beside(user, role, unit, valid_from, valid_until)


def _person(actor: User, user: User) -> None:
    if actor.pk == user.pk:
        raise ValidationError(
            _("Nobody appoints himself: ask another security administrator."), code="oneself"
        )
    if user.kind != User.Kind.STAFF or not user.is_active:
        raise ValidationError(_("Only staff whose account is open can be appointed."), code="not_staff")


def _place(role: Role, unit: Unit) -> None:
    if role in NOT_APPOINTED:
        raise ValidationError({"role": _("This role is not given by appointment.")})
    kinds = ROLES_BY_UNIT_KIND.get(role)
    if kinds and unit.kind not in kinds:
        raise ValidationError({"unit": _("This kind of unit does not have this role.")})
    if not unit.is_active:
        raise ValidationError({"unit": _("This unit is closed.")})


def _days(valid_from: date, valid_until: date | None) -> None:
    if valid_from < timezone.localdate():
        raise ValidationError({"valid_from": _("An appointment begins today or later.")})
    if valid_until is not None and valid_until < valid_from:
        raise ValidationError({"valid_until": _("The end lies before the beginning.")})


def _beside(user: User, role: Role, unit: Unit, valid_from: date, valid_until: date | None) -> None:
    overlapping = Appointment.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=valid_from), user=user, withdrawn_at__isnull=True
    )
    if valid_until is not None:
        overlapping = overlapping.filter(valid_from__lte=valid_until)
    if overlapping.filter(role=role, unit=unit).exists():
        raise _fault("role", _("This person holds this role here already."), "twice")
    against: tuple[Role, ...] = ()
    if role in ADMINISTRATORS:
        against = (*ADMINISTRATORS, *STUDENT_ROLES)
    elif role in STUDENT_ROLES:
        against = ADMINISTRATORS
    other = overlapping.filter(role__in=against).first()
    if other is not None:
        text = _("Duties that one person must not hold together: this one and %(role)s.")
        raise _fault("role", text % {"role": other.get_role_display()}, "duties")


LATELY = timedelta(days=30)
"""For so long after a role ended its holder counts among those who could have approved."""


def approvers(user: User) -> QuerySet[User]:
    """Who could approve a request of ``user`` for a role: the head of his department, or of a unit above it."""
    found: QuerySet[User] = User.objects.none()
    if user.unit is not None:
        above = holders("approve_rights", user.unit.employer).exclude(pk=user.pk)
        found = above.filter(unit_id__in=[*user.unit.ancestors, user.unit.pk])
    return found


def _approvers_lately(user: User) -> QuerySet[Appointment]:
    chain = [*user.unit.ancestors, user.unit.pk] if user.unit else []
    since = timezone.now() - LATELY
    roles = [role for role, perms in ROLE_PERMISSIONS.items() if "approve_rights" in perms]
    found: QuerySet[Appointment] = Appointment.objects.filter(
        Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gte=since),
        Q(valid_until__isnull=True) | Q(valid_until__gte=since.date()),
        role__in=roles, unit_id__in=chain, user__unit_id__in=chain, valid_from__lte=timezone.localdate(),
    ).exclude(user=user)  # fmt: skip
    return found


def given_directly(actor: User, user: User) -> None:
    """Raise ValidationError when somebody other than ``actor`` could approve a request of ``user``.

    Who could until lately counts, and a locked account too: else whoever ends roles or has accounts frozen could make
    himself the only one.
    """
    if approvers(user).exclude(pk=actor.pk).exists() or _approvers_lately(user).exclude(user=actor).exists():
        text = _("The head of the department can approve this: let the person ask for the role by a request.")
        raise ValidationError(text, code="by_request")


def three_persons(people: Mapping[Role, tuple[str, str]]) -> None:
    """Raise ValidationError unless the three administrators' duties go to three staff numbers and three names."""
    if set(people) != set(ADMINISTRATORS):
        raise ValidationError(_("Name the system, the security and the audit administrator."))
    numbers = {staff_no.casefold() for staff_no, _name in people.values()}
    names = {name for _staff_no, name in people.values()}
    if len(numbers) < len(people) or len(names) < len(people):
        raise ValidationError(_("The three administrators must be three different persons."))
