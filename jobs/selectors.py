"""Reads of jobs: everybody sees those that he asked for."""

from typing import Any, Literal

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import visible_or_404
from core.ui import Kind, Progress
from files.models import Blob
from jobs import progress
from jobs.messages import MESSAGES
from jobs.models import Job
from jobs.registry import known_kind

STATES: dict[str, Literal["waiting", "running", "done", "failed"]] = {
    Job.State.QUEUED: "waiting",
    Job.State.RUNNING: "running",
    Job.State.DONE: "done",
    Job.State.FAILED: "failed",
    Job.State.CANCELLED: "failed",
}
KINDS: dict[str, Kind] = {
    Job.State.QUEUED: "grey",
    Job.State.RUNNING: "blue",
    Job.State.DONE: "green",
    Job.State.FAILED: "red",
    Job.State.CANCELLED: "grey",
}


def my_jobs(user: User) -> QuerySet[Job]:
    """What ``user`` asked for, the newest first."""
    return Job.objects.filter(requested_by=user).select_related("unit").order_by("-created_at")


def job_for(user: User, public_id: object) -> Job:
    """One job of his own. Raises Http404 or OutOfScope."""
    every = Job.objects.select_related("unit", "result")
    return visible_or_404(every, every.filter(requested_by=user), public_id=public_id)


def label_of(job: Job) -> str:
    """What the job does, in the reader's language."""
    kind = known_kind(job.kind)
    return str(kind.label) if kind else job.kind


def words_of(job: Job) -> str:
    """What the one who waits should know about the state of his job; empty when the bar says it all."""
    if job.state == Job.State.CANCELLED:
        return _("Cancelled. Nothing was changed.")
    if job.state != Job.State.FAILED:
        return ""
    kind = known_kind(job.kind)
    text = str((kind and kind.failed) or MESSAGES[job.message]) if job.message in MESSAGES else job.message
    if job.error_number:
        text += " " + _("Error number: %(number)s") % {"number": job.error_number}
    return text


def how_far(job: Job, *, url: str = "", label: str = "") -> Progress:
    """The bar of a job; ``url`` gives the same bar again."""
    done, total = job.done, job.total
    if job.is_open:
        done, total = progress.read(job.pk) or (0, 0)
    return Progress(done, total, STATES[job.state], label or label_of(job), words_of(job), url)


def page_of(job: Job) -> str:
    """The address where the result is seen; empty when there is none."""
    kind = known_kind(job.kind)
    return kind.url(job) if kind else ""


def results_of(orders: QuerySet[Any]) -> list[Blob]:
    """The files that the jobs of these orders made; each order has a ``job``."""
    rows = orders.filter(job__result__isnull=False).select_related("job__result")
    return [one.job.result for one in rows]
