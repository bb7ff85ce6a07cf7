"""Days on which a school departs from the usual week.

Vacations (寒暑假) do not stop the clock: offices work then, and intake happens in them. Holidays and shifted working
days do, the nearest unit up the tree deciding.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from school.models import CalendarPeriod, Unit


def shifted_days(unit: Unit, start: date, end: date) -> dict[date, bool]:
    """Days of the span on which the calendars of ``unit`` and of the units above say otherwise; True: people work."""
    return shifted_days_of([unit], start, end)[unit.pk]


def shifted_days_of(units: Iterable[Unit], start: date, end: date) -> dict[int, dict[date, bool]]:
    """The same of many units, by their ids, for one query."""
    chains = {unit.pk: [*unit.ancestors, unit.pk] for unit in units}
    periods = CalendarPeriod.objects.filter(
        unit_id__in=set().union(*chains.values()),
        kind__in=[CalendarPeriod.Kind.HOLIDAY, CalendarPeriod.Kind.WORKING],
        valid_from__lte=end,
        valid_until__gte=start,
    )
    entered = list(periods) if chains else []
    return {pk: _along(chain, entered, start, end) for pk, chain in chains.items()}


def _along(chain: list[int], periods: list[CalendarPeriod], start: date, end: date) -> dict[date, bool]:
    shifted: dict[date, bool] = {}
    own = [period for period in periods if period.unit_id in chain]
    for period in sorted(own, key=lambda one: chain.index(one.unit_id)):
        day = max(period.valid_from, start)
        while day <= min(period.valid_until, end):
            shifted[day] = period.kind == CalendarPeriod.Kind.WORKING
            day += timedelta(days=1)
    return shifted


def units_by_id(ids: Collection[int]) -> dict[int, Unit]:
    """Units whose calendars are wanted; no query when none is."""
    return Unit.objects.in_bulk(ids) if ids else {}
