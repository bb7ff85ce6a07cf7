"""Opening files from strangers: what they are is judged by content, never by name."""

import io
import os
import posixpath
import re
import stat
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from core.workbook import legacy, ooxml
from core.workbook.package import Limits, Package, member_name
from core.workbook.plaintext import text_source
from core.workbook.refusal import WorkbookRefused, listed
from core.workbook.table import Source, Table, Wanted, build_table, find_header

FileLike = str | os.PathLike[str] | IO[bytes] | bytes
T = TypeVar("T")
ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
MAX_MEMBERS = 2_000
_LEFTOVERS = re.compile(r"(?:^|/)(?:__MACOSX/|\.|~\$|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)


def read_bytes(file: FileLike, limit: int) -> bytes:
    """Return the whole file. Raises WorkbookRefused when it is empty or larger than `limit` bytes."""
    if isinstance(file, bytes):
        data = file
    elif isinstance(file, (str, os.PathLike)):
        with Path(file).open("rb") as stream:
            data = stream.read(limit + 1)
    else:
        if file.seekable():
            file.seek(0)
        data = file.read(limit + 1)
    if len(data) > limit:
        raise WorkbookRefused("too_large", limit=limit >> 20)
    if not data:
        raise WorkbookRefused("empty")
    return data


def kind_of(file: FileLike) -> str:
    """Return xlsx, xls, collection (a ZIP of workbooks) or csv (any other text), judged by content.

    Only the shape is judged here; `open_table` finds out the rest. Raises WorkbookRefused for a cut ZIP.
    """
    data = read_bytes(file, Limits().max_bytes)
    if data.startswith(ZIP_MAGIC):
        return _zip_kind(Package(data, Limits()))
    return "xls" if data.startswith(legacy.MAGIC) else "csv"


def _zip_kind(package: Package) -> str:
    office = package.find("[Content_Types].xml") or package.find("mimetype")
    return "xlsx" if office else "collection"


def open_table(
    file: FileLike,
    *,
    filename: str = "",
    known_headers: Collection[str] = (),
    required_headers: Collection[str] = (),
    aliases: Mapping[str, str] | None = None,
    min_headers: int = 3,
    limits: Limits | None = None,
) -> Table:
    """Open the one sheet that holds the table. The header row is the first with `min_headers` known names.

    `aliases` maps other spellings to known names; `filename` is never trusted and only helps the log.
    Raises WorkbookRefused with a code and a message for the user; nothing is read beyond `limits`.
    """
    limits = limits or Limits()
    wanted = Wanted.of(known_headers, required_headers, aliases or {}, min_headers)
    data = read_bytes(file, limits.max_bytes)
    return _choose(_sources(data, limits), wanted, limits)


def _sources(data: bytes, limits: Limits) -> list[Source]:
    if data.startswith(ZIP_MAGIC):
        package = Package(data, limits)
        if _zip_kind(package) == "collection":
            raise WorkbookRefused("is_collection")
        return _sheets(data, "xlsx", ooxml.inspect(package), limits)
    if data.startswith(legacy.MAGIC):
        return _sheets(data, "xls", legacy.inspect_ole(data, limits), limits)
    if len(data) > limits.max_uncompressed:
        raise WorkbookRefused("bomb")
    return [text_source(data, limits)]


def _sheets(data: bytes, kind: str, inspection: ooxml.Inspection, limits: Limits) -> list[Source]:
    book = _guarded(lambda: CalamineWorkbook.from_filelike(io.BytesIO(data)))
    metadata = book.sheets_metadata
    if any(sheet.typ in (SheetTypeEnum.MacroSheet, SheetTypeEnum.Vba) for sheet in metadata):
        raise WorkbookRefused("macros")
    sources = []
    for meta in metadata:
        facts = inspection.sheets.get(meta.name)
        if meta.visible != SheetVisibleEnum.Visible or meta.typ != SheetTypeEnum.WorkSheet:
            continue
        if facts is None:
            raise WorkbookRefused("damaged")
        if facts.last_row:
            sources.append(_sheet_source(book, meta.name, kind, facts, limits))
    return [source for source in sources if source.last_row]


def _sheet_source(
    book: CalamineWorkbook, name: str, kind: str, facts: ooxml.SheetFacts, limits: Limits
) -> Source:
    sheet = _guarded(lambda: book.get_sheet_by_name(name))
    last_row = sheet.end[0] + 1 if sheet.end else 0
    ooxml.refuse_rows(last_row, limits.max_rows)

    def raw_rows() -> Iterator[Sequence[Any]]:
        left = [""] * (sheet.start[1] if sheet.start else 0)
        return (left + row for row in sheet.iter_rows()) if left else iter(sheet.iter_rows())

    return Source(kind, name, raw_rows, last_row, facts.notes())


def _guarded(load: Callable[[], T]) -> T:
    try:
        return load()
    except PasswordError as error:
        raise WorkbookRefused("password") from error
    except (CalamineError, OSError, ValueError, KeyError) as error:
        raise WorkbookRefused("damaged") from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise WorkbookRefused("damaged") from error
        raise


def _choose(sources: list[Source], wanted: Wanted, limits: Limits) -> Table:
    """Take the one sheet with a header; refuse when there are none or several with data."""
    if not sources or not any(source.last_row for source in sources):
        raise WorkbookRefused("empty")
    found = [(source, header) for source in sources if (header := find_header(source, wanted))]
    if not found:
        names = listed(list(wanted.required) or list(dict.fromkeys(wanted.known.values())))
        raise WorkbookRefused("no_header", names=names)
    filled = [(source, header) for source, header in found if source.last_row > header[0]] or found[:1]
    if len(filled) > 1:
        raise WorkbookRefused("several_sheets", sheets=listed([source.sheet for source, _header in filled]))
    source, header = filled[0]
    table = build_table(source, header, wanted, [other.sheet for other in sources if other is not source])
    if table.row_count > limits.max_rows:
        raise WorkbookRefused("too_many_rows", rows=table.row_count, limit=limits.max_rows)
    if next(table.rows(), None) is None:
        raise WorkbookRefused("empty")
    return table


def open_collection(
    file: FileLike,
    *,
    max_members: int = MAX_MEMBERS,
    limits: Limits | None = None,
    **table_options: Any,
) -> Iterator[tuple[str, Table | WorkbookRefused]]:
    """Yield (member name, Table) for each workbook of a ZIP; a member that is refused comes as the refusal.

    `table_options` are those of `open_table`. Raises WorkbookRefused at once when the ZIP itself is unfit
    (cut, bomb, password, unsafe names, too many files, no files).
    """
    limits = limits or Limits()
    data = read_bytes(file, limits.max_bytes)
    if not data.startswith(ZIP_MAGIC):
        raise WorkbookRefused("not_a_workbook")
    package = Package(data, limits)
    members = _members(package, max_members)
    package.check_growth()
    return _tables(package, members, limits, table_options)


def _members(package: Package, max_members: int) -> list[tuple[str, zipfile.ZipInfo]]:
    members = []
    for info in package.members:
        name = member_name(info)
        _refuse_unsafe(name, info)
        if not _LEFTOVERS.search(name):
            members.append((name, info))
    if len(members) > max_members:
        raise WorkbookRefused("too_many_files", count=len(members), limit=max_members)
    if not members:
        raise WorkbookRefused("no_files")
    return members


def _refuse_unsafe(name: str, info: zipfile.ZipInfo) -> None:
    plain = name.replace("\\", "/")
    parts = plain.split("/")
    link = stat.S_ISLNK(info.external_attr >> 16)
    drive = re.match(r"[A-Za-z]:", plain)
    if link or drive or ".." in parts or posixpath.isabs(plain) or not name.isprintable():
        raise WorkbookRefused("unsafe_names", name=listed([ascii(name) if not name.isprintable() else name]))


def _tables(
    package: Package, members: list[tuple[str, zipfile.ZipInfo]], limits: Limits, options: dict[str, Any]
) -> Iterator[tuple[str, Table | WorkbookRefused]]:
    for name, info in members:
        try:
            if info.file_size > limits.max_bytes:
                raise WorkbookRefused("too_large", limit=limits.max_bytes >> 20)
            data = b"".join(package.chunks(info))
            if data.startswith(ZIP_MAGIC) and kind_of(data) == "collection":
                raise WorkbookRefused("nested")
            yield name, open_table(data, filename=name, limits=limits, **options)
        except WorkbookRefused as refused:
            yield name, refused
