"""What a clerk reads who uploads a file that is not as it should be, and that nothing of it stays half-done."""

import io
import re
from collections.abc import Callable

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from msoffcrypto.format.ooxml import OOXMLFile

from enrollment.models import Applicant, ApplicantMember, ImportJob, ImportRow, IntakeBatch
from files.models import Blob
from jobs.models import Job
from jobs.tasks import run
from ledger.models import Event
from records.columns import NATIONAL
from records.models import NumberSeries
from tests.cast import Cast
from tests.core.workbook_files import repacked, saved, tall, zipped
from tests.enrollment.importing import make_classes
from tests.support.applicant_files import national_workbook, people

HEADERS = [column.header for column in NATIONAL.columns]
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
RARE_NAMES = ["𠮷野", "䶮一", "㛃心", "阿不都·热合曼"]


@pytest.fixture(autouse=True)
def _classes(cast: Cast) -> None:
    make_classes(cast.school)


@pytest.fixture
def clerk(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.clerk)
    return client


def good(count: int = 2) -> bytes:
    return national_workbook(list(people(count)))


def encrypted() -> bytes:
    buffer = io.BytesIO()
    OOXMLFile(io.BytesIO(good())).encrypt("secret", buffer)
    return buffer.getvalue()


def csv(rows: list[dict[str, str]]) -> str:
    return "\r\n".join([",".join(HEADERS), *(",".join(row[name] for name in HEADERS) for row in rows)])


def endless_csv(lines: int) -> bytes:
    return (",".join(HEADERS) + "\n" + "1,王小明\n" * lines).encode()


def post(client: Client, batch: IntakeBatch, content: bytes, name: str, *, at_once: bool = False) -> str:
    """Upload through the page and let the worker do the job; the text that the clerk then reads."""
    answer = client.post(
        reverse("enrollment:import_upload"),
        {
            "batch": batch.public_id,
            "file": SimpleUploadedFile(name, content),
            "at_once": "on" if at_once else "",
        },
    )
    if answer.status_code == 302:
        run(ImportJob.objects.latest("pk").job_id)
        answer = client.get(answer["Location"])
    return answer.content.decode()


def read_in_english(client: Client) -> str:
    address = reverse("enrollment:import_result", args=[ImportJob.objects.latest("pk").public_id])
    return client.get(address, headers={"accept-language": "en"}).content.decode()


def nothing_is_left() -> bool:
    """No applicant, no row, no number spent, no job that still runs."""
    written = [model.objects.exists() for model in (Applicant, ApplicantMember, ImportRow)]
    numbers = NumberSeries.objects.filter(key__startswith="applicant/").exists()
    running = Job.objects.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING]).exists()
    return not any([*written, numbers, running])


CASES: dict[str, tuple[Callable[[], bytes], str, str, str]] = {
    "password": (encrypted, "a.xlsx", "文件设有密码", "protected by a password"),
    "macros": (
        lambda: repacked(good(), extra={"xl/vbaProject.bin": b"code"}),
        "a.xlsm",
        "文件带有宏",
        "carries macros",
    ),
    "macros under another name": (
        lambda: repacked(good(), extra={"xl/vbaProject.bin": b"code"}),
        "a.xlsx",
        "文件带有宏",
        "carries macros",
    ),
    "bomb": (
        lambda: repacked(good(), extra={"xl/media/image1.bin": b"\0" * (300 << 20)}),
        "a.xlsx",
        "文件解压后过大",
        "far too large when unpacked",
    ),
    "300,000 rows": (
        lambda: tall(5, declared=300_000),
        "a.xlsx",
        "工作表声明有 300000 行，最多允许 50000 行",
        "declares 300000 rows; at most 50000",
    ),
    "300,000 lines": (
        lambda: endless_csv(300_000),
        "a.csv",
        "最多允许 50000 行",
        "at most 50000 are allowed",
    ),
    "wrong headers": (
        lambda: national_workbook(list(people(2)), ["名字", "男女", "生日", "姓名", "性别", "班号"]),
        "a.xlsx",
        "无法识别的列：名字、男女、生日",
        "These columns are unknown: 名字、男女、生日",
    ),
    "no header": (lambda: b"a,b,c\n1,2,3\n", "a.csv", "没有找到表头行", "No row with the column names"),
    "no rows": (lambda: national_workbook([]), "a.xlsx", "文件中没有数据", "The file holds no data"),
}


@pytest.mark.requirement("S2-11.3-1")
@pytest.mark.parametrize("name", CASES)
def test_an_unfit_file_is_refused_in_words(batch: IntakeBatch, clerk: Client, name: str) -> None:
    make, filename, chinese, english = CASES[name]
    content = make()
    page = post(clerk, batch, content, filename)
    assert chinese in page
    assert "未写入任何数据" in page
    assert escape(english) in read_in_english(clerk)
    assert ImportJob.objects.get().state == ImportJob.State.REFUSED
    assert nothing_is_left()
    assert not Event.objects.filter(action="import.imported").exists()

    assert chinese in post(clerk, batch, content, filename), "the same file again gets the same answer"
    post(clerk, batch, good(), "b.xlsx", at_once=True)
    assert Applicant.objects.count() == 2, "the next file is taken as if nothing had been"


def test_macros_and_a_bomb_at_once_leave_nothing_either(batch: IntakeBatch, clerk: Client) -> None:
    for name in ("macros", "bomb", "300,000 rows", "wrong headers"):
        make, filename, chinese, _english = CASES[name]
        assert chinese in post(clerk, batch, make(), filename, at_once=True)
    assert nothing_is_left()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (lambda: good()[:-2000], "a.xlsx"),
        (lambda: good()[: len(good()) // 2], "a.xlsx"),
        (lambda: zipped({"a.xlsx": good()})[:-100], "a.zip"),
    ],
)
def test_a_cut_file_is_not_even_stored(
    batch: IntakeBatch, clerk: Client, content: Callable[[], bytes], name: str
) -> None:
    page = post(clerk, batch, content(), name)
    assert "文件已损坏或不完整" in page
    assert 'name="file"' in page, "the clerk is still on the page for uploading"
    assert not Blob.objects.exists()
    assert not ImportJob.objects.exists()
    assert nothing_is_left()
    assert not Event.objects.filter(action__startswith="import.").exists()


def test_an_empty_or_foreign_file_is_named_on_the_page(batch: IntakeBatch, clerk: Client) -> None:
    assert "文件是空的" in post(clerk, batch, b"", "a.xlsx")
    assert not ImportJob.objects.exists()
    pdf = post(clerk, batch, b"%PDF-1.7\n1 0 obj\n", "a.xlsx")
    assert 'class="xj-fault"' in pdf
    assert not Blob.objects.exists()


def test_a_cut_workbook_inside_a_zip_is_told_beside_the_good_ones(batch: IntakeBatch, clerk: Client) -> None:
    one, two = people(2)
    files = {"好.xlsx": national_workbook([one]), "断.xlsx": national_workbook([two])[:-700]}
    page = post(clerk, batch, zipped(files), "一班.zip", at_once=True)
    assert "断.xlsx" in page
    assert "文件已损坏或不完整" in page
    assert Applicant.objects.get().name == one["姓名"]


def test_formula_cells_are_named_and_only_their_rows_wait(batch: IntakeBatch, clerk: Client) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(HEADERS)
    for person in people(3):
        sheet.append([person[name] for name in HEADERS])
    sheet.cell(2, HEADERS.index("籍贯") + 1, "=1+1")
    sheet.cell(3, HEADERS.index("姓名") + 1, '=HYPERLINK("http://example.org","x")')
    page = post(clerk, batch, saved(book), "a.xlsx", at_once=True)
    assert page.count("单元格含有公式") >= 2
    assert Applicant.objects.count() == 1
    assert set(ImportRow.objects.values_list("row_number", "state")) == {(2, "problem"), (3, "problem")}


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-8"])
def test_csv_with_rare_names_and_wide_digits_comes_in_right(
    batch: IntakeBatch, clerk: Client, encoding: str
) -> None:
    rows = [{**row, "姓名": given} for row, given in zip(people(4), RARE_NAMES, strict=True)]
    rows[0]["身份证件号"] = rows[0]["身份证件号"].translate(WIDE)
    rows[1]["邮政编码"] = rows[1]["邮政编码"].translate(WIDE)
    rows[2]["出生日期"] = rows[2]["出生日期"].translate(WIDE)
    page = post(clerk, batch, csv(rows).encode(encoding), "名单.csv", at_once=True)
    assert "已导入 4 名" in page
    found = list(Applicant.objects.order_by("import_row_number"))
    assert [one.name for one in found] == RARE_NAMES
    assert found[3].name == "阿不都\u00b7热合曼"
    assert all(re.fullmatch(r"\d{17}[\dX]", one.id_number, re.ASCII) for one in found)
    assert found[1].postcode == "430070"
    listed = clerk.get(reverse("enrollment:applicants", args=[batch.public_id])).content.decode()
    for given in RARE_NAMES:
        assert given in listed
    clerk.post(reverse("enrollment:import_undo", args=[ImportJob.objects.get().public_id]))
    assert not Applicant.objects.exists()


def test_rare_names_and_wide_digits_come_in_from_a_workbook(batch: IntakeBatch, clerk: Client) -> None:
    rows = [{**row, "姓名": given} for row, given in zip(people(4), RARE_NAMES, strict=True)]
    for row in rows:
        row["联系电话"] = row["联系电话"].translate(WIDE)
    rows[3]["姓名"] = "阿不都•热合曼"
    post(clerk, batch, national_workbook(rows), "名单.xlsx", at_once=True)
    found = Applicant.objects.order_by("import_row_number")
    assert [one.name for one in found] == RARE_NAMES
    assert all(one.phone.isascii() for one in found)
