"""What people do with one problem row: mend it, take it over, give it up."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from enrollment.actions import check_open, new_numbers
from enrollment.actions.lookups import SPENT, look_up_for
from enrollment.importing.actions.acts import (
    ImportRefused,
    NotOwner,
    State,
    locked_batch,
    record,
    role_of,
)
from enrollment.importing.checking import CheckedRow, Checker
from enrollment.importing.process import resolve
from enrollment.importing.selectors import cells_of_row
from enrollment.importing.source import SourceRow, some_cells
from enrollment.importing.writing import DraftWriter
from enrollment.models import Applicant, ImportJob, ImportRow
from enrollment.selectors import book_of
from ledger.context import acting
from records.cells import CodeBook
from records.faults import Fault


class StillFaulty(Exception):
    """A mended row that still has errors; ``faults`` are all that it has."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(len(faults))
        self.faults = faults


def locked_problem(row: ImportRow) -> ImportRow:
    """A problem row, locked. Raises ImportRefused when it is none any more."""
    found = ImportRow.objects.select_for_update().get(pk=row.pk)
    if found.state != ImportRow.State.PROBLEM:
        by = found.resolved_by.name if found.resolved_by else "—"
        raise ImportRefused(
            _("%(name)s has dealt with this row already: %(state)s.")
            % {"name": by, "state": found.get_state_display()}
        )
    if found.import_job.state != State.IMPORTED:
        raise ImportRefused(_("Rows are mended after the good rows were imported."))
    return found


def _demand_owner(actor: User, row: ImportRow) -> None:
    if row.owner_id != actor.pk:
        text = _("%(name)s owns this row. Take it over first; a reason is asked for.")
        raise NotOwner(text % {"name": row.owner.name})


def check_cells(
    import_job: ImportJob, row: ImportRow, cells: Mapping[str, str], book: CodeBook
) -> CheckedRow:
    """A mended row checked like one of a file, except that dates may be written with dashes."""
    source = _OneRow(SourceRow(row.row_number, row.member_file, dict(cells), member_number=row.member))
    checker = Checker(import_job.batch, book, source, exact=False)
    checked = checker.check_row(source.row)
    checker.compare([checked])
    return checked


class _OneRow:
    """A source of one row."""

    total = 1
    unknown_headers: list[str] = []
    is_marked = False

    def __init__(self, row: SourceRow) -> None:
        self.row = row
        self.headers: dict[str, str] = {}
        self.refused: list[Any] = []

    def rows(self) -> Iterator[SourceRow]:
        return iter([self.row])

    def some_cells(self, fields: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        return some_cells([self.row], fields)


def mend(*, actor: User, row: ImportRow, cells: Mapping[str, str]) -> Applicant:
    """Turn a problem row of one's own into a draft with these cells.

    A number that the row did not bring counts as a look-up. Raises StillFaulty, NotOwner, ImportRefused,
    BatchClosed, NotPermitted.
    """
    batch = row.import_job.batch
    asked = look_up_for(
        actor,
        batch,
        cells.get("id_number", ""),
        own=cells_of_row(row).get("id_number", ""),
        about=row.import_job,
        unit_id=batch.school_id,
    )
    if asked.is_spent:
        raise StillFaulty([Fault("id_number", SPENT, value=cells["id_number"])])
    try:
        try:
            return _mend(actor, row, cells)
        except IntegrityError:
            # Somebody saved the same number between our look and our write; now it is seen.
            return _mend(actor, row, cells)
    except StillFaulty as still:
        asked.note(still.faults)
        raise


@transaction.atomic
def _mend(actor: User, row: ImportRow, cells: Mapping[str, str]) -> Applicant:
    locked_batch(row.import_job.batch)
    found = locked_problem(row)
    import_job = found.import_job
    batch = import_job.batch
    role = role_of(actor, batch)
    _demand_owner(actor, found)
    check_open(batch, timezone.localdate())
    book, today = book_of(batch), timezone.localdate()
    checked = check_cells(import_job, found, cells, book)
    if checked.already:
        raise ImportRefused(_("An applicant of this batch holds exactly this already. Dismiss the row."))
    if not checked.is_good:
        raise StillFaulty(checked.faults)
    with acting(actor, role=role):
        writer = DraftWriter(import_job, actor, role, book, today, iter(new_numbers(batch)))
        (key,) = writer.write([checked])
        resolve(found, actor, applicant_id=key)
        import_job.imported_count += 1
        import_job.save(update_fields=["imported_count"])
        detail = {"row": found.row_number, "warnings": checked.warnings}
        record("import.row_mended", actor, import_job, role=role, detail=detail)
    made: Applicant = Applicant.objects.select_related("batch").get(pk=key)
    return made


@transaction.atomic
def take_over(*, actor: User, row: ImportRow, reason: str) -> ImportRow:
    """Become the owner of a problem row, who sees its values and mends it.

    Raises ImportRefused, NotPermitted; ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("Taking over needs a reason")
    found = locked_problem(row)
    role_of(actor, found.import_job.batch)
    if found.owner_id != actor.pk:
        found.owner = actor
        found.save(update_fields=["owner"])
        record(
            "import.row_taken_over",
            actor,
            found.import_job,
            reason=reason.strip()[:200],
            detail={"row": found.row_number},
        )
    return found


@transaction.atomic
def dismiss(*, actor: User, row: ImportRow, reason: str) -> ImportRow:
    """Give a problem row of one's own up. Raises NotOwner, ImportRefused, NotPermitted; ValueError without a reason."""
    if not reason.strip():
        raise ValueError("Dismissing needs a reason")
    found = locked_problem(row)
    role_of(actor, found.import_job.batch)
    _demand_owner(actor, found)
    found.state, found.reason = ImportRow.State.DISMISSED, reason.strip()[:200]
    found.resolved_by, found.resolved_at = actor, timezone.now()
    found.save(update_fields=["state", "reason", "resolved_by", "resolved_at"])
    record("import.row_dismissed", actor, found.import_job, detail={"row": found.row_number})
    return found
