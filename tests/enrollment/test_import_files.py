"""Files as they really come: each gives the right result or a clear message, and leaves nothing half-done."""

import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

import openpyxl
import pytest
import xlwt
from django.db import connection
from django.utils.translation import override
from msoffcrypto.format.ooxml import OOXMLFile

from enrollment.importing import actions
from enrollment.importing.selectors import fault_words, refusal_of
from enrollment.models import Applicant, ImportFault, ImportJob, ImportRow, IntakeBatch
from files.models import Blob
from files.refusals import FileRefused
from jobs.models import Job
from ledger.models import Event
from records.columns import NATIONAL
from tests.cast import Cast
from tests.core.workbook_files import repacked, saved, tall, zipped
from tests.enrollment.importing import bring_in, check, make_classes
from tests.enrollment.intake import draft, make_batch
from tests.factories import set_rule
from tests.support.applicant_files import id_number, national_workbook, people

HEADERS = [column.header for column in NATIONAL.columns]


@pytest.fixture(autouse=True)
def _classes(cast: Cast) -> None:
    make_classes(cast.school)


def rows(count: int = 3) -> list[dict[str, str]]:
    return list(people(count))


def good() -> bytes:
    return national_workbook(rows())


def encrypted() -> bytes:
    """A workbook behind a password."""
    buffer = io.BytesIO()
    OOXMLFile(io.BytesIO(good())).encrypt("secret", buffer)
    return buffer.getvalue()


def bomb() -> bytes:
    return repacked(good(), extra={"xl/media/image1.bin": b"\0" * (300 << 20)})


def wrong_headers() -> bytes:
    return national_workbook(rows(), ["名字", "男女", "生日", "姓名", "性别", "班号"])


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "password": (encrypted, "password"),
    "macros": (lambda: repacked(good(), extra={"xl/vbaProject.bin": b"code"}), "macros"),
    "bomb": (bomb, "bomb"),
    "300,000 rows": (lambda: tall(5, declared=300_000), "too_many_rows"),
    "wrong headers": (wrong_headers, "missing_and_unknown_headers"),
    "no header": (lambda: b"a,b,c\n1,2,3\n", "no_header"),
    "no rows": (lambda: national_workbook([]), "empty"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_unfit_files_are_refused_with_words(cast: Cast, batch: IntakeBatch, name: str) -> None:
    make, code = REFUSED[name]
    made = check(cast.clerk, batch, make())
    assert (made.state, made.refusal) == (ImportJob.State.REFUSED, code)
    with override("en"):
        assert len(refusal_of(made, cast.clerk)) > 30
    assert not Applicant.objects.exists()
    assert not ImportRow.objects.exists()
    assert (Blob.objects.count(), ImportJob.objects.count()) == (1, 1)
    assert Event.objects.filter(action__startswith="import.").count() == 2
    assert made.job.state == Job.State.DONE


def test_a_cut_workbook_is_not_even_stored(cast: Cast, batch: IntakeBatch) -> None:
    with pytest.raises(FileRefused):
        check(cast.clerk, batch, good()[:-2000])
    assert not Blob.objects.exists()
    assert not ImportJob.objects.exists()
    assert not Event.objects.filter(action__startswith="import.").exists()


def faults_of(made: ImportJob) -> set[tuple[int, str, str]]:
    found = ImportFault.objects.filter(row__import_job=made)
    return set(found.values_list("row__row_number", "column", "code"))


def test_a_formula_is_a_fault_of_its_cell_alone(cast: Cast, batch: IntakeBatch) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(HEADERS)
    for person in rows(2):
        sheet.append([person[name] for name in HEADERS])
    sheet.cell(2, HEADERS.index("籍贯") + 1, "=1+1")
    made = check(cast.clerk, batch, saved(book))
    assert faults_of(made) == {(2, "籍贯", "formula")}
    assert (made.good_count, made.error_count) == (1, 1)


def test_numbers_stored_as_figures_lose_digits_and_dates_are_read(cast: Cast, batch: IntakeBatch) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(HEADERS)
    first, second = rows(2)
    sheet.append([first[name] for name in HEADERS])
    sheet.append([second[name] for name in HEADERS])
    sheet.cell(2, HEADERS.index("身份证件号") + 1, int(first["身份证件号"][:17]) * 10)
    born = datetime.strptime(second["出生日期"], "%Y%m%d")
    sheet.cell(3, HEADERS.index("出生日期") + 1, born)
    sheet.cell(3, HEADERS.index("入学年月") + 1, datetime(2026, 9, 1))
    made = bring_in(cast.clerk, check(cast.clerk, batch, saved(book)))
    assert {fault for fault in faults_of(made) if fault[0] == 2} == {(2, "身份证件号", "number_precision")}
    (applicant,) = Applicant.objects.all()
    assert (applicant.birth_date, applicant.enrol_month) == (born.date(), "202609")


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
def test_csv_with_rare_names_and_wide_digits_comes_in_whole(
    cast: Cast, batch: IntakeBatch, encoding: str
) -> None:
    names = ["𠮷野", "䶮一", "㛃心", "阿不都·热合曼"]
    persons = [{**person, "姓名": name} for person, name in zip(rows(4), names, strict=True)]
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    persons[0]["身份证件号"] = persons[0]["身份证件号"].translate(wide)
    persons[1]["邮政编码"] = persons[1]["邮政编码"].translate(wide)
    lines = [",".join(HEADERS), *(",".join(person[name] for name in HEADERS) for person in persons)]
    made = check(cast.clerk, batch, "\r\n".join(lines).encode(encoding), "名单.csv")
    assert made.error_count == 0, faults_of(made)
    bring_in(cast.clerk, made)
    found = Applicant.objects.order_by("import_row_number")
    assert [one.name for one in found] == names
    assert found[0].id_number.isascii()
    assert found[1].postcode == "430070"


def test_header_order_aliases_stars_and_codes_are_free(cast: Cast, batch: IntakeBatch) -> None:
    (person,) = rows(1)
    shuffled = list(reversed(HEADERS))
    named = {
        "姓名": "学生姓名 *",
        "身份证件号": "身份证号码",
        "联系电话": "联系方式（必填）",
        "国籍/地区": "国籍",
    }
    headers = [named.get(name, name) for name in shuffled]
    person["民族"] = "01"
    cells = {named.get(name, name): text for name, text in person.items()}
    made = check(cast.clerk, batch, national_workbook([cells], headers))
    assert made.error_count == 0, faults_of(made)
    bring_in(cast.clerk, made)
    applicant = Applicant.objects.get()
    assert (applicant.ethnicity, applicant.nationality) == ("01", "CHN")


def test_an_old_workbook_comes_in(cast: Cast, batch: IntakeBatch) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("学生信息模板")
    for column, name in enumerate(HEADERS):
        sheet.write(0, column, name)
        for number, person in enumerate(rows(2), 1):
            sheet.write(number, column, person[name])
    made = bring_in(cast.clerk, check(cast.clerk, batch, saved(book), "名单.xls"))
    assert (made.imported_count, made.error_count) == (2, 0)


def test_a_zip_of_one_pupil_workbooks(cast: Cast, batch: IntakeBatch) -> None:
    persons = rows(3)
    persons[2]["邮政编码"] = "43"
    files = {
        f"一班/{person['姓名']}{n}.xlsx": national_workbook([person]) for n, person in enumerate(persons)
    }
    files["坏.xlsx"] = good()[:-500]
    made = check(cast.clerk, batch, zipped(files), "一班.zip")
    assert (made.row_count, made.good_count, made.error_count) == (4, 2, 2)
    bring_in(cast.clerk, made)
    assert Applicant.objects.count() == 2
    bad = ImportRow.objects.get(row_number=2, state="problem")
    assert bad.member_file.startswith("一班/")
    broken = ImportRow.objects.get(row_number=0)
    assert (broken.member_file, broken.faults.get().code) == ("坏.xlsx", "file_refused")
    assert (bad.member, broken.member) == (3, 4)


def test_names_of_files_stand_encrypted(cast: Cast, batch: IntakeBatch) -> None:
    (person,) = rows(1)
    name = f"{person['姓名']}{person['身份证件号']}.xlsx"
    twice = {name: national_workbook([person]), f"又{name}": national_workbook([person])}
    made = check(cast.clerk, batch, zipped(twice), f"{name}.zip")
    assert [fault.detail for fault in ImportFault.objects.filter(row__import_job=made)] == ["1:2、2:2"]
    unsafe = check(cast.clerk, batch, zipped({f"../{name}": good()}), "b.zip")
    assert (unsafe.refusal, unsafe.refusal_params) == ("unsafe_names", {"name": f"../{name}"})
    with connection.cursor() as cursor:
        for table in (
            "enrollment_importrow",
            "enrollment_importfault",
            "enrollment_importjob",
            "files_blob",
            "jobs_job",
            "ledger_event",
        ):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            stored = str(cursor.fetchone())
            assert len(stored) > 10
            assert person["姓名"] not in stored
            assert person["姓名"].encode().hex() not in stored
            assert person["身份证件号"] not in stored


def test_what_a_refusal_names_stands_for_the_owner_alone(cast: Cast, batch: IntakeBatch) -> None:
    book = openpyxl.Workbook()
    for sheet, person in zip((book.worksheets[0], book.create_sheet()), rows(2), strict=True):
        sheet.title = person["姓名"]
        sheet.append(HEADERS)
        sheet.append([person.get(name, "") for name in HEADERS])
    name = rows(1)[0]["姓名"]
    alone = check(cast.clerk, batch, saved(book), "a.xlsx")
    check(cast.clerk, batch, zipped({"a.xlsx": saved(book), "b.xlsx": good()}), "b.zip")
    fault = ImportFault.objects.select_related("row").get(code="file_refused")
    assert alone.refusal == "several_sheets"
    for reader, sees in ((cast.clerk, True), (cast.second_clerk, False)):
        assert (name in refusal_of(alone, reader)) is sees
        assert (name in " ".join(fault_words(fault, reader))) is sees


def test_two_files_of_one_name_keep_their_faults_apart(cast: Cast, batch: IntakeBatch) -> None:
    folder = "很长的文件夹名" * 20
    files = {
        f"{folder}/{n}/张三.xlsx": national_workbook([{**person, "邮政编码": "1"}])
        for n, person in enumerate(rows(2))
    }
    made = check(cast.clerk, batch, zipped(files), "a.zip")
    assert made.error_count == 2
    assert [row.member for row in made.rows.order_by("pk")] == [1, 2]
    assert [row.member_file.rpartition("/")[0][-2:] for row in made.rows.order_by("pk")] == ["/0", "/1"]


def like(person: dict[str, str], other: dict[str, str], *names: str) -> dict[str, str]:
    """``person`` with some cells of ``other``."""
    return {**person, **{name: other[name] for name in names}}


def test_numbers_that_others_have_are_errors_and_namesakes_warnings(cast: Cast, batch: IntakeBatch) -> None:
    first, second = rows(2)
    bring_in(cast.clerk, check(cast.clerk, batch, national_workbook([first])))
    again = {**like(second, first, "身份证件号", "出生日期", "性别"), "姓名": "别人"}
    born = datetime.strptime(first["出生日期"], "%Y%m%d").date()
    twin = like(second, first, "姓名", "出生日期") | {
        "性别": "男",
        "身份证件号": id_number("330106", born, 777),
    }
    made = check(cast.clerk, batch, national_workbook([again, twin]))
    assert faults_of(made) == {(2, "身份证件号", "id_duplicate"), (3, "姓名", "possible_duplicate")}
    assert (made.good_count, made.error_count, made.warning_count) == (1, 1, 1)


def test_a_number_of_another_school_is_told_without_its_place_and_counted_in_the_event(
    cast: Cast, batch: IntakeBatch
) -> None:
    first, second = rows(2)
    theirs = make_batch(cast.other_school, code="OTHER-2026")
    draft(
        cast.outsider,
        theirs,
        class_no="2026101",
        id_number=first["身份证件号"],
        birth_date=first["出生日期"],
        sex=first["性别"],
    )
    made = check(cast.clerk, batch, national_workbook([first, second]))
    assert faults_of(made) == {(2, "身份证件号", "id_elsewhere")}
    assert Event.objects.filter(action="import.checked").latest("id").detail["elsewhere"] == 1


def test_one_number_of_two_people_blames_both(cast: Cast, batch: IntakeBatch) -> None:
    first, second = rows(2)
    second = {**like(second, first, "身份证件号", "出生日期", "性别"), "姓名": first["姓名"] + "乙"}
    made = check(cast.clerk, batch, national_workbook([first, second]))
    code = "id_duplicate_file"
    assert faults_of(made) == {(2, "身份证件号", code), (3, "身份证件号", code)}


def test_a_file_of_bad_rows_only_is_reported_whole(cast: Cast, batch: IntakeBatch) -> None:
    bad: list[dict[str, Any]] = [{**person, "邮政编码": "x", "民族": "火星族"} for person in people(1500)]
    made = check(cast.clerk, batch, national_workbook(bad))
    assert (made.good_count, made.error_count) == (0, 1500)
    assert ImportFault.objects.filter(row__import_job=made).count() == 3000
    with pytest.raises(actions.ImportRefused):
        actions.start_import(actor=cast.clerk, import_job=made)


def test_more_rows_than_the_school_allows(cast: Cast, batch: IntakeBatch) -> None:
    set_rule(cast.school, "max_import_rows", "100")
    made = check(cast.clerk, batch, national_workbook(rows(101)))
    assert (made.refusal, made.refusal_params) == ("too_many_rows", {"rows": 101, "limit": 100})
