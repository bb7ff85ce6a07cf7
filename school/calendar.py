"""Days on which a school departs from the usual week.

Vacations (寒暑假) do not stop the clock: offices work then, and intake happens in them. Holidays and shifted working
days do, the nearest unit up the tree deciding.
"""

from datetime import date, timedelta

from school.models import CalendarPeriod, Unit


def shifted_days(unit: Unit, start: date, end: date) -> dict[date, bool]:
    """Days of the span on which the calendars of ``unit`` and of the units above say otherwise; True: people work."""
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
