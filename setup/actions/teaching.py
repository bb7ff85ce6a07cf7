"""Writes of programmes, classes and the staff of classes."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import role_for, units_with
from ledger import events
from ledger.context import acting
from school.class_numbers import FREE, class_number
from school.models import ClassStaff, Programme, SchoolClass, Unit
from school.rules import rule
from setup.actions.common import check_days, clashes_told, locked, put
from setup.actions.units import SCHOOLS
from setup.closing import obstacles

PERM = "manage_school"
STAFF_PERM = "manage_class_staff"
PROGRAMME_FIELDS = ("code", "name", "label_en", "level", "learning_form", "study_years", "is_active")
CLASS_FIELDS = ("name", "label_en", "seats", "programme")


@transaction.atomic
def add_programme(*, actor: User, unit: Unit, **values: Any) -> Programme:
    """Add a programme to a school or college. Raises NotPermitted, ValidationError."""
    role = role_for(actor, PERM, unit.pk)
    above = locked(unit)
    if above.kind not in (*SCHOOLS, Unit.Kind.COLLEGE) or not above.is_active:
        raise ValidationError(_("Programmes belong to a school or college that is in use."))
    programme = Programme(unit=above, **values)
    programme.full_clean(validate_unique=False, validate_constraints=False)
    with acting(actor, role=role), clashes_told():
        programme.save()
        events.record("programme.added", actor=actor, obj=programme)
    return programme


@transaction.atomic
def change_programme(
    *, actor: User, programme: Programme, seen: int | None = None, **values: Any
) -> Programme:
    """Change a programme. Its code stays: student numbers hold it. Raises NotPermitted, Stale, ValidationError."""
    role = role_for(actor, PERM, programme.unit_id)
    row = locked(programme, seen)
    changed = put(row, {name: value for name, value in values.items() if name != "code"})
    if changed:
        row.full_clean(validate_unique=False, validate_constraints=False)
        with acting(actor, role=role), clashes_told():
            row.save(update_fields=changed)
            events.record("programme.changed", actor=actor, obj=row, detail={"fields": changed})
    return row


def school_of(unit: Unit) -> Unit:
    """The school that a unit belongs to, itself included. Raises ValidationError when it stands above the schools."""
    chain: dict[int, Unit] = {row.pk: row for row in Unit.objects.filter(pk__in=[*unit.ancestors, unit.pk])}
    for pk in (unit.pk, *reversed(unit.ancestors)):
        if chain[pk].kind in SCHOOLS:
            return chain[pk]
    raise ValidationError(_("Classes belong to a school."))


@transaction.atomic
def add_class(
    *,
    actor: User,
    unit: Unit,
    entry_year: int,
    grade_level: int,
    number: int,
    school_year: int,
    class_no: str = "",
    **values: Any,
) -> SchoolClass:
    """Add a class to a school, or to a college or teaching site of it.

    Under the school's rule W or H the class number follows from the rest, and a ``class_no`` that differs is refused;
    under a free rule it must be given. Raises NotPermitted, ValidationError (with the field).
    """
    role = role_for(actor, PERM, unit.pk)
    place = locked(unit)
    if not place.is_active:
        raise ValidationError(_("This unit is closed."))
    school = school_of(place)
    facts = {
        "entry_year": entry_year,
        "grade_level": grade_level,
        "number": number,
        "school_year": school_year,
    }
    row = SchoolClass(
        school=school, unit=place, class_no=numbered(school, class_no, facts), **facts, **values
    )
    _check_programme(row)
    row.full_clean(validate_unique=False, validate_constraints=False)
    with acting(actor, role=role), clashes_told():
        row.save()
        events.record("class.added", actor=actor, obj=row)
    return row


def numbered(school: Unit, class_no: str, facts: Mapping[str, int]) -> str:
    """The class number by the school's rule of today. Raises ValidationError."""
    scheme = str(rule(school, "class_number_rule"))
    if scheme == FREE:
        if not class_no:
            raise ValidationError({"class_no": _("This school's rule leaves class numbers free: type one.")})
        return class_no
    made = class_number(scheme, school.stage, **facts)
    if class_no and class_no != made:
        text = _("By this school's rule %(rule)s the class number is %(number)s.")
        raise ValidationError({"class_no": text % {"rule": scheme, "number": made}})
    return made


def _check_programme(row: SchoolClass) -> None:
    programme = row.programme
    if programme is not None and row.school_id not in (programme.unit_id, *programme.unit.ancestors):
        raise ValidationError({"programme": _("This programme belongs to another school.")})


@transaction.atomic
def change_class(
    *, actor: User, school_class: SchoolClass, seen: int | None = None, **values: Any
) -> SchoolClass:
    """Change name, seats and programme; the number follows the rule and is not typed over.

    Raises NotPermitted, Stale, ValidationError.
    """
    role = role_for(actor, PERM, school_class.unit_id)
    row = locked(school_class, seen)
    changed = put(row, {name: values[name] for name in CLASS_FIELDS if name in values})
    if changed:
        _check_programme(row)
        row.full_clean(validate_unique=False, validate_constraints=False)
        with acting(actor, role=role), clashes_told():
            row.save(update_fields=changed)
            events.record("class.changed", actor=actor, obj=row, detail={"fields": changed})
    return row


@transaction.atomic
def close_class(*, actor: User, school_class: SchoolClass, reason: str) -> SchoolClass:
    """Close a class in which nobody studies any more. Raises NotPermitted, ValidationError while somebody does."""
    role = role_for(actor, PERM, school_class.unit_id)
    row = locked(school_class)
    if not row.is_active:
        raise ValidationError(_("The class is closed already."))
    if found := obstacles(row):
        raise ValidationError(list(found))
    row.is_active = False
    with acting(actor, role=role, reason=reason):
        row.save(update_fields=["is_active"])
        events.record("class.closed", actor=actor, obj=row)
    return row


@transaction.atomic
def appoint_class_staff(
    *,
    actor: User,
    school_class: SchoolClass,
    user: User,
    duty: str,
    valid_from: date,
    valid_until: date | None = None,
) -> ClassStaff:
    """Make somebody adviser, counsellor, teacher or administrator of a class for some days; its files open to him then.

    Raises NotPermitted; ValidationError for somebody without a class role at the school, or a second adviser.
    """
    role = role_for(actor, STAFF_PERM, school_class.unit_id)
    row = locked(school_class)
    if not row.is_active:
        raise ValidationError(_("The class is closed."))
    if user.pk == actor.pk:
        raise ValidationError({"user": _("Somebody else must appoint you.")})
    if row.unit_id not in units_with(user, "view_own_class"):
        raise ValidationError({"user": _("This person holds no role of a class at this school.")})
    check_days(valid_from, valid_until)
    staff = ClassStaff(school_class=row, user=user, duty=duty, valid_from=valid_from, valid_until=valid_until)
    staff.full_clean(validate_unique=False, validate_constraints=False)
    with acting(actor, role=role), clashes_told():
        staff.save()
        detail = {"duty": duty, "class": row.pk, "staff": user.pk}
        events.record("class_staff.appointed", actor=actor, obj=staff, unit_id=row.unit_id, detail=detail)
    return staff


@transaction.atomic
def end_class_staff(*, actor: User, staff: ClassStaff, last_day: date, reason: str) -> ClassStaff:
    """End a duty in a class after ``last_day``, sooner than it would. Raises NotPermitted, ValidationError."""
    role = role_for(actor, STAFF_PERM, staff.school_class.unit_id)
    row = locked(staff)
    if row.valid_until is not None and row.valid_until < timezone.localdate():
        raise ValidationError(_("This duty has ended already."))
    if row.valid_until is not None and row.valid_until <= last_day:
        raise ValidationError(_("This duty ends by that day already."))
    check_days(row.valid_from, last_day)
    row.valid_until = last_day
    with acting(actor, role=role, reason=reason):
        row.save(update_fields=["valid_until"])
        detail = {"duty": row.duty, "class": row.school_class_id, "staff": row.user_id}
        events.record(
            "class_staff.ended", actor=actor, obj=row, unit_id=row.school_class.unit_id, detail=detail
        )
    return row
