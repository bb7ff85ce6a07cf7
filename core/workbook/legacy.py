"""Old binary workbooks (.xls) and encrypted packages: OLE containers, looked at record by record."""

import io
import struct
from collections import defaultdict
from collections.abc import Iterator

import olefile

from core.workbook.ooxml import Inspection, SheetFacts, refuse_rows
from core.workbook.package import Limits
from core.workbook.refusal import WorkbookRefused

MAGIC = olefile.MAGIC
_BOF, _EOF, _BOUNDSHEET, _FILEPASS, _FORMULA, _ERROR = 0x0809, 0x000A, 0x0085, 0x002F, 0x0006, 0x0205
_CELLS = frozenset({0x0006, 0x0201, 0x0203, 0x0204, 0x0205, 0x00FD, 0x027E, 0x00BD, 0x00BE, 0x00D6})
_DIMENSIONS = 0x0200
_MACRO_SHEETS = {1, 6}


def inspect_ole(data: bytes, limits: Limits) -> Inspection:
    """Return the sheets' facts of an .xls. Raises WorkbookRefused (password, macros, rows, damaged, ...)."""
    try:
        with olefile.OleFileIO(io.BytesIO(data), raise_defects=olefile.DEFECT_FATAL) as container:
            names = {"/".join(entry) for entry in container.listdir(streams=True, storages=True)}
            stream = _workbook_stream(container, {name.casefold(): name for name in names})
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise WorkbookRefused("damaged") from error
    try:
        return _inspect_stream(stream, limits)
    except (struct.error, IndexError) as error:
        raise WorkbookRefused("damaged") from error


def _workbook_stream(container: "olefile.OleFileIO[str]", names: dict[str, str]) -> bytes:
    if "encryptedpackage" in names or "encryptioninfo" in names:
        raise WorkbookRefused("password")
    if any(name.startswith(("_vba_project_cur", "vba")) or "/vba" in name for name in names):
        raise WorkbookRefused("macros")
    for name in ("workbook", "book"):
        if name in names:
            stream = container.openstream(names[name])
            return bytes(stream.read())
    raise WorkbookRefused("not_a_workbook")


def _records(stream: bytes, start: int) -> Iterator[tuple[int, int, int]]:
    """Yield (kind, offset of the body, length) from an offset on."""
    position, end = start, len(stream) - 4
    unpack = struct.Struct("<HH").unpack_from
    while position <= end:
        kind, length = unpack(stream, position)
        yield kind, position + 4, length
        position += 4 + length


def _inspect_stream(stream: bytes, limits: Limits) -> Inspection:
    sheets: dict[str, SheetFacts] = {}
    for kind, body, length in _records(stream, 0):
        if kind == _FILEPASS:
            raise WorkbookRefused("password")
        if kind == _BOUNDSHEET:
            offset, _state, sheet_kind = struct.unpack_from("<IBB", stream, body)
            if sheet_kind in _MACRO_SHEETS:
                raise WorkbookRefused("macros")
            if sheet_kind == 0:
                name = _sheet_name(stream[body + 6 : body + length])
                sheets[name] = _sheet_facts(stream, offset, limits)
        if kind == _EOF:
            break
    if not sheets:
        raise WorkbookRefused("damaged")
    return Inspection(sheets)


def _sheet_name(raw: bytes) -> str:
    count, flags = raw[0], raw[1]
    return raw[2 : 2 + 2 * count].decode("utf-16-le") if flags & 1 else raw[2 : 2 + count].decode("latin-1")


def _sheet_facts(stream: bytes, offset: int, limits: Limits) -> SheetFacts:
    faults: dict[int, dict[int, str]] = defaultdict(dict)
    facts = SheetFacts(faults=faults)
    place = struct.Struct("<HH").unpack_from
    for kind, body, length in _records(stream, offset):
        if kind == _DIMENSIONS and length >= 8:
            refuse_rows(struct.unpack_from("<I", stream, body + 4)[0], limits.max_rows)
        elif kind in _CELLS:
            row, column = place(stream, body)
            if row >= facts.last_row:
                facts.last_row = row + 1
                refuse_rows(row + 1, limits.max_rows)
            facts.last_column = max(facts.last_column, column + 1)
            if kind == _FORMULA:
                faults[row + 1][column] = "formula"
            elif kind == _ERROR and stream[body + 7]:
                faults[row + 1][column] = "error_value"
                facts.errors[row + 1][column] = "#N/A"
        elif kind == _EOF:
            break
    if facts.last_row * facts.last_column > limits.max_cells:
        raise WorkbookRefused("too_wide")
    return facts
