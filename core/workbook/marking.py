"""The uploaded table handed back with its faults marked, ready to be mended and uploaded again."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from core.workbook.reading import FileLike, open_table
from core.workbook.sheetxml import StyledRow, clean, with_rows
from core.workbook.table import Row, Table, fault_headers, header_key, make_row
from core.workbook.writing import TEXT_FORMAT, header_style, new_book, saved, style_of

FAULT_FILL = PatternFill("solid", start_color="FBEAEA")
FAULT_FONT = Font(color="B02A2A")
WRAPPED = Alignment(wrap_text=True, vertical="top")
MAX_COMMENTS = 2_000
MAX_COMMENT_TEXT = 1_000
WHOLE_ROW = -1
RowFaults = dict[int, list[str]]


def marked_copy(
    original_file: FileLike, faults: Iterable[tuple[int, int | None, str]], **table_options: Any
) -> bytes:
    """Return an .xlsx of the original's values: faulty cells coloured, with a comment; faults in a last column.

    `faults` are (sheet row number, column index from 0 or None for the whole row, message). `table_options`
    are those of `open_table` and must be the same as at import; row numbers stay the original's. Values are
    kept exactly, in text format; formulas become plain text. After MAX_COMMENTS cells only colour and column
    tell. Raises WorkbookRefused like `open_table`.
    """
    table = open_table(original_file, **table_options)
    by_row: dict[int, RowFaults] = defaultdict(lambda: defaultdict(list))
    for row_number, column, message in faults:
        by_row[row_number][WHOLE_ROW if column is None else column].append(message)
    return _write(table, by_row)


def _write(table: Table, faults: dict[int, RowFaults]) -> bytes:
    marks = fault_headers()
    kept = [index for index, name in enumerate(table.headers) if header_key(name) not in marks]
    book, sheet = new_book(table.sheet)
    sheet.freeze_panes = f"A{table.header_row + 1}"
    for position in range(1, len(kept) + 1):
        sheet.column_dimensions[get_column_letter(position)].width = 16
    sheet.column_dimensions[get_column_letter(len(kept) + 1)].width = 60
    text = style_of(sheet, number_format=TEXT_FORMAT)
    faulty = style_of(sheet, number_format=TEXT_FORMAT, fill=FAULT_FILL, font=FAULT_FONT)
    summary = style_of(sheet, number_format=TEXT_FORMAT, font=FAULT_FONT, alignment=WRAPPED)
    head = header_style(sheet)
    for row, position, messages in _commented(faults, kept):
        body = clean("\n".join(messages))[:MAX_COMMENT_TEXT]
        sheet.cell(row, position).comment = Comment(body, gettext("Problems"), width=320, height=90)

    def styled() -> Iterator[StyledRow]:
        for row in _all_rows(table):
            marked = faults.get(row.number, {}) if row.number > table.header_row else {}
            style = head if row.number == table.header_row else text
            cells = [_cell(row.values[i], faulty if i in marked else style, i in marked) for i in kept]
            if row.number == table.header_row:
                cells.append((gettext("Problems"), head))
            elif marked:
                cells.append((_summary(table, marked), summary))
            yield cells

    return with_rows(saved(book), styled())


def _commented(faults: dict[int, RowFaults], kept: list[int]) -> Iterator[tuple[int, int, list[str]]]:
    positions = {index: position for position, index in enumerate(kept, 1)}
    left = MAX_COMMENTS
    for row in sorted(faults):
        for index in sorted(faults[row].keys() & positions.keys()):
            if not left:
                return
            left -= 1
            yield row, positions[index], faults[row][index]


def _all_rows(table: Table) -> Iterator[Row]:
    width = len(table.headers)
    for number, raw in enumerate(table.source.raw_rows(), 1):
        yield make_row(number, raw, width, table.source.notes)


def _cell(value: str, style: int, always: bool) -> tuple[str, int] | None:
    return (value, style) if value or always else None


def _summary(table: Table, faults: RowFaults) -> str:
    lines = []
    for index in sorted(faults):
        name = table.headers[index] if 0 <= index < len(table.headers) else ""
        lines += [f"{name}：{message}" if name else message for message in faults[index]]
    return "\n".join(lines)
