"""What seals put into the inbox of those who read the ledger: faults of the last verification, sealing that stopped."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.scope import holds
from approvals.inbox import InboxRow, Tab
from audit.seals.selectors import PERM, state
from core.formatting import moment


def rows(user: User, tab: Tab) -> Sequence[InboxRow]:
    """At most five rows."""
    if tab != "waiting" or not holds(user, PERM):
        return []
    found, now = [], state()
    for one in now.faulty:
        words = ngettext("%(count)s fault in the ledger", "%(count)s faults in the ledger", one.count)
        url = reverse("audit:verification", args=[one.public_id])
        found.append(InboxRow(_("Verification"), words % {"count": one.count}, url))
    if now.is_overdue:
        found.append(
            InboxRow(
                _("Verification"), _("The ledger was not verified in time"), reverse("audit:verifications")
            )
        )
    if now.newest and now.is_late:
        words = _("Nothing was sealed since %(at)s") % {"at": moment(now.newest.at)}
        found.append(InboxRow(_("Seals"), words, reverse("audit:seals")))
    if now.uncopied:
        words = ngettext("%(count)s seal is not off site", "%(count)s seals are not off site", now.uncopied)
        found.append(InboxRow(_("Seals"), words % {"count": now.uncopied}, reverse("audit:seals")))
    return found
