"""Work that leads somebody to a file: corrections and rows of problem lists, beside requests (E.4)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.grants import sync_grants
from accounts.models import Appointment, User
from approvals import actions as requests
from approvals.models import Request
from approvals.reasons import ReturnReason
from approvals.work_items import item_for
from archive.edits import actions
from archive.edits.checking import asked
from archive.models import ProblemRow
from records.models import Student
from tests.archive.asking import proof
from tests.archive.test_problems import about
from tests.cast import Cast
from tests.factories import saved
from tests.records.files import make_account, make_student
from tests.records.test_own_checks import ask

pytestmark = pytest.mark.requirement("S0-5.1-5")


def test_a_correction_leads_who_may_answer_it_to_the_file(cast: Cast) -> None:
    one = make_student("王小明", cast, school_class=cast.school_class)
    row = ask(make_account(one))
    assert item_for(cast.registrar, one.public_id) == f"correction-{row.pk}"
    other = make_student("李明", cast, school_class=cast.school_class)
    assert item_for(cast.registrar, other.public_id) == ""
    for person in (cast.adviser, cast.archivist, cast.outsider):
        assert item_for(person, one.public_id) == ""


def test_a_row_of_a_list_leads_everybody_to_the_file_but_who_brought_the_list_in(cast: Cast) -> None:
    one = make_student("王小明", cast, school_class=cast.school_class)
    row: ProblemRow = about(cast, one)
    assert row.problem_list.brought_by == cast.registrar
    assert item_for(cast.second_registrar, one.public_id) == f"problem-{row}"
    assert item_for(cast.registrar, one.public_id) == ""
    assert item_for(cast.archivist, one.public_id) == ""


def came_back(cast: Cast, students: list[Student]) -> Request:
    """One edit of the registrar for all of them, returned by the archives."""
    typed = actions.draft(
        actor=cast.registrar, school=cast.school, cause="change", reason="全班随迁", basis="街道证明",
        proofs=(proof(),),
        asked=[asked(one, one.enrolments.get(), {"native_place": "江苏 苏州"}) for one in students],
    )  # fmt: skip
    row = requests.submit(actor=cast.registrar, request=typed.request)
    return requests.send_back(actor=cast.archivist, request=row, reason=ReturnReason.OTHER, comment="补证明")


def pupils(cast: Cast, count: int) -> list[Student]:
    return [make_student("李明", cast, school_class=cast.school_class) for _ in range(count)]


@pytest.mark.requirement("S0-6.2-1")
def test_a_returned_batch_excuses_reading_only_in_time(cast: Cast) -> None:
    students = pupils(cast, 2)
    row = came_back(cast, students)
    assert [item_for(cast.registrar, one.public_id) for one in students] == [row.number] * 2
    assert item_for(cast.archivist, students[0].public_id) == "", "it waits for her who asked"
    for days, item in ((0, row.number), (1, "")):
        row.due_on = timezone.localdate() - timedelta(days=days)
        saved(row)
        assert item_for(cast.registrar, students[0].public_id) == item


@pytest.mark.requirement("S0-6.2-1")
def test_what_came_back_excuses_only_who_may_still_mend_it(cast: Cast) -> None:
    students = pupils(cast, 2)
    row = came_back(cast, students)
    assert item_for(cast.registrar, students[0].public_id) == row.number
    (held,) = Appointment.objects.filter(user=cast.registrar)
    held.withdrawn_at = timezone.now()
    saved(held)
    sync_grants(cast.registrar)
    assert item_for(User.objects.get(pk=cast.registrar.pk), students[0].public_id) == ""


@pytest.mark.requirement("S0-6.2-1")
def test_returned_batches_excuse_ten_students_together_and_no_more(cast: Cast) -> None:
    students = pupils(cast, 14)
    first = came_back(cast, students[:10])
    assert item_for(cast.registrar, students[9].public_id) == first.number
    came_back(cast, students[10:11])
    assert {item_for(cast.registrar, one.public_id) for one in students} == {""}
    first.due_on = timezone.localdate() - timedelta(days=1)
    saved(first)
    assert item_for(cast.registrar, students[10].public_id), "what is over does not count any more"
    came_back(cast, students[1:])
    assert {item_for(cast.registrar, one.public_id) for one in students} == {""}
