"""What alerts put into the inbox of the security administrator: one row for each person and day."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import holds
from approvals.inbox import MOST_ROWS, InboxRow, Tab
from audit.alerts.selectors import PERM, open_alerts
from core.formatting import day


def rows(user: User, tab: Tab) -> Sequence[InboxRow]:
    """Alerts that wait for an answer."""
    if tab != "waiting" or not holds(user, PERM):
        return []
    words = _("%(name)s opened %(count)s student files on %(day)s")
    return [
        InboxRow(
            kind=_("Alert"),
            title=words % {"name": one.reader.name, "count": one.count, "day": day(one.reading.day)},
            url=reverse("audit:alert", args=[one.public_id]),
            unit_id=one.school_id,
        )
        for one in open_alerts(user)[:MOST_ROWS]
    ]
