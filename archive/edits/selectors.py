"""Reads of edit requests."""

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from approvals.models import Request
from archive.models import EditChange, EditRequest


def changes_of(typed: EditRequest) -> QuerySet[EditChange]:
    """The changes of a request with their students, whole: what the request has read ahead for titles is not."""
    rows: QuerySet[EditChange] = EditChange.objects.filter(edit=typed).select_related("student")
    return rows


def edit_of(request: Request) -> EditRequest:
    """The edit of a request that the caller may read. Raises Http404 when it is another kind of request."""
    found: EditRequest = get_object_or_404(
        EditRequest.objects.select_related("request__school"), request=request
    )
    return found
