"""Student numbers while the school's rule changes, while two archives accept, and beside numbers from elsewhere."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from enrollment import actions
from enrollment.models import IntakeBatch
from records.models import Enrolment
from records.numbers import NumbersExhausted, student_numbers
from tests.cast import Cast, make_cast
from tests.enrollment.intake import approved, make_batch
from tests.factories import set_rule
from tests.records.files import make_student


@pytest.fixture
def batch(cast: Cast) -> IntakeBatch:
    return make_batch(cast.school)


def accepted_no(cast: Cast, batch: IntakeBatch, serial: int) -> str:
    student = actions.accept(actor=cast.archivist, applicant=approved(cast, batch, serial)).student
    assert student is not None
    return student.enrolments.get().student_no


@pytest.mark.requirement("S1-2.2-3")
def test_the_rule_may_change_between_two_acceptances(cast: Cast, batch: IntakeBatch) -> None:
    given = [accepted_no(cast, batch, 1)]
    for serial, digits in ((2, "6"), (3, "3"), (4, "4")):
        set_rule(cast.school, "student_no_form", digits, valid_from=batch.opens_on.replace(day=serial))
        given.append(accepted_no(cast, batch, serial))
    assert given == ["20260001", "2026000002", "2026003", "20260002"]


def test_fewer_digits_than_serials_given_begin_again_without_a_clash(cast: Cast) -> None:
    asked: dict[str, Any] = {"school_id": cast.school.pk, "entry_year": 2026, "code": ""}
    student_numbers(**asked, digits=4, count=2000)
    assert student_numbers(**asked, digits=3, count=2) == ["2026001", "2026002"]
    assert student_numbers(**asked, digits=4) == ["20262001"]


def test_codes_that_are_cut_differently_never_give_one_number_twice(cast: Cast) -> None:
    """With a long code the digits move the cut: 2026 01234567890 + 1 and 2026 0123456789 + 01 look alike."""
    asked: dict[str, Any] = {"school_id": cast.school.pk, "entry_year": 2026, "code": "00000000000"}
    (first,) = student_numbers(**asked, digits=4)
    make_student("甲", cast, student_no=first)
    (second,) = student_numbers(**asked, digits=6)
    assert (len(second), second != first) == (15, True)


def test_a_number_that_somebody_has_is_passed_over(cast: Cast, batch: IntakeBatch) -> None:
    for taken in ("20260001", "20260002", "20260004"):
        make_student("甲", cast, student_no=taken)
    asked: dict[str, Any] = {"school_id": cast.school.pk, "entry_year": 2026, "code": ""}
    assert student_numbers(**asked, digits=4, count=2) == ["20260003", "20260005"]
    with pytest.raises(NumbersExhausted):
        student_numbers(**asked, digits=1, count=20)


def test_two_acceptances_at_once_under_two_rules(committed_db: str) -> None:
    """Two lengths whose numbers could be the same: the second waits and sees the first."""
    cast = make_cast()
    gate, given = threading.Barrier(2), []

    def go(digits: int) -> None:
        try:
            gate.wait()
            with transaction.atomic():
                (number,) = student_numbers(
                    school_id=cast.school.pk, entry_year=2026, code="0" * 11, digits=digits
                )
                make_student("甲", cast, student_no=number)
                given.append(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(digits,)) for digits in (4, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(given)) == 2
    assert sorted(Enrolment.objects.values_list("student_no", flat=True)) == sorted(given)
