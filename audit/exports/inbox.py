"""What exports put into the inbox beside their requests: files that wait for who asked for them, and not for long."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from approvals.inbox import InboxRow, Tab
from audit.exports.fetching import bars
from audit.exports.selectors import to_fetch
from core.formatting import moment


def rows(user: User, tab: Tab) -> Sequence[InboxRow]:
    """Files that can be fetched and were not yet."""
    if tab != "waiting":
        return []
    files = list(to_fetch(user))
    barred = bars(user, files)
    words = _("%(number)s · can be fetched until %(until)s")
    return [
        InboxRow(
            kind=_("Exported file"),
            title=words % {"number": one.request.number, "until": moment(one.lapses_at)},
            url=reverse("approvals:request", args=[one.request.public_id]),
            due=timezone.localdate(one.lapses_at),
            unit_id=one.unit_id,
            is_notice=True,
        )
        for one in files
        if one.pk not in barred
    ]
