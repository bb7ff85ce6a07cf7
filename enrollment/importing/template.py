"""The empty template that schools fill in: all cells text, lists to choose from, mandatory columns marked."""

from collections.abc import Mapping, Sequence

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from core.workbook.writing import TEXT_FORMAT, saved
from enrollment.cells import layout_of
from enrollment.models import IntakeBatch
from enrollment.selectors import codes_in_use, programme_choices
from records.columns import Column, Kind
from school.models import SchoolClass

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
    choices = {column.field: found for column in columns if (found := _choices(column, batch))}
    _lists(book, sheet, columns, choices)
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


def _choices(column: Column, batch: IntakeBatch) -> list[str]:
    if column.kind is Kind.BOOLEAN:
        return ["是", "否"]
    if column.kind is Kind.CLASS_NO:
        classes = SchoolClass.objects.filter(school=batch.school_id, is_active=True)
        return list(classes.order_by("class_no").values_list("class_no", flat=True))
    if column.kind is Kind.PROGRAMME:
        return [code for code, _label in programme_choices(batch)]
    if column.kind is Kind.CODE:
        return [code.label_zh for code in codes_in_use([column.code_list])]
    return []


def _lists(
    book: Workbook, sheet: Worksheet, columns: Sequence[Column], choices: Mapping[str, list[str]]
) -> None:
    lists = book.create_sheet(LISTS)
    lists.sheet_state = "hidden"
    places: dict[tuple[str, ...], str] = {}
    for index, column in enumerate(columns, 1):
        found = tuple(choices.get(column.field, ()))
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
