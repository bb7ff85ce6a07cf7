"""What reports and opinions put into the inbox of those who answer them."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import holds
from approvals.inbox import MOST_ROWS, InboxRow, Tab
from audit.inspections.people import INSPECT
from audit.opinions.selectors import waiting


def rows(user: User, tab: Tab) -> Sequence[InboxRow]:
    """One line for each that waits for an answer, without its words."""
    if tab != "waiting" or not holds(user, INSPECT):
        return []
    return [
        InboxRow(
            kind=_("Opinion"),
            title=f"{one.number} {one.get_kind_display()}",
            url=reverse("audit:opinion", args=[one.public_id]),
            due=one.due_on,
            unit_id=one.school_id,
        )
        for one in waiting(user)[:MOST_ROWS]
    ]
