"""Due dates in working days, by the public holidays and the school's own calendar.

Days beyond the list of public holidays count as working days from Monday to Friday; the answer then says that it is not
certain, and so do the pages.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from django.utils import timezone

from core.workingdays import WorkingDay, WorkingDaySpan, add_working_days, working_days_between
from school.calendar import shifted_days, shifted_days_of
from school.models import Unit

_AHEAD = timedelta(days=400)


def due_after(unit: Unit, days: int, *, start: date | None = None) -> WorkingDay:
    """The day on which something is due that may take ``days`` working days from ``start`` (today by default)."""
    first = start or timezone.localdate()
    return add_working_days(first, days, shifted=shifted_days(unit, first, first + _AHEAD))


def days_left(unit: Unit, due: date, *, today: date | None = None) -> WorkingDaySpan:
    """Working days of ``unit`` from today to ``due``; negative when it is overdue."""
    return all_days_left([(unit, due)], today=today)[0]


def all_days_left(
    items: Iterable[tuple[Unit | None, date]], *, today: date | None = None
) -> list[WorkingDaySpan]:
    """The same for many, each by the calendar of its unit (by the public holidays alone without one), for one query."""
    now, pairs = today or timezone.localdate(), list(items)
    if not pairs:
        return []
    days = [now, *(due for _unit, due in pairs)]
    units = {unit.pk: unit for unit, _due in pairs if unit is not None}
    shifted = shifted_days_of(units.values(), min(days), max(days)) if units else {}
    return [
        working_days_between(now, due, shifted=shifted[unit.pk] if unit is not None else {})
        for unit, due in pairs
    ]
