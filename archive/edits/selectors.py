"""Reads of edit requests."""

from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from accounts.models import User
from approvals.actions import OPEN_TO_REQUESTER
from approvals.models import Request
from archive.models import EditChange, EditRequest


def own_open_edit(user: User, public_id: str) -> EditRequest | None:
    """The draft or returned request of ``user`` with this id, to be drafted anew; None for anything else."""
    try:
        wanted = UUID(public_id)
    except ValueError:
        return None
    rows = EditRequest.objects.filter(requester=user, request__state__in=OPEN_TO_REQUESTER)
    found: EditRequest | None = (
        rows.select_related("request__school").filter(request__public_id=wanted).first()
    )
    return found


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
