"""What a verification can find, each kind with its words."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """What is wrong."""

    ROW_CHANGED = "row_changed", _("A row was changed after it was sealed")
    ROW_MISSING = "row_missing", _("A sealed row is gone")
    ROW_ADDED = "row_added", _("A row claims to be older than the seal that does not know it")
    ROW_MISDATED = "row_misdated", _("A row bears a time at which it was not written")
    ERASED_UNNAMED = "erased_unnamed", _("Rows were erased that no destruction names")
    LIVE_CHANGED = "live_changed", _("A row differs from its newest history")
    LIVE_UNRECORDED = "live_unrecorded", _("A row has no history")
    LIVE_MISSING = "live_missing", _("A row is gone, and its history knows of no deletion")
    SEAL_MISSING = "seal_missing", _("A seal is missing")
    SEAL_CHANGED = "seal_changed", _("A seal was changed")
    SEAL_UNSIGNED = "seal_unsigned", _("The signature of a seal does not hold")
    SEAL_BACKDATED = "seal_backdated", _("A seal is older than the one before: the clock was turned back")
    COPY_DIFFERS = "copy_differs", _("A copy off site tells something else than the database")
    COPY_MISSING = "copy_missing", _("A seal was not copied off site")
    COPY_UNKNOWN = "copy_unknown", _("Off site lies a seal that the database does not know")
    COPIES_SILENT = "copies_silent", _("The copies off site could not be read")
    ARCHIVE_DIFFERS = "archive_differs", _("An archived month is missing off site, or was changed")
    TABLE_MISSING = "table_missing", _("A sealed table is gone, or a column of it")
    GUARD_OFF = "guard_off", _("A trigger that keeps rows from being changed is off")
    SEALING_STOPPED = "sealing_stopped", _("Nothing is sealed any more")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. ``row`` and ``seal`` are ids and numbers, where the kind has them."""

    kind: str
    table: str = ""
    row: int | None = None
    seal: int | None = None
    note: str = ""

    def line(self) -> str:
        """For a terminal."""
        where = f"{self.table} {self.row}" if self.row is not None else self.table
        told = [
            str(Kind(self.kind).label),
            where,
            f"seal {self.seal}" if self.seal is not None else "",
            self.note,
        ]
        return " · ".join(one for one in told if one)

    def values(self) -> dict[str, Any]:
        """For a machine."""
        return {"kind": self.kind, "table": self.table, "row": self.row, "seal": self.seal, "note": self.note}


@dataclass(slots=True)
class Findings:
    """What was found: every one counted, of each kind and table the first `KEPT` kept."""

    kept: list[Finding] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, finding: Finding) -> None:
        """One more."""
        place = finding.kind, finding.table
        self.counts[place] += 1
        if self.counts[place] <= KEPT:
            self.kept.append(finding)

    @property
    def count(self) -> int:
        """How many there are."""
        return self.counts.total()


KEPT = 100
