"""What alerts put into the inbox of who answers them: one row for each alert."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import holds
from approvals.inbox import MOST_ROWS, InboxRow, Tab
from audit.alerts.selectors import READERS, open_alerts
from audit.alerts.words import told
from core.formatting import day


def rows(user: User, tab: Tab) -> Sequence[InboxRow]:
    """Alerts that wait for an answer."""
    if tab != "waiting" or not any(holds(user, one) for one in READERS):
        return []
    return [
        InboxRow(
            kind=_("Alert"),
            title=f"{one.person.name} · {day(one.day)} · {told(one)}",
            url=reverse("audit:alert", args=[one.public_id]),
            unit_id=one.school_id,
        )
        for one in open_alerts(user)[:MOST_ROWS]
    ]
