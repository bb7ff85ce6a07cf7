"""The inbox as the home page draws it: tabs with counts, and the days that are left for each row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from approvals import inbox
from approvals.deadlines import days_left
from approvals.inbox import InboxRow
from school.calendar import shifted_days

SOON = 2
"""Working days before the due date from which on a row counts as soon due."""

TABS: dict[str, Any] = {
    "waiting": _("For me to do"),
    "soon": _("Due soon"),
    "overdue": _("Overdue"),
    "started": _("Begun by me"),
    "done": _("Done by me"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the inbox with its working days left; None without a due date."""

    row: InboxRow
    days: int | None
    certain: bool


class Inbox:
    """What one user has to do, as one tab of one kind shows it."""

    def __init__(self, user: User, *, tab: str = "", kind: str = "") -> None:
        self.user = user
        self.tab = tab if tab in TABS else "waiting"
        self.kinds = [(source.key, source.label) for source in inbox.sources()]
        self.kind = kind if kind in dict(self.kinds) else ""

    @cached_property
    def _waiting(self) -> list[Line]:
        return self._lines(inbox.rows(self.user, "waiting", kind=self.kind))

    def _lines(self, rows: Sequence[InboxRow]) -> list[Line]:
        dated = [row.due for row in rows if row.due]
        shifted = {}
        today = timezone.localdate()
        if dated and self.user.unit is not None:
            first, last = min(*dated, today), max(*dated, today) + timedelta(days=1)
            shifted = shifted_days(self.user.unit, first, last)
        found = []
        for row in rows:
            left = days_left(row.due, today=today, shifted=shifted) if row.due else None
            found.append(Line(row, left.days if left else None, left.certain if left else True))
        return found

    @cached_property
    def _by_tab(self) -> dict[str, list[Line]]:
        return {
            "waiting": self._waiting,
            "soon": [line for line in self._waiting if line.days is not None and 0 <= line.days <= SOON],
            "overdue": [line for line in self._waiting if line.days is not None and line.days < 0],
            "started": self._lines(inbox.rows(self.user, "started", kind=self.kind)),
            "done": self._lines(inbox.rows(self.user, "done", kind=self.kind)),
        }

    @property
    def lines(self) -> list[Line]:
        """The rows of the open tab."""
        return self._by_tab[self.tab]

    @property
    def tabs(self) -> list[tuple[str, Any, int]]:
        """Key, label and number of rows of each tab."""
        return [(key, label, len(self._by_tab[key])) for key, label in TABS.items()]
