"""What the retention of files adds to the registers of other rooms; called once when the room starts."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import User
from approvals import inbox, kinds, notices
from archive.retention import selectors
from archive.retention.actions import OPENED
from archive.retention.erasing import erase
from archive.retention.kind import KIND
from archive.retention.reporting import round_url
from core.menu import MenuItem, register
from records import erasing


def inbox_rows(user: User, tab: inbox.Tab) -> Sequence[inbox.InboxRow]:
    """Appraisals in which the user has votes to cast."""
    if tab != "waiting":
        return ()
    return [
        inbox.InboxRow(
            kind=_("Appraisal"), title=row.number, url=round_url(row), count=left, unit_id=row.school_id
        )
        for row, left in selectors.waiting_rounds(user).items()
    ]


def register_all() -> None:
    """Kind, inbox, notice, menu, and what is erased with a file."""
    kinds.register(KIND)
    erasing.register("archive", erase)
    inbox.register(inbox.InboxSource("appraisals", _("Appraisals"), inbox_rows))
    opened = ngettext_lazy(
        "%(about)s: the retention of %(count)s file has ended",
        "%(about)s: the retention of %(count)s files has ended",
        "count",
    )
    notices.register(OPENED, opened, selectors.MANAGE)
    register(
        MenuItem(
            _("Appraisals"), "archive:rounds", "checklist", selectors.ROUND_READERS, "archives", 40,
            also=("archive:round",),
        )
    )  # fmt: skip
    register(
        MenuItem(
            _("Destroyed files"), "archive:destroyed", "trash", selectors.REGISTER_READERS,
            "archives", 50,
        )
    )  # fmt: skip
