"""Work that leads somebody to a file: corrections and rows of problem lists, beside requests (E.4)."""

import pytest

from approvals.work_items import item_for
from archive.models import ProblemRow
from tests.archive.test_problems import about
from tests.cast import Cast
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
