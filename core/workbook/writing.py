"""Workbooks that we hand out: text stays text, identifiers keep their digits, nothing runs."""

import datetime as dt
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from core.workbook.cells import safe_cell
from core.workbook.sheetxml import StyledRow, with_rows

TEXT_FORMAT = "@"
HEADER_FILL = PatternFill("solid", start_color="EEF0F2")
HEADER_FONT = Font(bold=True)
NUMBER, MOMENT_FORMATS = 0, {dt.datetime: "yyyy-mm-dd hh:mm", dt.date: "yyyy-mm-dd", dt.time: "hh:mm"}

LONGEST_PRINTED = 200
"""Characters of a head or foot of print; Excel refuses a file with more than 255."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What tells a table that we handed out from any other: a serial for its properties, a line for eyes."""

    serial: str
    line: str


def new_book(sheet_name: str) -> tuple[Workbook, Worksheet]:
    """Return a workbook with one sheet of this name (characters that Excel forbids become spaces)."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = (
        "".join(" " if mark in "\\/*?:[]" else mark for mark in sheet_name)[:31].strip("' ") or "Sheet1"
    )
    return book, sheet


def style_of(sheet: Worksheet, **looks: Any) -> int:
    """Return the index of a style; `looks` are attributes of a cell (fill, font, number_format, ...)."""
    cell = Cell(sheet, row=1, column=1)
    for name, look in looks.items():
        setattr(cell, name, look)
    return int(cell.style_id)


def header_style(sheet: Worksheet) -> int:
    """Return the style of column names: bold on grey, text."""
    return style_of(sheet, fill=HEADER_FILL, font=HEADER_FONT, number_format=TEXT_FORMAT)


def write_table(
    headers: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    text_columns: Collection[int | str] = (),
    sheet_name: str = "Sheet1",
    mark: Mark | None = None,
) -> bytes:
    """Return an .xlsx. Columns in `text_columns` (indexes or names) become text; texts go through `safe_cell`.

    Numbers, dates, times and booleans elsewhere keep their type. The line of a `mark` stands in the first row and on
    each printed page. Raises ValueError for an unknown name.
    """
    book, sheet = new_book(sheet_name)
    sheet.freeze_panes = "A3" if mark else "A2"
    if mark:
        _put_mark(book, sheet, mark)
    as_text = {list(headers).index(column) if isinstance(column, str) else column for column in text_columns}
    for index, name in enumerate(headers):
        width = 20 if index in as_text else max(10, min(40, 2 * len(name) + 4))
        sheet.column_dimensions[get_column_letter(index + 1)].width = width
    head, text = header_style(sheet), style_of(sheet, number_format=TEXT_FORMAT)
    moments = {kind: style_of(sheet, number_format=code) for kind, code in MOMENT_FORMATS.items()}

    def styled() -> Iterator[StyledRow]:
        if mark:
            yield [(safe_cell(mark.line), text)]
        yield [(safe_cell(name), head) for name in headers]
        for row in rows:
            yield [_styled(value, index in as_text, text, moments) for index, value in enumerate(row)]

    return with_rows(saved(book), styled())


def _put_mark(book: Workbook, sheet: Worksheet, mark: Mark) -> None:
    book.properties.title = book.properties.identifier = mark.serial
    line = mark.line[:LONGEST_PRINTED].replace("&", "&&")
    pages: Any = sheet
    pages.oddHeader.center.text = pages.oddFooter.center.text = line
    sheet.print_title_rows = "1:2"


def _styled(value: Any, as_text: bool, text: int, moments: dict[type, int]) -> tuple[Any, int] | None:
    if value is None or value == "":
        return None
    if type(value) in moments and not as_text:
        return value, moments[type(value)]
    if not as_text and isinstance(value, (int, float, Decimal)):
        return value, NUMBER
    return safe_cell(str(value)), text


def saved(book: Workbook) -> bytes:
    """Return the bytes of a workbook."""
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
