"""Working days over holidays, weeks that were moved, and the end of the public list."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.workingdays import add_working_days, is_working_day, working_days_between

DAYS = st.dates(min_value=date(2005, 1, 1), max_value=date(2030, 12, 31))


def test_a_weekend_is_stepped_over() -> None:
    assert add_working_days(date(2026, 11, 20), 1) == (date(2026, 11, 23), True)
    assert add_working_days(date(2026, 11, 20), 0) == (date(2026, 11, 20), True)


def test_the_national_holiday_and_its_shifted_sunday() -> None:
    assert is_working_day(date(2026, 9, 20)) == (True, True)
    assert is_working_day(date(2026, 10, 1)) == (False, True)
    assert add_working_days(date(2026, 9, 30), 1) == (date(2026, 10, 8), True)


def test_beyond_the_list_monday_to_friday_count_and_the_answer_says_so() -> None:
    due = add_working_days(date(2026, 12, 30), 5)
    assert due == (date(2027, 1, 6), False)
    assert working_days_between(date(2026, 12, 30), due.date) == (5, False)


def test_the_school_calendar_overrides_the_list_and_makes_a_day_certain() -> None:
    shifted = {date(2026, 11, 23): False, date(2026, 11, 22): True, date(2027, 1, 1): False}
    assert add_working_days(date(2026, 11, 20), 1, shifted=shifted) == (date(2026, 11, 22), True)
    assert add_working_days(date(2026, 11, 20), 2, shifted=shifted) == (date(2026, 11, 24), True)
    assert is_working_day(date(2027, 1, 1), shifted=shifted) == (False, True)


def test_overdue_days_are_negative() -> None:
    assert working_days_between(date(2026, 11, 24), date(2026, 11, 20)) == (-2, True)
    assert working_days_between(date(2026, 11, 24), date(2026, 11, 24)) == (0, True)


@given(start=DAYS, n=st.integers(min_value=0, max_value=60))
def test_adding_and_counting_agree(start: date, n: int) -> None:
    due = add_working_days(start, n)
    assert working_days_between(start, due.date) == (n, due.certain)
    assert n == 0 or is_working_day(due.date)[0]


def test_impossible_questions_are_refused() -> None:
    with pytest.raises(ValueError, match="forward"):
        add_working_days(date(2026, 11, 20), -1)
    closed = {date(2026, 1, 1) + timedelta(days=day): False for day in range(5000)}
    with pytest.raises(ValueError, match="no working day"):
        add_working_days(date(2026, 1, 1), 1, shifted=closed)
