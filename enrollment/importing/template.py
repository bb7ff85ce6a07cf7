"""The empty template that schools fill in: all cells text, lists to choose from, mandatory columns marked."""

from collections.abc import Mapping, Sequence

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from core.workbook.writing import TEXT_FORMAT, saved
from enrollment.cells import layout_of
from enrollment.importing.mending import choices, list_of
from enrollment.models import IntakeBatch
from records.columns import Column, Kind

SHEET, LISTS = "学生信息模板", "可选项"
LAST_ROW = 5000
REQUIRED_FILL = PatternFill("solid", start_color="FEF3DC")
OTHER_FILL = PatternFill("solid", start_color="EEF0F2")


def empty_template(batch: IntakeBatch) -> bytes:
    """An .xlsx for one batch. The lists stand on a hidden sheet, which an import skips."""
    columns = layout_of(batch).columns
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = SHEET
    for index, column in enumerate(columns, 1):
        _column(sheet, index, column)
    sheet.freeze_panes = "C2"
    sheet.row_dimensions[1].height = 36
    _lists(book, sheet, columns, choices(batch))
    return saved(book)


def _column(sheet: Worksheet, index: int, column: Column) -> None:
    head = sheet.cell(1, index, column.header + ("*" if column.required else ""))
    head.font = Font(bold=True)
    head.fill = REQUIRED_FILL if column.required else OTHER_FILL
    head.alignment = Alignment(wrap_text=True, vertical="center")
    head.number_format = TEXT_FORMAT
    dimension = sheet.column_dimensions[get_column_letter(index)]
    dimension.width = 22 if column.kind in {Kind.ID_NUMBER, Kind.TEXT} else 14
    dimension.number_format = TEXT_FORMAT


def _lists(
    book: Workbook, sheet: Worksheet, columns: Sequence[Column], offered: Mapping[str, list[str]]
) -> None:
    lists = book.create_sheet(LISTS)
    lists.sheet_state = "hidden"
    places: dict[tuple[str, ...], str] = {}
    for index, column in enumerate(columns, 1):
        found = tuple(offered.get(list_of(column), ()))
        if not found:
            continue
        if found not in places:
            letter = get_column_letter(len(places) + 1)
            for row, label in enumerate(found, 1):
                lists[f"{letter}{row}"] = label
            places[found] = f"'{LISTS}'!${letter}$1:${letter}${len(found)}"
        rule = DataValidation(type="list", formula1=places[found], allow_blank=True, showErrorMessage=False)
        here = get_column_letter(index)
        rule.add(f"{here}2:{here}{LAST_ROW}")
        sheet.add_data_validation(rule)
