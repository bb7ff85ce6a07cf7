"""Writes of imports: a file taken in, checked, imported, undone; its problem rows mended or dismissed."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from approvals.roles import acting_role
from core.chinese import clean_text
from core.workbook import WorkbookRefused
from enrollment.actions import check_open, new_numbers
from enrollment.cells import layout_of
from enrollment.importing.checking import CheckedRow, Checker
from enrollment.importing.process import SUPERSEDED, Counts, Process, detail_of, resolve
from enrollment.importing.source import Source, SourceRow, open_source, some_cells
from enrollment.importing.writing import DraftWriter
from enrollment.models import (
    Applicant,
    ApplicantDocument,
    ApplicantMember,
    ImportFault,
    ImportJob,
    ImportRow,
    IntakeBatch,
    IntakeDecision,
    TypedCell,
)
from enrollment.selectors import book_of
from files.actions import store
from files.inspection import WORKBOOKS
from files.selectors import open_blob
from jobs import actions as jobs
from jobs.models import Job
from jobs.running import Running
from ledger import events
from ledger.context import acting
from ledger.history import delete_rows
from records.faults import Fault
from school.rules import rule

CHECK, IMPORT = "enrollment.check_import", "enrollment.import"
PERM = "enter_applicant"
ENDED = (ImportJob.State.UNDONE, ImportJob.State.REFUSED, ImportJob.State.FAILED)
State = ImportJob.State
OPEN = (State.CHECKING, State.IMPORTING)


class ImportRefused(Exception):
    """An act on an import that cannot be done now; ``str()`` says why in the reader's language."""


class RepeatedFile(ImportRefused):
    """The same file is in this batch already; ``import_job`` is where."""

    def __init__(self, import_job: ImportJob) -> None:
        super().__init__(_("This file was uploaded to this batch already."))
        self.import_job = import_job


class StillFaulty(Exception):
    """A mended row that still has errors; ``faults`` are all that it has."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(len(faults))
        self.faults = faults


class _Interrupted(Exception):
    """All or nothing was asked for, and a row has errors."""


def role_of(actor: User, batch: IntakeBatch) -> str:
    """The role in which ``actor`` imports. Raises NotPermitted; the service account needs none."""
    if actor.kind == User.Kind.SERVICE:
        return "service"
    return acting_role(actor, PERM, batch.school)


@transaction.atomic
def upload(
    *,
    actor: User,
    batch: IntakeBatch,
    content: bytes,
    filename: str,
    mends: ImportJob | None = None,
    at_once: bool = False,
    all_or_nothing: bool = False,
    queue: bool = True,
) -> ImportJob:
    """Take a file in and have it checked; nothing of it is imported before `start_import`.

    ``at_once`` imports the good rows in the same pass, with ``all_or_nothing`` only if no row has errors. ``mends`` is
    the import whose marked file comes back. ``queue`` False leaves the job to the caller. Raises FileRefused,
    BatchClosed, RepeatedFile, NotPermitted.
    """
    role = role_of(actor, batch)
    check_open(batch, timezone.localdate())
    digest = hashlib.sha256(content).hexdigest()
    known = ImportJob.objects.filter(batch=_locked_batch(batch), blob__sha256=digest).exclude(state__in=ENDED)
    if earlier := known.select_related("created_by", "batch").order_by("-pk").first():
        raise RepeatedFile(earlier)
    blob = store(actor=actor, content=content, filename=filename, allowed=WORKBOOKS)
    with acting(actor, role=role):
        job = jobs.start(actor=actor, kind=IMPORT if at_once else CHECK, unit=batch.school, queue=queue)
        made = ImportJob.objects.create(
            batch=batch,
            blob=blob,
            job=job,
            created_by=actor,
            owner=actor,
            mends=mends,
            all_or_nothing=all_or_nothing,
        )
        events.record("import.uploaded", actor=actor, obj=made, unit_id=batch.school_id)
    return made


def _locked_batch(batch: IntakeBatch) -> IntakeBatch:
    """The batch, locked against other imports but not against clerks who type."""
    found: IntakeBatch = IntakeBatch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    return found


def locked_import(import_job: ImportJob) -> ImportJob:
    """The import as it stands, locked until the transaction ends.

    The job is not joined: somebody for whom we waited may have given the row another one.
    """
    rows = ImportJob.objects.select_for_update(of=("self",)).select_related(
        "batch__school", "blob", "created_by"
    )
    return rows.get(pk=import_job.pk)


# The two jobs


def work(running: Running) -> None:
    """Do what the job is for: check the file, or import it; nothing when a worker that died later did it already."""
    import_job = ImportJob.objects.select_related("batch__school", "blob", "mends").get(job=running.job)
    if import_job.state not in OPEN:
        return
    content = open_blob(import_job.blob)
    try:
        source = _opened(import_job, content)
    except WorkbookRefused as refused:
        _refuse(running.actor, import_job, refused)
        return
    if running.job.kind == CHECK:
        _check(running, import_job, source)
    else:
        _import(running, import_job, source)


def _opened(import_job: ImportJob, content: bytes) -> Source:
    batch = import_job.batch
    max_rows = int(rule(batch.school, "max_import_rows"))
    return open_source(content, layout_of(batch), max_rows=max_rows)


@transaction.atomic
def _refuse(actor: User, import_job: ImportJob, refused: WorkbookRefused) -> None:
    row = locked_import(import_job)
    row.state, row.finished_at = State.REFUSED, timezone.now()
    row.refusal, row.refusal_detail = refused.code, json.dumps(refused.params, ensure_ascii=False)
    row.save(update_fields=["state", "finished_at", "refusal", "refusal_detail"])
    _record("import.refused", actor, row, detail={"code": refused.code})


def _record(action: str, actor: User, row: ImportJob, *, detail: Mapping[str, Any] | None = None) -> None:
    role = role_of(actor, row.batch)
    events.record(action, actor=actor, obj=row, unit_id=row.batch.school_id, role=role, detail=detail)


def _process(running: Running, import_job: ImportJob, source: Source) -> Process:
    checker = Checker(import_job.batch, book_of(import_job.batch), source, import_job.mends, import_job)
    return Process(import_job, import_job.created_by, source, checker, running.progress)


@transaction.atomic
def _check(running: Running, import_job: ImportJob, source: Source) -> None:
    row = locked_import(import_job)
    row.mends = import_job.mends or (_marked_import(row, source) if source.is_marked else None)
    _forget_faults(row)
    counts = _process(running, row, source).check()
    row.unknown_headers = source.unknown_headers
    _note(row, State.CHECKED, counts, ["unknown_headers", "mends"])
    _record("import.checked", running.actor, row, detail=detail_of(counts))


def _marked_import(row: ImportJob, source: Source) -> ImportJob | None:
    """The import whose waiting rows a marked file holds: the one with most of its names in it, else the newest."""
    problems = ImportRow.objects.filter(
        import_job__batch=row.batch, import_job__state=State.IMPORTED, state=ImportRow.State.PROBLEM
    )
    names = {clean_text(name) for _place, (name,) in source.some_cells(("name",))}
    shared: Counter[int] = Counter()
    for import_id, cells in problems.order_by("-import_job").values_list("import_job", "cells"):
        shared[import_id] += clean_text(json.loads(cells).get("name", "")) in names
    best = max(shared, key=lambda pk: (shared[pk], pk), default=0)
    return ImportJob.objects.filter(pk=best).first()


def _note(row: ImportJob, state: State, counts: Counts, also: list[str]) -> None:
    row.state, row.row_count, row.good_count = state, counts.rows, counts.good
    row.error_count, row.warning_count = counts.errors, counts.warned
    row.skipped_count, row.imported_count = counts.skipped, counts.imported
    names = ["row_count", "good_count", "error_count", "warning_count", "skipped_count", "imported_count"]
    row.save(update_fields=["state", *names, *also])


@transaction.atomic
def start_import(
    *, actor: User, import_job: ImportJob, all_or_nothing: bool = False, queue: bool = True
) -> ImportJob:
    """Have the good rows of a checked file imported, or all rows only when none has errors.

    Raises ImportRefused, BatchClosed, NotPermitted.
    """
    row = locked_import(import_job)
    role = role_of(actor, row.batch)
    check_open(row.batch, timezone.localdate())
    if row.state != State.CHECKED:
        raise ImportRefused(
            _("This file is not waiting to be imported: %(state)s.") % {"state": row.get_state_display()}
        )
    if not row.good_count:
        raise ImportRefused(_("No row of this file can be imported."))
    if all_or_nothing and row.error_count:
        raise ImportRefused(
            _("%(count)s rows have errors, so nothing was imported. Mend them, or import the good rows.")
            % {"count": row.error_count}
        )
    with acting(actor, role=role):
        row.job = jobs.start(actor=actor, kind=IMPORT, unit=row.batch.school, queue=queue)
    row.state, row.all_or_nothing = State.IMPORTING, all_or_nothing
    row.save(update_fields=["job", "state", "all_or_nothing"])
    return row


def _import(running: Running, import_job: ImportJob, source: Source) -> None:
    """Import in one transaction. A number that somebody typed in at the same moment makes it look again, once."""
    batch = import_job.batch
    never_checked = import_job.state == State.CHECKING
    with transaction.atomic():
        numbers = new_numbers(batch, max(source.total if never_checked else import_job.good_count, 1))
    for last in (False, True):
        try:
            _write(running, import_job, source, numbers)
        except IntegrityError:
            if last:
                raise
        except _Interrupted:
            _check(running, import_job, source)
            return
        else:
            return


@transaction.atomic
def _write(running: Running, import_job: ImportJob, source: Source, numbers: Sequence[str]) -> None:
    _locked_batch(import_job.batch)
    row = locked_import(import_job)
    row.mends = import_job.mends or (_marked_import(row, source) if source.is_marked else None)
    row.unknown_headers = source.unknown_headers
    _forget_faults(row)
    process = _process(running, row, source)
    actor, role = running.actor, role_of(running.actor, row.batch)
    writer = DraftWriter(row, actor, role, process.checker.book, timezone.localdate(), iter(numbers))
    counts = process.import_(writer)
    if row.all_or_nothing and counts.errors:
        raise _Interrupted
    row.finished_at = timezone.now()
    _note(row, State.IMPORTED, counts, ["finished_at", "unknown_headers", "mends"])
    _record("import.imported", actor, row, detail=detail_of(counts))


def _forget_faults(row: ImportJob) -> None:
    """Faults are found anew at the moment of writing: the database may know more than at the check."""
    ImportFault.objects.filter(row__import_job=row).delete()
    row.rows.all().delete()


def ended_badly(job: Job) -> None:
    """A failed or cancelled check leaves nothing; after a failed import the file waits as before."""
    row = ImportJob.objects.select_for_update().filter(job=job).first()
    if row is None:
        return
    row.state = State.CHECKED if row.state == State.IMPORTING else State.FAILED
    row.save(update_fields=["state"])


# Afterwards


@transaction.atomic
def undo(*, actor: User, import_job: ImportJob) -> int:
    """Take back all applicants of an import while every one is a draft; how many there were.

    Raises ImportRefused, NotPermitted.
    """
    _locked_batch(import_job.batch)
    row = locked_import(import_job)
    role = role_of(actor, row.batch)
    if row.state != State.IMPORTED:
        raise ImportRefused(
            _("This import cannot be undone: %(state)s.") % {"state": row.get_state_display()}
        )
    applicants = list(Applicant.objects.select_for_update().filter(import_job=row))
    ids = [one.pk for one in applicants]
    gone_on = {one.pk for one in applicants if one.state != Applicant.State.DRAFT}
    gone_on |= set(IntakeDecision.objects.filter(applicant__in=ids).values_list("applicant_id", flat=True))
    if gone_on:
        raise ImportRefused(
            _("%(count)s applicants of this import are past the draft; it can no longer be undone.")
            % {"count": len(gone_on)}
        )
    with acting(actor, role=role):
        _open_again(row, ids)
        ImportRow.objects.filter(applicant__in=ids).update(applicant=None)
        TypedCell.objects.filter(applicant__in=ids).delete()
        for model in (ApplicantDocument, ApplicantMember):
            parts = model.objects.filter(applicant__in=ids).select_related("applicant")
            delete_rows(list(parts), actor=actor, role=role)
        delete_rows(applicants, actor=actor, role=role)
    row.state, row.imported_count = State.UNDONE, 0
    row.save(update_fields=["state", "imported_count"])
    _record("import.undone", actor, row, detail={"count": len(ids)})
    return len(ids)


def _open_again(row: ImportJob, ids: list[int]) -> None:
    """Rows of the import that this one mended wait again: those it turned into applicants, those it replaced."""
    if row.mends_id is None or row.job.started_at is None:
        return
    mended = Q(applicant__in=ids, state=ImportRow.State.MENDED)
    replaced = Q(
        state=ImportRow.State.DISMISSED,
        reason=SUPERSEDED,
        resolved_at__gte=row.job.started_at,
        resolved_at__lte=row.finished_at,
    )
    ImportRow.objects.filter(mended | replaced, import_job=row.mends_id).update(
        state=ImportRow.State.PROBLEM, applicant=None, reason="", resolved_by=None, resolved_at=None
    )


def locked_problem(row: ImportRow) -> ImportRow:
    """A problem row, locked. Raises ImportRefused when it is none any more."""
    found = (
        ImportRow.objects.select_for_update(of=("self",))
        .select_related("import_job__batch__school", "owner", "resolved_by")
        .get(pk=row.pk)
    )
    if found.state != ImportRow.State.PROBLEM:
        by = found.resolved_by.name if found.resolved_by else "—"
        raise ImportRefused(
            _("%(name)s has dealt with this row already: %(state)s.")
            % {"name": by, "state": found.get_state_display()}
        )
    if found.import_job.state != State.IMPORTED:
        raise ImportRefused(_("Rows are mended after the good rows were imported."))
    return found


def check_cells(import_job: ImportJob, row: ImportRow, cells: Mapping[str, str]) -> CheckedRow:
    """A mended row checked like one of a file, except that dates may be written with dashes."""
    source = _OneRow(SourceRow(row.row_number, row.member_file, dict(cells), member_number=row.member))
    checker = Checker(import_job.batch, book_of(import_job.batch), source, exact=False)
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


@transaction.atomic
def mend(*, actor: User, row: ImportRow, cells: Mapping[str, str]) -> Applicant:
    """Turn a problem row into a draft with these cells.

    Raises StillFaulty, ImportRefused, BatchClosed, NotPermitted.
    """
    _locked_batch(row.import_job.batch)
    found = locked_problem(row)
    import_job = found.import_job
    batch = import_job.batch
    role = role_of(actor, batch)
    check_open(batch, timezone.localdate())
    checked = check_cells(import_job, found, cells)
    if not checked.is_good:
        raise StillFaulty(checked.faults)
    book, today = book_of(batch), timezone.localdate()
    with acting(actor, role=role):
        writer = DraftWriter(import_job, actor, role, book, today, iter(new_numbers(batch)))
        (applicant,) = writer.write([checked])
        resolve(found, actor, applicant=applicant)
        import_job.imported_count += 1
        import_job.save(update_fields=["imported_count"])
        detail = {"row": found.row_number, "warnings": checked.warnings}
        _record("import.row_mended", actor, import_job, detail=detail)
    return applicant


@transaction.atomic
def take_over(*, actor: User, row: ImportRow) -> ImportRow:
    """Become the owner of a problem row, who sees its values and mends it. Raises ImportRefused, NotPermitted."""
    found = locked_problem(row)
    role_of(actor, found.import_job.batch)
    if found.owner_id != actor.pk:
        found.owner = actor
        found.save(update_fields=["owner"])
        _record("import.row_taken_over", actor, found.import_job, detail={"row": found.row_number})
    return found


@transaction.atomic
def dismiss(*, actor: User, row: ImportRow, reason: str) -> ImportRow:
    """Give a problem row up. Raises ImportRefused, NotPermitted; ValueError without a reason."""
    if not reason.strip():
        raise ValueError("Dismissing needs a reason")
    found = locked_problem(row)
    role_of(actor, found.import_job.batch)
    found.state, found.reason = ImportRow.State.DISMISSED, reason.strip()[:200]
    found.resolved_by, found.resolved_at = actor, timezone.now()
    found.save(update_fields=["state", "reason", "resolved_by", "resolved_at"])
    _record("import.row_dismissed", actor, found.import_job, detail={"row": found.row_number})
    return found


def note_view(action: str, *, actor: User, import_job: ImportJob, row: ImportRow | None = None) -> None:
    """Write down that values of an import were shown or taken away as a file."""
    _record(action, actor, import_job, detail={"row": row.row_number} if row else None)
