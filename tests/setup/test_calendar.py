"""Terms, vacations, holidays and shifted working days."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.scope import NotPermitted
from core.workingdays import add_working_days
from ledger.models import Event
from school.calendar import shifted_days
from school.models import CalendarPeriod, Term
from setup import actions
from tests.cast import Cast
from tests.factories import saved

K = CalendarPeriod.Kind
FIRST = {"school_year": 2026, "number": 1, "valid_from": date(2026, 9, 1), "valid_until": date(2027, 1, 29)}


def _fault(call: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        call()
    return getattr(caught.value, "message_dict", {"": caught.value.messages})


def test_terms_are_added_and_moved(cast: Cast) -> None:
    term = actions.add_term(actor=cast.registrar, school=cast.school, **FIRST)
    seen = actions.version_of(term)
    actions.change_term(
        actor=cast.registrar,
        term=term,
        valid_from=date(2026, 9, 1),
        valid_until=date(2027, 1, 22),
        seen=seen,
    )
    assert Term.objects.get().valid_until == date(2027, 1, 22)
    assert Event.objects.filter(action__startswith="term.", unit_id=cast.school.pk).count() == 2
    with pytest.raises(actions.Stale):
        actions.change_term(
            actor=cast.registrar,
            term=term,
            valid_from=date(2026, 9, 1),
            valid_until=date(2027, 1, 20),
            seen=seen,
        )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": 1, "valid_from": date(2027, 2, 20), "valid_until": date(2027, 7, 1)}, "number"),
        ({"number": 2, "valid_from": date(2027, 1, 10), "valid_until": date(2027, 7, 1)}, "valid_from"),
        ({"number": 2, "valid_from": date(2028, 2, 20), "valid_until": date(2028, 7, 1)}, "valid_from"),
        ({"number": 2, "valid_from": date(2027, 7, 1), "valid_until": date(2027, 2, 20)}, "valid_until"),
        ({"number": 5, "valid_from": date(2027, 2, 20), "valid_until": date(2027, 7, 1)}, "number"),
    ],
)
def test_a_term_that_does_not_fit_is_refused(cast: Cast, changes: Any, field: str) -> None:
    actions.add_term(actor=cast.registrar, school=cast.school, **FIRST)
    assert field in _fault(
        lambda: actions.add_term(actor=cast.registrar, school=cast.school, **FIRST | changes)
    )
    assert Term.objects.count() == 1


def test_terms_never_overlap_in_the_database(cast: Cast) -> None:
    saved(Term(school=cast.school, **FIRST))
    with pytest.raises(IntegrityError), transaction.atomic():
        saved(Term(school=cast.school, **FIRST | {"number": 2}))
    saved(Term(school=cast.other_school, **FIRST))


def test_the_nearest_calendar_decides(cast: Cast, top_admin: User) -> None:
    october = (date(2026, 10, 1), date(2026, 10, 7))
    actions.add_period(
        actor=top_admin, unit=cast.bureau, kind=K.HOLIDAY, valid_from=october[0], valid_until=october[1]
    )
    actions.add_period(
        actor=cast.registrar,
        unit=cast.school,
        kind=K.WORKING,
        valid_from=date(2026, 10, 7),
        valid_until=date(2026, 10, 7),
        note="补课",
    )
    actions.add_period(
        actor=cast.registrar,
        unit=cast.school,
        kind=K.VACATION,
        valid_from=date(2026, 10, 8),
        valid_until=date(2026, 10, 9),
    )
    shifted = shifted_days(cast.admissions, date(2026, 9, 28), date(2026, 10, 31))
    assert shifted[date(2026, 10, 6)] is False
    assert shifted[date(2026, 10, 7)] is True
    assert date(2026, 10, 8) not in shifted
    assert shifted_days(cast.other_school, *october)[date(2026, 10, 7)] is False
    assert add_working_days(date(2026, 9, 30), 1, shifted=shifted).date == date(2026, 10, 7)


def test_periods_that_contradict_are_refused(cast: Cast) -> None:
    day = date(2026, 10, 1)
    holiday = actions.add_period(
        actor=cast.registrar, unit=cast.school, kind=K.HOLIDAY, valid_from=day, valid_until=day
    )
    for kind, first, last, field in (
        (K.WORKING, day, day, "valid_from"),
        (K.HOLIDAY, day, day, "valid_from"),
        (K.VACATION, day, date(2026, 9, 1), "valid_until"),
        (K.VACATION, day, date(2027, 10, 1), "valid_until"),
        ("party", day, day, "kind"),
    ):
        assert field in _fault(
            lambda kind=kind, first=first, last=last: actions.add_period(  # type: ignore[misc]  # bound in the loop
                actor=cast.registrar, unit=cast.school, kind=kind, valid_from=first, valid_until=last
            )
        )
    with pytest.raises(NotPermitted):
        actions.add_period(
            actor=cast.registrar, unit=cast.bureau, kind=K.HOLIDAY, valid_from=day, valid_until=day
        )
    actions.remove_period(actor=cast.registrar, period=holiday, reason="误设")
    assert not CalendarPeriod.objects.exists()
    assert CalendarPeriod.history.latest().history_change_reason == "误设"


def test_days_of_a_period_are_held_by_the_database(cast: Cast) -> None:
    backwards = CalendarPeriod(
        unit=cast.school, kind=K.HOLIDAY, valid_from=date(2026, 10, 2), valid_until=date(2026, 10, 1)
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        saved(backwards)
