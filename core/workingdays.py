"""Counting in working days of China, with a school's own shifted days on top.

The public list of holidays ends with the last year that the State Council has announced. Beyond it Monday to Friday
count as working days and the answer says that it is not certain.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple

from chinese_calendar import is_workday

_ONE_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5
_NONE_SHIFTED: Final[Mapping[date, bool]] = {}


class WorkingDay(NamedTuple):
    """A date, and whether every day on the way to it stood in the list of holidays or in the school calendar."""

    date: date
    certain: bool


class WorkingDaySpan(NamedTuple):
    """A number of working days, and whether every day counted was known."""

    days: int
    certain: bool


def is_working_day(day: date, *, shifted: Mapping[date, bool] = _NONE_SHIFTED) -> tuple[bool, bool]:
    """Whether people work on `day`, and whether that is certain. `shifted` (True: working) overrides the list."""
    if day in shifted:
        return shifted[day], True
    try:
        return bool(is_workday(day)), True
    except NotImplementedError:
        return day.weekday() < _SATURDAY, False


def add_working_days(start: date, n: int, *, shifted: Mapping[date, bool] = _NONE_SHIFTED) -> WorkingDay:
    """The n-th working day after `start`, which itself is not counted; n = 0 gives `start`.

    Raises ValueError for a negative n, and when `shifted` leaves no working day within ten years.
    """
    if n < 0:
        raise ValueError("working days are counted forward")
    day, certain = start, True
    last = start + timedelta(days=3660 + 2 * n)
    while n:
        day += _ONE_DAY
        if day > last:
            raise ValueError("no working day left in the calendar")
        works, known = is_working_day(day, shifted=shifted)
        certain = certain and known
        n -= works
    return WorkingDay(day, certain)


def working_days_between(
    start: date, end: date, *, shifted: Mapping[date, bool] = _NONE_SHIFTED
) -> WorkingDaySpan:
    """Working days after `start` up to and with `end`; negative when `end` lies before `start` (days overdue).

    The reverse of add_working_days: between a day and the n-th working day after it lie n.
    """
    if end < start:
        days, certain = working_days_between(end, start, shifted=shifted)
        return WorkingDaySpan(-days, certain)
    count, certain, day = 0, True, start
    while day < end:
        day += _ONE_DAY
        works, known = is_working_day(day, shifted=shifted)
        count += works
        certain = certain and known
    return WorkingDaySpan(count, certain)
