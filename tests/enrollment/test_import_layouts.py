"""The vocational and the higher-education layout from the empty template to the student file, in a college."""

import io
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from enrollment import actions as intake
from enrollment.importing.template import empty_template
from enrollment.models import Applicant, ImportFault, ImportJob, IntakeBatch
from enrollment.selectors import examine
from jobs.tasks import run
from records.columns import HIGHER, VOCATIONAL, LayoutColumns
from records.models import Enrolment
from tests.enrollment.importing import bring_in, check, fresh
from tests.enrollment.intake import make_batch
from tests.support.tertiary_files import (
    CLASSES,
    DATA,
    NURSING,
    SOFTWARE,
    College,
    Row,
    higher_rows,
    layout_workbook,
    make_college,
    vocational_rows,
)

HIGHER_NAMES = {
    "exam_no": "KSH", "name": "XM", "sex": "XB *", "birth_date": "CSRQ", "id_type": "", "id_number": "SFZH",
    "political_status": "ZZMM", "ethnicity": "MZ", "programme_code": "ZYDM", "programme_name": "录取专业",
    "level": "CC", "learning_form": "XXXS（必填）", "enrol_date": "RXRQ", "class_no": "BH", "study_years": "XZ",
}  # fmt: skip
VOCATIONAL_NAMES = {
    "programme_code": "ZYDM",
    "class_no": "班级编号",
    "id_number": "身份证号",
    "phone": "联系方式",
}


@pytest.fixture
def college(db: None) -> College:
    return make_college()


@pytest.fixture
def higher(college: College) -> IntakeBatch:
    return make_batch(college.school, layout="higher", code="GX-2026")


@pytest.fixture
def vocational(college: College) -> IntakeBatch:
    return make_batch(college.school, layout="vocational", code="ZZ-2026")


def signed_in(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def faults_of(made: ImportJob) -> set[tuple[int, str, str]]:
    found = ImportFault.objects.filter(row__import_job=made)
    return set(found.values_list("row__row_number", "column", "code"))


def uploaded(college: College, batch: IntakeBatch, content: bytes) -> ImportJob:
    """Through the page, as the clerk does it."""
    client = signed_in(college.staff["c-clerk1"])
    answer = client.post(
        reverse("enrollment:import_upload"),
        {"batch": batch.public_id, "file": SimpleUploadedFile("录取名单.xlsx", content)},
    )
    assert answer.status_code == 302, answer.content.decode()
    made = ImportJob.objects.get()
    run(made.job_id)
    return fresh(made)


def accepted(college: College, row: Applicant) -> Enrolment:
    """From the draft to the student file, by different people."""
    staff = college.staff
    intake.save_draft(actor=staff["c-clerk1"], applicant=row, cells={"checked_with_original": "1"})
    intake.self_check(actor=staff["c-clerk1"], applicant=row)
    intake.review_initially(actor=staff["c-clerk2"], applicant=row)
    intake.approve_as_head(actor=staff["c-head1"], applicant=row)
    intake.accept(actor=staff["c-archivist1"], applicant=row)
    row.refresh_from_db()
    assert row.student is not None
    return Enrolment.objects.select_related("programme", "unit", "school_class").get(student=row.student)


def mended(college: College, made: ImportJob, number: int, **cells: str) -> Applicant:
    """A problem row mended on its page."""
    row = made.rows.get(row_number=number)
    client = signed_in(college.staff["c-clerk1"])
    address = reverse("enrollment:import_row", args=[row.public_id])
    page = client.get(address)
    kept = {line.field: line.text for section in page.context["sections"] for line in section.lines}
    answer = client.post(address, {**kept, **cells})
    assert answer.status_code == 302, [fault for one in answer.context["sections"] for fault in one.lines]
    row.refresh_from_db()
    assert row.applicant is not None
    return row.applicant


def broken(number: str) -> str:
    """The number with another last character."""
    return number[:-1] + ("1" if number[-1] != "1" else "2")


@pytest.mark.requirement("S1-2.2-1", "S2-11.3-1")
def test_the_higher_layout_from_the_file_to_the_student_file(college: College, higher: IntakeBatch) -> None:
    rows = higher_rows(
        [SOFTWARE, NURSING, DATA, SOFTWARE, SOFTWARE, DATA, NURSING, DATA, DATA, DATA, SOFTWARE]
    )
    rows[0] |= {
        "sex": "男" if rows[0]["sex"] == "1" else "女",
        "level": "高职专科",
        "learning_form": "全日制",
    }
    rows[2]["class_no"] = ""
    rows[3]["programme_code"] = "999999"
    rows[4]["class_no"] = CLASSES[NURSING]
    rows[5]["id_number"] = broken(rows[5]["id_number"])
    rows[6]["learning_form"] = "自学"
    rows[7]["id_number"] = ""
    rows[9]["exam_no"] = rows[8]["exam_no"]
    rows[10] |= {"programme_name": "护理", "study_years": "4"}
    made = uploaded(college, higher, layout_workbook(HIGHER, rows, HIGHER_NAMES))
    assert faults_of(made) == {
        (5, "ZYDM", "programme_unknown"),
        (6, "BH", "class_programme"),
        (7, "SFZH", "id_check_digit"),
        (8, "XXXS（必填）", "unknown_code"),
        (9, "SFZH", "id_required"),
        (10, "KSH", "exam_no_duplicate_file"),
        (11, "KSH", "exam_no_duplicate_file"),
        (12, "录取专业", "programme_differs"),
        (12, "XZ", "programme_differs"),
    }
    assert (made.good_count, made.error_count, made.warning_count) == (4, 7, 1)
    page = signed_in(college.staff["c-clerk1"]).get(
        reverse("enrollment:import_result", args=[made.public_id])
    )
    assert "SFZH" in page.content.decode()

    made = bring_in(college.staff["c-clerk1"], made)
    software, nursing, unplaced, _warned = Applicant.objects.order_by("import_row_number")
    assert (software.unit, nursing.unit, unplaced.unit) == (
        college.computing,
        college.nursing,
        college.computing,
    )
    assert (software.id_type, software.level, software.learning_form) == ("1", "2", "1")
    assert [one.school_class and one.school_class.class_no for one in (software, nursing, unplaced)] == [
        CLASSES[SOFTWARE],
        CLASSES[NURSING],
        None,
    ]
    late = mended(college, made, 5, programme_code=DATA, programme_name="", class_no=CLASSES[DATA])
    assert late.programme is not None
    assert (late.programme.code, late.unit) == (DATA, college.computing)

    form = signed_in(college.staff["c-clerk1"]).get(
        reverse("enrollment:applicant_form", args=[software.public_id])
    )
    text = form.content.decode()
    assert form.status_code == 200
    assert f'<option value="{SOFTWARE}" selected>' in text
    assert 'name="exam_no"' in text
    assert 'name="member1.name"' not in text

    enrolment = accepted(college, software)
    assert enrolment.programme is not None
    assert enrolment.school_class is not None
    assert (enrolment.programme.code, enrolment.unit, enrolment.school_class.class_no) == (
        SOFTWARE,
        college.computing,
        CLASSES[SOFTWARE],
    )
    assert (enrolment.exam_no, enrolment.level, enrolment.study_years) == (
        rows[0]["exam_no"],
        "2",
        Decimal(3),
    )
    assert enrolment.enrol_date == date(2026, 9, 1)
    assert enrolment.student_no
    assert accepted(college, late).student.name == rows[3]["name"]


@pytest.mark.requirement("S1-2.2-1")
def test_the_vocational_layout_from_the_file_to_the_student_file(
    college: College, vocational: IntakeBatch
) -> None:
    rows = vocational_rows([SOFTWARE, NURSING, SOFTWARE, DATA, NURSING], college.school.code)
    rows[0]["admission_way"] = "统招"
    rows[2]["member1.name"] = ""
    rows[3] |= {"programme_code": "", "admission_way": "12345"}
    rows[4] |= {"class_no": CLASSES[DATA], "school_code": "1"}
    made = uploaded(college, vocational, layout_workbook(VOCATIONAL, rows, VOCATIONAL_NAMES))
    assert faults_of(made) == {
        (4, "成员1姓名", "required"),
        (5, "ZYDM", "required"),
        (5, "入学方式", "unknown_code"),
        (6, "班级编号", "class_programme"),
        (6, "学校标识码", "school_code_wrong"),
    }
    made = bring_in(college.staff["c-clerk1"], made)
    first, second = Applicant.objects.order_by("import_row_number")
    assert (first.unit, second.unit, first.admission_way) == (college.computing, college.nursing, "01")
    assert first.members.count() == 2
    late = mended(college, made, 6, class_no=CLASSES[NURSING], school_code=college.school.code)
    assert late.unit == college.nursing
    enrolment = accepted(college, first)
    assert enrolment.programme is not None
    assert (enrolment.programme.code, enrolment.unit) == (SOFTWARE, college.computing)
    assert enrolment.student.family.count() == 2


@pytest.mark.parametrize(("name", "layout"), [("higher", HIGHER), ("vocational", VOCATIONAL)])
def test_the_template_of_a_layout_comes_back(
    college: College, request: pytest.FixtureRequest, name: str, layout: LayoutColumns
) -> None:
    batch: IntakeBatch = request.getfixturevalue(name)
    client = signed_in(college.staff["c-clerk1"])
    content = client.get(reverse("enrollment:import_template", args=[batch.public_id])).content
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book.worksheets[0]
    headers = [str(cell.value) for cell in sheet[1]]
    assert headers == [column.header + ("*" if column.required else "") for column in layout.columns]
    offered = {str(cell.value) for column in book["可选项"].iter_cols() for cell in column}
    assert {SOFTWARE, NURSING, *CLASSES.values()} <= offered
    (row,) = higher_rows([DATA]) if name == "higher" else vocational_rows([DATA], college.school.code)
    for place, column in enumerate(layout.columns, 1):
        sheet.cell(2, place, row.get(column.field, ""))
    out = io.BytesIO()
    book.save(out)
    made = check(college.staff["c-clerk1"], batch, out.getvalue())
    assert faults_of(made) == set()
    assert made.good_count == 1


def test_the_mended_row_offers_programmes_and_classes(college: College, higher: IntakeBatch) -> None:
    rows = higher_rows([SOFTWARE, DATA])
    rows[1]["programme_code"] = "1"
    made = bring_in(
        college.staff["c-clerk1"],
        check(college.staff["c-clerk1"], higher, layout_workbook(HIGHER, rows, {})),
    )
    client = signed_in(college.staff["c-clerk1"])
    page = client.get(reverse("enrollment:import_row", args=[made.rows.get().public_id])).content.decode()
    assert 'name="programme_code"' in page
    assert 'list="list-programme"' in page
    assert f'<option value="{NURSING}">' in page
    assert f'<option value="{CLASSES[NURSING]}">' in page


def test_files_of_another_layout_are_refused_with_its_missing_headers(
    college: College, higher: IntakeBatch, vocational: IntakeBatch
) -> None:
    content = layout_workbook(HIGHER, higher_rows([DATA]), HIGHER_NAMES)
    made = check(college.staff["c-clerk1"], vocational, content)
    assert made.state == ImportJob.State.REFUSED
    client = signed_in(college.staff["c-clerk1"])
    page = client.get(reverse("enrollment:import_result", args=[made.public_id])).content.decode()
    assert "学校标识码" in page
    assert "Nothing was written" in page
    assert empty_template(higher) != empty_template(vocational)


def typed(row: Row, **changes: str) -> dict[str, Any]:
    return {field: text for field, text in {**row, **changes}.items() if field != "programme_name"}


def test_the_form_of_a_college_says_the_same_as_its_file(college: College, higher: IntakeBatch) -> None:
    clerk = college.staff["c-clerk1"]
    (row,) = higher_rows([SOFTWARE])
    draft = intake.start_applicant(actor=clerk, batch=higher)
    cells = typed(row, id_type="", class_no=CLASSES[NURSING], study_years="4")
    saved = intake.save_draft(actor=clerk, applicant=draft, cells=cells).applicant
    assert (saved.id_type, saved.unit) == ("1", college.computing)
    faults = {(fault.field, fault.code, fault.level) for fault in examine(saved)}
    assert faults == {
        ("class_no", "class_programme", "error"),
        ("study_years", "programme_differs", "warning"),
    }
    with pytest.raises(intake.NotReady):
        intake.self_check(actor=clerk, applicant=saved)
