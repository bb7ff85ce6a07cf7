"""Pages of spot checks: the list, one sample with its cases, and opening and judging a case."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires, user_of
from accounts.scope import units_with
from approvals.refusals import RequestRefused
from approvals.spot_check_models import SpotCheckItem
from approvals.spot_checks import actions, selectors
from approvals.spot_checks.lists import SpotCheckList
from approvals.spot_checks.sources import source


@requires(actions.PERM, *selectors.READERS)
@require_http_methods(["GET", "POST"])
def spot_checks(request: HttpRequest) -> HttpResponse:
    """The samples that the reader checks, or that were drawn from his school."""
    user = user_of(request)
    page = SpotCheckList(request, selectors.spot_checks(user), user=user)
    return page.respond("approvals/spot_checks/list.html")


@requires(actions.PERM, *selectors.READERS)
@require_GET
def spot_check(request: HttpRequest, spot_check_id: UUID) -> HttpResponse:
    """One sample: its cases, to be opened and judged."""
    user = user_of(request)
    row = selectors.spot_check_for(user, spot_check_id)
    items = list(selectors.items_of(row))
    context = {
        "spot_check": row,
        "items": [(item, source(item.kind).label) for item in items],
        "may_judge": row.closed_at is None and row.school_id in units_with(user, actions.PERM),
        "user_id": user.pk,
    }
    return render(request, "approvals/spot_checks/detail.html", context)


@requires(actions.PERM)
@require_GET
def open_case(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """Lead to the case, noting who looks at it."""
    item = selectors.item_for(user_of(request), item_id)
    try:
        actions.open_case(actor=user_of(request), item=item)
    except RequestRefused as refused:
        messages.error(request, str(refused))
        return redirect("approvals:spot_check", item.spot_check.public_id)
    return redirect(source(item.kind).url_name, item.case)


@requires(actions.PERM)
@require_POST
def hand_back(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """Let another officer look at the case."""
    item = selectors.item_for(user_of(request), item_id)
    try:
        actions.hand_back(actor=user_of(request), item=item)
    except RequestRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Handed back: another officer can look at the case."))
    return redirect("approvals:spot_check", item.spot_check.public_id)


@requires(actions.PERM)
@require_POST
def judge(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """Write what was found."""
    item = selectors.item_for(user_of(request), item_id)
    fault = request.POST.get("outcome") == SpotCheckItem.Outcome.FAULT
    outcome = SpotCheckItem.Outcome.FAULT if fault else SpotCheckItem.Outcome.FINE
    finding = request.POST.get("finding", "")[:500] if fault else ""
    try:
        actions.judge(actor=user_of(request), item=item, outcome=outcome, finding=finding)
    except RequestRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Noted."))
    return redirect("approvals:spot_check", item.spot_check.public_id)
