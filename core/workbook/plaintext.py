"""CSV files as Excel, WPS and old systems write them: UTF-8, UTF-16 or GB18030; comma, semicolon or tab."""

import codecs
import csv
import io
import re
from collections.abc import Iterator

from core.workbook.ooxml import refuse_rows
from core.workbook.package import Limits
from core.workbook.refusal import WorkbookRefused
from core.workbook.table import RawRows, Source

DELIMITERS = ",;\t"
_WEB_PAGE = re.compile(rb"\s*(?:<!doctype html|<html|<table|<head|<meta|<style|<\?xml)", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_QUOTED_TEXT = re.compile(r'="([0-9A-Za-z]*)"')
_BINARY = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"{\\rtf",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
    b"MZ",
    b"\x7fELF",
)


def decode(data: bytes) -> str:
    """Return the text. Raises WorkbookRefused (web_page, not_a_workbook, encoding, empty)."""
    if data.startswith(_BINARY):
        raise WorkbookRefused("not_a_workbook")
    text = _decoded(data)
    if _WEB_PAGE.match(text[:512].encode("utf-8", "replace")):
        raise WorkbookRefused("web_page")
    if _CONTROL.search(text):
        raise WorkbookRefused("not_a_workbook")
    if not text.strip():
        raise WorkbookRefused("empty")
    return text


def _decoded(data: bytes) -> str:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return _strict(data, encoding)
    if b"\0" in data[:4096]:
        return _unmarked_utf16(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _strict(data, "gb18030")


def _unmarked_utf16(data: bytes) -> str:
    even, odd = data[0:4096:2].count(0), data[1:4096:2].count(0)
    if len(data) % 2 or min(even, odd) > max(even, odd) // 4:
        raise WorkbookRefused("not_a_workbook")
    return _strict(data, "utf-16-be" if even > odd else "utf-16-le")


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise WorkbookRefused("encoding") from error


def _delimiter(text: str) -> str:
    """Return the delimiter that stands most often, outside quotes, in the widest of the first lines."""
    lines = [re.sub(r'"[^"]*"', "", line) for line in text[:65_536].splitlines()[:30]]
    return max(DELIMITERS, key=lambda mark: max((line.count(mark) for line in lines), default=0))


def text_source(data: bytes, limits: Limits) -> Source:
    """Return the rows of a CSV file; records are counted first. Raises WorkbookRefused."""
    text = decode(data)
    delimiter = _delimiter(text)
    first, _, below = text.partition("\n")
    if re.fullmatch(r"sep=[,;\t]\r?", first):
        delimiter, text = first[4], below

    def raw_rows() -> Iterator[list[str]]:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            yield [_unquoted(value) for value in record] if '="' in "".join(record) else record

    return Source("csv", "", raw_rows, _count(raw_rows, limits))


def _unquoted(value: str) -> str:
    """Turn ="0123", by which old systems keep Excel from dropping digits, into 0123."""
    match = _QUOTED_TEXT.fullmatch(value)
    return match.group(1) if match else value


def _count(raw_rows: RawRows, limits: Limits) -> int:
    last = 0
    try:
        for number, record in enumerate(raw_rows(), 1):
            if any(record):
                last = number
            refuse_rows(last, limits.max_rows)
    except csv.Error as error:
        raise WorkbookRefused("damaged") from error
    return last
