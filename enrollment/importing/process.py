"""One file, checked whole and, when asked, written: the engine of the job and of the command."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from accounts.models import User
from core.ahead import ahead
from core.chinese import clean_text
from enrollment.cells import layout_of
from enrollment.importing.checking import CheckedRow, Checker
from enrollment.importing.keeping import Keeper, KeptSource
from enrollment.importing.source import Source
from enrollment.importing.writing import Drafts, DraftWriter, ProblemWriter
from enrollment.models import ImportJob, ImportRow

Progress = Callable[[int, int], None]
SUPERSEDED = "superseded"


@dataclass(slots=True)
class Counts:
    """What was found in a file, in rows.

    ``skipped`` rows are in already: nothing new is in them. The numbers of those ``elsewhere`` another school knows.
    """

    rows: int = 0
    good: int = 0
    errors: int = 0
    warned: int = 0
    skipped: int = 0
    elsewhere: int = 0
    imported: int = 0

    def add(self, rows: list[CheckedRow]) -> None:
        self.rows += len(rows)
        for row in rows:
            self.skipped += row.already
            self.elsewhere += row.is_known_elsewhere
            self.errors += row.has_errors
            self.good += row.is_good
            self.warned += not row.already and row.warnings > 0


@dataclass(slots=True)
class OpenProblems:
    """The rows of a mended import that still wait, found again by row number, identity number or name.

    They are locked: whoever dismisses one or takes it over waits for what becomes of it here.
    """

    rows: dict[int, ImportRow] = field(default_factory=dict)
    _keys: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, mended: ImportJob | None) -> "OpenProblems":
        found = cls()
        if mended is None:
            return found
        waiting = mended.rows.select_for_update().filter(state=ImportRow.State.PROBLEM)
        for row in waiting.order_by("pk").iterator(chunk_size=500):
            for key in _keys_of(row.row_number, row.member_file, json.loads(row.cells)):
                found._keys[key].append(row.pk)
            row.cells = ""
            found.rows[row.pk] = row
        return found

    def take(self, row: CheckedRow) -> ImportRow | None:
        """The waiting row that this one mends; each is given once. A key that fits several is no proof."""
        source = row.source
        for key in _keys_of(source.number, source.member, source.cells):
            left = [pk for pk in self._keys.get(key, ()) if pk in self.rows]
            if len(left) == 1:
                return self.rows.pop(left[0])
        return None


def _keys_of(number: int, member: str, cells: dict[str, str]) -> Iterator[tuple[str, str]]:
    name = clean_text(cells.get("name", ""))
    id_number = clean_text(cells.get("id_number", "")).upper()
    if id_number:
        yield "id_number", id_number
    if cells.get("exam_no"):
        yield "exam_no", clean_text(cells["exam_no"])
    if name:
        yield "row and name", f"{member}/{number}/{name}"
    home = clean_text(cells.get("current_address", "") or cells.get("home_address", ""))
    if home:
        yield "row and home", f"{member}/{number}/{home}"
    if name:
        yield "name", name


@dataclass(slots=True)
class Process:
    """Reads a source once and passes each chunk to whoever wants it; a keeper takes them for the import to come."""

    import_job: ImportJob
    actor: User
    source: Source
    checker: Checker
    progress: Progress
    keeper: Keeper | None = None
    counts: Counts = field(default_factory=Counts)

    def check(self) -> Counts:
        """Write every row with faults or warnings, and nothing else."""
        return self._run(None)

    def import_(self, writer: DraftWriter) -> Counts:
        """Write the good rows as drafts, and the rows with faults anew. Resolves what a mended import left open."""
        return self._run(writer)

    def _run(self, writer: DraftWriter | None) -> Counts:
        batch = self.import_job.batch
        problems = ProblemWriter(self.import_job, self.actor, layout_of(batch), self.source.headers)
        waiting = OpenProblems.of(self.import_job.mends if writer else None)
        problems.write_refused(self.source.refused)
        self.counts.rows = self.counts.errors = len(self.source.refused)
        total = max(self.source.total, 1)
        with closing(ahead(self._prepared(writer))) as chunks:
            for rows, drafts in chunks:
                self.checker.compare(rows)
                self.counts.add(rows)
                problems.write([row for row in rows if row.faults and not row.already])
                if writer and drafts:
                    self._write(writer, rows, drafts, waiting)
                self.progress(min(self.counts.rows, total), total)
        return self.counts

    def _prepared(self, writer: DraftWriter | None) -> Iterator[tuple[list[CheckedRow], Drafts | None]]:
        """Chunks with their good rows ready to be stored, before the database is asked about them."""
        source, checker = self.source, self.checker
        chunks = checker.recalled(source.judged()) if isinstance(source, KeptSource) else checker.checked()
        for rows in chunks:
            if self.keeper:
                self.keeper.add(rows)
            yield rows, writer.prepare([row for row in rows if row.is_good]) if writer else None

    def _write(
        self, writer: DraftWriter, rows: list[CheckedRow], drafts: Drafts, waiting: OpenProblems
    ) -> None:
        good = [row for row in rows if row.is_good]
        if len(good) < len(drafts.rows):
            drafts = writer.prepare(good)
        made = dict(zip((id(row) for row in good), writer.store(drafts), strict=True))
        self.counts.imported += len(good)
        for row in rows if waiting.rows else ():
            if not row.already and (mended := waiting.take(row)):
                resolve(mended, self.actor, applicant_id=made.get(id(row)))


def resolve(row: ImportRow, actor: User, *, applicant_id: int | None) -> None:
    """Close a problem row: mended by an applicant, or replaced by a later upload in which it still has faults."""
    row.state = ImportRow.State.MENDED if applicant_id else ImportRow.State.DISMISSED
    row.applicant_id = applicant_id
    row.reason = "" if applicant_id else SUPERSEDED
    row.resolved_by, row.resolved_at = actor, timezone.now()
    row.save(update_fields=["state", "applicant", "reason", "resolved_by", "resolved_at"])


def detail_of(counts: Counts) -> dict[str, Any]:
    """The counts as an event tells them."""
    return {
        "rows": counts.rows,
        "good": counts.good,
        "errors": counts.errors,
        "warned": counts.warned,
        "skipped": counts.skipped,
        "elsewhere": counts.elsewhere,
        "imported": counts.imported,
    }
