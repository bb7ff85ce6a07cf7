"""What incidents put into the inbox: cases to run or to close, letters to print."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import holds
from approvals.inbox import MOST_ROWS, InboxRow, Tab
from audit.incidents.selectors import LETTERS, READERS, waiting_incidents, waiting_letters


def rows(user: User, tab: Tab) -> Sequence[InboxRow]:
    """Open incidents of those who handle them, and letters of the head of archives."""
    if tab != "waiting":
        return []
    found = []
    if any(holds(user, perm) for perm in READERS):
        found = [_case(one) for one in waiting_incidents(user)[:MOST_ROWS]]
    if holds(user, LETTERS):
        words = _("Print the letters of incident %(number)s")
        found += [
            InboxRow(
                kind=_("Incident"),
                title=words % {"number": one.number},
                url=reverse("audit:incident_letters", args=[one.public_id]),
                due=timezone.localdate(one.untold_due),
                unit_id=one.school_id,
            )
            for one in waiting_letters(user)[:MOST_ROWS]
        ]
    return found


def _case(row: Any) -> InboxRow:
    due = row.authority_due if not row.is_authority_told else row.untold_due
    return InboxRow(
        kind=_("Incident"),
        title=f"{row.number} {row.get_kind_display()} · {row.get_state_display()}",
        url=reverse("audit:incident", args=[row.public_id]),
        due=timezone.localdate(due) if due else None,
        unit_id=row.school_id,
    )
