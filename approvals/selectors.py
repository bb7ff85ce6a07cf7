"""Reads of what the rooms share."""

from accounts.models import User
from approvals.models import Notice


def notice_for(user: User, notice_id: int) -> Notice | None:
    """A notice to the department of ``user``; None for others'."""
    return Notice.objects.visible_to(user).filter(pk=notice_id).first()
