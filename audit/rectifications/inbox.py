"""What rectification notices put into the inbox: of those who sign, who answer, who verify."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.scope import holds
from approvals.inbox import MOST_ROWS, InboxRow, Tab
from audit.inspections.people import READERS
from audit.rectifications.selectors import waiting

WORDS = {
    "sign": gettext_lazy("Sign a rectification notice to %(unit)s"),
    "acknowledge": gettext_lazy("Acknowledge rectification notice %(number)s"),
    "answer": gettext_lazy("Rectify, and answer notice %(number)s"),
    "verify": gettext_lazy("Verify what %(unit)s rectified: %(number)s"),
}


def rows(user: User, tab: Tab) -> Sequence[InboxRow]:
    """One line for each notice that waits."""
    if tab != "waiting" or not any(holds(user, perm) for perm in READERS):
        return []
    return [
        InboxRow(
            kind=_("Rectification notice"),
            title=str(WORDS[act]) % {"unit": row.unit.full_label, "number": row.number},
            url=reverse("audit:rectification", args=[row.public_id]),
            due=row.next_due,
            unit_id=row.school_id,
        )
        for row, act in waiting(user)[:MOST_ROWS]
    ]
