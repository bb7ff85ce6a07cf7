"""What impact assessments put into the inbox: those that wait to be confirmed."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from approvals.inbox import MOST_ROWS, InboxRow, Tab
from archive.assessments.selectors import waiting


def rows(user: User, tab: Tab) -> Sequence[InboxRow]:
    """One line for each that ``user`` may confirm."""
    if tab != "waiting":
        return []
    return [
        InboxRow(
            kind=_("Impact assessment to be confirmed"),
            title=f"{one.number} {one.title}",
            url=reverse("archive:assessment", args=[one.public_id]),
            unit_id=one.school_id,
        )
        for one in waiting(user)[:MOST_ROWS]
    ]
