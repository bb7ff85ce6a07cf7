"""Writes of documents: added to an open file, a better version, checked, catalogued, related; the paper beside them.

Adding a document is an entry by the department that has it, not an edit: nothing that stands in the file changes.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from files.actions import discard, store
from files.inspection import SCANS
from files.models import Blob
from ledger import events
from ledger.context import acting, current_actor
from ledger.history import delete_rows
from records import reading
from records.documents import rights
from records.documents.filing import locked, place
from records.documents.refusals import DocumentRefused
from records.models import Bringer, Document, DocumentKind, DocumentLink, PhotoFile, Secrecy, Student
from records.selectors import StudentFile

LEVELS = Secrecy.values
"""From the lowest to the highest."""


@dataclass(frozen=True, slots=True)
class Description:
    """What is told about a document beside its kind."""

    title: str = ""
    brought_by: str = Bringer.OFFICE
    bringer_name: str = ""
    secrecy: str = Secrecy.ORDINARY
    class_code: str = ""
    subject_terms: list[str] = field(default_factory=list)
    paper_original: bool = False


@transaction.atomic
def add(
    *, actor: User, file: StudentFile, kind: str, content: bytes, filename: str, told: Description
) -> Document:
    """Add a document to an accepted file. Raises NotPermitted, DocumentRefused, FileRefused."""
    role = rights.demand_in(file, rights.ADD)
    if kind == DocumentKind.PHOTO or kind not in DocumentKind.values:
        raise DocumentRefused("photo")
    locked(file.student)
    blob = _stored(actor, file.student, content, filename)
    with acting(actor, role=role):
        row = place(file.student, kind, blob, actor=actor, **asdict(told))
        _note("document.added", actor, file, row, role, bytes=blob.size, secrecy=row.secrecy)
    return row


def _stored(
    actor: User, student: Student, content: bytes, filename: str, *, old: Document | None = None
) -> Blob:
    """The kept content. What was found unfit may come again as another document, as under its right kind."""
    blob = store(actor=actor, content=content, filename=filename, allowed=SCANS)
    same = Document.objects.filter(student=student, blob__sha256=blob.sha256, is_current=True)
    if same.exclude(review=Document.Review.UNFIT).exists() or (old and old.blob.sha256 == blob.sha256):
        raise DocumentRefused("repeated")
    return blob


@transaction.atomic
def add_version(
    *, actor: User, file: StudentFile, document: Document, content: bytes, filename: str, told: Description
) -> Document:
    """Put a new version beside the old one, which stays. It is at least as secret as the old one.

    Raises NotPermitted, FileRefused, DocumentRefused when somebody put a newer one there meanwhile.
    """
    role = rights.demand_in(file, rights.ADD)
    rights.demand_open(file, document)
    locked(file.student)
    old = _current(document)
    if old.kind == DocumentKind.PHOTO:
        raise DocumentRefused("photo")
    blob = _stored(actor, file.student, content, filename, old=old)
    values = asdict(told) | {"secrecy": max(old.secrecy, told.secrecy, key=LEVELS.index)}
    with acting(actor, role=role):
        old.is_current = False
        old.save(update_fields=["is_current"])
        row = Document(
            student=old.student,
            kind=old.kind,
            item_no=old.item_no,
            version=old.version + 1,
            blob=blob,
            added_by=actor,
            **values,
        )
        row.save()
        _note("document.version_added", actor, file, row, role, bytes=blob.size, secrecy=row.secrecy)
    return row


def _current(document: Document) -> Document:
    rows = Document.objects.select_for_update(of=("self",)).select_related("student", "blob")
    row: Document = rows.get(pk=document.pk)
    if not row.is_current:
        raise DocumentRefused("superseded")
    return row


@transaction.atomic
def check(
    *, actor: User, file: StudentFile, document: Document, sound: bool, fault: str = "", note: str = ""
) -> Document:
    """Hold a scan against the original: sound, or unfit with the fault; an unfit one counts as missing.

    Raises NotPermitted, DocumentRefused: own work, a newer version is there, or somebody has checked it.
    """
    role = rights.demand_in(file, rights.CHECK)
    rights.demand_open(file, document)
    row = _current(document)
    if row.added_by_id == actor.pk:
        raise DocumentRefused("own_work")
    settled = row.review == Document.Review.UNFIT or (sound and row.review == Document.Review.SOUND)
    if settled:
        raise DocumentRefused("checked")
    if not sound and fault not in Document.Fault.values:
        raise DocumentRefused("fault_needed")
    row.review = Document.Review.SOUND if sound else Document.Review.UNFIT
    row.fault, row.review_note = ("", "") if sound else (fault, note)
    row.reviewed_by, row.reviewed_at = actor, timezone.now()
    with acting(actor, role=role):
        row.save(update_fields=["review", "fault", "review_note", "reviewed_by", "reviewed_at"])
        action = "document.checked" if sound else "document.rejected"
        _note(action, actor, file, row, role, **({} if sound else {"fault": fault}))
    return row


@transaction.atomic
def set_secrecy(*, actor: User, file: StudentFile, document: Document, secrecy: str, reason: str) -> Document:
    """Raise or lower the secrecy of a document in all its versions. Raises NotPermitted, DocumentRefused."""
    role = rights.demand_in(file, rights.CHECK)
    rights.demand_open(file, document, rights.SECRET)
    locked(file.student)
    row = _current(document)
    if row.kind == DocumentKind.PHOTO:
        raise DocumentRefused("photo")
    if not reason.strip():
        raise DocumentRefused("reason_needed")
    if row.secrecy == secrecy:
        raise DocumentRefused("nothing_changed")
    before = row.secrecy
    with acting(actor, role=role, reason=reason.strip()):
        for version in Document.objects.filter(student_id=row.student_id, item_no=row.item_no):
            version.secrecy = secrecy
            version.save(update_fields=["secrecy"])
        row.secrecy = secrecy
        _note("document.secrecy_changed", actor, file, row, role, before=before, after=secrecy)
    return row


@transaction.atomic
def catalogue(
    *, actor: User, file: StudentFile, document: Document, class_code: str, subject_terms: list[str]
) -> Document:
    """Set class number and subject terms, by which the archives find it. Raises NotPermitted, DocumentRefused."""
    role = rights.demand_in(file, rights.CHECK)
    rights.demand_open(file, document)
    row = _current(document)
    if (row.class_code, row.subject_terms) == (class_code, subject_terms):
        raise DocumentRefused("nothing_changed")
    row.class_code, row.subject_terms = class_code, subject_terms
    with acting(actor, role=role):
        row.save(update_fields=["class_code", "subject_terms"])
        _note("document.catalogued", actor, file, row, role)
    return row


@transaction.atomic
def relate(*, actor: User, file: StudentFile, document: Document, item_no: int) -> DocumentLink:
    """Note that another document of the file belongs to this one. Raises NotPermitted, DocumentRefused."""
    role = rights.demand_in(file, rights.ADD)
    rights.demand_open(file, document)
    student = locked(file.student)
    if item_no == document.item_no:
        raise DocumentRefused("same")
    if not Document.objects.filter(student=student, item_no=item_no).exists():
        raise DocumentRefused("unknown_item")
    first, second = sorted((document.item_no, item_no))
    known = DocumentLink.objects.filter(student=student, first_item=first, second_item=second)
    if known.exists():
        raise DocumentRefused("linked")
    link = DocumentLink(student=student, first_item=first, second_item=second)
    with acting(actor, role=role):
        link.save()
        _note("document.related", actor, file, document, role, other=item_no)
    return link


@transaction.atomic
def unrelate(*, actor: User, file: StudentFile, document: Document, item_no: int) -> None:
    """Take that note back. Raises NotPermitted, DocumentRefused when it is not there."""
    role = rights.demand_in(file, rights.ADD)
    rights.demand_open(file, document)
    first, second = sorted((document.item_no, item_no))
    rows = DocumentLink.objects.select_for_update(of=("self",)).select_related("student")
    link = rows.filter(student=file.student, first_item=first, second_item=second).first()
    if link is None:
        raise DocumentRefused("nothing_changed")
    with acting(actor, role=role):
        link.delete()
        _note("document.unrelated", actor, file, document, role, other=item_no)


@transaction.atomic
def note_page(*, actor: User, file: StudentFile, document: Document, page: int) -> None:
    """Write down that somebody looked at a page."""
    role = rights.role_in(file, "view_student")
    _note("student.document_viewed", actor, file, document, role, page=page, version=document.version)
    reading.count_view(actor=actor, file=file)


@transaction.atomic
def note_download(*, actor: User, file: StudentFile, document: Document) -> None:
    """Write down that somebody took the stored file away."""
    role = rights.role_in(file, rights.REVEAL)
    _note("document.downloaded", actor, file, document, role, version=document.version)
    reading.count(actor=actor, file=file)


def _note(action: str, actor: User, file: StudentFile, document: Document, role: str, **detail: Any) -> None:
    events.record(
        action, actor=actor, obj=document, unit_id=file.enrolment.unit_id, role=role,
        detail={"kind": document.kind, "item": document.item_no, **detail},
    )  # fmt: skip


# The paper file


def paper_state(student: Student) -> str:
    """The state of the paper file that a form was drawn from; given back, it shows whether it is still so."""
    return "|".join((str(student.has_paper), student.paper_place, student.paper_package_no))


@transaction.atomic
def set_paper(
    *, actor: User, file: StudentFile, has_paper: bool, place: str, package_no: str, seen: str
) -> Student:
    """Note where the paper twin lies and in which sealed package. Raises NotPermitted, DocumentRefused."""
    role = rights.demand_in(file, rights.PAPER)
    row: Student = Student.objects.select_for_update().get(pk=file.student.pk)
    if paper_state(row) != seen:
        raise DocumentRefused("paper_changed")
    row.has_paper = has_paper
    row.paper_place, row.paper_package_no = (place, package_no) if has_paper else ("", "")
    if paper_state(row) == seen:
        raise DocumentRefused("nothing_changed")
    with acting(actor, role=role):
        row.save(update_fields=["has_paper", "paper_place", "paper_package_no"])
        events.record(
            "student.paper_noted", actor=actor, obj=row, unit_id=file.enrolment.unit_id, role=role,
            detail={"kept": has_paper},
        )  # fmt: skip
    return row


def erase(student: Student) -> list[Blob]:
    """Delete the documents of a file for good: rows, relations and stored contents, as whoever is `acting`.

    Also the pictures that were brought for its photo, with their names. Gives the contents.
    """
    actor = current_actor()
    rows = list(Document.objects.filter(student=student).select_related("blob", "student"))
    links = DocumentLink.objects.filter(student=student).select_related("student")
    delete_rows(list(links), actor=actor)
    delete_rows(rows, actor=actor)
    pictures = PhotoFile.objects.filter(student=student)
    sources = [one.source for one in pictures.exclude(source=None).select_related("source") if one.source]
    pictures.delete()
    held = [*(row.blob for row in rows), *sources]
    for blob in held:
        discard(blob)
    return held
