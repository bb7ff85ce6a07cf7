"""Pages of long work: one's own jobs, one job with its bar, stopping it."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import SIGNED_IN, requires
from accounts.models import User
from accounts.scope import NotPermitted
from files.serving import serve
from jobs import actions, selectors
from jobs.lists import JobList
from jobs.models import Job
from jobs.registry import kind_of


@requires(SIGNED_IN)
def jobs(request: HttpRequest) -> HttpResponse:
    """One's own jobs."""
    user = cast("User", request.user)
    return JobList(request, selectors.my_jobs(user), user=user).respond("jobs/jobs.html")


def _bar(job: Job) -> object:
    return selectors.how_far(job, url=reverse("jobs:progress", args=[job.public_id]))


@requires(SIGNED_IN)
@require_GET
def job(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One job: how far it is, what came of it, and where to see that."""
    found = selectors.job_for(cast("User", request.user), public_id)
    context = {
        "job": found,
        "label": selectors.label_of(found),
        "kind": selectors.KINDS[found.state],
        "progress": _bar(found),
        "page_url": selectors.page_of(found),
        "can_cancel": found.is_open and kind_of(found.kind).cancellable,
    }
    return render(request, "jobs/job.html", context)


@requires(SIGNED_IN, background=True)
@require_GET
def progress(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The bar alone, asked for again and again; the page is drawn anew when the job has ended."""
    found = selectors.job_for(cast("User", request.user), public_id)
    response = render(request, "jobs/progress.html", {"progress": _bar(found)})
    if not found.is_open:
        response["HX-Refresh"] = "true"
    return response


@requires(SIGNED_IN)
@require_POST
def cancel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Stop a job of one's own."""
    user = cast("User", request.user)
    found = selectors.job_for(user, public_id)
    try:
        actions.cancel(actor=user, job=found)
    except actions.JobEnded:
        messages.info(request, _("The work has ended already."))
    else:
        messages.success(request, _("The work is being stopped; nothing that it did will stay."))
    return redirect(selectors.page_of(found) or reverse("jobs:job", args=[found.public_id]))


@requires(SIGNED_IN)
@require_GET
def result(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The file that a job made, while the right to it lasts."""
    user = cast("User", request.user)
    found = selectors.job_for(user, public_id)
    if found.result is None:
        return redirect("jobs:job", public_id=found.public_id)
    if not kind_of(found.kind).may_take(user, found):
        raise NotPermitted(found.kind, obj=found, unit_id=found.unit_id)
    actions.note_download(actor=user, job=found)
    return serve(found.result)
