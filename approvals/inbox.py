"""The inbox (待办): each room says at start what waits for a user; the home page draws it.

    register(InboxSource("intake", _("Applicants"), selectors.inbox_rows))

A source gives few rows: one for each group of like items (batch, step, class), not one for each item.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.utils.functional import Promise

from accounts.models import User

Label = str | Promise
Tab = Literal["waiting", "started", "done"]
"""``waiting``: to act on; ``started``: begun by the user, in other hands now; ``done``: done by the user."""

MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A line of the inbox. ``due``: the earliest of the group; ``sender``: who passed the work on, if one person.

    ``unit_id``: by whose calendar the days are counted; the reader's own unit without one. ``pick``: what the source's
    page for several lines takes; such a line can be chosen. ``is_notice``: news to be read, not work.
    """

    kind: Label
    title: Label
    url: str
    count: int = 1
    due: date | None = None
    sender: str = ""
    returned: bool = False
    unit_id: int | None = None
    pick: str = ""
    is_notice: bool = False


@dataclass(frozen=True, slots=True)
class InboxSource:
    """A kind of work. ``rows(user, tab)`` costs a constant number of queries and gives few rows.

    ``several``: name of the page on which several of its lines are done at once, given as ``pick``.
    """

    key: str
    label: Label
    rows: Callable[[User, Tab], Sequence[InboxRow]]
    several: str = ""


_sources: dict[str, InboxSource] = {}


def register(source: InboxSource) -> None:
    """Add a source; the same key again replaces it."""
    _sources[source.key] = source


def sources() -> list[InboxSource]:
    """The registered sources in the order of their registration."""
    return list(_sources.values())


def pages_for_several() -> list[tuple[Label, str]]:
    """Kinds of work of which several lines can be done at once, with the name of the page."""
    return [(source.label, source.several) for source in sources() if source.several]


def rows_by_source(user: User, tab: Tab) -> dict[str, list[InboxRow]]:
    """What stands in a tab of ``user`` by the key of its source; no entry for nothing."""
    found = {source.key: list(source.rows(user, tab)[:MOST_ROWS]) for source in sources()}
    return {key: lines for key, lines in found.items() if lines}


def sort_key(row: InboxRow) -> tuple[bool, date, str]:
    """Overdue and soonest first, what has no due date last."""
    return row.due is None, row.due or date.max, str(row.title)
