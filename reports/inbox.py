"""The inbox as the home page draws it: tabs with counts, and the days that are left for each row."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from approvals import inbox
from approvals.deadlines import all_days_left
from approvals.inbox import InboxRow, Tab
from core.workingdays import WorkingDaySpan
from school.calendar import units_by_id

SOON = 2
"""Working days before the due date from which on a row counts as soon due."""

TABS: dict[str, Any] = {
    "waiting": _("For me to do"),
    "soon": _("Due soon"),
    "overdue": _("Overdue"),
    "started": _("Begun by me"),
    "done": _("Done by me"),
}

LOOKING_BACK: tuple[Tab, ...] = ("started", "done")
"""Tabs that ask nothing of the reader: read when he opens them, and not counted."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the inbox with its working days left; None without a due date. ``source``: key of its kind of work."""

    row: InboxRow
    source: str
    days: int | None
    certain: bool


class Inbox:
    """What one user has to do, as one tab of one kind shows it."""

    def __init__(self, user: User, *, tab: str = "", kind: str = "") -> None:
        self.user = user
        self.tab = tab if tab in TABS else "waiting"
        self.kind = kind if kind in {source.key for source in inbox.sources()} else ""

    @cached_property
    def _waiting(self) -> list[Line]:
        return self._read("waiting")

    def _read(self, tab: Tab) -> list[Line]:
        found = [(row, key) for key, rows in inbox.rows_by_source(self.user, tab).items() for row in rows]
        found.sort(key=lambda pair: inbox.sort_key(pair[0]))
        left = iter(self._days_left(row for row, _key in found if row.due))
        return [Line(row, key, *(next(left) if row.due else (None, True))) for row, key in found]

    @cached_property
    def _pressing(self) -> dict[str, list[Line]]:
        dated = [(line, line.days) for line in self._waiting if line.days is not None]
        return {
            "waiting": self._waiting,
            "soon": [line for line, days in dated if 0 <= days <= SOON],
            "overdue": [line for line, days in dated if days < 0],
        }

    def _days_left(self, rows: Iterable[InboxRow]) -> list[WorkingDaySpan]:
        dated = [(row.unit_id, row.due) for row in rows if row.due]
        units = units_by_id({unit_id for unit_id, _due in dated if unit_id})
        return all_days_left([(units.get(unit_id or 0, self.user.unit), due) for unit_id, due in dated])

    @property
    def several(self) -> list[tuple[Any, str]]:
        """For which kinds of work lines of the open tab can be chosen and done at once: label and name of the page."""
        return inbox.pages_for_several() if any(line.row.pick for line in self.lines) else []

    @property
    def has_notices(self) -> bool:
        """Whether notices wait to be read."""
        return any(line.row.is_notice for line in self._waiting)

    @cached_property
    def _open(self) -> list[Line]:
        for tab in LOOKING_BACK:
            if tab == self.tab:
                return self._read(tab)
        return self._pressing[self.tab]

    @property
    def lines(self) -> list[Line]:
        """The rows of the open tab, of the chosen kind."""
        return [line for line in self._open if self.kind in {"", line.source}]

    @property
    def kinds(self) -> list[tuple[str, Any]]:
        """Key and label of the kinds of work that stand in the open tab, and of the chosen one; none to choose from."""
        present = {line.source for line in self._open} | ({self.kind} if self.kind else set())
        found = [(source.key, source.label) for source in inbox.sources() if source.key in present]
        return found if len(found) > 1 or self.kind else []

    @property
    def tabs(self) -> list[tuple[str, Any, int | None]]:
        """Key, label and number of rows of each tab; None for those that ask nothing of the reader."""
        counts = {key: len(lines) for key, lines in self._pressing.items()}
        return [(key, label, counts.get(key)) for key, label in TABS.items()]
