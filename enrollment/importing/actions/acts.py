"""What people do with a whole import: upload, import, take over, take back."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import role_for, units_with
from enrollment.actions import check_open, scans
from enrollment.importing.process import SUPERSEDED
from enrollment.models import (
    Applicant,
    ApplicantDocument,
    ApplicantMember,
    CheckedPart,
    ImportJob,
    ImportRow,
    IntakeBatch,
    IntakeDecision,
    MarkedFile,
    PrintOrder,
    TypedCell,
)
from files.actions import discard, store
from files.inspection import WORKBOOKS
from jobs import actions as jobs
from jobs.selectors import results_of
from ledger import events
from ledger.context import acting
from ledger.history import delete_rows

CHECK, IMPORT = "enrollment.check_import", "enrollment.import"
PERM, APPROVE = "enter_applicant", "approve_applicant"
State = ImportJob.State
ENDED = (State.UNDONE, State.REFUSED, State.FAILED)
OPEN = (State.CHECKING, State.IMPORTING)
MENDABLE = (State.CHECKED, State.IMPORTED)


class ImportRefused(Exception):
    """An act on an import that cannot be done now; ``str()`` says why in the reader's language."""


class NotOwner(ImportRefused):
    """The act is the owner's: somebody else takes the import over first."""


class RepeatedFile(ImportRefused):
    """The same file is in this batch already; ``import_job`` is where."""

    def __init__(self, import_job: ImportJob) -> None:
        super().__init__(_("This file was uploaded to this intake batch already."))
        self.import_job = import_job


def owned_by_other(actor: User, import_job: ImportJob) -> NotOwner | None:
    """What keeps ``actor`` from an act of the owner; None for the owner."""
    if import_job.owner_id == actor.pk:
        return None
    text = _("%(name)s owns this import. Take it over first; a reason is asked for.")
    return NotOwner(text % {"name": import_job.owner.name})


def demand_owner(actor: User, import_job: ImportJob) -> None:
    """Raise NotOwner unless the import is the actor's."""
    if refused := owned_by_other(actor, import_job):
        raise refused


def demand_mendable(import_job: ImportJob) -> None:
    """Raise ImportRefused unless rows of the import can still be mended."""
    if import_job.state not in MENDABLE:
        words = _("This import cannot be mended: %(state)s.")
        raise ImportRefused(words % {"state": import_job.get_state_display()})


def role_of(actor: User, batch: IntakeBatch, perm: str = PERM) -> str:
    """The role in which ``actor`` imports. Raises NotPermitted; the service account needs none."""
    if actor.kind == User.Kind.SERVICE:
        return "service"
    return role_for(actor, perm, batch.school_id)


def _reading_role(actor: User, batch: IntakeBatch) -> str:
    """The role in which ``actor`` looks at an import: one who enters, else the head. Raises NotPermitted."""
    enters = batch.school_id in units_with(actor, PERM)
    return role_of(actor, batch, PERM if enters else APPROVE)


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
    the import whose marked file comes back: the actor's own, of the same batch. ``queue`` False leaves the job to the
    caller. Raises FileRefused, BatchClosed, RepeatedFile, ImportRefused, NotPermitted.
    """
    role = role_of(actor, batch)
    check_open(batch, timezone.localdate())
    digest = hashlib.sha256(content).hexdigest()
    known = ImportJob.objects.filter(batch=locked_batch(batch), blob__sha256=digest).exclude(state__in=ENDED)
    if earlier := known.select_related("created_by", "batch").order_by("-pk").first():
        raise RepeatedFile(earlier)
    if mends:
        _check_mends(actor, batch, mends)
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


def _check_mends(actor: User, batch: IntakeBatch, mends: ImportJob) -> None:
    found = ImportJob.objects.select_related("owner").get(pk=mends.pk)
    if found.batch_id != batch.pk:
        raise ImportRefused(_("The import that this file mends belongs to another intake batch."))
    demand_mendable(found)
    demand_owner(actor, found)


def locked_batch(batch: IntakeBatch) -> IntakeBatch:
    """The batch, locked against other imports but not against clerks who type."""
    found: IntakeBatch = IntakeBatch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    return found


def locked_import(import_job: ImportJob) -> ImportJob:
    """The import as it stands, locked until the transaction ends.

    Nothing is joined: somebody for whom we waited may have given the row another owner or job.
    """
    return ImportJob.objects.select_for_update().get(pk=import_job.pk)


def record(
    action: str,
    actor: User,
    row: ImportJob,
    *,
    role: str | None = None,
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write the event of an act on an import. Raises NotPermitted."""
    as_whom = role_of(actor, row.batch) if role is None else role
    events.record(
        action,
        actor=actor,
        obj=row,
        unit_id=row.batch.school_id,
        role=as_whom,
        reason=reason,
        detail=detail,
    )


@transaction.atomic
def start_import(
    *, actor: User, import_job: ImportJob, all_or_nothing: bool = False, queue: bool = True
) -> ImportJob:
    """Have the good rows of a checked file imported, or all rows only when none has errors.

    The owner does it: he is the one who entered the applicants. Raises NotOwner, ImportRefused, BatchClosed,
    NotPermitted.
    """
    row = locked_import(import_job)
    role = role_of(actor, row.batch)
    demand_owner(actor, row)
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
    if row.mends:
        demand_owner(actor, row.mends)
    with acting(actor, role=role):
        row.job = jobs.start(actor=actor, kind=IMPORT, unit=row.batch.school, queue=queue)
    row.state, row.all_or_nothing = State.IMPORTING, all_or_nothing
    row.save(update_fields=["job", "state", "all_or_nothing"])
    return row


@transaction.atomic
def take_over_import(*, actor: User, import_job: ImportJob, reason: str) -> int:
    """Become the owner of an import and of the rows that its owner had to mend; how many these are.

    Rows that somebody took over one by one stay his. Raises ImportRefused, NotPermitted; ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("Taking over needs a reason")
    locked_batch(import_job.batch)
    row = locked_import(import_job)
    role_of(actor, row.batch)
    if row.owner_id == actor.pk:
        raise ImportRefused(_("This import is yours already."))
    if row.state in OPEN:
        raise ImportRefused(_("Wait until the running work on this file has ended."))
    theirs = ImportRow.objects.filter(import_job=row, owner=row.owner)
    waiting = theirs.filter(state=ImportRow.State.PROBLEM).count()
    theirs.filter(state__in=[ImportRow.State.PROBLEM, ImportRow.State.WARNED]).update(owner=actor)
    row.owner = actor
    row.save(update_fields=["owner"])
    record("import.taken_over", actor, row, reason=reason.strip()[:200], detail={"rows": waiting})
    return waiting


@transaction.atomic
def undo(*, actor: User, import_job: ImportJob) -> int:
    """Take back all applicants of an import while every one is a draft; how many there were.

    What it said of people is erased, in their history too: who did what and when stays. A ZIP of scans that is being
    distributed in the batch stops. Its owner does it, or the head of admissions.

    Raises NotOwner, ImportRefused, NotPermitted.
    """
    locked_batch(import_job.batch)
    row = locked_import(import_job)
    role = _undoing_role(actor, row)
    if row.state != State.IMPORTED:
        raise ImportRefused(
            _("This import cannot be undone: %(state)s.") % {"state": row.get_state_display()}
        )
    with acting(actor, role=role):
        stopped = scans.stop(row.batch, actor=actor, role=role)
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
        documents = ApplicantDocument.objects.filter(applicant__in=ids).select_related("applicant", "blob")
        held = list(documents)
        members = ApplicantMember.objects.filter(applicant__in=ids).select_related("applicant")
        for parts in (held, list(members)):
            delete_rows(parts, actor=actor, role=role)
        for document in held:
            discard(document.blob)
        scans.forget(row.batch, ids, stopped)
        for printed in results_of(PrintOrder.objects.filter(batch=row.batch, people__overlap=ids)):
            discard(printed)
        delete_rows(applicants, actor=actor, role=role)
    row.state, row.imported_count = State.UNDONE, 0
    row.save(update_fields=["state", "imported_count"])
    _forget(row)
    record("import.undone", actor, row, role=role, detail={"count": len(ids)})
    return len(ids)


def _forget(row: ImportJob) -> None:
    """Erase what an undone import said of people who became nobody: file, rows, the contents of their history."""
    ImportRow.objects.filter(import_job=row).delete()
    CheckedPart.objects.filter(import_job=row).delete()
    marked = MarkedFile.objects.filter(import_job=row, blob__isnull=False).select_related("blob")
    for blob in (row.blob, *(one.blob for one in marked if one.blob)):
        discard(blob)
    with connection.cursor() as cursor:
        cursor.execute("SELECT enrollment_forget_undone(%s)", [row.pk])


def _undoing_role(actor: User, row: ImportJob) -> str:
    if row.batch.school_id in units_with(actor, APPROVE):
        return role_of(actor, row.batch, APPROVE)
    role = role_of(actor, row.batch)
    demand_owner(actor, row)
    return role


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


def note_view(action: str, *, actor: User, import_job: ImportJob, row: ImportRow | None = None) -> None:
    """Write down that values of an import were shown or taken away as a file. Raises NotPermitted."""
    role = _reading_role(actor, import_job.batch)
    record(action, actor, import_job, role=role, detail={"row": row.row_number} if row else None)
