"""What an .xlsx declares, learnt before any library loads it: sheets, size, formulas, padded numbers."""

import posixpath
import re
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from core.workbook.package import XML_NAME, Package
from core.workbook.refusal import WorkbookRefused
from core.workbook.table import HEADER_ROWS, Notes

_CELL = re.compile(rb'<c r="([A-Z]{1,2})[1-9]\d{0,4}"')
_CELL_TAGS = (b"<c ", b"<c>", b"<c/", b"<c\n", b"<c\t", b"<c\r")
_ROW = re.compile(rb'<row r="(\d{1,9})"')
_ROW_TAG = re.compile(rb"<row[\s>/]")
_ODD = (re.compile(rb"<f[\s/>]"), re.compile(rb":(?:c|f|row)[\s/>]"))
_DIMENSION = re.compile(rb"<(?:\w+:)?dimension\s[^>]*?ref\s*=\s*[\"'][^\"':]*:\$?[A-Za-z]{1,9}\$?(\d{1,9})")
_REFERENCE = re.compile(r"([A-Za-z]{1,3})(\d{1,7})")
_ZEROS = re.compile(r"0{2,20}")
_SHARED_END = re.compile(rb"</(?:\w+:)?si>")
_FIVE_DIGITS = 99_999
_MACRO_NAMES = re.compile(r"vbaproject\.bin$|/macrosheets/|vbadata\.xml$", re.IGNORECASE)
_MACRO_TYPES = re.compile(rb"macroEnabled|vbaProject|ms-office\.vba|macrosheet", re.IGNORECASE)
_LONGEST_SHARED = 32_767 * 4
_SHARED_BYTES = 1 << 30


@dataclass(slots=True)
class SheetFacts:
    """Highest row and column (counted from 1) of a sheet, and what its cells carry beyond values."""

    last_row: int = 0
    last_column: int = 0
    faults: dict[int, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    widths: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    errors: dict[int, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))

    def notes(self) -> Notes:
        """Return what the rows need while they are read."""
        return Notes(self.faults, self.widths, self.errors)


@dataclass(frozen=True, slots=True)
class Inspection:
    """Facts by sheet name."""

    sheets: dict[str, SheetFacts]


def inspect(package: Package) -> Inspection:
    """Check every member and learn the sheets' facts. Raises WorkbookRefused (macros, rows, bomb, ...)."""
    _refuse_macros(package)
    parts = _sheet_parts(package)
    for name in parts.values():
        _refuse_declared(package, name)
    package.check_growth()
    padded = _padded_styles(package)
    facts: dict[str, SheetFacts] = {}
    longest = 0
    for info in package.members:
        if not XML_NAME.search(info.filename) and info.filename.casefold() not in parts.values():
            _drain(package, info)
        elif info.filename.casefold() == "xl/sharedstrings.xml":
            longest = _longest_shared(package, info)
        else:
            found = _sheet_facts(package, info, padded)
            if found:
                facts[info.filename.casefold()] = found
    _refuse_amplified(package, facts, longest)
    return Inspection({sheet: facts.get(part, SheetFacts()) for sheet, part in parts.items()})


def _refuse_macros(package: Package) -> None:
    for info in package.members:
        if _MACRO_NAMES.search(info.filename):
            raise WorkbookRefused("macros")
        naming = info.filename.casefold() in {"[content_types].xml", "xl/_rels/workbook.xml.rels"}
        if naming and _MACRO_TYPES.search(package.text(info)):
            raise WorkbookRefused("macros")


def _drain(package: Package, info: zipfile.ZipInfo) -> None:
    for _chunk in package.chunks(info):
        pass


def parse(chunks: Iterator[bytes], start: Callable[[str, dict[str, str]], None]) -> None:
    """Feed XML to a handler of opening tags. Raises WorkbookRefused for damaged XML."""
    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise WorkbookRefused("damaged") from error


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _sheet_parts(package: Package) -> dict[str, str]:
    """Return the part (lower case path) of each sheet by its name."""
    book, relations = package.find("xl/workbook.xml"), package.find("xl/_rels/workbook.xml.rels")
    if book is None or relations is None:
        if package.find("xl/workbook.bin") or package.find("content.xml"):
            raise WorkbookRefused("other_format")
        raise WorkbookRefused("not_a_workbook" if package.find("word/document.xml") else "damaged")
    targets: dict[str, str] = {}
    sheets: dict[str, str] = {}

    def relation(name: str, attributes: dict[str, str]) -> None:
        if _local(name) == "Relationship":
            target = attributes.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else "xl/" + target
            targets[attributes.get("Id", "")] = posixpath.normpath(path).casefold()

    def sheet(name: str, attributes: dict[str, str]) -> None:
        if _local(name) == "sheet":
            key = next((value for key, value in attributes.items() if _local(key) == "id"), "")
            sheets[attributes.get("name", "")] = targets.get(key, "")

    parse(package.xml_chunks(relations), relation)
    parse(package.xml_chunks(book), sheet)
    if not sheets:
        raise WorkbookRefused("damaged")
    return sheets


def _refuse_declared(package: Package, part: str) -> None:
    info = package.find(part)
    if info is None:
        raise WorkbookRefused("damaged")
    first = next(package.chunks(info), b"")
    declared = _DIMENSION.search(first[: 1 << 16])
    if declared:
        refuse_rows(int(declared.group(1)), package.limits.max_rows)


def refuse_rows(rows: int, limit: int) -> None:
    """Raise WorkbookRefused when a sheet reaches beyond the limit and the room for title lines."""
    if rows > limit + HEADER_ROWS:
        raise WorkbookRefused("too_many_rows", rows=rows, limit=limit)


def _padded_styles(package: Package) -> dict[str, int]:
    """Return style index -> digits, for number formats such as 000000 (a postcode that keeps its zeros)."""
    info = package.find("xl/styles.xml")
    formats: dict[str, int] = {}
    styles: dict[str, int] = {}
    position = {"inside": 0, "index": 0}

    def start(name: str, attributes: dict[str, str]) -> None:
        tag = _local(name)
        if tag == "numFmt" and _ZEROS.fullmatch(attributes.get("formatCode", "")):
            formats[attributes.get("numFmtId", "")] = len(attributes["formatCode"])
        elif tag in {"cellXfs", "cellStyles", "dxfs"}:
            position["inside"] = int(tag == "cellXfs")
        elif tag == "xf" and position["inside"]:
            if attributes.get("numFmtId", "") in formats:
                styles[str(position["index"])] = formats[attributes["numFmtId"]]
            position["index"] += 1

    if info is not None:
        parse(package.xml_chunks(info), start)
    return styles


def _sheet_facts(package: Package, info: zipfile.ZipInfo, padded: dict[str, int]) -> SheetFacts | None:
    """Scan one XML member; None when it is no sheet. Plain sheets need one quick pass, others a full one."""
    columns: set[bytes] = set()
    last_row, sheet, odd = 0, False, False
    for block in package.xml_chunks(info):
        sheet = sheet or b"sheetData" in block
        if not sheet or odd:
            continue
        cells, rows = _CELL.findall(block), _ROW.findall(block)
        columns.update(cells)
        last_row = max(last_row, max(map(int, rows), default=0))
        refuse_rows(last_row, package.limits.max_rows)
        odd = _is_odd(block, len(cells), len(rows))
    if not sheet:
        return None
    last_column = max((column_number(name.decode()) for name in columns), default=0)
    if odd or padded or _FIVE_DIGITS * last_column > package.limits.max_cells:
        return _walk(package, info, padded)
    return SheetFacts(last_row, last_column)


def _is_odd(block: bytes, cells: int, rows: int) -> bool:
    """Tell whether the quick pass may have missed something: formulas, error values, unusual tags."""
    if block.count(b"<c") != cells and sum(map(block.count, _CELL_TAGS)) != cells:
        return True
    if block.count(b"<row") != rows and len(_ROW_TAG.findall(block)) != rows:
        return True
    return b' t="e"' in block or any(pattern.search(block) for pattern in _ODD)


def column_number(letters: str) -> int:
    """Return 1 for A, 27 for AA."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


class _Walker:
    """Visits every cell of a sheet: exact size, formulas, error values, padded numbers."""

    def __init__(self, package: Package, padded: dict[str, int]) -> None:
        self.facts, self.padded, self.limits = SheetFacts(), padded, package.limits
        self.row = self.column = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take an opening tag."""
        tag = _local(name)
        if tag == "c":
            self._cell(attributes)
        elif tag == "f" and self.row:
            self.facts.faults[self.row][self.column - 1] = "formula"
        elif tag == "row":
            number = attributes.get("r", "")
            self.row, self.column = (int(number) if number.isdecimal() else self.row + 1), 0
            self.facts.last_row = max(self.facts.last_row, self.row)
            refuse_rows(self.facts.last_row, self.limits.max_rows)

    def _cell(self, attributes: dict[str, str]) -> None:
        facts = self.facts
        reference = _REFERENCE.fullmatch(attributes.get("r", ""))
        if reference:
            self.column, self.row = column_number(reference.group(1)), int(reference.group(2))
        else:
            self.column += 1
        facts.last_row = max(facts.last_row, self.row)
        facts.last_column = max(facts.last_column, self.column)
        if attributes.get("t") == "e":
            facts.faults[self.row][self.column - 1] = "error_value"
            facts.errors[self.row][self.column - 1] = "#N/A"
        if attributes.get("s") in self.padded:
            facts.widths[self.row][self.column - 1] = self.padded[attributes["s"]]


def _walk(package: Package, info: zipfile.ZipInfo, padded: dict[str, int]) -> SheetFacts:
    walker = _Walker(package, padded)
    parse(package.xml_chunks(info), walker.start)
    facts, limits = walker.facts, package.limits
    refuse_rows(facts.last_row, limits.max_rows)
    if facts.last_row * facts.last_column > limits.max_cells:
        raise WorkbookRefused("too_wide")
    return facts


def _longest_shared(package: Package, info: zipfile.ZipInfo) -> int:
    """Return the bytes of the longest shared text, markup included."""
    longest, rest = 0, 0
    for block in package.xml_chunks(info):
        pieces = _SHARED_END.split(block)
        longest = max(longest, rest + len(pieces[0]), *map(len, pieces))
        rest = len(pieces[-1]) if len(pieces) > 1 else rest + len(pieces[0])
        if longest > 4 * _LONGEST_SHARED:
            raise WorkbookRefused("bomb")
    return longest


def _refuse_amplified(package: Package, facts: dict[str, SheetFacts], longest: int) -> None:
    """Refuse a book whose cells all point at a few huge shared texts: they would be copied for each cell."""
    cells = max((fact.last_row * fact.last_column for fact in facts.values()), default=0)
    if longest * cells <= _SHARED_BYTES:
        return
    info = package.find("xl/sharedStrings.xml")
    sizes = [len(piece) for piece in _SHARED_END.split(b"".join(package.chunks(info)))] if info else []
    for part in facts:
        sheet = package.find(part)
        total = 0
        for block in package.xml_chunks(sheet) if sheet else ():
            for index in map(int, re.findall(rb"<(?:\w+:)?v>(\d{1,9})<", block)):
                total += sizes[index] if index < len(sizes) else 0
            if total > _SHARED_BYTES:
                raise WorkbookRefused("bomb")
