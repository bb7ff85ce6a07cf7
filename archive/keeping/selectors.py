"""Reads of holds and loans of one file."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from accounts.scope import units_with
from archive.models import LegalHold, PaperLoan, RetentionTerm
from archive.retention.selectors import Period, period_of
from records.models import Document, Secrecy, Student
from records.selectors import StudentFile

LOAN = "manage_loan"


def holds_of(student: Student) -> list[LegalHold]:
    """Every hold of a file, those in force first."""
    rows = LegalHold.objects.filter(student=student).select_related("placed_by", "lifted_by")
    return sorted(rows, key=lambda one: (one.lifted_at is not None, -one.pk))


def loans_of(file: StudentFile) -> list[PaperLoan]:
    """Every loan of a paper file, the newest first; once the student has left, those of the reader's own schools."""
    rows = PaperLoan.objects.filter(student=file.student).select_related("lent_by", "taken_back_by")
    if file.has_left:
        rows = rows.filter(school_id__in=list(units_with(file.reader, LOAN)))
    return list(rows.order_by("-pk"))


def is_important(student: Student) -> bool:
    """Whether only the backup copy of a file is lent: a document of it is secret, or it is marked as kept for ever."""
    secret = Document.objects.filter(student=student).exclude(secrecy=Secrecy.ORDINARY)
    for_ever = RetentionTerm.objects.filter(student=student, until__isnull=True)
    return any(rows.exists() for rows in (secret, for_ever))


def hold_of(student: Student, public_id: UUID) -> LegalHold:
    """A hold of this file. Raises Http404."""
    return get_object_or_404(LegalHold, student=student, public_id=public_id)


def loan_of(student: Student, public_id: UUID) -> PaperLoan:
    """A loan of this file. Raises Http404."""
    return get_object_or_404(PaperLoan, student=student, public_id=public_id)


def period(file: StudentFile) -> Period | None:
    """The retention period of a file, at the school that keeps it."""
    return None if file.has_left else period_of(file.student)
