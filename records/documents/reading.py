"""Reads of documents: one for a reader, those of a file with their versions, what hangs together, the catalogue."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404

from accounts.models import User
from records.documents.rights import demand_in, in_files, may_open, opens
from records.models import Document, DocumentKind, DocumentLink, Student
from records.selectors import StudentFile, student_file


@dataclass(frozen=True, slots=True)
class Item:
    """A document of a file in its newest version, for one reader."""

    document: Document
    older: int
    may_open: bool


def file_for(user: User, student_id: UUID) -> StudentFile:
    """A file whose documents the reader may list. Raises OutOfScope, Http404, NotPermitted."""
    file = student_file(user, student_id)
    demand_in(file, "view_student")
    return file


def document_for(file: StudentFile, public_id: UUID) -> Document:
    """A document of this file, any version, with its blob. Raises Http404."""
    rows = Document.objects.select_related("blob", "student", "added_by", "reviewed_by")
    row: Document | None = rows.filter(student=file.student, public_id=public_id).first()
    if row is None:
        raise Http404
    return row


def items_of(file: StudentFile) -> list[Item]:
    """The newest version of each document, by item number; one query."""
    rows = Document.objects.filter(student=file.student).select_related("blob", "added_by")
    found = rows.defer("blob__filename").order_by("item_no", "version")
    newest = {row.item_no: row for row in found}
    return [Item(row, row.version - 1, may_open(file, row)) for row in newest.values()]


def versions_of(document: Document) -> list[Document]:
    """All versions, the newest first."""
    rows = Document.objects.filter(student_id=document.student_id, item_no=document.item_no)
    return list(rows.select_related("blob", "added_by").defer("blob__filename").order_by("-version"))


def related_to(document: Document) -> list[Document]:
    """The newest versions of the documents that belong to this one."""
    links = DocumentLink.objects.filter(
        Q(first_item=document.item_no) | Q(second_item=document.item_no), student_id=document.student_id
    )
    pairs = links.values_list("first_item", "second_item")
    others = {item for pair in pairs for item in pair} - {document.item_no}
    rows = Document.objects.filter(student_id=document.student_id, item_no__in=others, is_current=True)
    return list(rows.select_related("student").order_by("item_no"))


def others_in(document: Document) -> list[tuple[int, str]]:
    """What this document could be related to: item numbers with words."""
    taken = {row.item_no for row in related_to(document)} | {document.item_no}
    rows = Document.objects.filter(student_id=document.student_id, is_current=True).exclude(item_no__in=taken)
    return [(row.item_no, f"{row.item_no} · {row.get_kind_display()}") for row in rows.order_by("item_no")]


def catalogue(user: User) -> QuerySet[Document]:
    """The newest version of every document in files that ``user`` sees, for a list.

    ``opens``: whether he may open it; what it is about is told to nobody else.
    """
    rows: QuerySet[Document] = Document.objects.filter(in_files(user), is_current=True)
    rows = rows.exclude(kind=DocumentKind.PHOTO).annotate(opens=opens(user))
    return rows.select_related("student", "added_by").only(
        "public_id", "item_no", "version", "kind", "title", "class_code", "subject_terms", "secrecy", "review",
        "added_at", "student__public_id", "student__name", "student__archive_no", "student__name_sort",
        "added_by__name",
    )  # fmt: skip


def export(student: Student) -> list[dict[str, Any]]:
    """Every version of every document in plain values, without the contents."""
    rows = Document.objects.filter(student=student).select_related(
        "blob", "student", "added_by", "reviewed_by"
    )
    links = list(
        DocumentLink.objects.filter(student=student).values_list("first_item", "second_item").order_by("pk")
    )
    return [_exported(row, links) for row in rows.order_by("item_no", "version")]


def _exported(row: Document, links: list[tuple[int, int]]) -> dict[str, Any]:
    blob = row.blob
    related = sorted({item for pair in links if row.item_no in pair for item in pair} - {row.item_no})
    return {
        "number": row.number,
        "item_no": row.item_no,
        "version": row.version,
        "newest": row.is_current,
        "kind": row.kind,
        "kind_label": str(row.get_kind_display()),
        "title": row.title,
        "class_code": row.class_code,
        "subject_terms": row.subject_terms,
        "secrecy": row.secrecy,
        "secrecy_label": str(row.get_secrecy_display()),
        "brought_by": row.brought_by,
        "brought_by_label": str(row.get_brought_by_display()),
        "bringer_name": row.bringer_name,
        "paper_original": row.paper_original,
        "added_by": row.added_by.name,
        "added_at": row.added_at.isoformat(),
        "check": row.review,
        "check_label": str(row.get_review_display()),
        "fault": row.fault,
        "check_note": row.review_note,
        "checked_by": row.reviewed_by.name if row.reviewed_by else "",
        "checked_at": row.reviewed_at.isoformat() if row.reviewed_at else "",
        "blob": str(blob.public_id),
        "file_name": blob.filename,
        "content_type": blob.content_type,
        "bytes": blob.size,
        "pages": blob.pages,
        "sha256": blob.sha256,
        "sm3": blob.sm3,
        "related_items": related,
    }
