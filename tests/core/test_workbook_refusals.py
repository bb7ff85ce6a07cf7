"""Files that are refused, each with its own code and a message that says what to do."""

import io
import re
import struct
import zipfile
import zlib
from typing import Any

import msoffcrypto.format.ooxml
import openpyxl
import pytest
import xlwt
from django.utils.translation import override

from core.workbook import WorkbookRefused, open_table, refusal_message
from core.workbook.package import Limits
from core.workbook.refusal import MESSAGES
from tests.core.workbook_files import HEADERS, OPTIONS, PUPIL, repacked, saved, tall, with_sheet, xlsx, zipped

GOOD = xlsx([HEADERS, PUPIL])


def refused(data: bytes, **options: Any) -> WorkbookRefused:
    with pytest.raises(WorkbookRefused) as caught:
        list(open_table(data, **{**OPTIONS, **options}).rows())
    assert caught.value.message.strip()
    return caught.value


def xls(rows: int = 2) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("s")
    for number, values in enumerate([HEADERS, PUPIL][:rows]):
        for column, value in enumerate(values):
            sheet.write(number, column, value)
    return saved(book)


def encrypted() -> bytes:
    out = io.BytesIO()
    msoffcrypto.format.ooxml.OOXMLFile(io.BytesIO(GOOD)).encrypt("secret", out)
    return out.getvalue()


def locked_xls() -> bytes:
    """An .xls whose globals carry the FILEPASS record of a password."""
    data = xls()
    mark = struct.pack("<HH", 0x0042, 2)
    at = data.index(mark)
    return data[:at] + struct.pack("<HH", 0x002F, 2) + data[at + 4 :]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (xlsx([]), "empty"),
        (xlsx([HEADERS]), "empty"),
        (xls(1), "empty"),
        (b"%PDF-1.7 ...", "not_a_workbook"),
        (b"\x89PNG\r\n\x1a\n", "not_a_workbook"),
        (b"a,b\x00\x00\x00,c\n" * 3, "not_a_workbook"),
        (zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<d/>"}), "not_a_workbook"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "web_page"),
        (
            zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<x/>"}),
            "other_format",
        ),
        (zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.bin": b"x"}), "other_format"),
        (GOOD[: len(GOOD) // 2], "damaged"),
        (GOOD[:-30], "damaged"),
        (xls()[:3000], "damaged"),
        (b"PK\x03\x04" + b"x" * 500, "damaged"),
        ("姓名,性别\n".encode("gb18030") + b"\xff\xff\xff", "encoding"),
        (zipped({"a.xlsx": GOOD}), "is_collection"),
    ],
)
def test_unfit_files_are_refused_by_their_content(data: bytes, code: str) -> None:
    assert refused(data, filename="good-name.xlsx").code == code


def test_passwords_are_named() -> None:
    assert refused(encrypted()).code == "password"
    assert refused(locked_xls()).code == "password"


def test_macros_are_refused_under_any_name() -> None:
    assert refused(repacked(GOOD, extra={"xl/vbaProject.bin": b"x"})).code == "macros"
    renamed = repacked(
        GOOD,
        lambda name, content: content.replace(b"</Types>", b'<Default Extension="b" ContentType="application/'
                                              b'vnd.ms-office.vbaProject"/></Types>'),
        {"xl/harmless.b": b"x"},
    )  # fmt: skip
    assert refused(renamed).code == "macros"


def test_a_macro_storage_in_an_xls_is_refused() -> None:
    data = xls()
    name = "Workbook".encode("utf-16-le")
    macro = "VBA_PROJ".encode("utf-16-le")
    assert refused(data.replace(name, macro, 1)).code == "macros"


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml"])
def test_xml_definitions_are_refused_in_every_part(part: str) -> None:
    evil = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'

    def change(name: str, content: bytes) -> bytes:
        if name != part:
            return content
        head, mark, rest = content.rpartition(b"?>")
        return head + mark + evil + rest

    assert refused(repacked(GOOD, change)).code == "external_entities"


def test_declared_rows_are_refused_at_once() -> None:
    data = tall(10, declared=300_001)
    error = refused(data)
    assert (error.code, error.params) == ("too_many_rows", {"rows": 300_001, "limit": 50_000})
    assert "300001" in error.message


@pytest.mark.parametrize("row_numbers", [True, False])
def test_300000_rows_are_refused_when_the_dimension_lies(row_numbers: bool) -> None:
    data = tall(300_000, declared=2, row_numbers=row_numbers)
    assert refused(data).code == "too_many_rows"


def test_a_300000_row_csv_is_refused() -> None:
    assert refused(",".join(HEADERS).encode() + b"\n1,2,3,4,5" * 300_000).code == "too_many_rows"


def test_a_lone_cell_far_away_costs_no_memory() -> None:
    far = with_sheet(GOOD, lambda xml: xml.replace(b'r="E2"', b'r="XFD40000"'))
    assert refused(far).code == "too_wide"
    low = with_sheet(GOOD, lambda xml: xml.replace(b'r="E2"', b'r="E1048576"'))
    assert refused(low).code == "too_many_rows"


def test_the_row_limit_is_a_setting() -> None:
    data = xlsx([HEADERS, *[PUPIL] * 50])
    assert refused(data, limits=Limits(max_rows=10)).code == "too_many_rows"
    assert len(list(open_table(data, **OPTIONS, limits=Limits(max_rows=50)).rows())) == 50


def test_bombs_are_refused_without_being_unpacked() -> None:
    assert refused(repacked(GOOD, extra={"xl/media/a.bin": b"\0" * (40 << 20)})).code == "bomb"
    many = repacked(GOOD, extra={f"xl/{number}.xml": b"" for number in range(2_100)})
    assert refused(many).code == "bomb"


def test_a_bomb_of_one_shared_text_is_refused() -> None:
    assert refused(shared_text("A" * 32_000, 30_000)).code == "bomb"
    assert refused(shared_text("A" * 9_000_000, 3)).code == "bomb"
    honest = refused(shared_text("王", 1_000), known_headers=(), required_headers=())
    assert (honest.code, honest.params) == ("duplicate_headers", {"names": "王、王、王、王"})


def shared_text(text: str, rows: int) -> bytes:
    """A workbook whose cells all point at one shared text."""
    body = "".join(
        f'<row r="{n}">' + "".join(f'<c r="{c}{n}" t="s"><v>0</v></c>' for c in "ABCDE") + "</row>"
        for n in range(1, rows + 1)
    )
    parts = {
        "[Content_Types].xml": b"</Types>",
        "xl/_rels/workbook.xml.rels": b"</Relationships>",
        "xl/worksheets/sheet1.xml": b"<sheetData>",
    }
    additions = {
        "[Content_Types].xml": '<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.'
        'openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>',
        "xl/_rels/workbook.xml.rels": '<Relationship Id="rId99" Target="sharedStrings.xml" Type="http://schemas.'
        'openxmlformats.org/officeDocument/2006/relationships/sharedStrings"/></Relationships>',
        "xl/worksheets/sheet1.xml": "<sheetData>" + body,
    }

    def change(name: str, content: bytes) -> bytes:
        if name.endswith("sheet1.xml"):
            content = re.sub(
                rb"<sheetData>.*</sheetData>", b"<sheetData></sheetData>", content, flags=re.DOTALL
            )
            content = re.sub(rb"<dimension [^>]*/>", b"", content)
        return content.replace(parts[name], additions[name].encode()) if name in parts else content

    shared = (
        f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>{text}</t></si></sst>'
    )
    return repacked(GOOD, change, {"xl/sharedStrings.xml": shared.encode()})


def test_a_member_that_unpacks_beyond_its_declared_size_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as source:
        sheet = source.getinfo("xl/worksheets/sheet1.xml")
        content = source.read(sheet)
        out = bytearray(repacked(GOOD))
    with zipfile.ZipFile(io.BytesIO(bytes(out))) as again:
        at = again.getinfo(sheet.filename)
    cut = len(content) // 2
    entry = out.index(sheet.filename.encode(), at.header_offset + 40) - 46
    struct.pack_into("<I", out, entry + 16, zlib.crc32(content[:cut]))
    struct.pack_into("<I", out, entry + 24, cut)
    buffer.write(out)
    assert refused(buffer.getvalue()).code == "damaged"


def test_several_filled_sheets_are_named() -> None:
    book = openpyxl.load_workbook(io.BytesIO(GOOD))
    second = book.create_sheet("二班")
    for row in (HEADERS, PUPIL):
        second.append(row)
    error = refused(saved(book))
    assert error.code == "several_sheets"
    assert "学生信息模板" in error.message
    assert "二班" in error.message


def test_wrong_headers_name_what_is_missing_and_what_is_unknown() -> None:
    error = refused(xlsx([["姓名", "性别", "出生日期", "身份证"], PUPIL]))
    assert error.code == "missing_and_unknown_headers"
    assert error.params == {"names": "身份证件号", "unknown": "身份证"}
    assert refused(xlsx([["姓名", "性别", "出生日期"], PUPIL])).code == "missing_headers"
    error = refused(xlsx([["课程", "学分"], ["语文", "3"]]))
    assert error.code == "no_header"
    assert "身份证件号" in error.message
    assert refused(xlsx([[*HEADERS, "姓名"], PUPIL])).code == "duplicate_headers"


def test_every_message_exists_in_both_languages_and_can_be_stored() -> None:
    params = dict.fromkeys(["limit", "rows", "sheets", "names", "unknown", "name", "count"], "7")
    for code in MESSAGES:
        with override("en"):
            english = refusal_message(code, params)
        assert "%(" not in english
        with override("zh-hans"):
            assert "%(" not in refusal_message(code, params)
