"""Several classes from the inbox on one page: their samples, one act for all, one completion report."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import requires, user_of
from accounts.models import User
from enrollment import bulk_plan
from enrollment.actions import IntakeRefused, bulk
from enrollment.bulk_chosen import MOST_CHOSEN, Chosen, NotOneKind, chosen
from enrollment.models import IntakeSample
from enrollment.steps import ACCEPTANCE
from enrollment.views.bulk import PERMS, headline
from enrollment.views.common import tell


@requires(*PERMS)
@require_http_methods(["GET", "POST"])
def several(request: HttpRequest) -> HttpResponse:
    """The chosen classes (``pick``) with what would pass; a POST draws their samples or passes them (``act``)."""
    user = user_of(request)
    picks = (request.POST if request.method == "POST" else request.GET).getlist("pick")
    try:
        lines = chosen(user, picks)
    except NotOneKind:
        tell(request, _("Choose lines of one kind: all at the same step."), fault=True)
        return redirect("/")
    if not lines:
        tell(request, _("Choose the classes first."), fault=True)
        return redirect("/")
    if request.method == "POST":
        return _act(request, user, lines)
    reports = [bulk_plan.sample_for(user, one) for one in request.GET.getlist("report")[:MOST_CHOSEN]]
    context = {
        "lines": lines,
        "step": lines[0].plan.step,
        "is_acceptance": lines[0].plan.step == ACCEPTANCE,
        "to_draw": sum(one.may_draw for one in lines),
        "to_pass": sum(len(one.plan.passing) for one in lines if one.may_pass),
        "reports": [(one, headline(one, bulk_plan.skips_of(one))) for one in reports],
        "passed": sum(one.passed_count or 0 for one in reports),
    }
    return render(request, "enrollment/bulk/several.html", context)


def _act(request: HttpRequest, user: User, lines: Sequence[Chosen]) -> HttpResponse:
    """Each class for itself: what stands in the way of one is told and does not stop the others."""
    done: list[IntakeSample] = []
    for one in lines:
        made = one.plan
        try:
            if request.POST.get("act") == "pass" and one.may_pass and made.sample:
                done.append(bulk.start_bulk(actor=user, sample=made.sample.sample))
            elif request.POST.get("act") == "draw" and one.may_draw:
                bulk.draw_sample(actor=user, batch=made.batch, class_no=made.class_no, step=made.step)
        except IntakeRefused as refused:
            tell(
                request, _("%(class)s: %(reason)s") % {"class": made.class_no, "reason": refused}, fault=True
            )
    query = [("pick", one.pick) for one in lines] + [("report", str(one.public_id)) for one in done]
    return redirect(f"{reverse('enrollment:bulk_several')}?{urlencode(query)}")
