"""Reads of edit requests."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404

from accounts.models import User
from approvals.models import Request
from approvals.selectors import work_about
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


def work_item(user: User, subject: UUID) -> str:
    """A request that changes this student among others and waits for ``user`` (`approvals.work_items`)."""
    edits = EditChange.objects.filter(student__public_id=subject).values("edit__request")
    return work_about(user, Q(pk__in=edits, subject__isnull=True))
