"""What the four checks find in one student file. Reads; writes nothing."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings

from archive.edits.fields import book_for, columns_for, current_text
from archive.four_checks.items import ITEMS, OF_CONTENT
from archive.models import FourCheckItem
from archive.snapshots import attachment_ids
from core.crypto import DecryptFailed, KeyUnknown
from files.examination import examine
from files.inspection import SCANS
from files.models import Blob
from files.refusals import NotChecked
from ledger.models import Event
from records.cells import CodeBook, read_row
from records.checks import check
from records.completeness import layout_for
from records.models import Document, DocumentKind, Enrolment, FamilyMember, Student
from records.numbers import ARCHIVE_CATEGORY
from school.models import Unit

Outcome = FourCheckItem.Outcome

ARCHIVE_NO = re.compile(rf".+-{ARCHIVE_CATEGORY}-\d{{4}}-\d{{6}}", re.ASCII)
LENGTH = frozenset({"too_long"})
CHARACTERS = frozenset({"name_characters", "formula"})
LISTED = frozenset({"unknown_code", "region_unknown", "programme_unknown", "class_unknown"})
REQUIRED = frozenset(
    {"required", "id_required", "guardian_missing", "parent_id_missing", "aux_no_required"}
)  # fmt: skip
FORM = frozenset(
    {"number_precision", "date_unreal", "id_length", "id_characters", "id_check_digit", "id_birth_date"}
)
OF_METADATA = ("1-2", "1-3", "1-4", "1-5", "1-6", "2-2")
OF_DOCUMENTS = ("1-1", "1-9", "1-10", "2-1", "2-5", "3-3", "4-3")
BY_OPENING = ("3-2", "3-4", "4-2")
HEAVY = ("title", "bringer_name", "review_note", "blob__filename")


@dataclass(slots=True)
class Findings:
    """What was found: by item, the fields, documents and attachments at fault; which items do not apply; the amount."""

    about: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    left_out: set[str] = field(default_factory=set)
    contents: int = 0
    bytes: int = 0

    def outcome(self, number: str) -> str:
        """How an item came out."""
        if number in self.about:
            return Outcome.FAILED
        return Outcome.NOT_APPLICABLE if number in self.left_out else Outcome.PASSED

    @property
    def failed(self) -> list[str]:
        """The items that failed, in order."""
        return [number for number in ITEMS if number in self.about]

    def add(self, numbers: Iterable[str], about: str) -> None:
        """Note a fault."""
        for number in numbers:
            self.about[number].append(about)


class Books:
    """The code books of schools, each read once."""

    def __init__(self) -> None:
        self._known: dict[int, CodeBook] = {}

    def of(self, school: Unit) -> CodeBook:
        """The code book of a school."""
        if school.pk not in self._known:
            self._known[school.pk] = book_for(school)
        return self._known[school.pk]


class Slice:
    """What is to be known of some files, read together; nothing of the metadata of a file that no key opens."""

    def __init__(self, students: Sequence[Student]) -> None:
        ids, subjects = [one.pk for one in students], [one.public_id for one in students]
        newest = Enrolment.objects.current().filter(student__in=ids).select_related("school", "programme")
        self.enrolments = {row.student_id: row for row in newest}
        self.documents: dict[int, list[Document]] = defaultdict(list)
        rows = Document.objects.filter(student__in=ids).select_related("blob").defer(*HEAVY)
        for row in rows.order_by("item_no", "version"):
            self.documents[row.student_id].append(row)
        opened = Event.objects.filter(subject__in=subjects, action="student.opened")
        self.opened = set(opened.values_list("subject", flat=True))
        self.made = {model: _made(model, subjects) for model in (Student, Document)}
        numbers = [one.archive_no for one in students]
        self.numbers = Counter(
            Student.objects.filter(archive_no__in=numbers).values_list("archive_no", flat=True)
        )
        self.attachments: dict[int, list[Blob]] = {}
        by_student = attachment_ids(ids)
        blobs = Blob.objects.defer("filename").in_bulk({pk for held in by_student.values() for pk in held})
        for pk, held in by_student.items():
            self.attachments[pk] = [blobs[one] for one in sorted(held)]
        self.keyless: set[int] = set()
        self.metadata = self._metadata(ids)

    def _metadata(self, ids: list[int]) -> dict[int, tuple[Student, dict[int, FamilyMember]]]:
        """Each student with his family by position. Where one cannot be decrypted, each is tried by himself.

        Those whose key the deployment lacks are noted as ``keyless``.
        """
        try:
            return _readable(ids)
        except DecryptFailed:
            found: dict[int, tuple[Student, dict[int, FamilyMember]]] = {}
            for pk in ids:
                try:
                    found |= _readable([pk])
                except KeyUnknown:
                    self.keyless.add(pk)
                except DecryptFailed:
                    continue
            return found


def _readable(ids: list[int]) -> dict[int, tuple[Student, dict[int, FamilyMember]]]:
    list(Document.objects.filter(student__in=ids).values_list(*HEAVY))
    families: dict[int, dict[int, FamilyMember]] = defaultdict(dict)
    for member in FamilyMember.objects.filter(student__in=ids):
        families[member.student_id][member.position] = member
    return {row.pk: (row, families[row.pk]) for row in Student.objects.filter(pk__in=ids)}


def examine_file(
    student: Student,
    known: Slice,
    books: Books,
    *,
    opening: bool = True,
    contents: Mapping[int, frozenset[str]] | None = None,
) -> Findings:
    """Check a file of a slice as it stands.

    ``opening`` False reads every digest and opens nothing. ``contents``: what `files.examination` found a moment ago,
    by id. Raises NotChecked.
    """
    if student.pk not in known.enrolments:
        raise NotChecked("gone")
    if student.pk in known.keyless:
        raise NotChecked("key_missing")
    found = Findings()
    if not opening:
        found.left_out |= {*BY_OPENING, "4-1"}
    if not settings.CLAMAV_ADDRESS:
        found.left_out.add("4-1")
    _metadata(found, student, known, books)
    _number(found, student, known)
    documents = known.documents[student.pk]
    _sequence(found, documents)
    _filed(found, student, documents, known)
    _contents(found, documents, opening=opening, contents=contents or {})
    _attachments(found, known.attachments[student.pk], opening=opening)
    return found


def document_name(row: Document) -> str:
    """How findings name a version of a document."""
    return f"document:{row.item_no}.{row.version}"


def _metadata(found: Findings, student: Student, known: Slice, books: Books) -> None:
    if student.pk not in known.metadata:
        found.add(("3-1",), "metadata")
        found.left_out.update(OF_METADATA)
        return
    whole, members = known.metadata[student.pk]
    stretch = known.enrolments[student.pk]
    stage, book = stretch.school.stage, books.of(stretch.school)
    columns = tuple(columns_for(stage))
    cells = {column.field: current_text(column.field, whole, stretch, members) for column in columns}
    values, faults = read_row(cells, columns, book, exact=False)
    for fault in check(values, layout_for(stage), book, faults):
        if fault.level == "error":
            found.add((_item_of(fault.code),), f"field:{fault.field}")


def _item_of(code: str) -> str:
    known = {"1-2": LENGTH, "1-4": LISTED, "1-6": CHARACTERS, "2-2": REQUIRED, "1-3": FORM}
    for number, codes in known.items():
        if code in codes:
            return number
    return "1-3" if code.endswith("_form") else "1-5"


def _number(found: Findings, student: Student, known: Slice) -> None:
    if not ARCHIVE_NO.fullmatch(student.archive_no):
        found.add(("1-7",), "field:archive_no")
    if known.numbers[student.archive_no] > 1:
        found.add(("1-8",), "field:archive_no")


def _sequence(found: Findings, documents: list[Document]) -> None:
    """Item numbers and versions run from 1 without gaps, the last version is the newest, no content is there twice."""
    versions: dict[int, list[Document]] = defaultdict(list)
    for row in documents:
        versions[row.item_no].append(row)
    for wanted in range(1, max(versions, default=0) + 1):
        rows = versions.get(wanted, [])
        whole = [row.version for row in rows] == list(range(1, len(rows) + 1))
        if not rows or not whole or [row.is_current for row in rows] != [False] * (len(rows) - 1) + [True]:
            found.add(("2-4",), f"item:{wanted}")
    once = Counter((row.kind, row.blob.sha256) for row in documents if row.is_current)
    for row in documents:
        if row.is_current and once[row.kind, row.blob.sha256] > 1:
            found.add(("1-8",), document_name(row))


def _filed(found: Findings, student: Student, documents: list[Document], known: Slice) -> None:
    """Who opened the file and who brought each document is on record; each is of a kind that is filed."""
    if student.public_id not in known.opened:
        found.add(("2-3",), "process:opened")
    if student.pk not in known.made[Student]:
        found.add(("2-3",), "process:student")
    for row in documents:
        if row.pk not in known.made[Document]:
            found.add(("2-3",), document_name(row))
        if row.kind not in DocumentKind.values:
            found.add(("2-7",), document_name(row))


def _made(model: Any, subjects: list[UUID]) -> set[int]:
    """Ids of the rows of these students whose making is in the history."""
    rows = model.history.filter(history_subject__in=subjects, history_type="+")
    return set(rows.values_list("id", flat=True))


def _contents(
    found: Findings, documents: list[Document], *, opening: bool, contents: Mapping[int, frozenset[str]]
) -> None:
    if not documents:
        found.left_out.update((*OF_DOCUMENTS, *BY_OPENING, "2-7"))
    for row in documents:
        _looked_at(found, row.blob, document_name(row), contents.get(row.blob_id), opening=opening)


def _attachments(found: Findings, blobs: list[Blob], *, opening: bool) -> None:
    if not blobs:
        found.left_out.add("2-6")
    for blob in blobs:
        _looked_at(found, blob, f"attachment:{str(blob.public_id)[:8]}", None, opening=opening)


def _looked_at(
    found: Findings, blob: Blob, name: str, faults: frozenset[str] | None, *, opening: bool
) -> None:
    found.contents += 1
    found.bytes += blob.size
    for fault in faults if faults is not None else examine(blob, SCANS, opening=opening):
        found.add(_items_of(fault, name), name)


def _items_of(fault: str, name: str) -> Iterator[str]:
    for number in OF_CONTENT[fault]:
        yield "2-6" if number == "2-5" and name.startswith("attachment") else number
