"""The rows of a checked file, kept until they are imported, so that a file is read and checked once.

They are kept encrypted, with the faults that the rows themselves have; what the database knows is compared anew when
they go in. They are taken up only while all that a check rests on is the same (`stamp_of`), else the file is read
again, and they are gone as soon as the rows are in; those of a file that nobody imports go with the day.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils import timezone

from core.crypto import DecryptFailed, decrypt_bytes, encrypt_bytes
from enrollment.cells import layout_of
from enrollment.importing.checking import CheckedRow
from enrollment.importing.source import RefusedMember, Sheet, Source, SourceRow, some_cells
from enrollment.models import CheckedPart, ImportJob
from records.cells import CodeBook
from records.faults import Fault

CONTEXT = "enrollment.CheckedPart.content"
FAST = 1
_ROOMS = ("core", "records", "enrollment")


@lru_cache(maxsize=1)
def _program() -> bytes:
    """Digest of the code that reads and checks: after an update files are read again."""
    digest = hashlib.sha256()
    for path in sorted(path for room in _ROOMS for path in (settings.BASE_DIR / room).rglob("*.py")):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()


def stamp_of(import_job: ImportJob, book: CodeBook, max_rows: int) -> str:
    """Digest of all that a check rests on: file, program, columns, codes, regions, classes, rules and the day."""
    layout = [column.field for column in layout_of(import_job.batch).columns]
    basis = [import_job.blob.sha256, layout, max_rows, asdict(book)]
    return hashlib.sha256(_program() + json.dumps(basis, sort_keys=True, default=_plain).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """The same text in every process, for what JSON does not know. Raises TypeError for the unexpected."""
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, date | Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


def can_keep(source: Source) -> bool:
    """Whether a source is one table; a ZIP of workbooks is opened again."""
    return isinstance(source, Sheet)


class Keeper:
    """Takes in what a check finds, chunk by chunk, before it is compared with the database; then saves it."""

    def __init__(self, import_job: ImportJob, source: Source, stamp: str) -> None:
        self._import_job, self._stamp = import_job, stamp
        self._fields = [column.field for column in layout_of(import_job.batch).columns]
        head = {
            "total": source.total,
            "headers": source.headers,
            "unknown_headers": source.unknown_headers,
            "is_marked": source.is_marked,
            "fields": self._fields,
        }
        self._parts = [_sealed(head)]

    def add(self, rows: Sequence[CheckedRow]) -> None:
        """Keep a chunk. Asks the database nothing."""
        self._parts.append(_sealed([self._row(row) for row in rows]))

    def _row(self, row: CheckedRow) -> list[Any]:
        cells = [row.source.cells.get(name, "") for name in self._fields]
        faults = [[one.field, one.code, one.level, one.detail, one.value] for one in row.faults]
        return [row.source.number, cells, row.source.faults, faults]

    def save(self) -> None:
        """Write what was taken in."""
        CheckedPart.objects.bulk_create(
            CheckedPart(import_job=self._import_job, place=place, stamp=self._stamp, content=content)
            for place, content in enumerate(self._parts)
        )


def _sealed(what: Any) -> bytes:
    return encrypt_bytes(zlib.compress(json.dumps(what, ensure_ascii=False).encode(), FAST), CONTEXT)


def _read(packed: bytes) -> Any:
    return json.loads(zlib.decompress(packed))


class KeptSource:
    """The file as its check left it; `judged` gives the faults with each row."""

    def __init__(self, head: dict[str, Any], parts: list[bytes]) -> None:
        self.total: int = head["total"]
        self.headers: dict[str, str] = head["headers"]
        self.unknown_headers: list[str] = head["unknown_headers"]
        self.is_marked: bool = head["is_marked"]
        self.refused: list[RefusedMember] = []
        self._fields: list[str] = head["fields"]
        self._parts = parts

    @classmethod
    def find(cls, import_job: ImportJob, stamp: str) -> "KeptSource | None":
        """What was kept for an import under this stamp; None when there is nothing that can be used."""
        kept = CheckedPart.objects.filter(import_job=import_job, stamp=stamp).order_by("place")
        contents = kept.values_list("content", flat=True)
        try:
            packed = [decrypt_bytes(bytes(content), CONTEXT) for content in contents]
        except DecryptFailed:
            return None
        return cls(_read(packed[0]), packed[1:]) if packed else None

    def judged(self) -> Iterator[tuple[SourceRow, list[Fault]]]:
        """Each row with the faults that it has by itself and within the file."""
        for part in self._parts:
            for number, cells, betrayed, faults in _read(part):
                found = dict(zip(self._fields, cells, strict=True))
                yield SourceRow(number, "", found, betrayed), [Fault(*fault) for fault in faults]

    def rows(self) -> Iterator[SourceRow]:
        return (row for row, _faults in self.judged())

    def some_cells(self, fields: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        return some_cells(self.rows(), fields)


def forget(import_job: ImportJob) -> None:
    """Remove what was kept for an import."""
    CheckedPart.objects.filter(import_job=import_job).delete()


def forget_earlier() -> int:
    """Remove what was kept before today: no stamp of today fits it. Returns how many parts."""
    begun = datetime.combine(timezone.localdate(), time.min, timezone.get_current_timezone())
    deleted, _by_model = CheckedPart.objects.filter(import_job__job__created_at__lt=begun).delete()
    return deleted
