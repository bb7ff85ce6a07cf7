"""Writes of terms and of the calendar."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import role_for
from ledger import events
from ledger.context import acting
from school.models import CalendarPeriod, Term, Unit
from setup.actions.common import check_days, clashes_told, locked, put
from setup.actions.units import SCHOOLS

PERM = "manage_school"
LONGEST_PERIOD = 120
"""Days; longer than any vacation, so that a slip of the year is noticed."""


@transaction.atomic
def add_term(
    *, actor: User, school: Unit, school_year: int, number: int, valid_from: date, valid_until: date
) -> Term:
    """Add a term to a school; ``school_year`` 2026 is 2026-2027. Raises NotPermitted, ValidationError."""
    role = role_for(actor, PERM, school.pk)
    if locked(school).kind not in SCHOOLS:
        raise ValidationError(_("Terms belong to a school."))
    term = Term(
        school=school, school_year=school_year, number=number, valid_from=valid_from, valid_until=valid_until
    )
    _check_term(term)
    with acting(actor, role=role), clashes_told():
        term.save()
        events.record("term.added", actor=actor, obj=term, unit_id=school.pk, detail={"term": str(term)})
    return term


@transaction.atomic
def change_term(
    *, actor: User, term: Term, valid_from: date, valid_until: date, seen: int | None = None
) -> Term:
    """Move the days of a term. Raises NotPermitted, Stale, ValidationError."""
    role = role_for(actor, PERM, term.school_id)
    row = locked(term, seen)
    changed = put(row, {"valid_from": valid_from, "valid_until": valid_until})
    if changed:
        _check_term(row)
        with acting(actor, role=role), clashes_told():
            row.save(update_fields=changed)
            events.record(
                "term.changed", actor=actor, obj=row, unit_id=row.school_id, detail={"term": str(row)}
            )
    return row


def _check_term(term: Term) -> None:
    first, last = date(term.school_year, 7, 1), date(term.school_year + 1, 8, 31)
    if not first <= term.valid_from <= last or not first <= term.valid_until <= last:
        text = _("A term of this school year lies between %(first)s and %(last)s.")
        raise ValidationError({"valid_from": text % {"first": first, "last": last}})
    if term.valid_until <= term.valid_from:
        raise ValidationError({"valid_until": _("The last day lies before the first.")})
    if not 1 <= term.number <= 4:
        raise ValidationError({"number": _("A school year has terms 1 to 4.")})


@transaction.atomic
def add_period(
    *, actor: User, unit: Unit, kind: str, valid_from: date, valid_until: date, note: str = ""
) -> CalendarPeriod:
    """Put a vacation, a holiday or shifted working days into a unit's calendar; units below inherit them.

    Raises NotPermitted, ValidationError.
    """
    role = role_for(actor, PERM, unit.pk)
    locked(unit)
    check_days(valid_from, valid_until)
    if (valid_until - valid_from).days > LONGEST_PERIOD:
        text = _("More than %(count)s days at once: look at the year.")
        raise ValidationError({"valid_until": text % {"count": LONGEST_PERIOD}})
    period = CalendarPeriod(
        unit=unit, kind=kind, valid_from=valid_from, valid_until=valid_until, note=note.strip()
    )
    period.full_clean(validate_unique=False, validate_constraints=False)
    _check_contradiction(period)
    with acting(actor, role=role), clashes_told():
        period.save()
        events.record("calendar.period_added", actor=actor, obj=period, detail=_told(period))
    return period


_K = CalendarPeriod.Kind
_AGAINST = {
    _K.HOLIDAY: [_K.HOLIDAY, _K.WORKING],
    _K.WORKING: [_K.HOLIDAY, _K.WORKING],
    _K.VACATION: [_K.VACATION],
}


def _check_contradiction(period: CalendarPeriod) -> None:
    same_days = CalendarPeriod.objects.filter(
        unit=period.unit, valid_from__lte=period.valid_until, valid_until__gte=period.valid_from
    )
    other = same_days.filter(kind__in=_AGAINST[_K(period.kind)]).first()
    if other is not None:
        text = _("The calendar has %(kind)s in these days already.")
        raise ValidationError({"valid_from": text % {"kind": other.get_kind_display()}})


@transaction.atomic
def remove_period(*, actor: User, period: CalendarPeriod, reason: str) -> None:
    """Take days out of the calendar again; history keeps them. Raises NotPermitted."""
    role = role_for(actor, PERM, period.unit_id)
    row = locked(period)
    with acting(actor, role=role, reason=reason):
        events.record("calendar.period_removed", actor=actor, obj=row, detail=_told(row))
        row.delete()


def _told(period: CalendarPeriod) -> dict[str, Any]:
    return {"kind": period.kind, "from": f"{period.valid_from}", "until": f"{period.valid_until}"}
