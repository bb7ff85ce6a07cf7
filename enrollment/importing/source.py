"""An uploaded file as rows of text by field: one workbook, one CSV file, or a ZIP of workbooks."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Protocol

from core.workbook import Table, WorkbookRefused, header_key, kind_of, open_collection, open_table
from core.workbook.cells import text_of
from core.workbook.package import Limits
from core.workbook.table import Row, fault_headers
from records.columns import Kind, LayoutColumns

MAX_COLLECTED_ROWS = 10_000
MAX_MEMBER = 240
SHOWN_HEADERS = 20
_FAULT_CODES = {"error_value": "formula"}


@dataclass(slots=True)
class SourceRow:
    """One filled row: ``number`` is the sheet's own, ``member`` the workbook's name inside a ZIP.

    ``member_number`` counts the workbooks of the ZIP from 1; it is 0 in a single file. ``faults`` holds the cells that
    the file itself betrays (formulas, numbers that lost digits): field to code.
    """

    number: int
    member: str
    cells: dict[str, str]
    faults: dict[str, str] = field(default_factory=dict)
    member_number: int = 0

    @property
    def place(self) -> str:
        """How a message names the row: names of files hold names and numbers of people, so they stay out of it."""
        return f"{self.member_number}:{self.number}" if self.member else str(self.number)


def file_label(number: int, name: str) -> str:
    """A workbook of a ZIP as its faults name it: by its place among the others, and its name; "" in a single file."""
    return f"{number}: {name}" if number else ""


@dataclass(frozen=True, slots=True)
class RefusedMember:
    """A workbook inside a ZIP that could not be read; ``number`` is its place among them, from 1."""

    number: int
    member: str
    refusal: WorkbookRefused


class Source(Protocol):
    """Rows that can be read more than once."""

    total: int
    headers: dict[str, str]
    unknown_headers: list[str]
    is_marked: bool
    refused: list[RefusedMember]

    def rows(self) -> Iterator[SourceRow]:
        """Every filled row, in the file's order."""
        ...

    def some_cells(self, fields: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        """The place and the text of a few cells of every row; much cheaper than `rows`."""
        ...


def table_options(layout: LayoutColumns) -> dict[str, Any]:
    """What `core.workbook.open_table` needs to find the table of a layout."""
    aliases = {alias: column.header for column in layout.columns for alias in column.aliases}
    known = {header_key(column.header) for column in layout.columns}
    return {
        "known_headers": [column.header for column in layout.columns],
        "required_headers": [column.header for column in layout.columns if column.required],
        "aliases": {alias: header for alias, header in aliases.items() if header_key(alias) not in known},
    }


def limits(max_rows: int) -> Limits:
    """The bounds within which a file is read."""
    return Limits(max_rows=max_rows)


def open_source(content: bytes, layout: LayoutColumns, *, max_rows: int) -> Source:
    """Open an uploaded file. Raises WorkbookRefused when the whole file cannot be used."""
    if kind_of(content) == "collection":
        return _Collection(content, layout, max_rows)
    return Sheet(open_table(content, limits=limits(max_rows), **table_options(layout)), layout)


Reader = Callable[[Row], SourceRow]


def _row_reader(table: Table, layout: LayoutColumns, member: str, member_number: int = 0) -> Reader:
    by_header = {column.header: column for column in layout.columns}
    places = [(by_header[name].field, index) for name, index in table.columns.items() if name in by_header]
    names = [name for name, _index in places]
    pick = itemgetter(*[index for _name, index in places])
    fields = {index: name for name, index in places}
    months = {index for name, index in table.columns.items() if by_header[name].kind is Kind.MONTH}

    def read(row: Row) -> SourceRow:
        values = row.values
        cells = dict(zip(names, pick(values), strict=True))
        for index in months:
            if row.kinds.get(index) == "date":
                cells[fields[index]] = values[index][:6]
        faults = {
            fields[index]: _FAULT_CODES.get(code, code)
            for index, code in row.faults.items()
            if index in fields
        }
        return SourceRow(row.number, member, cells, faults, member_number)

    return read


def _headers(table: Table, layout: LayoutColumns) -> dict[str, str]:
    by_header = {column.header: column.field for column in layout.columns}
    return {by_header[name]: table.headers[index].strip() for name, index in table.columns.items()}


def _is_marked(table: Table) -> bool:
    marks = fault_headers()
    return any(header_key(name) in marks for name in table.headers)


class Sheet:
    """One table."""

    def __init__(self, table: Table, layout: LayoutColumns) -> None:
        self.table, self.layout = table, layout
        self.total = table.row_count
        self.headers = _headers(table, layout)
        self.unknown_headers = _shown(table.unknown_headers)
        self.is_marked = _is_marked(table)
        self.refused: list[RefusedMember] = []

    def rows(self) -> Iterator[SourceRow]:
        return map(_row_reader(self.table, self.layout, ""), self.table.rows())

    def some_cells(self, fields: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        table = self.table
        places = [table.columns.get(self.layout.header(name), -1) for name in fields]
        widths = table.source.notes.widths
        for number, raw in enumerate(table.source.raw_rows(), 1):
            if number > table.header_row:
                padded = widths.get(number, {})
                yield str(number), [_text(raw, index, padded) for index in places]


class _Collection:
    """A ZIP of workbooks, most of them with one pupil each; its rows are kept, so that each workbook is opened once."""

    def __init__(self, content: bytes, layout: LayoutColumns, max_rows: int) -> None:
        self.max_rows = min(max_rows, MAX_COLLECTED_ROWS)
        self.headers: dict[str, str] = {}
        self.refused: list[RefusedMember] = []
        unknown: dict[str, None] = {}
        self._rows: list[SourceRow] = []
        self.is_marked = False
        opened = open_collection(content, limits=limits(self.max_rows), **table_options(layout))
        for number, (name, table) in enumerate(opened, 1):
            member = _cut(name)
            if isinstance(table, WorkbookRefused):
                self.refused.append(RefusedMember(number, member, table))
                continue
            self.headers = _headers(table, layout) | self.headers
            unknown |= dict.fromkeys(table.unknown_headers)
            self.is_marked = self.is_marked or _is_marked(table)
            self._add(map(_row_reader(table, layout, member, number), table.rows()))
        self.unknown_headers = _shown(list(unknown))
        self.total = len(self._rows) + len(self.refused)

    def _add(self, rows: Iterable[SourceRow]) -> None:
        for row in rows:
            self._rows.append(row)
            if len(self._rows) > self.max_rows:
                raise WorkbookRefused("too_many_rows", rows=len(self._rows), limit=self.max_rows)

    def rows(self) -> Iterator[SourceRow]:
        return iter(self._rows)

    def some_cells(self, fields: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        return some_cells(self._rows, fields)


def some_cells(rows: Iterable[SourceRow], fields: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """What `Source.some_cells` gives, of rows that are read already."""
    for row in rows:
        yield row.place, [row.cells.get(name, "") for name in fields]


def _text(raw: Sequence[Any], index: int, padded: Mapping[int, int]) -> str:
    if not 0 <= index < len(raw):
        return ""
    value = raw[index]
    text = value if type(value) is str else text_of(value)[0]
    return text.zfill(padded[index]) if index in padded and text.isdigit() else text


def _cut(name: str) -> str:
    """The end of a long path inside a ZIP, since that names the file."""
    return name if len(name) <= MAX_MEMBER else "…" + name[1 - MAX_MEMBER :]


def _shown(names: list[str]) -> list[str]:
    return [" ".join(name.split())[:60] for name in names[:SHOWN_HEADERS]]
