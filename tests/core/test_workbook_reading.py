"""What the importer gets from good files."""

import datetime as dt
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt

from core.workbook import Table, open_table, write_table
from tests.core.workbook_files import HEADERS, OPTIONS, PUPIL, RARE_NAMES, saved, with_sheet, xlsx

MEASURE = """
import resource, sys, django
django.setup()
from core.workbook import open_table
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rows = sum(1 for row in open_table(sys.argv[1]).rows() if len(row) == 71)
print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def csv_text(*rows: list[str], mark: str = ",") -> str:
    return "\r\n".join(mark.join(row) for row in rows) + "\r\n"


def only(table: Table) -> Any:
    rows = list(table.rows())
    assert len(rows) == 1
    return rows[0]


def test_titles_above_the_header_keep_the_sheets_row_numbers() -> None:
    data = xlsx([["2026 级新生登记表"], [], HEADERS, PUPIL, [], ["李明", *PUPIL[1:]]])
    table = open_table(io.BytesIO(data), filename="a.xlsx", **OPTIONS)
    assert (table.kind, table.sheet, table.header_row, table.headers) == ("xlsx", "学生信息模板", 3, HEADERS)
    assert [(row.number, row.values[0]) for row in table.rows()] == [(4, "王小明"), (6, "李明")]
    assert [row.number for row in table.rows()] == [4, 6]


def test_an_area_that_begins_in_the_middle_keeps_its_columns() -> None:
    book = openpyxl.Workbook()
    for column, (name, value) in enumerate(zip(HEADERS, PUPIL, strict=True), 3):
        book.worksheets[0].cell(5, column, name)
        book.worksheets[0].cell(6, column, value)
    table = open_table(saved(book), **OPTIONS)
    assert table.columns["姓名"] == 2
    row = only(table)
    assert row.number == 6
    assert row[table.columns["姓名"]].text == "王小明"


def test_values_become_the_text_that_the_user_means() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["a", "b", "c", "d", "e", "f", "g", "h", "i"])
    sheet.append([12, 1.5, dt.date(2026, 9, 1), dt.datetime(2026, 9, 1, 8, 30), True, 7, 0.1, 20260901, -3])
    sheet["F2"].number_format = "000000"
    row = only(open_table(saved(book)))
    assert row.values == [
        "12",
        "1.5",
        "20260901",
        "20260901 08:30:00",
        "TRUE",
        "000007",
        "0.1",
        "20260901",
        "-3",
    ]
    assert row.kinds == {0: "number", 1: "number", 2: "date", 3: "date", 4: "bool", 5: "number", 6: "number",
                         7: "number", 8: "number"}  # fmt: skip
    assert row.faults == {}


def test_an_id_number_stored_as_a_number_is_flagged_and_never_scientific() -> None:
    row = only(open_table(xlsx([HEADERS, ["王", "男", "1", 420112201704151393, 13800138000]]), **OPTIONS))
    assert (row[3].text, row[3].fault) == ("420112201704151000", "number_precision")
    assert (row[4].text, row[4].fault) == ("13800138000", "")


def test_a_scientific_text_in_csv_is_flagged() -> None:
    text = csv_text(HEADERS, ["王", "男", "1", "4.20112E+17", "2"])
    assert only(open_table(text.encode(), **OPTIONS)).faults == {3: "number_precision"}


def test_formula_cells_and_formula_texts_are_reported_by_column() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (HEADERS, PUPIL, PUPIL, PUPIL, PUPIL):
        sheet.append(row)
    sheet["A3"] = '=HYPERLINK("http://127.0.0.1/","x")'
    sheet["A4"] = '=HYPERLINK("http://127.0.0.1/","x")'
    sheet["A4"].data_type = "s"
    sheet["B5"], sheet["C5"] = "＝1+1", "@SUM(A1)"
    rows = {row.number: row for row in open_table(saved(book), **OPTIONS).rows()}
    assert {number: row.formulas for number, row in rows.items()} == {
        2: frozenset(), 3: frozenset({0}), 4: frozenset({0}), 5: frozenset({1, 2})
    }  # fmt: skip
    assert rows[4][0].fault == "formula"


@pytest.mark.parametrize("place", [0, 1, len(PUPIL) - 1])
@pytest.mark.parametrize(
    ("text", "fault"),
    [("@SUM(A1)", "formula"), ("\n=1+1", "formula"), ("＝A1", "formula"), ("1.2E+17", "number_precision")],
)
def test_one_bad_text_is_found_wherever_it_stands_among_good_ones(text: str, fault: str, place: int) -> None:
    pupil = [*PUPIL[:place], text, *PUPIL[place + 1 :]]
    assert only(open_table(xlsx([HEADERS, pupil]), **OPTIONS)).faults == {place: fault}


@pytest.mark.parametrize("text", ["-", "——", "-5", "+86 138-0013-8000", "- -", "(027) 1234"])
def test_dashes_phones_and_signed_numbers_are_no_formulas(text: str) -> None:
    assert only(open_table(xlsx([HEADERS, [text, *PUPIL[1:]]]), **OPTIONS)).faults == {}


def test_formulas_are_found_without_references_and_with_prefixes() -> None:
    plain = xlsx([HEADERS, ["=1+1", *PUPIL[1:]]])
    bare = with_sheet(plain, lambda xml: xml.replace(b'<row r="2"', b"<row").replace(b'<c r="A2"', b"<c"))
    assert bare != plain
    assert only(open_table(bare, **OPTIONS)).formulas == {0}

    def prefixed(xml: bytes) -> bytes:
        xml = xml.replace(b"xmlns=", b"xmlns:x=").replace(b"</", b"</x:").replace(b"<", b"<x:")
        return xml.replace(b"<x:/x:", b"</x:").replace(b"<x:?xml", b"<?xml")

    assert only(open_table(with_sheet(plain, prefixed), **OPTIONS)).formulas == {0}


def test_error_values_are_faults() -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(HEADERS)
    book.worksheets[0].append(["#N/A", *PUPIL[1:]])
    row = only(open_table(saved(book), **OPTIONS))
    assert (row[0].text, row[0].fault) == ("#N/A", "error_value")


@pytest.mark.parametrize("name", RARE_NAMES)
@pytest.mark.parametrize(
    "kind", ["xlsx", "utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_rare_characters_arrive_in_every_format(name: str, kind: str) -> None:
    rows = [HEADERS, [name, *PUPIL[1:]]]
    data = xlsx(rows) if kind == "xlsx" else csv_text(*rows).encode(kind)
    assert only(open_table(data, **OPTIONS)).values == rows[1]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_delimiters_quotes_and_row_numbers(mark: str) -> None:
    text = csv_text(["说明：请勿改动表头"], HEADERS, ['"两\n行,;"', *PUPIL[1:]], [], PUPIL, mark=mark)
    table = open_table(text.encode(), **OPTIONS)
    assert [(row.number, row.values[0]) for row in table.rows()] == [(3, "两\n行,;"), (5, "王小明")]


def test_csv_digits_kept_by_an_equals_sign_are_no_formula() -> None:
    text = f'{",".join(HEADERS)}\n王,男,1,"=""420112201704151393""",1\n'
    row = only(open_table(text.encode(), **OPTIONS))
    assert (row.values[3], row.faults) == ("420112201704151393", {})


def test_xls_is_read_with_its_formulas() -> None:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("学生")
    for column, (name, value) in enumerate(zip(HEADERS, ["𠮷", *PUPIL[1:]], strict=True)):
        sheet.write(0, column, name)
        sheet.write(1, column, value)
    sheet.write(2, 0, xlwt.Formula("1+1"))
    sheet.write(2, 1, 12)
    table = open_table(saved(book), filename="wrong-name.csv", **OPTIONS)
    rows = list(table.rows())
    assert (table.kind, table.sheet, rows[0].values[0], rows[0].values[3]) == ("xls", "学生", "𠮷", PUPIL[3])
    assert (rows[1].number, rows[1].formulas, rows[1].values[1]) == (3, {0}, "12")


def test_headers_are_known_by_alias_star_note_and_width() -> None:
    names = ["* 姓名（必填）", "性 别", "出生日期\n", "身份证号", "备注"]
    table = open_table(xlsx([names, PUPIL]), **OPTIONS, aliases={"身份证号": "身份证件号"})
    assert table.columns == {"姓名": 0, "性别": 1, "出生日期": 2, "身份证件号": 3}
    assert table.unknown_headers == ["备注"]
    assert table.headers[0] == "* 姓名（必填）"


def test_a_sheet_of_instructions_and_hidden_lists_stand_aside() -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx([HEADERS, PUPIL])))
    book.create_sheet("填表说明").append(["请按模板填写"])
    hidden = book.create_sheet("字典")
    for row in (HEADERS, PUPIL):
        hidden.append(row)
    hidden.sheet_state = "hidden"
    table = open_table(saved(book), **OPTIONS)
    assert (table.sheet, table.ignored_sheets) == ("学生信息模板", ["填表说明"])


def test_the_file_may_be_a_path_bytes_or_a_stream(tmp_path: Path) -> None:
    data = xlsx([HEADERS, PUPIL])
    path = tmp_path / "a.xlsx"
    path.write_bytes(data)
    for file in (path, str(path), data, io.BytesIO(data)):
        assert only(open_table(file, **OPTIONS)).values == PUPIL


def test_20000_rows_of_71_columns_stay_small_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "big.xlsx"
    row = [f"江汉区解放路{number}号" for number in range(71)]
    path.write_bytes(write_table([f"列{number}" for number in range(71)], [row] * 20_000))
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": str(Path.cwd())}
    output = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows, kilobytes = output.split()
    assert int(rows) == 20_000
    assert int(kilobytes) < 250_000
