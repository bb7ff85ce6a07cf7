"""A table as the importer sees it: headers, then rows one by one."""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, override

from core.workbook.cells import FORMULA_MARKS, text_fault, text_of
from core.workbook.refusal import WorkbookRefused, listed

HEADER_ROWS = 30
_REQUIRED_NOTE = re.compile(r"\((?:必填|选填|必填项|选填项|required|optional)\)$", re.IGNORECASE)
RawRows = Callable[[], Iterator[Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: text, its kind and its fault ("" or formula, number_precision, error_value)."""

    text: str
    kind: str = "text"
    fault: str = ""


@dataclass(slots=True)
class Row:
    """One row; `number` is the sheet's own, `faults` and `kinds` hold only what is not a plain text."""

    number: int
    values: list[str]
    faults: dict[int, str] = field(default_factory=dict)
    kinds: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: int) -> Cell:
        text = self.values[index]
        return Cell(text, self.kinds.get(index, "text" if text else "empty"), self.faults.get(index, ""))

    @property
    def formulas(self) -> frozenset[int]:
        """Column indexes of formulas and of texts that begin like one."""
        return frozenset(index for index, fault in self.faults.items() if fault == "formula")


@dataclass(frozen=True, slots=True)
class Notes:
    """What the file says about cells beyond their values, by row number and column index."""

    faults: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    widths: Mapping[int, Mapping[int, int]] = field(default_factory=dict)
    errors: Mapping[int, Mapping[int, str]] = field(default_factory=dict)

    def tell_of(self, number: int) -> bool:
        """Whether there is anything to say about a row."""
        return number in self.faults or number in self.widths or number in self.errors


@dataclass(slots=True)
class Source:
    """Raw rows of one sheet or text file, numbered from 1; `last_row` is the number of the last."""

    kind: str
    sheet: str
    raw_rows: RawRows
    last_row: int
    notes: Notes = field(default_factory=Notes)


@dataclass(slots=True)
class Table:
    """A sheet whose header row was found. `columns` maps each known name to its column index."""

    kind: str
    sheet: str
    header_row: int
    headers: list[str]
    columns: dict[str, int]
    unknown_headers: list[str]
    ignored_sheets: list[str]
    row_count: int
    source: Source

    def rows(self) -> Iterator[Row]:
        """Yield the filled rows below the header, lazily; may be called again."""
        width, notes = len(self.headers), self.source.notes
        for number, raw in enumerate(self.source.raw_rows(), 1):
            if number <= self.header_row:
                continue
            row = make_row(number, raw, width, notes)
            if any(value and not value.isspace() for value in row.values) or row.faults:
                yield row


def make_row(number: int, raw: Sequence[Any], width: int, notes: Notes) -> Row:
    """Turn a library's values into texts, with the faults that values and file betray."""
    if len(raw) >= width and not notes.tell_of(number) and _is_harmless(raw):
        return Row(number, list(raw[:width]))
    row = Row(number, [])
    append = row.values.append
    for index, value in enumerate(raw[:width]):
        if type(value) is str:
            append(value)
            if value[:1] in _SUSPECT or "E+" in value:
                _note_fault(row, index, text_fault(value))
            continue
        text, kind, fault = text_of(value)
        append(text)
        row.kinds[index] = kind
        _note_fault(row, index, fault)
    row.values.extend([""] * (width - len(row.values)))
    _apply_notes(row, notes, width)
    return row


_SUSPECT = frozenset(FORMULA_MARKS + "' \t\r\n\u3000\xa0")
_EDGE = "\x1f"
_SUSPECT_CELL = re.compile(f"{_EDGE}[{re.escape(''.join(_SUSPECT))}]")


def _is_harmless(raw: Sequence[Any]) -> bool:
    """Whether a row holds texts alone, none of which needs a closer look."""
    if set(map(type, raw)) != {str}:
        return False
    joined = _EDGE + _EDGE.join(raw)
    return not _SUSPECT_CELL.search(joined) and "E+" not in joined


def _note_fault(row: Row, index: int, fault: str) -> None:
    if fault:
        row.faults[index] = fault


def _apply_notes(row: Row, notes: Notes, width: int) -> None:
    for index, digits in notes.widths.get(row.number, {}).items():
        if index < width and row.kinds.get(index) == "number" and row.values[index].isdigit():
            row.values[index] = row.values[index].zfill(digits)
    for index, text in notes.errors.get(row.number, {}).items():
        if index < width:
            row.values[index] = row.values[index] or text
    for index, fault in notes.faults.get(row.number, {}).items():
        if index < width:
            row.faults[index] = fault


def header_key(text: str) -> str:
    """Reduce a column name to what counts: no spaces, stars or (必填); full and half width alike."""
    key = "".join(unicodedata.normalize("NFKC", text).split()).strip("*:").casefold()
    return _REQUIRED_NOTE.sub("", key).strip("*:")


def fault_headers() -> frozenset[str]:
    """Keys of the column that marked copies add, in every language of the interface."""
    names = set()
    for code, _name in settings.LANGUAGES:
        with override(code):
            names.add(header_key(gettext("Problems")))
    return frozenset(names | {"problems", "问题"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """The columns that the importer knows; `least` of them make a header row."""

    known: Mapping[str, str]
    required: tuple[str, ...]
    least: int

    @classmethod
    def of(
        cls, known: Collection[str], required: Collection[str], aliases: Mapping[str, str], least: int
    ) -> "Wanted":
        """Build the lookup by header key. Aliases point at known names."""
        lookup = {header_key(alias): name for alias, name in aliases.items()}
        lookup |= {header_key(name): name for name in (*required, *known)}
        return cls(lookup, tuple(required), max(1, min(least, len(set(lookup.values())) or 1)))


def find_header(source: Source, wanted: Wanted) -> tuple[int, list[str]] | None:
    """Return (row number, headers) of the first row with enough known names, or of the first filled row
    when no names are known; None when there is no such row."""
    for number, raw in enumerate(source.raw_rows(), 1):
        if number > HEADER_ROWS:
            break
        names = [text_of(value)[0].strip() for value in raw]
        keys = {wanted.known.get(header_key(name)) for name in names if name} - {None}
        if len(keys) >= wanted.least or (not wanted.known and any(names)):
            while names and not names[-1]:
                names.pop()
            return number, names
    return None


def build_table(source: Source, header: tuple[int, list[str]], wanted: Wanted, ignored: list[str]) -> Table:
    """Check the names and make the table. Raises WorkbookRefused for missing or repeated columns."""
    number, names = header
    columns: dict[str, int] = {}
    unknown, twice, marks = [], [], fault_headers()
    for index, name in enumerate(names):
        key = header_key(name)
        known = wanted.known.get(key) if wanted.known else name
        if not key or (known is None and key in marks):
            continue
        if known is None:
            unknown.append(name)
        elif known in columns:
            twice.append(name)
        else:
            columns[known] = index
    _check_names(columns, unknown, twice, wanted)
    return Table(
        source.kind, source.sheet, number, names, columns, unknown, ignored, source.last_row - number, source
    )


def _check_names(columns: Mapping[str, int], unknown: list[str], twice: list[str], wanted: Wanted) -> None:
    missing = [name for name in wanted.required if name not in columns]
    if missing and unknown:
        raise WorkbookRefused("missing_and_unknown_headers", names=listed(missing), unknown=listed(unknown))
    if missing:
        raise WorkbookRefused("missing_headers", names=listed(missing))
    if twice:
        raise WorkbookRefused("duplicate_headers", names=listed(twice))
