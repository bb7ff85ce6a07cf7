"""Writes of a unit's rules."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import NotPermitted, role_for, units_with
from ledger import events
from ledger.context import acting
from school.models import Rule, Unit
from school.rules import RULES
from setup.actions.common import locked, put

PERM = "manage_rules"
FROM_ABOVE = frozenset({"duty_scheme"})
"""Rules that the unit above sets: nobody loosens the separation of his own duties."""


def ruling_unit(unit: Unit, key: str) -> int | None:
    """The unit on which the right to set this rule must be held; None when there is nobody above."""
    return unit.parent_id if key in FROM_ABOVE else unit.pk


def may_set(actor: User, unit: Unit, key: str) -> bool:
    """Whether ``actor`` may set this rule of this unit."""
    return ruling_unit(unit, key) in units_with(actor, PERM)


def _role(actor: User, unit: Unit, key: str) -> str:
    ruling = ruling_unit(unit, key)
    if ruling is None:
        raise NotPermitted(f"{key}: only the unit above sets it", unit_id=unit.pk)
    return role_for(actor, PERM, ruling)


@transaction.atomic
def set_rule(
    *, actor: User, unit: Unit, key: str, value: str, valid_from: date, reason: str, source: str = ""
) -> Rule:
    """Set a rule of a unit from a day on, for it and all below; the value of that same day is replaced.

    Raises KeyError for an unknown rule, NotPermitted, ValidationError for a value of another type or a day gone by.
    """
    kind = RULES[key]
    role = _role(actor, unit, key)
    locked(unit)
    if valid_from < timezone.localdate():
        raise ValidationError(
            {"valid_from": _("A rule begins today or later: what was decided stays decided.")}
        )
    try:
        kind.read(value)
    except ValidationError as fault:
        raise ValidationError({"value": fault.messages}) from fault
    if not reason.strip():
        raise ValidationError({"reason": _("Say why.")})
    row = Rule.objects.filter(unit=unit, key=key, valid_from=valid_from).first() or Rule(
        unit=unit, key=key, valid_from=valid_from
    )
    changed = put(row, {"value": value, "reason": reason.strip(), "source": source.strip()})
    if row.pk and not changed:
        return row
    row.full_clean(validate_unique=False, validate_constraints=False)
    with acting(actor, role=role, reason=row.reason):
        row.save(update_fields=changed if row.pk else None)
        events.record("rule.set", actor=actor, obj=row, detail={"rule": key, "value": value})
    return row


@transaction.atomic
def withdraw_rule(*, actor: User, unit: Unit, key: str, valid_from: date, reason: str) -> None:
    """Take back a value that is not in force yet. Raises Rule.DoesNotExist, NotPermitted, ValidationError."""
    role = _role(actor, unit, key)
    row = Rule.objects.select_for_update().get(unit=unit, key=key, valid_from=valid_from)
    if row.valid_from <= timezone.localdate():
        raise ValidationError(_("This value is in force; set another one from a later day."))
    with acting(actor, role=role, reason=reason):
        events.record("rule.withdrawn", actor=actor, obj=row, detail={"rule": key, "value": row.value})
        row.delete()
