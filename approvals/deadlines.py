"""Due dates in working days, by the public holidays and the school's own calendar.

Vacations (寒暑假) do not stop the clock: offices work then, and intake happens in them. Days that the calendar marks as
holidays or shifted working days do, the nearest unit up the tree deciding.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from django.utils import timezone

from core.workingdays import WorkingDay, WorkingDaySpan, add_working_days, working_days_between
from school.models import CalendarPeriod, Unit

_AHEAD = timedelta(days=400)


def shifted_days(unit: Unit, start: date, end: date) -> dict[date, bool]:
    """Days of the span on which the calendars of ``unit`` and of the units above depart from the usual week."""
    chain = [*unit.ancestors, unit.pk]
    periods = CalendarPeriod.objects.filter(
        unit_id__in=chain,
        kind__in=[CalendarPeriod.Kind.HOLIDAY, CalendarPeriod.Kind.WORKING],
        valid_from__lte=end,
        valid_until__gte=start,
    )
    shifted: dict[date, bool] = {}
    for period in sorted(periods, key=lambda one: chain.index(one.unit_id)):
        day = max(period.valid_from, start)
        while day <= min(period.valid_until, end):
            shifted[day] = period.kind == CalendarPeriod.Kind.WORKING
            day += timedelta(days=1)
    return shifted


def due_after(unit: Unit, days: int, *, start: date | None = None) -> WorkingDay:
    """The day on which something is due that may take ``days`` working days from ``start`` (today by default)."""
    first = start or timezone.localdate()
    return add_working_days(first, days, shifted=shifted_days(unit, first, first + _AHEAD))


def days_left(
    due: date, *, today: date | None = None, shifted: Mapping[date, bool] | None = None
) -> WorkingDaySpan:
    """Working days from today to ``due``; negative when it is overdue."""
    return working_days_between(today or timezone.localdate(), due, shifted=shifted or {})
