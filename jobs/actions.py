"""Writes of jobs: begun in the transaction of whoever needs them, sent when it commits, ended once."""

import logging
from collections.abc import Iterable
from datetime import timedelta

from celery import current_app
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import User
from files.models import Blob
from jobs import progress
from jobs.locks import hold
from jobs.messages import WORKER_LOST
from jobs.models import Job
from jobs.registry import kind_of, known_kind
from ledger import events
from school.models import Unit

MAX_ATTEMPTS = 3
UNTAKEN_AFTER = timedelta(seconds=20)
SENT_AGAIN_AFTER = timedelta(minutes=2)
TASK = "jobs.run"
log = logging.getLogger(__name__)


class JobEnded(Exception):
    """The job has ended already, or cannot be stopped."""


def start(*, actor: User, kind: str, unit: Unit, queue: bool = True) -> Job:
    """Ask for work of this kind; it begins when the running transaction has committed. Raises LookupError.

    ``queue`` False sends nothing: the caller runs `jobs.tasks.run` himself at once.
    """
    kind_of(kind)
    job = Job.objects.create(kind=kind, unit=unit, requested_by=actor, sent_at=timezone.now())
    if queue:
        transaction.on_commit(lambda: send(job.pk))
    return job


def send(job_id: int) -> bool:
    """Put the job into the queue; whether that was possible. The beat sends again what nobody took."""
    try:
        current_app.send_task(TASK, args=[job_id], retry=False)
    except (OperationalError, OSError):
        log.warning("job %s could not be sent; the scheduler will send it", job_id)
        return False
    return True


@transaction.atomic
def take(job_id: int) -> Job | None:
    """Mark a job as running, once more; None when it has ended, or was tried too often (then it fails).

    The caller holds the job's lock.
    """
    job = Job.objects.select_for_update().get(pk=job_id)
    if not job.is_open:
        return None
    if job.attempts >= MAX_ATTEMPTS:
        _end(job, Job.State.FAILED, message=WORKER_LOST)
        return None
    job.state = Job.State.RUNNING
    job.attempts += 1
    job.started_at = timezone.now()
    job.save(update_fields=["state", "attempts", "started_at"])
    return job


@transaction.atomic
def end(
    job: Job,
    state: Job.State,
    *,
    done: int = 0,
    total: int = 0,
    message: str = "",
    error_number: str = "",
    result: Blob | None = None,
) -> None:
    """Write how a job ended; nothing when it has ended meanwhile."""
    row = Job.objects.select_for_update().get(pk=job.pk)
    if row.is_open:
        row.done, row.total, row.error_number, row.result = done, total, error_number, result
        _end(row, state, message=message)


def forget_words(texts: Iterable[str]) -> None:
    """Empty what ended jobs keep of why they failed wherever it holds one of these texts, none of them empty."""
    for text in texts:
        Job.objects.filter(message__contains=text).update(message="")


def _end(row: Job, state: Job.State, *, message: str = "") -> None:
    row.state, row.message, row.finished_at = state, message, timezone.now()
    row.save(update_fields=["state", "message", "finished_at", "done", "total", "error_number", "result"])
    if state in {Job.State.FAILED, Job.State.CANCELLED} and (kind := known_kind(row.kind)):
        kind.ended(row)
    job_id = row.pk
    transaction.on_commit(lambda: progress.forget(job_id))


@transaction.atomic
def cancel(*, actor: User, job: Job) -> Job:
    """Stop a job: one that waits ends now, a running one at its next step. Only who asked for it may.

    Raises JobEnded.
    """
    row = Job.objects.select_for_update().get(pk=job.pk, requested_by=actor)
    if not row.is_open or not kind_of(row.kind).cancellable:
        raise JobEnded
    if row.state == Job.State.QUEUED:
        _end(row, Job.State.CANCELLED)
    else:
        progress.ask_to_stop(row.pk)
    return row


def send_again() -> int:
    """Send jobs that nobody took, and those whose worker died; how many were sent."""
    now = timezone.now()
    count = 0
    for job in Job.objects.filter(state=Job.State.QUEUED, sent_at__lt=now - UNTAKEN_AFTER):
        waits_long = job.sent_at and job.sent_at - job.created_at > UNTAKEN_AFTER
        if waits_long and job.sent_at and job.sent_at > now - SENT_AGAIN_AFTER:
            continue
        Job.objects.filter(pk=job.pk, state=Job.State.QUEUED).update(sent_at=now)
        count += send(job.pk)
    for job_id in Job.objects.filter(state=Job.State.RUNNING).values_list("pk", flat=True):
        count += _revive(job_id)
    return count


def _revive(job_id: int) -> bool:
    with hold(job_id) as held:
        if not held or not _requeue(job_id):
            return False
    return send(job_id)


@transaction.atomic
def _requeue(job_id: int) -> bool:
    row = Job.objects.select_for_update().get(pk=job_id)
    if row.state != Job.State.RUNNING:
        return False
    log.warning("job %s lost its worker in attempt %s", row.pk, row.attempts)
    if row.attempts >= MAX_ATTEMPTS:
        _end(row, Job.State.FAILED, message=WORKER_LOST)
        return False
    row.state, row.sent_at = Job.State.QUEUED, timezone.now()
    row.save(update_fields=["state", "sent_at"])
    return True


def note_download(*, actor: User, job: Job) -> None:
    """Write down that somebody took the file that a job made."""
    events.record(
        "job.result_downloaded", actor=actor, obj=job, unit_id=job.unit_id, detail={"kind": job.kind}
    )
