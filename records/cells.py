"""Reading one cell: text as somebody typed it becomes a value, or a fault that says what to do."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField

from core.chinese import clean_name, clean_text
from core.idnumber import IdNumberFault, parse_id_number
from records.columns import Column, Kind
from records.faults import Fault
from records.models import Enrolment, Student

_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0\d{2,3}-?\d{7,8}(-\d{1,6})?")
_NAME = re.compile(
    r"[^\d\s=+@<>\"&%#$*/\\|;:!?，。、；：！？（）()]+(?: [^\d\s=+@<>\"&%#$*/\\|;:!?，。、；：！？（）()]+)*"
)
_YES_NO = {
    "是": True,
    "否": False,
    "1": True,
    "0": False,
    "Y": True,
    "N": False,
    "true": True,
    "false": False,
}
_YES_NO |= {"True": True, "False": False}
_FORMULA_STARTS = ("=", "+", "-", "@")
_DECIMALS = {
    field.name: field
    for model in (Student, Enrolment)
    for field in model._meta.local_fields
    if isinstance(field, DecimalField)
}


class CellFault(Exception):
    """A cell that cannot be read; carries the code of the message and its detail."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


@dataclass(frozen=True)
class ProgrammeFacts:
    """What the school keeps of a programme, to compare a row with."""

    names: frozenset[str]
    level: str
    learning_form: str
    study_years: Decimal


@dataclass
class CodeBook:
    """What a cell may hold at one school: code lists, regions, classes, programmes; built once per batch.

    ``closed_codes``: by list, the codes that are not in use today; they are read, and the checks warn of them.
    ``programmes`` and ``class_programmes``: what is known of a programme by its code, and the programme of each class.
    """

    codes: Mapping[str, Mapping[str, str]]
    regions: Mapping[str, bool]
    closed_codes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    school_code: str = ""
    class_rule: str = ""
    class_ids: Mapping[str, int] = field(default_factory=dict)
    programme_ids: Mapping[str, int] = field(default_factory=dict)
    programmes: Mapping[str, ProgrammeFacts] = field(default_factory=dict)
    class_programmes: Mapping[str, str] = field(default_factory=dict)
    stage: str = ""
    school_year: int = 0
    today: date = date.min
    under_age_allowed: bool = False


Reader = Callable[[str, Column, CodeBook], Any]


def read_cell(text: str, column: Column, book: CodeBook, *, exact: bool = True) -> Any:
    """The value of a cell; "" for an empty one. Raises CellFault.

    ``exact`` holds dates and months to the template's form; a form in the browser is lenient.
    """
    text = clean_text(text)
    if not text:
        return ""
    if text.startswith(_FORMULA_STARTS) and column.kind is not Kind.NUMBER:
        raise CellFault("formula")
    if not exact and column.kind in {Kind.DATE, Kind.MONTH}:
        text = _loose_date(text)
    return _READERS[column.kind](text, column, book)


def _loose_date(text: str) -> str:
    parts = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月)?", text)
    if not parts:
        return text
    return "".join(part.zfill(2) for part in parts.groups() if part)


def _limited(text: str, column: Column) -> str:
    if column.max_length and len(text) > column.max_length:
        raise CellFault("too_long", str(column.max_length))
    return text


def _text(text: str, column: Column, book: CodeBook) -> str:
    return _limited(text, column)


def _name(text: str, column: Column, book: CodeBook) -> str:
    text = clean_name(text)
    if not _NAME.fullmatch(text):
        raise CellFault("name_characters")
    return _limited(text, column)


def _code(text: str, column: Column, book: CodeBook) -> str:
    code = book.codes[column.code_list].get(text)
    if code is None:
        raise CellFault("unknown_code")
    return code


def _date(text: str, column: Column, book: CodeBook) -> date:
    if len(text) != 8 or not text.isascii() or not text.isdigit():
        raise CellFault("date_form")
    try:
        found = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise CellFault("date_unreal") from None
    if found.year < 1900:
        raise CellFault("date_unreal")
    return found


def _month(text: str, column: Column, book: CodeBook) -> str:
    if not re.fullmatch(r"(19|20)\d{2}(0[1-9]|1[0-2])", text, re.ASCII):
        raise CellFault("month_form")
    return text


def _region(text: str, column: Column, book: CodeBook) -> str:
    if not re.fullmatch(r"\d{6}000000", text, re.ASCII):
        raise CellFault("region_form")
    if text[:6] not in book.regions:
        raise CellFault("region_unknown")
    return text


def _boolean(text: str, column: Column, book: CodeBook) -> bool:
    if text not in _YES_NO:
        raise CellFault("boolean_form")
    return _YES_NO[text]


def _phone(text: str, column: Column, book: CodeBook) -> str:
    text = text.replace(" ", "")
    if not (_MOBILE.fullmatch(text) or _LANDLINE.fullmatch(text)):
        raise CellFault("phone_form")
    return text


def _postcode(text: str, column: Column, book: CodeBook) -> str:
    if not re.fullmatch(r"\d{6}", text, re.ASCII):
        raise CellFault("postcode_form")
    return text


def _digits(text: str, column: Column, book: CodeBook) -> str:
    if not (text.isascii() and text.isdigit()):
        raise CellFault("digits_form")
    return _limited(text, column)


def _number(text: str, column: Column, book: CodeBook) -> Decimal:
    field = _DECIMALS[column.field]
    step = Decimal(1).scaleb(-field.decimal_places)
    most = step * (10**field.max_digits - 1)
    if not re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII) or Decimal(text) > most or Decimal(text) % step:
        raise CellFault("number_form", str(most))
    return Decimal(text).quantize(step)


def _school_code(text: str, column: Column, book: CodeBook) -> str:
    if text != book.school_code:
        raise CellFault("school_code_wrong")
    return text


def _class_no(text: str, column: Column, book: CodeBook) -> str:
    form = _CLASS_FORMS.get(book.class_rule)
    if form and not form[0].fullmatch(text):
        raise CellFault("class_form", form[1])
    if book.class_ids and text not in book.class_ids:
        raise CellFault("class_unknown")
    return text


_CLASS_FORMS = {
    "W": (re.compile(r"20\d{2}[1-9]\d{2}", re.ASCII), "2026103"),
    "H": (re.compile(r"20\d{2}[1-3]\d{2}", re.ASCII), "2026103"),
}


def _programme(text: str, column: Column, book: CodeBook) -> str:
    if text not in book.programme_ids:
        raise CellFault("programme_unknown")
    return text


def _capitals(text: str, column: Column, book: CodeBook) -> str:
    return _limited(text.upper().replace(" ", ""), column)


_READERS: dict[Kind, Reader] = {
    Kind.TEXT: _text,
    Kind.NAME: _name,
    Kind.CODE: _code,
    Kind.DATE: _date,
    Kind.MONTH: _month,
    Kind.REGION: _region,
    Kind.BOOLEAN: _boolean,
    Kind.ID_NUMBER: _capitals,
    Kind.SERIAL: _capitals,
    Kind.PHONE: _phone,
    Kind.POSTCODE: _postcode,
    Kind.CLASS_NO: _class_no,
    Kind.SCHOOL_CODE: _school_code,
    Kind.DIGITS: _digits,
    Kind.NUMBER: _number,
    Kind.PROGRAMME: _programme,
}


def read_row(
    cells: Mapping[str, str], columns: tuple[Column, ...], book: CodeBook, *, exact: bool = True
) -> tuple[dict[str, Any], list[Fault]]:
    """Values by field and the faults of the single cells. ``cells`` maps fields to text; a missing one is empty."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for column in columns:
        text = cells.get(column.field, "")
        try:
            values[column.field] = read_cell(text, column, book, exact=exact)
        except CellFault as fault:
            faults.append(Fault(column.field, fault.code, "error", fault.detail, text))
    return values, faults


def id_number_fault(number: str) -> str:
    """The code of what is wrong with a resident's identity number; "" when nothing is."""
    try:
        parse_id_number(number)
    except IdNumberFault as fault:
        return f"id_{fault.code}"
    return ""
