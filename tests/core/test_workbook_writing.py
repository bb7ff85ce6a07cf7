"""What we hand out: exact, marked, and nothing that runs."""

import datetime as dt
import io
from decimal import Decimal

import openpyxl
import pytest
from django.utils.translation import override

from core.workbook import marked_copy, open_table, safe_cell, write_table
from tests.core.workbook_files import HEADERS, OPTIONS, PUPIL, xlsx

FORMULA = '=HYPERLINK("http://127.0.0.1/","x")'


@pytest.mark.parametrize(
    "text",
    [FORMULA, "+1+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "+86 138"],
)
def test_dangerous_texts_get_an_apostrophe(text: str) -> None:
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize(
    "value", ["王", "-", "-5", "+1.5", "", None, 3, -3, dt.date(2026, 9, 1), "a=b", "'=1"]
)
def test_harmless_values_stay(value: object) -> None:
    assert safe_cell(value) == value


def test_a_written_table_keeps_digits_types_and_runs_nothing() -> None:
    rows = [
        ["𠮷·䶮", "420112201704151393", Decimal("98.5"), dt.date(2026, 9, 1), None, True],
        [FORMULA, 7, 3, dt.datetime(2026, 9, 1, 8, 30, tzinfo=dt.UTC), "a\x00b\r\n_x000D_<&>", False],
    ]
    headers = ["姓名", "身份证件号", "成绩", "日期", "=备注", "在读"]
    data = write_table(headers, rows, text_columns=["身份证件号"])
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    assert [cell.value for cell in sheet[1]] == [*headers[:4], "'=备注", "在读"]
    assert [cell.value for cell in sheet[2]] == [
        rows[0][0],
        rows[0][1],
        98.5,
        dt.datetime(2026, 9, 1),
        None,
        True,
    ]
    assert (sheet["B2"].number_format, sheet["B3"].value, sheet["B3"].number_format) == ("@", "7", "@")
    assert (sheet["A3"].value, sheet["A3"].data_type) == ("'" + FORMULA, "s")
    assert sheet["D2"].number_format == "yyyy-mm-dd"
    again = list(open_table(data).rows())
    assert again[1].values[4] == "ab\r\n_x000D_<&>"


def test_a_marked_copy_shows_the_faults_and_comes_back_exactly() -> None:
    rows = [
        ["标题"],
        HEADERS,
        PUPIL,
        ["x", *PUPIL[1:]],
        [],
        ["", *PUPIL[1:]],
        ["\u3000空 格 ", "+86 1", "㛃", "1", "-"],
    ]
    original = xlsx(rows)
    faults = [
        (4, 0, "不能是公式"),
        (4, 3, "校验位不符"),
        (6, 0, "未填"),
        (7, None, "疑似重复"),
        (4, 0, "第二条"),
    ]
    with override("zh-hans"):
        data = marked_copy(io.BytesIO(original), faults, **OPTIONS)
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    assert (sheet.title, sheet["A1"].value, sheet["A2"].value) == ("学生信息模板", "标题", "姓名")
    assert sheet["A4"].fill.start_color.rgb == "00FBEAEA"
    assert sheet["A4"].comment.text == "不能是公式\n第二条"
    assert sheet["A6"].comment.text == "未填"
    assert sheet["A3"].comment is None
    assert sheet["F4"].value == "姓名：不能是公式\n姓名：第二条\n身份证件号：校验位不符"
    assert (sheet["F6"].value, sheet["F7"].value, sheet["F3"].value) == ("姓名：未填", "疑似重复", None)
    assert sheet["D4"].number_format == "@"
    before, after = open_table(original, **OPTIONS), open_table(data, **OPTIONS)
    assert after.unknown_headers == []
    width = len(HEADERS)
    assert [(r.number, r.values[:width]) for r in after.rows()] == [
        (r.number, r.values[:width]) for r in before.rows()
    ]


def test_marking_twice_keeps_one_column_of_faults() -> None:
    once = marked_copy(xlsx([HEADERS, PUPIL]), [(2, 0, "a")], **OPTIONS)
    with override("en"):
        twice = marked_copy(once, [(2, 1, "b")], **OPTIONS)
    sheet = openpyxl.load_workbook(io.BytesIO(twice)).worksheets[0]
    assert sheet.max_column == len(HEADERS) + 1
    assert sheet.cell(1, len(HEADERS) + 1).value == "Problems"
    assert sheet.cell(2, len(HEADERS) + 1).value == "性别：b"


def test_formulas_of_the_original_do_not_run_in_the_marked_copy() -> None:
    data = marked_copy(",".join(HEADERS).encode() + b'\n"=1+1",2,3,4,5\n', [(2, 0, "x")], **OPTIONS)
    cell = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]["A2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")
    assert next(open_table(data, **OPTIONS).rows()).formulas == {0}
