"""Due dates in working days, by the public holidays and the school's own calendar."""

from collections.abc import Mapping
from datetime import date, timedelta

from django.utils import timezone

from core.workingdays import WorkingDay, WorkingDaySpan, add_working_days, working_days_between
from school.calendar import shifted_days
from school.models import Unit

_AHEAD = timedelta(days=400)


def due_after(unit: Unit, days: int, *, start: date | None = None) -> WorkingDay:
    """The day on which something is due that may take ``days`` working days from ``start`` (today by default)."""
    first = start or timezone.localdate()
    return add_working_days(first, days, shifted=shifted_days(unit, first, first + _AHEAD))


def days_left(
    due: date, *, today: date | None = None, shifted: Mapping[date, bool] | None = None
) -> WorkingDaySpan:
    """Working days from today to ``due``; negative when it is overdue."""
    return working_days_between(today or timezone.localdate(), due, shifted=shifted or {})
