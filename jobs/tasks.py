"""The two tasks of all long work: doing one job, and looking after those that stand still."""

import logging
import secrets

from core.tasks import task
from jobs import actions, progress
from jobs.locks import hold
from jobs.messages import FAULT
from jobs.models import Job
from jobs.registry import kind_of
from jobs.running import JobRefused, Running
from ledger.context import acting

log = logging.getLogger(__name__)


@task(actions.TASK)
def run(job_id: int) -> None:
    """Do a job, unless it has ended or somebody else does it. Safe to be sent twice."""
    with hold(job_id) as held:
        if held and (job := actions.take(job_id)):
            _work(job)


def _work(job: Job) -> None:
    tell = progress.Teller(job.pk)
    running = Running(job, job.requested_by, tell, job.result)
    try:
        kind = kind_of(job.kind)
        with acting(job.requested_by):
            kind.work(running)
    except progress.JobCancelled:
        actions.end(job, Job.State.CANCELLED, done=tell.done, total=tell.total)
    except JobRefused as refused:
        actions.end(job, Job.State.FAILED, done=tell.done, total=tell.total, message=str(refused)[:300])
    except Exception as fault:
        number = secrets.token_hex(4).upper()
        log.exception("job %s of kind %s failed: %s %s", job.pk, job.kind, type(fault).__name__, number)
        actions.end(
            job, Job.State.FAILED, done=tell.done, total=tell.total, message=FAULT, error_number=number
        )
    else:
        actions.end(job, Job.State.DONE, done=tell.total, total=tell.total, result=running.result)


@task("jobs.sweep")
def sweep() -> int:
    """Send again what nobody took or what lost its worker."""
    return actions.send_again()
