"""Which export a file came from: by the file, its serial, its cells, or the students in it. It is not stored."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from django.db import connection, transaction
from django.db.models import F, QuerySet

from accounts.models import User
from accounts.scope import units_with_any
from audit.exports import selectors
from audit.exports.content import LARGEST, digest_of, opened
from audit.models import ExportRequest
from core.crypto import blind_index
from core.lookups import AnyOf
from core.workbook import Table, WorkbookRefused, open_table
from core.workbook.cells import text_of
from core.workbook.package import Limits, Package
from core.workbook.reading import ZIP_MAGIC
from ledger import events
from records.models import Enrolment, Student

LIMITS = Limits(max_rows=50_000, max_bytes=LARGEST, max_uncompressed=128 << 20, max_cells=4_000_000)
MOST_NUMBERS = 100_000
SHOWN = 10
LONGEST_HEAD = 30
LEAST = 10
"""Students whom a file and an export must share to be told: fewer would ask who is in which export."""
BANDS = ((95, "all"), (70, "most"), (30, "half"), (0, "few"))
"""From which percentage on a share is told as what. An exact one tells of a student by asking with and without."""
_SERIAL = re.compile(r"\bDC-20\d{2}-\d{6,9}\b")
_NUMBER = re.compile(r"(?=.*\d)[0-9A-Za-z]{4,20}")
_SHARED = """
    SELECT id, shared FROM (
        SELECT export.id, (SELECT count(*) FROM unnest(export.people) AS one WHERE one = ANY(%s)) AS shared
        FROM audit_exportrequest AS export WHERE export.id = ANY(%s) AND export.people && %s::bigint[]
    ) AS held WHERE shared >= %s
"""


@dataclass(slots=True)
class Found:
    """An export that a file may come from. ``ways``: ``file``, ``cells``, ``serial``, ``students``, the surest first.

    ``share``: of the students whom the file names, how many the export held, by `BANDS`.
    """

    export: ExportRequest
    ways: list[str] = field(default_factory=list)
    share: str = ""


@dataclass(frozen=True)
class Answer:
    """What was found of a file: the exports, the surest first, and how many students it names, from `LEAST` on."""

    found: list[Found]
    students: int = 0


class _File:
    """A file from a stranger, read within bounds. Raises WorkbookRefused."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.sha256 = hashlib.sha256(content).hexdigest()
        self.table, self.cells = self._opened()

    def _opened(self) -> tuple[Table, str]:
        try:
            table = opened(self.content, limits=LIMITS)
        except WorkbookRefused as refused:
            if refused.code != "no_header":
                raise
            return open_table(self.content, limits=LIMITS), ""
        return table, digest_of(table)

    @cached_property
    def serials(self) -> set[str]:
        """Serials in its properties and in what stands above the header."""
        texts = [str(value) for row in islice(self.table.source.raw_rows(), LONGEST_HEAD) for value in row]
        return set(_SERIAL.findall("\n".join([*texts, self._properties()])))

    def _properties(self) -> str:
        if not self.content.startswith(ZIP_MAGIC):
            return ""
        package = Package(self.content, LIMITS)
        member = package.find("docProps/core.xml")
        return package.text(member, limit=1 << 20).decode("utf-8", "replace") if member else ""

    @cached_property
    def numbers(self) -> set[str]:
        """Texts that could be somebody's number."""
        found: set[str] = set()
        for row in self.table.source.raw_rows():
            texts = (text_of(value)[0].strip() for value in row)
            found.update(text for text in texts if _NUMBER.fullmatch(text))
            if len(found) > MOST_NUMBERS:
                break
        return found


@transaction.atomic
def by_digest(*, actor: User, sha256: str) -> Answer:
    """Exports whose file, or whose cells, have this SHA-256; one event."""
    rows = _in_sight(actor)
    found: dict[int, Found] = {}
    _add(found, "file", rows.filter(sha256=sha256))
    _add(found, "cells", rows.filter(content_digest=sha256))
    return _answered(actor, Answer(list(found.values())), "digest")


@transaction.atomic
def by_file(*, actor: User, content: bytes) -> Answer:
    """Exports that a file may come from; one event. Raises WorkbookRefused for what is no table."""
    rows = _in_sight(actor)
    found: dict[int, Found] = {}
    _add(found, "file", rows.filter(sha256=hashlib.sha256(content).hexdigest()))
    students: set[int] = set()
    numbers = 0
    if not found:
        file = _File(content)
        if file.cells:
            _add(found, "cells", rows.filter(content_digest=file.cells))
        _add(found, "serial", rows.filter(request__number__in=file.serials))
        numbers, students = len(file.numbers), _students(actor, file.numbers)
        if len(students) < LEAST:
            students = set()
        _add_shared(found, rows, students)
    return _answered(actor, Answer(list(found.values()), len(students)), "file", numbers)


def _answered(actor: User, answer: Answer, asked_by: str, numbers: int = 0) -> Answer:
    """``numbers``: how many were looked for; which, nothing keeps."""
    ways = sorted({way for one in answer.found for way in one.ways})
    detail = {"by": asked_by, "found": len(answer.found), "ways": ways, "numbers": numbers}
    events.record("export.recognised", actor=actor, detail=detail)
    return answer


def _in_sight(user: User) -> QuerySet[ExportRequest]:
    schools = units_with_any(user, selectors.AUDIT)
    rows: QuerySet[ExportRequest] = ExportRequest.objects.filter(
        request__school_id__in=schools, made_at__isnull=False
    )
    return rows.select_related("request", "requester", "second", "approver").defer("use")


def _add(found: dict[int, Found], way: str, rows: Iterable[ExportRequest]) -> None:
    for row in rows:
        found.setdefault(row.pk, Found(row)).ways.append(way)


def _students(user: User, numbers: set[str]) -> set[int]:
    """Ids of the students of the schools in sight whose 学号, 学籍号 or identity number these are."""
    schools = units_with_any(user, selectors.AUDIT)
    here = Enrolment.objects.filter(school_id__in=schools)
    ids = set(here.filter(AnyOf(F("student_no"), sorted(numbers))).values_list("student_id", flat=True))
    for kind in ("id_number", "national_no"):
        indexes = [blind_index(kind, one.upper()) for one in numbers if len(one) >= 15]
        people = Student.objects.filter(AnyOf(F(f"{kind}_index"), indexes), pk__in=here.values("student_id"))
        ids.update(people.values_list("pk", flat=True))
    return ids


def _add_shared(found: dict[int, Found], rows: QuerySet[ExportRequest], students: set[int]) -> None:
    if not students:
        return
    ids, keys = sorted(students), list(rows.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(_SHARED, [ids, keys, ids, LEAST])
        shared = {key: _band(100 * count // len(ids)) for key, count in cursor.fetchall()}
    first = sorted(shared, key=lambda key: (-shared[key][0], -key))[:SHOWN]
    known = {row.pk: row for row in rows.filter(pk__in=[*first, *found])}
    for key in first:
        one = found.setdefault(key, Found(known[key]))
        one.ways.append("students")
        one.share = shared[key][1]


def _band(percent: int) -> tuple[int, str]:
    return next((least, name) for least, name in BANDS if percent >= least)
