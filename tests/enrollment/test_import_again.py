"""The same students once more: a file saved anew, rows without a number, rows that wait already."""

import io
from datetime import date
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from enrollment import actions as intake
from enrollment.importing import actions
from enrollment.importing.selectors import cells_of_row
from enrollment.models import Applicant, ImportFault, ImportJob, IntakeBatch
from records.models import Student
from tests.cast import Cast
from tests.core.workbook_files import saved
from tests.enrollment.importing import bring_in, check, make_classes
from tests.enrollment.intake import make_batch
from tests.factories import saved as saved_row
from tests.records.files import make_student
from tests.support.applicant_files import national_workbook, people

FOREIGN = {"身份证件类型": "其他", "身份证件号": "", "港澳台侨外": "外国人"}
Row = dict[str, str]


@pytest.fixture(autouse=True)
def _classes(cast: Cast) -> None:
    make_classes(cast.school)


def mixed(bad: int = 1) -> list[Row]:
    """Three students with numbers, three without, then bad ones."""
    rows = list(people(6 + bad))
    rows[3:6] = [{**row, **FOREIGN} for row in rows[3:6]]
    for row in rows[6:]:
        row["邮政编码"] = "4300"
    return rows


def saved_anew(content: bytes, title: str = "again") -> bytes:
    """The same table after somebody pressed "save": other bytes, the same cells."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    book.properties.title = title
    again = saved(book)
    assert again != content
    return again


def faults_of(made: ImportJob) -> set[tuple[int, str, str]]:
    found = ImportFault.objects.filter(row__import_job=made)
    return set(found.values_list("row__row_number", "column", "code"))


def counts(made: ImportJob) -> tuple[int, int, int]:
    return made.good_count, made.error_count, made.skipped_count


def test_a_file_saved_anew_adds_nothing_and_complains_of_nothing(cast: Cast, batch: IntakeBatch) -> None:
    content = national_workbook(mixed())
    made = bring_in(cast.clerk, check(cast.clerk, batch, content))
    assert (made.imported_count, made.error_count) == (6, 1)
    again = check(cast.second_clerk, batch, saved_anew(content))
    assert counts(again) == (0, 0, 7)
    assert faults_of(again) == set()
    with pytest.raises(actions.ImportRefused):
        actions.start_import(actor=cast.second_clerk, import_job=again)
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast.second_clerk)
    page = client.get(reverse("enrollment:import_result", args=[again.public_id])).content.decode()
    assert "every row of this file is in already" in page
    assert "every row can be imported" not in page

    at_once = check(cast.clerk, batch, saved_anew(content, "once more"), at_once=True)
    assert (at_once.imported_count, counts(at_once)) == (0, (0, 0, 7))
    assert Applicant.objects.count() == 6
    assert made.rows.filter(state="problem").count() == 1
    assert not at_once.rows.exists()


def test_new_rows_of_a_longer_file_come_in_alone(cast: Cast, batch: IntakeBatch) -> None:
    rows = mixed(bad=0)
    bring_in(cast.clerk, check(cast.clerk, batch, national_workbook(rows)))
    more = list(people(2, seed=9))
    more[0] |= FOREIGN
    more[1]["身份证件号"], more[1]["出生日期"], more[1]["性别"] = _another_number(rows)
    longer = bring_in(cast.clerk, check(cast.clerk, batch, national_workbook([*rows, *more])))
    assert (longer.imported_count, longer.skipped_count, longer.error_count) == (2, 6, 0)
    assert Applicant.objects.count() == 8


def _another_number(rows: list[Row]) -> tuple[str, str, str]:
    other = list(people(12))[11]
    return other["身份证件号"], other["出生日期"], other["性别"]


def test_a_changed_row_asks_for_a_decision(cast: Cast, batch: IntakeBatch) -> None:
    rows = mixed(bad=0)
    bring_in(cast.clerk, check(cast.clerk, batch, national_workbook(rows)))
    rows[0]["邮政编码"] = rows[3]["邮政编码"] = "430071"
    again = check(cast.clerk, batch, national_workbook([*rows, rows[3]]))
    assert counts(again) == (0, 3, 4)
    assert faults_of(again) == {
        (2, "身份证件号", "id_duplicate"),
        (5, "姓名", "student_in_batch"),
        (8, "姓名", "student_in_batch"),
    }


def test_what_an_applicant_was_changed_to_meanwhile_is_seen(cast: Cast, batch: IntakeBatch) -> None:
    content = national_workbook(mixed(bad=0))
    bring_in(cast.clerk, check(cast.clerk, batch, content))
    for row in Applicant.objects.filter(import_row_number__in=[2, 5]):
        intake.save_draft(actor=cast.clerk, applicant=row, cells={"postcode": "430072"})
    assert faults_of(check(cast.clerk, batch, saved_anew(content))) == {
        (2, "身份证件号", "id_duplicate"),
        (5, "姓名", "student_in_batch"),
    }


def test_a_namesake_of_another_family_is_a_warning_only(cast: Cast, batch: IntakeBatch) -> None:
    rows = mixed(bad=0)[3:5]
    bring_in(cast.clerk, check(cast.clerk, batch, national_workbook(rows[:1])))
    other = rows[1] | {name: rows[0][name] for name in ("姓名", "出生日期", "性别")}
    made = bring_in(cast.clerk, check(cast.clerk, batch, national_workbook([other])))
    assert faults_of(made) == {(2, "姓名", "possible_duplicate")}
    assert Applicant.objects.count() == 2


def test_a_student_without_number_stands_in_a_file_once(cast: Cast, batch: IntakeBatch) -> None:
    first, second, third = mixed(bad=0)[3:6]
    again = {**first, "邮政编码": "430071"}
    made = check(cast.clerk, batch, national_workbook([first, second, again, third]))
    assert faults_of(made) == {(4, "姓名", "student_twice_in_file")}
    assert ImportFault.objects.get(row__import_job=made).detail == "2、4"
    assert bring_in(cast.clerk, made).imported_count == 3


def test_who_was_given_up_comes_in_again(cast: Cast, batch: IntakeBatch) -> None:
    content = national_workbook(mixed(bad=0))
    bring_in(cast.clerk, check(cast.clerk, batch, content))
    for row in Applicant.objects.all():
        intake.withdraw(actor=cast.clerk, applicant=row, reason="family_moved")
    again = bring_in(cast.clerk, check(cast.clerk, batch, saved_anew(content)))
    assert (again.imported_count, again.skipped_count) == (6, 0)


def test_another_batch_knows_nothing_of_rows_that_wait(cast: Cast, batch: IntakeBatch) -> None:
    content = national_workbook(mixed()[6:])
    bring_in(cast.clerk, check(cast.clerk, batch, national_workbook(mixed())))
    other = check(cast.clerk, make_batch(cast.school, code="TEST-2"), content)
    assert counts(other) == (0, 1, 0)


def test_a_row_is_not_mended_into_an_applicant_that_is_there(cast: Cast, batch: IntakeBatch) -> None:
    rows = mixed()
    made = bring_in(cast.clerk, check(cast.clerk, batch, national_workbook(rows)))
    waiting = made.rows.get()
    fields: dict[str, Any] = cells_of_row(waiting)
    mended = {**rows[6], "邮政编码": "430070"}
    bring_in(cast.clerk, check(cast.clerk, batch, national_workbook([mended])))
    with pytest.raises(actions.ImportRefused):
        actions.mend(actor=cast.clerk, row=waiting, cells={**fields, "postcode": "430070"})
    assert Applicant.objects.count() == 7


def test_who_was_deleted_since_is_not_in_already(cast: Cast, batch: IntakeBatch) -> None:
    """With a number, he is told of; without one, he comes in."""
    content = national_workbook(mixed(bad=0))
    made = bring_in(cast.clerk, check(cast.clerk, batch, content))
    shelf = {
        "ended_on": date(2026, 11, 2),
        "shelved_on": date(2026, 11, 2),
        "status": Student.Status.CANCELLED,
    }
    for row in Applicant.objects.filter(import_row_number__in=[2, 5]):
        student = make_student(row.name, cast)
        stay = student.enrolments.get()
        for name, value in {"started_on": date(2026, 9, 1), **shelf}.items():
            setattr(stay, name, value)
        saved_row(stay)
        row.state, row.student = Applicant.State.ACCEPTED, student
        row.initial_reviewer, row.head_reviewer, row.acceptor = cast.second_clerk, cast.head, cast.archivist
        saved_row(row)
    again = check(cast.clerk, batch, saved_anew(content))
    assert counts(again) == (1, 1, 4)
    assert (2, "身份证件号", "file_shelved") in faults_of(again)
    assert bring_in(cast.clerk, again).imported_count == 1
    back = check(cast.clerk, batch, saved_anew(content, "marked"), mends=made)
    assert (2, "身份证件号", "file_shelved") in faults_of(back)
