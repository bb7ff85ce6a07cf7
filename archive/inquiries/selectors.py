"""Reads of inquiries."""

from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404

from approvals.models import Request
from archive.models import InquiryRequest
from files.models import Blob
from files.selectors import is_kept
from records.models import Student


def inquiry_of(request: Request) -> InquiryRequest:
    """The inquiry of a request. Raises Http404 when it is another kind of request."""
    rows = InquiryRequest.objects.select_related("request", "letter")
    found: InquiryRequest = get_object_or_404(rows, request=request)
    return found


def letter_again(old: InquiryRequest | None, *, reader: str, reader_unit: str) -> Blob | None:
    """The letter of an earlier inquiry, if it is kept and speaks for this reader from outside too."""
    if old is None or old.letter is None or not reader:
        return None
    same = (reader, reader_unit) == (old.reader, old.reader_unit)
    return old.letter if same and is_kept(old.letter) else None


def granted_students(typed: InquiryRequest) -> list[Student]:
    """The students whose files the session shows."""
    rows = typed.students.filter(granted=True).select_related("student").order_by("pk")
    return [row.student for row in rows]


def granted_student(typed: InquiryRequest, public_id: str) -> Student | None:
    """One of them; None when none is named. Raises Http404."""
    if not public_id:
        return None
    try:
        wanted = UUID(public_id)
    except ValueError as error:
        raise Http404 from error
    found = next((one for one in granted_students(typed) if one.public_id == wanted), None)
    if found is None:
        raise Http404
    return found
