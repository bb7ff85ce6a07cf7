"""Files as strangers send them, built for the tests."""

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import openpyxl

HEADERS = ["姓名", "性别", "出生日期", "身份证件号", "班号"]
PUPIL = ["王小明", "男", "20190819", "420112201704151393", "2026101"]
RARE_NAMES = ["𠮷野", "䶮一", "㛃心", "阿不都·热合曼", "１２３"]
OPTIONS: dict[str, Any] = {"known_headers": HEADERS, "required_headers": ["姓名", "身份证件号"]}


def xlsx(rows: Iterable[Sequence[Any]], title: str = "学生信息模板") -> bytes:
    """Return a workbook with one sheet."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    return saved(book)


def saved(book: Any) -> bytes:
    """Return the bytes of an openpyxl or xlwt workbook."""
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def repacked(
    data: bytes,
    change: Callable[[str, bytes], bytes] = lambda name, content: content,
    extra: dict[str, bytes] | None = None,
) -> bytes:
    """Return the package with members changed or added."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        for info in source.infolist():
            out.writestr(info.filename, change(info.filename, source.read(info)))
        for name, content in (extra or {}).items():
            out.writestr(name, content)
    return buffer.getvalue()


def with_sheet(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Return the workbook with its first sheet's XML changed."""
    return repacked(data, lambda name, content: change(content) if name.endswith("sheet1.xml") else content)


def tall(rows: int, *, declared: int | None = None, row_numbers: bool = True) -> bytes:
    """Return a workbook of many short rows; `declared` is what its dimension says."""

    def change(xml: bytes) -> bytes:
        pattern = (
            '<row r="{0}"><c r="A{0}"><v>{0}</v></c></row>' if row_numbers else "<row><c><v>{0}</v></c></row>"
        )
        body = "".join(pattern.format(number) for number in range(2, rows + 2))
        xml = xml.replace(b"</sheetData>", body.encode() + b"</sheetData>")
        dimension = f'<dimension ref="A1:E{declared}"/>'.encode() if declared else b""
        return re.sub(rb"<dimension [^>]*/>", dimension, xml)

    return with_sheet(xlsx([HEADERS]), change)


def zipped(members: dict[str, bytes]) -> bytes:
    """Return a ZIP file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            out.writestr(name, content)
    return buffer.getvalue()


def zipped_gb18030(members: dict[str, bytes]) -> bytes:
    """Return a ZIP as old Chinese tools write it: names in GB18030 without the UTF-8 mark."""

    class Info(zipfile.ZipInfo):
        def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - the name that zipfile calls
            return self.filename.encode("gb18030"), self.flag_bits & ~0x800

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            out.writestr(Info(name), content)
    return buffer.getvalue()
