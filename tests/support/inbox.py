"""The inbox as its reader sees it."""

from accounts.models import User
from approvals.inbox import InboxRow
from reports.inbox import Inbox


def inbox_rows(user: User, tab: str = "waiting", *, kind: str = "") -> list[InboxRow]:
    """The rows of one tab of the home page, of one kind of work on demand, in the order of the page."""
    return [line.row for line in Inbox(user, tab=tab, kind=kind).lines]
