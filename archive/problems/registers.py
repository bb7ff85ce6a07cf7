"""What problem records add to the registers of other rooms; called once when the room starts."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from approvals import inbox, work_items
from archive.problems import selectors
from core.menu import MenuItem, register

KINDS = {
    selectors.WORK: _("Problem records to work off"),
    selectors.CONFIRM: _("Answers to problem records to confirm"),
}
STATES = {selectors.WORK: "open", selectors.CONFIRM: "answered"}


def inbox_rows(user: User, tab: inbox.Tab) -> Sequence[inbox.InboxRow]:
    """One line for each list of which rows wait for the user, by what is to be done."""
    if tab != "waiting":
        return ()
    return [
        inbox.InboxRow(
            kind=KINDS[perm],
            title=line["problem_list__title"],
            url=f"{reverse('archive:problem_list', args=[line['problem_list__public_id']])}?state={STATES[perm]}",
            count=line["count"],
            due=line["problem_list__due_on"],
            unit_id=line["problem_list__school_id"],
        )
        for perm, line in selectors.waiting(user)
    ]


def register_all() -> None:
    """Inbox, menu, and the work that leads to a file."""
    work_items.register(selectors.work_item)
    inbox.register(inbox.InboxSource("problems", _("Problem records"), inbox_rows))
    register(
        MenuItem(
            _("Problem records"), "archive:problem_lists", "list-check", selectors.READERS, "archives", 12,
            also=("archive:problem_new", "archive:problem_list", "archive:problem_row"),
        )
    )  # fmt: skip
