"""What the worker does with an import: check the file, import it, or refuse it."""

import json
from collections import Counter
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from core.chinese import clean_text
from core.workbook import WorkbookRefused
from enrollment.actions import BatchClosed, check_open, new_numbers
from enrollment.cells import layout_of
from enrollment.importing.actions.acts import (
    CHECK,
    OPEN,
    State,
    locked_batch,
    locked_import,
    owned_by_other,
    record,
    role_of,
)
from enrollment.importing.checking import Checker
from enrollment.importing.keeping import Keeper, KeptSource, can_keep, forget, stamp_of
from enrollment.importing.process import Counts, Process, detail_of
from enrollment.importing.source import Source, open_source
from enrollment.importing.writing import DraftWriter
from enrollment.models import ImportFault, ImportJob, ImportRow
from enrollment.selectors import book_of
from files.selectors import open_blob
from jobs.models import Job
from jobs.running import Running
from records.cells import CodeBook
from school.rules import rule


class _Interrupted(Exception):
    """The file may not go in as it is: it is checked only, and waits for its owner."""


def work(running: Running) -> None:
    """Do what the job is for: check the file, or import it; nothing when a worker that died later did it already."""
    import_job = ImportJob.objects.select_related("batch__school", "blob", "mends__owner").get(
        job=running.job
    )
    if import_job.state not in OPEN:
        return
    try:
        if running.job.kind == CHECK:
            _check(running, import_job, _opened(import_job))
        else:
            _import(running, import_job)
    except WorkbookRefused as refused:
        _refuse(running.actor, import_job, refused)


def _opened(import_job: ImportJob) -> Source:
    """The file. Raises WorkbookRefused."""
    content, layout = open_blob(import_job.blob), layout_of(import_job.batch)
    return open_source(content, layout, max_rows=_max_rows(import_job))


def _max_rows(import_job: ImportJob) -> int:
    return int(rule(import_job.batch.school, "max_import_rows"))


@transaction.atomic
def _refuse(actor: User, import_job: ImportJob, refused: WorkbookRefused) -> None:
    row = locked_import(import_job)
    row.state, row.finished_at = State.REFUSED, timezone.now()
    row.refusal, row.refusal_detail = refused.code, json.dumps(refused.params, ensure_ascii=False)
    row.save(update_fields=["state", "finished_at", "refusal", "refusal_detail"])
    record("import.refused", actor, row, detail={"code": refused.code})


def _process(running: Running, import_job: ImportJob, source: Source, book: CodeBook) -> Process:
    checker = Checker(import_job.batch, book, source, import_job.mends, import_job)
    return Process(import_job, import_job.owner, source, checker, running.progress)


@transaction.atomic
def _check(running: Running, import_job: ImportJob, source: Source) -> None:
    row = locked_import(import_job)
    book = book_of(row.batch)
    row.mends = import_job.mends or (_marked_import(row, source) if source.is_marked else None)
    _forget_faults(row)
    process = _process(running, row, source, book)
    if can_keep(source):
        process.keeper = Keeper(row, source, stamp_of(row, book, _max_rows(row)))
    counts = process.check()
    if process.keeper:
        process.keeper.save()
    row.unknown_headers = source.unknown_headers
    _note(row, State.CHECKED, counts, ["unknown_headers", "mends"])
    record("import.checked", running.actor, row, detail=detail_of(counts))


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
    return ImportJob.objects.select_related("owner").filter(pk=best).first()


def _note(row: ImportJob, state: State, counts: Counts, also: list[str]) -> None:
    row.state, row.row_count, row.good_count = state, counts.rows, counts.good
    row.error_count, row.warning_count = counts.errors, counts.warned
    row.skipped_count, row.imported_count = counts.skipped, counts.imported
    names = ["row_count", "good_count", "error_count", "warning_count", "skipped_count", "imported_count"]
    row.save(update_fields=["state", *names, *also])


def _import(running: Running, import_job: ImportJob) -> None:
    """Import in one transaction. A number that somebody typed in at the same moment makes it look again, once.

    Raises WorkbookRefused.
    """
    source = _opened(import_job) if import_job.state == State.CHECKING else None
    with transaction.atomic():
        numbers = new_numbers(import_job.batch, max(source.total if source else import_job.good_count, 1))
    for last in (False, True):
        try:
            _write(running, import_job, source, numbers)
        except IntegrityError:
            if last:
                raise
        except _Interrupted:
            _check(running, import_job, source or _opened(import_job))
            return
        else:
            return


@transaction.atomic
def _write(running: Running, import_job: ImportJob, opened: Source | None, numbers: Sequence[str]) -> None:
    """Write the rows of the opened file, else those that its check kept while all that it rested on is the same.

    Codes and classes are read once nobody else writes into the batch.
    """
    try:
        check_open(locked_batch(import_job.batch), timezone.localdate())
    except BatchClosed:
        raise _Interrupted from None
    row = locked_import(import_job)
    book = book_of(row.batch)
    source = opened or KeptSource.find(row, stamp_of(row, book, _max_rows(row))) or _opened(row)
    row.mends = import_job.mends or (_marked_import(row, source) if source.is_marked else None)
    row.unknown_headers = source.unknown_headers
    if row.mends and owned_by_other(row.owner, row.mends):
        raise _Interrupted
    _forget_faults(row)
    process = _process(running, row, source, book)
    actor, role = running.actor, role_of(running.actor, row.batch)
    writer = DraftWriter(row, actor, role, book, timezone.localdate(), iter(numbers))
    counts = process.import_(writer)
    if row.all_or_nothing and counts.errors:
        raise _Interrupted
    row.finished_at = timezone.now()
    _note(row, State.IMPORTED, counts, ["finished_at", "unknown_headers", "mends"])
    record("import.imported", actor, row, detail=detail_of(counts))


def _forget_faults(row: ImportJob) -> None:
    """Faults are found anew at the moment of writing: the database may know more than at the check."""
    forget(row)
    ImportFault.objects.filter(row__import_job=row).delete()
    row.rows.all().delete()


def ended_badly(job: Job) -> None:
    """A failed or cancelled check leaves nothing; after a failed import the file waits as before.

    What was done stays done: a worker may die after its import, before its job is ended.
    """
    row = ImportJob.objects.select_for_update().filter(job=job, state__in=OPEN).first()
    if row is None:
        return
    row.state = State.CHECKED if row.state == State.IMPORTING else State.FAILED
    row.save(update_fields=["state"])
