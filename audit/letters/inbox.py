"""What responsibility letters put into the inbox: those to sign, and for who publishes those that end."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import holds
from approvals.inbox import MOST_ROWS, InboxRow, Tab
from audit.letters.selectors import PUBLISH, ending, to_sign

WARNED_BEFORE = 30
"""Days before a letter ends at which its publishers are asked for the next version."""


def rows(user: User, tab: Tab) -> Sequence[InboxRow]:
    """One line for each letter. Nothing is locked while it waits."""
    if tab != "waiting":
        return []
    found = [
        InboxRow(
            kind=_("Responsibility letter to sign"),
            title=one.title,
            url=reverse("audit:letter_sign", args=[one.public_id]),
            unit_id=one.letter.school_id,
        )
        for one in to_sign(user)[:MOST_ROWS]
    ]
    if holds(user, PUBLISH):
        found += [
            InboxRow(
                kind=_("Responsibility letter: next version due"),
                title=f"{one.letter.number} {one.title}",
                url=reverse("audit:letter", args=[one.public_id]),
                due=one.valid_until,
                unit_id=one.letter.school_id,
            )
            for one in ending(user, WARNED_BEFORE)[:MOST_ROWS]
        ]
    return found
