"""Writes of units."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.grants import forget
from accounts.models import User
from accounts.scope import role_for
from ledger import events
from ledger.context import acting
from school.models import SchoolClass, Unit
from setup.actions.common import clashes_told, locked, put
from setup.closing import obstacles

PERM = "manage_school"
UNIT_FIELDS = ("name", "label_en", "code", "stage", "duty", "order")
K = Unit.Kind
SCHOOLS = (K.SCHOOL, K.CENTRAL_SCHOOL)
BELOW: dict[str, tuple[str, ...]] = {
    K.BUREAU: (K.BUREAU, K.CENTRAL_SCHOOL, K.SCHOOL, K.DEPARTMENT),
    K.CENTRAL_SCHOOL: (K.SCHOOL, K.SITE, K.DEPARTMENT),
    K.SCHOOL: (K.DEPARTMENT, K.COLLEGE, K.SITE),
    K.COLLEGE: (K.DEPARTMENT, K.SITE),
    K.DEPARTMENT: (),
    K.SITE: (),
}
"""What kinds of units a unit may have below it."""


@transaction.atomic
def add_unit(*, actor: User, parent: Unit, kind: str, **values: Any) -> Unit:
    """Add a unit below ``parent``; ``values`` are :data:`UNIT_FIELDS`.

    Raises NotPermitted without the right on ``parent``, ValidationError (with the field) for what does not fit.
    """
    role = role_for(actor, PERM, parent.pk)
    above = locked(parent)
    if not above.is_active:
        raise ValidationError(_("The unit above is closed."))
    if kind not in BELOW[above.kind]:
        raise ValidationError({"kind": _("A unit of this kind cannot stand below the one above.")})
    unit = Unit(parent=above, ancestors=[*above.ancestors, above.pk], kind=kind, **values)
    check_unit(unit)
    with acting(actor, role=role), clashes_told():
        unit.save()
        events.record("unit.added", actor=actor, obj=unit)
    forget(actor)
    return unit


@transaction.atomic
def change_unit(*, actor: User, unit: Unit, seen: int | None = None, **values: Any) -> Unit:
    """Change names, code, stage, duty and order; ``seen`` is the version that the reader saw.

    Raises NotPermitted, Stale, ValidationError.
    """
    role = role_for(actor, PERM, unit.pk)
    row = locked(unit, seen)
    changed = put(row, values)
    if changed:
        check_unit(row)
        with acting(actor, role=role), clashes_told():
            row.save(update_fields=changed)
            events.record("unit.changed", actor=actor, obj=row, detail={"fields": changed})
    return row


def check_unit(unit: Unit) -> None:
    """Raise ValidationError (with the field) unless stage, code and duty fit the unit's kind."""
    faults: dict[str, str] = {}
    if unit.kind in SCHOOLS and not unit.stage:
        faults["stage"] = _("A school needs its kind of schooling.")
    if unit.kind not in SCHOOLS and unit.stage:
        faults["stage"] = _("Only schools have a kind of schooling.")
    if unit.kind == K.SCHOOL and not _is_school_code(unit.code):
        faults["code"] = _("The school code has ten digits.")
    if unit.duty and unit.kind != K.DEPARTMENT:
        faults["duty"] = _("Only departments have a duty.")
    if faults:
        raise ValidationError(faults)
    unit.full_clean(validate_unique=False, validate_constraints=False)


def _is_school_code(code: str) -> bool:
    return len(code) == 10 and code.isascii() and code.isdigit()


@transaction.atomic
def close_unit(*, actor: User, unit: Unit, reason: str) -> Unit:
    """Close a unit that nobody needs any more; its files and history stay.

    Raises NotPermitted without the right on the unit above, ValidationError while something in it is open.
    """
    role = role_for(actor, PERM, unit.parent_id or 0)
    row = locked(unit)
    if found := unit_obstacles(row):
        raise ValidationError(found)
    row.is_active = False
    with acting(actor, role=role, reason=reason):
        row.save(update_fields=["is_active"])
        events.record("unit.closed", actor=actor, obj=row)
    return row


def unit_obstacles(unit: Unit) -> list[Any]:
    """What keeps the unit from being closed."""
    found: list[Any] = []
    if not unit.is_active:
        found.append(_("The unit is closed already."))
    if Unit.objects.filter(parent=unit, is_active=True).exists():
        found.append(_("Units below it are still in use."))
    if SchoolClass.objects.filter(unit=unit, is_active=True).exists():
        found.append(_("Classes of it are still in use."))
    if User.objects.filter(unit=unit, kind=User.Kind.STAFF, is_active=True).exists():
        found.append(_("Accounts of people still belong to it."))
    return [*found, *obstacles(unit)]
