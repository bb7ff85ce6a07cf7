"""Reads of edit requests."""

from uuid import UUID

from accounts.models import User
from approvals.actions import OPEN_TO_REQUESTER
from archive.models import EditRequest


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
