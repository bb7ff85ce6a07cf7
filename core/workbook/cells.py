"""One cell: from what a library gives to the text that the user means, and back without danger."""

import datetime as dt
import math
import re
from decimal import Decimal
from typing import Any

FORMULA_MARKS = "=+-@＝＋－＠"
_FORMULA_START = re.compile(rf"['\s]*[{re.escape(FORMULA_MARKS)}]")
_PLAIN_SIGNED = re.compile(r"\s*(?:[-+＋－]?[\d\s().-]+|[-－+＋\s]+)")
_NUMBER_TEXT = re.compile(r"[-+]?\d+(?:\.\d+)?|[-－]+")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[Ee]\+\d{2}")
EXACT_LIMIT = 10**15


def is_formula_text(text: str) -> bool:
    """Tell whether a spreadsheet would run a text; signed numbers, phones and dashes are harmless."""
    return bool(_FORMULA_START.match(text)) and not _PLAIN_SIGNED.fullmatch(text)


def safe_cell(value: Any) -> Any:
    """Return a value that no spreadsheet runs as a formula: an apostrophe before a dangerous text.

    Numbers, dates and None pass; plain signed numbers and dashes stay as they are.
    """
    if not isinstance(value, str) or not value:
        return value
    if value[0] in "\t\r\n" or (_FORMULA_START.match(value) and value[0] != "'"):
        return value if _NUMBER_TEXT.fullmatch(value) else "'" + value
    return value


def text_of(value: Any) -> tuple[str, str, str]:
    """Return (text, kind, fault) of a library's value; kinds: text, number, date, time, bool, empty."""
    if isinstance(value, str):
        return value, "text" if value else "empty", text_fault(value)
    if value is None:
        return "", "empty", ""
    if isinstance(value, bool):
        return ("TRUE" if value else "FALSE"), "bool", ""
    if isinstance(value, (int, float)):
        return _number_text(value)
    return _moment_text(value)


def text_fault(text: str) -> str:
    """Return the fault of a text: formula, number_precision (an ID number shown as 1.2E+17), or ""."""
    if is_formula_text(text):
        return "formula"
    return "number_precision" if _SCIENTIFIC.fullmatch(text.strip()) else ""


def _number_text(value: float) -> tuple[str, str, str]:
    if not math.isfinite(value):
        return str(value), "number", "number_precision"
    fault = "number_precision" if abs(value) >= EXACT_LIMIT else ""
    if not fault and value == int(value):
        return str(int(value)), "number", ""
    if fault:
        return _fifteen_digits(value), "number", fault
    return f"{Decimal(f'{value:.15g}'):f}", "number", ""


def _fifteen_digits(value: float) -> str:
    mantissa, _, exponent = f"{value:.14e}".partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    digits = mantissa.lstrip("-").replace(".", "")
    return sign + digits + "0" * max(0, min(int(exponent), 60) - 14)


def _moment_text(value: Any) -> tuple[str, str, str]:
    if isinstance(value, dt.datetime):
        whole_day = value.time() == dt.time()
        return value.strftime("%Y%m%d" if whole_day else "%Y%m%d %H:%M:%S"), "date", ""
    if isinstance(value, dt.date):
        return value.strftime("%Y%m%d"), "date", ""
    if isinstance(value, dt.time):
        return value.strftime("%H:%M:%S"), "time", ""
    if isinstance(value, dt.timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}", "time", ""
    return str(value), "text", ""
