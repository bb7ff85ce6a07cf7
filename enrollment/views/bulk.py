"""Pages of bulk approval: the classes that wait, one class with its sample, the completion report."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires, user_of
from enrollment import batch_figures, bulk_plan, selectors
from enrollment.actions import IntakeRefused, bulk
from enrollment.models import IntakeSample
from enrollment.steps import ACCEPTANCE, STEPS, Step
from enrollment.views.common import tell
from jobs.selectors import how_far

PERMS = ("review_applicant", "approve_applicant", "accept_applicant")


@requires(*PERMS)
@require_GET
def classes(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The classes of a batch in which somebody waits for this user."""
    user = user_of(request)
    batch = selectors.batch_for(user, batch_id)
    context = {
        "batch": batch,
        "lines": bulk_plan.class_lines(user, batch),
        "samples": bulk_plan.closed_samples(user, batch),
    }
    return render(request, "enrollment/bulk/classes.html", context)


def _step(key: str) -> Step:
    try:
        return STEPS[key]  # type: ignore[index]  # a text that may be no key
    except KeyError:
        raise Http404 from None


@requires(*PERMS)
@require_GET
def plan(request: HttpRequest, batch_id: UUID, step: str) -> HttpResponse:
    """One class at one step (``class``): who would pass, who is left out and why, the sample."""
    user = user_of(request)
    batch = selectors.batch_for(user, batch_id)
    made = bulk_plan.plan(user, batch, request.GET.get("class", ""), _step(step))
    running = made.sample and made.sample.sample.job and made.sample.sample.job.is_open
    quota = batch_figures.quota_of(user, batch)
    context = {
        "batch": batch,
        "plan": made,
        "running": running,
        "is_acceptance": made.step == ACCEPTANCE,
        "quota": quota,
        "takes_long": bulk.takes_long(made.step, len(made.passing)),
    }
    return render(request, "enrollment/bulk/plan.html", context)


def plan_url(batch_id: UUID, step: str, class_no: str) -> str:
    """Address of the page of one class at one step."""
    return f"{reverse('enrollment:bulk_plan', args=[batch_id, step])}?{urlencode({'class': class_no})}"


@requires(*PERMS)
@require_POST
def draw(request: HttpRequest, batch_id: UUID, step: str) -> HttpResponse:
    """Let the system draw a sample of a class."""
    user = user_of(request)
    batch = selectors.batch_for(user, batch_id)
    class_no = request.POST.get("class", "")
    try:
        bulk.draw_sample(actor=user, batch=batch, class_no=class_no, step=_step(step))
    except IntakeRefused as refused:
        tell(request, refused, fault=True)
    return redirect(plan_url(batch_id, step, class_no))


@requires(*PERMS)
@require_POST
def run(request: HttpRequest, sample_id: UUID) -> HttpResponse:
    """Pass the class of a sample that was looked at."""
    user = user_of(request)
    sample = bulk_plan.sample_for(user, sample_id)
    try:
        bulk.start_bulk(actor=user, sample=sample)
    except IntakeRefused as refused:
        tell(request, refused, fault=True)
        return redirect(plan_url(sample.batch.public_id, sample.step, sample.class_no))
    return redirect("enrollment:bulk_report", sample_id)


@requires(*PERMS)
@require_GET
def report(request: HttpRequest, sample_id: UUID) -> HttpResponse:
    """How a bulk approval goes, and what it came to."""
    user = user_of(request)
    sample = bulk_plan.sample_for(user, sample_id)
    left_out, shown = bulk_plan.skips_of(sample), bulk_plan.view_of(sample)
    named = [one.applicant for one in left_out] + [item.applicant for item in shown.items]
    context = {
        "batch": sample.batch,
        "sample": sample,
        "shown": shown,
        "hidden": bulk_plan.hidden_ids(user, named),
        "step": _step(sample.step),
        "progress": _bar(sample) if sample.job and not sample.closed_at else None,
        "left_out": left_out,
        "counts": bulk_plan.counted(one.reason for one in left_out),
        "plan_url": plan_url(sample.batch.public_id, sample.step, sample.class_no),
        "is_own": sample.drawn_by_id == user.pk,
        "headline": headline(sample, left_out),
    }
    return render(request, "enrollment/bulk/report.html", context)


def _bar(sample: IntakeSample) -> object:
    job = sample.job
    return job and how_far(job, url=reverse("jobs:progress", args=[job.public_id]))


def headline(sample: IntakeSample, left_out: list[bulk_plan.LeftOut]) -> str:
    """What a finished bulk approval came to, in one line; "" while it runs."""
    if sample.passed_count is None:
        return ""
    said = _("Accepted %(passed)s") if sample.step == ACCEPTANCE.key else _("Passed %(passed)s")
    words = said % {"passed": sample.passed_count}
    if left_out:
        counts = bulk_plan.counted(one.reason for one in left_out)
        reasons = _("; ").join(_("%(reason)s %(count)s") % {"reason": text, "count": n} for text, n in counts)
        words += _(", skipped %(count)s: %(reasons)s") % {"count": len(left_out), "reasons": reasons}
    return words
