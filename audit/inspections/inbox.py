"""What inspections put into the inbox: those that wait for the inspector."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import holds
from approvals.inbox import MOST_ROWS, InboxRow, Tab
from audit.inspections.people import INSPECT
from audit.inspections.selectors import waiting


def rows(user: User, tab: Tab) -> Sequence[InboxRow]:
    """Inspections to begin or to finish."""
    if tab != "waiting" or not holds(user, INSPECT):
        return []
    return [
        InboxRow(
            kind=_("Inspection"),
            title=f"{one.number} {one.unit.full_label} · {one.get_state_display()}",
            url=reverse("audit:inspection", args=[one.public_id]),
            due=one.planned_on,
            unit_id=one.school_id,
        )
        for one in waiting(user)[:MOST_ROWS]
    ]
