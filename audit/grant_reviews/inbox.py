"""What reviews of roles put into the inbox: roles to answer for, and reviews to finish."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import holds
from approvals.inbox import InboxRow, Tab
from audit.grant_reviews.selectors import HEAD, RUN, waiting


def rows(user: User, tab: Tab) -> Sequence[InboxRow]:
    """One row for each open review in which something waits for ``user``."""
    if tab != "waiting" or not (holds(user, HEAD) or holds(user, RUN)):
        return []
    return [
        InboxRow(
            kind=_("Review of roles: to be answered") if left else _("Review of roles: to be finished"),
            title=f"{review.number} {review.school.label}",
            url=reverse("audit:grant_review", args=[review.public_id]),
            count=left or 1,
            due=review.due_on,
            unit_id=review.school_id,
        )
        for review, left in waiting(user)
    ]
