"""A school that starts loads the students it has: several grades, entry in the past, their numbers kept."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.crypto import blind_index
from enrollment import actions
from enrollment.actions import batches
from enrollment.actions.acceptance import _admission
from enrollment.cells import layout_of
from enrollment.importing.template import empty_template
from enrollment.models import Applicant, ImportFault, ImportJob, ImportRow, IntakeBatch
from ledger.models import Event
from records.actions import open_files
from records.models import Enrolment, Student
from records.selectors import search
from tests.cast import Cast
from tests.enrollment.importing import bring_in, check, make_classes
from tests.enrollment.intake import make_batch
from tests.factories import make_unit, saved, set_rule
from tests.support.applicant_files import id_number, national_workbook, people

Row = dict[str, str]


@pytest.fixture
def present(cast: Cast) -> IntakeBatch:
    """A batch for the present students of the cast's school, which has its classes."""
    make_classes(cast.school)
    return make_batch(cast.school, code="ZX-2026", name="2026 年在校生建档", kind="present")


def pupils(*changes: Row) -> list[Row]:
    """Sound pupils of the third grade (entered in 2024) with their numbers, each with changes of his own."""
    rows = []
    for place, (row, change) in enumerate(zip(people(len(changes)), changes, strict=True)):
        born = date(2017, 10, 3 + place)
        number = id_number("420106", born, 2 * place + 1)
        usual = {
            "性别": "男",
            "出生日期": f"{born:%Y%m%d}",
            "身份证件号": number,
            "班号": "2024302",
            "入学年月": "202409",
            "学籍号": f"G{number}",
            "学号": f"2024{place + 7:04d}",
        }
        rows.append({**row, **usual, **change})
    return rows


def workbook(batch: IntakeBatch, rows: list[Row]) -> bytes:
    return national_workbook(rows, [column.header for column in layout_of(batch).columns])


def checked(cast: Cast, batch: IntakeBatch, rows: list[Row]) -> ImportJob:
    return check(cast.clerk, batch, workbook(batch, rows))


def faults(made: ImportJob) -> set[tuple[int, str, str]]:
    found = ImportFault.objects.filter(row__import_job=made, level="error")
    return set(found.values_list("row__row_number", "column", "code"))


def accept_all(cast: Cast, batch: IntakeBatch) -> None:
    """Four persons, one after the other, as with new students."""
    steps: tuple[tuple[Callable[..., Any], Any], ...] = (
        (actions.self_check, cast.clerk),
        (actions.review_initially, cast.second_clerk),
        (actions.approve_as_head, cast.head),
        (actions.accept, cast.archivist),
    )
    for row in Applicant.objects.filter(batch=batch).order_by("pk"):
        actions.save_draft(actor=cast.clerk, applicant=row, cells={"checked_with_original": "1"})
        for act, person in steps:
            act(actor=person, applicant=Applicant.objects.get(pk=row.pk))


@pytest.mark.requirement("S0-2.1-4", "S0-3.3-1")
def test_from_the_file_to_accepted_files_with_class_date_and_numbers_kept(
    cast: Cast, present: IntakeBatch
) -> None:
    rows = pupils({}, {"班号": "2025203", "入学年月": "202509", "学籍号": ""}, {"学号": "", "学籍号": ""})
    made = checked(cast, present, rows)
    assert (made.row_count, made.good_count, faults(made)) == (3, 3, set())
    assert bring_in(cast.clerk, made).imported_count == 3
    accept_all(cast, present)

    kept, second, new = Enrolment.objects.select_related("student", "school_class").order_by("student__pk")
    assert (kept.student_no, kept.class_no, kept.started_on) == ("20240007", "2024302", date(2024, 9, 1))
    assert kept.school_class is not None
    assert (kept.school_class.grade_level, kept.status) == (3, Student.Status.ENROLLED)
    assert kept.student.national_no == rows[0]["学籍号"]
    assert bytes(kept.student.national_no_index or b"") == blind_index("national_no", rows[0]["学籍号"])
    assert (second.student_no, second.started_on) == ("20240008", date(2025, 9, 1))
    assert (second.student.national_no, second.student.national_no_index) == ("", None)
    assert new.student_no == "20240001", "without a number he gets the next of his year of entry"
    assert Event.objects.filter(action="student.opened").count() == 3
    persons = Applicant.objects.values_list("entered_by", "initial_reviewer", "head_reviewer", "acceptor")
    assert all(len(set(row)) == 4 for row in persons)


def test_new_numbers_pass_over_kept_ones(cast: Cast, present: IntakeBatch) -> None:
    rows = pupils({"学号": "20240001"}, {"学号": "20240002"}, {"学号": "", "学籍号": ""})
    bring_in(cast.clerk, checked(cast, present, rows))
    accept_all(cast, present)
    assert set(Enrolment.objects.values_list("student_no", flat=True)) == {
        "20240001",
        "20240002",
        "20240003",
    }


@pytest.mark.parametrize("numbers", [("", "20240001"), ("", "", "20240002", "20240001")])
def test_a_new_number_leaves_those_that_others_bring_along(
    cast: Cast, present: IntakeBatch, numbers: tuple[str, ...]
) -> None:
    rows = pupils(*({"学号": number, "学籍号": ""} for number in numbers))
    bring_in(cast.clerk, checked(cast, present, rows))
    accept_all(cast, present)
    given = Enrolment.objects.order_by("student__pk").values_list("student_no", flat=True)
    assert [kept for kept, number in zip(given, numbers, strict=True) if number] == [*filter(None, numbers)]
    assert len(set(given)) == len(numbers)


def test_a_new_number_leaves_those_of_the_same_go(cast: Cast, present: IntakeBatch) -> None:
    new, kept = (
        saved(
            Applicant(
                batch=present,
                unit=cast.school,
                number=number,
                enrol_month="202409",
                student_no=no,
                entered_by=cast.clerk,
            )
        )
        for number, no in (("BM1", ""), ("BM2", "20240001"))
    )
    students = open_files(actor=cast.archivist, admissions=[_admission(new), _admission(kept)])
    given = [student.enrolments.get().student_no for student in students]
    assert given == ["20240002", "20240001"]


def test_numbers_that_somebody_has_or_that_cannot_be_are_faults(cast: Cast, present: IntakeBatch) -> None:
    bring_in(cast.clerk, checked(cast, present, pupils({})))
    accept_all(cast, present)
    first = Student.objects.get()
    rows = pupils(
        {},
        {"学号": "20240007"},
        {"学籍号": first.national_no},
        {"学籍号": "X123"},
        {"学号": "2024/11"},
        {"学号": "20249999"},
        {"学号": "20249999"},
        {"学籍号": "J42010620171001001X"},
        {"入学年月": "209909", "班号": "2024302"},
    )[1:]
    found = faults(checked(cast, present, rows))
    assert {
        (2, "学号", "student_no_duplicate"),
        (3, "学籍号", "national_no_mismatch"),
        (4, "学籍号", "national_no_form"),
        (5, "学号", "student_no_form"),
        (6, "学号", "student_no_duplicate_file"),
        (7, "学号", "student_no_duplicate_file"),
        (9, "入学年月", "entry_in_future"),
    } <= found
    assert not [one for one in found if one[0] == 8]


def test_a_national_number_of_another_person_is_refused(cast: Cast, present: IntakeBatch) -> None:
    bring_in(cast.clerk, checked(cast, present, pupils({"学籍号": "J42010620171001001X"})))
    accept_all(cast, present)
    made = checked(cast, present, pupils({}, {"学籍号": "J42010620171001001X"})[1:])
    assert faults(made) == {(2, "学籍号", "national_no_duplicate")}


def test_a_number_that_was_taken_meanwhile_stops_the_second_at_the_latest(
    cast: Cast, present: IntakeBatch
) -> None:
    bring_in(cast.clerk, checked(cast, present, pupils({})))
    row = Applicant.objects.get()
    other = make_batch(cast.school, code="ZX-2", kind="present")
    twin = actions.start_applicant(actor=cast.clerk, batch=other)
    actions.save_draft(actor=cast.clerk, applicant=twin, cells={"student_no": row.student_no})
    actions.save_draft(actor=cast.clerk, applicant=row, cells={"checked_with_original": "1"})
    with pytest.raises(actions.NotReady) as refused:
        actions.self_check(actor=cast.clerk, applicant=Applicant.objects.get(pk=row.pk))
    assert "student_no_duplicate" in {fault.code for fault in refused.value.faults}


def test_a_number_in_small_letters_is_kept_in_capitals_and_found(cast: Cast, present: IntakeBatch) -> None:
    set_rule(cast.school, "fonds_code", "xj")
    bring_in(cast.clerk, checked(cast, present, pupils({"学号": "2024x01"})))
    accept_all(cast, present)
    enrolment = Enrolment.objects.select_related("student").get()
    assert enrolment.student_no == "2024X01"
    for text in ("2024x01", enrolment.student.archive_no):
        assert [one.pk for one in search(cast.registrar, text).enrolments] == [enrolment.pk]


def test_an_ordinary_batch_has_no_such_columns(cast: Cast) -> None:
    make_classes(cast.school)
    batch = make_batch(cast.school)
    assert not {"student_no", "national_no"} & set(layout_of(batch).by_field)
    rows = [{**row, "学号": "20260099"} for row in people(1)]
    headers = [*(column.header for column in layout_of(batch).columns), "学号"]
    made = check(cast.clerk, batch, national_workbook(rows, headers))
    assert made.unknown_headers == ["学号"]
    bring_in(cast.clerk, made)
    assert Applicant.objects.get().student_no == ""


def test_the_templates_offer_the_columns(cast: Cast, present: IntakeBatch) -> None:
    for layout in ("national", "vocational", "higher"):
        present.layout = layout
        headers = [column.header for column in layout_of(present).columns]
        place = headers.index("学籍号")
        assert headers[place + 1] == "学号"
        assert headers[place - 1].startswith("身份证")
    assert len(empty_template(present)) > 5000


def test_present_students_of_a_college_are_enrolled_and_not_awaited(cast: Cast) -> None:
    college = make_unit("明德学院", cast.bureau, kind="school", stage="higher")
    assert college.stage == "higher"
    present = make_batch(college, code="ZX-HE", layout="higher", kind="present")
    row = Applicant(batch=present, unit=college, student_no="2024X01", enrol_date=date(2024, 9, 1))
    row.number, row.entered_by = "BM1", cast.clerk
    saved(row)
    (student,) = open_files(actor=cast.archivist, admissions=[_admission(row)])
    enrolment = Enrolment.objects.get(student=student)
    assert (enrolment.student_no, enrolment.status) == ("2024X01", Student.Status.ENROLLED)


def test_the_kind_is_chosen_with_the_batch_and_stays(client: Client, cast: Cast) -> None:
    client.force_login(cast.head)
    data = {
        "school": cast.school.pk,
        "name": "在校生建档",
        "code": "ZX-2026",
        "kind": "present",
        "layout": "national",
        "school_year": 2026,
        "opens_on": "2026-06-01",
        "entry_deadline": "2026-12-01",
    }
    assert client.post(reverse("enrollment:batch_new"), data).status_code == 302
    batch = IntakeBatch.objects.get()
    assert batch.kind == IntakeBatch.Kind.PRESENT
    actions.start_applicant(actor=cast.clerk, batch=batch)
    with pytest.raises(actions.IntakeRefused):
        batches.change_batch(actor=cast.head, batch=batch, values={"kind": "new"}, seen={})
    client.force_login(cast.clerk)
    row = Applicant.objects.get()
    page = client.get(reverse("enrollment:applicant_form", args=[row.public_id])).content.decode()
    assert 'name="student_no"' in page
    assert 'name="national_no"' in page
    assert not ImportRow.objects.exists()
