"""How documents get their place in a file: item numbers, versions, one newest version of each."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone

from accounts.models import User
from files.models import Blob
from ledger.history import update_rows
from records.models import Document, DocumentKind, Student


def locked(student: Student) -> Student:
    """The student's row, locked until the transaction ends: whoever numbers documents of a file holds it."""
    row: Student = Student.objects.select_for_update().only("public_id", "archive_no").get(pk=student.pk)
    return row


def next_item(student_id: int) -> int:
    """The next item number of a file whose student is locked."""
    rows = Document.objects.filter(student_id=student_id).order_by("-item_no")
    return (rows.values_list("item_no", flat=True).first() or 0) + 1


def superseded(student_id: int, **item: Any) -> Document | None:
    """The newest version so far, no longer the newest; None when there is none. The caller writes the next one."""
    rows = Document.objects.select_for_update(of=("self",)).select_related("student")
    old: Document | None = rows.filter(student_id=student_id, is_current=True, **item).first()
    if old is not None:
        old.is_current = False
        old.save(update_fields=["is_current"])
    return old


def place(student: Student, kind: str, blob: Blob, *, actor: User, **values: Any) -> Document:
    """Write a document as the next item, a photo as the next version of the photo. The caller is `acting`."""
    student = locked(student)
    old = superseded(student.pk, kind=kind) if kind == DocumentKind.PHOTO else None
    row = Document(
        student=student,
        kind=kind,
        blob=blob,
        item_no=old.item_no if old else next_item(student.pk),
        version=old.version + 1 if old else 1,
        added_by=actor,
        **values,
    )
    row.save()
    return row


def of_acceptance(
    admitted: Sequence[tuple[Student, Sequence[tuple[str, int]]]], *, actor: User, role: str
) -> list[Document]:
    """Unwritten documents for files that are being opened or opened again; ``admitted``: kinds with ids of blobs.

    Who accepts has held them against the originals, so they count as checked, unless he brought them himself.
    """
    last, photos = _standing([student.pk for student, _given in admitted])
    brought = _bringers(blob_id for _student, given in admitted for _kind, blob_id in given)
    renewed = [
        photos[student.pk]
        for student, given in admitted
        if student.pk in photos and any(kind == DocumentKind.PHOTO for kind, _blob in given)
    ]
    for old in renewed:
        old.is_current = False
    update_rows(renewed, ["is_current"], actor=actor, role=role)
    rows: list[Document] = []
    for student, given in admitted:
        newest = photos.get(student.pk)
        for kind, blob_id in sorted(given, key=lambda one: one[1]):
            row = Document(student=student, kind=kind, blob_id=blob_id, added_by_id=brought[blob_id])
            if kind == DocumentKind.PHOTO and newest is not None:
                newest.is_current = False  # of two photos that come together, the later one stands
                row.item_no, row.version = newest.item_no, newest.version + 1
            else:
                last[student.pk] += 1
                row.item_no = last[student.pk]
            newest = row if kind == DocumentKind.PHOTO else newest
            if row.added_by_id != actor.pk:
                row.review, row.reviewed_by, row.reviewed_at = Document.Review.SOUND, actor, timezone.now()
            rows.append(row)
    return rows


def _standing(student_ids: list[int]) -> tuple[dict[int, int], dict[int, Document]]:
    """The last item number and the newest photo of each file."""
    last: dict[int, int] = defaultdict(int)
    photos: dict[int, Document] = {}
    for row in Document.objects.filter(student_id__in=student_ids).select_related("student"):
        last[row.student_id] = max(last[row.student_id], row.item_no)
        if row.kind == DocumentKind.PHOTO and row.is_current:
            photos[row.student_id] = row
    return last, photos


def _bringers(blob_ids: Iterable[int]) -> dict[int, int]:
    return dict(Blob.objects.filter(pk__in=list(blob_ids)).values_list("pk", "created_by_id"))
