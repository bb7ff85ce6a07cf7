"""Pages of what the rooms share: requests with their decisions, delegations, notices."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import SIGNED_IN, requires, user_of
from accounts.models import User
from accounts.scope import NotPermitted, holds
from approvals import actions, notices, selectors, showing
from approvals import delegations as delegating
from approvals.authority import staffed
from approvals.confirming import confirmed
from approvals.forms import DelegationForm, ReasonForm
from approvals.kinds import kind_of
from approvals.lists import OverdueList, RequestList, state_badge
from approvals.models import Request
from approvals.refusals import RequestRefused
from approvals.telling import told

State = Request.State


@requires(SIGNED_IN)
@require_GET
def open_notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Mark a notice as read, and lead to what it is about; home where the reader has no business with that page."""
    user = user_of(request)
    notice = selectors.notice_for(user, notice_id)
    if notice is None:
        raise Http404
    notices.mark_read(user, notice)
    if notices.leads_on(user, notice):
        return redirect(notice.url)
    messages.info(request, notices.text(notice))
    return redirect("/")


@requires(SIGNED_IN)
@require_http_methods(["GET", "POST"])
def request_list(request: HttpRequest) -> HttpResponse:
    """Requests that the reader may see."""
    user = user_of(request)
    return RequestList(request, selectors.requests(user), user=user).respond("approvals/requests.html")


@requires("view_figures")
@require_http_methods(["GET", "POST"])
def overdue(request: HttpRequest) -> HttpResponse:
    """Requests that stand longer than the school allows."""
    user = user_of(request)
    return OverdueList(request, selectors.overdue(user), user=user).respond("approvals/overdue.html")


@requires(SIGNED_IN)
@require_GET
def request_page(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """One request: what is asked, who decided, and the decision bar for whoever is next."""
    user = user_of(request)
    return _page(request, user, selectors.request_for(user, request_id))


def _page(
    request: HttpRequest,
    user: User,
    row: Request,
    *,
    reason_form: ReasonForm | None = None,
    step_form: Any = None,
    opens: str = "",
    status: int = 200,
) -> HttpResponse:
    kind = kind_of(row)
    typed = kind.typed(row)
    typed.request = row
    step, forbidden = selectors.may_take(user, row, typed)
    if step:
        actions.note_opened(actor=user, request=row)
    own = row.requester_id == user.pk
    with_requester = own and row.state in selectors.OPEN_TO_REQUESTER
    earlier, later = selectors.linked(user, row)
    context = {
        "request_row": row,
        "kind": kind,
        "typed": typed,
        "title": kind.title(row, typed),
        "state_badge": state_badge(row),
        "steps": showing.steps(row, typed),
        "timeline": showing.timeline(row),
        "step": step,
        "goes_back": bool(step) and actions.goes_back(row, typed),
        "step_form": step_form or (step.form(typed) if step and step.form else None),
        "role": showing.acting_words(user, step, row) if step else "",
        "forbidden": forbidden,
        "own": own,
        "may_submit": with_requester,
        "may_change": with_requester and kind.form_url is not None,
        "earlier": earlier,
        "later": later,
        "staff": staffed(kind, row, typed) if with_requester else [],
        "may_recall": own and row.state in (*selectors.OPEN_TO_REQUESTER, State.UNDER_REVIEW),
        "reason_form": reason_form or ReasonForm(),
        "opens": opens,
        **kind.read(user, row, typed),
    }
    return render(request, "approvals/request.html", context, status=status)


def _version(request: HttpRequest) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _seen(request: HttpRequest) -> dict[str, Any]:
    return {"step": request.POST.get("step", "")[:24], "version": _version(request)}


def _act(request: HttpRequest, row: Request, done: str, act: Callable[[], object]) -> HttpResponse:
    """Do it, tell, and show the request again; whoever cannot read it any more goes to the list."""
    told(request, done, act)
    if selectors.requests(user_of(request)).filter(pk=row.pk).exists():
        return redirect("approvals:request", row.public_id)
    return redirect("approvals:requests")


@requires(SIGNED_IN)
@require_POST
def submit(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Submit one's own draft or returned request."""
    user = user_of(request)
    row = selectors.request_for(user, request_id)
    return _act(
        request,
        row,
        _("Submitted."),
        lambda: actions.submit(actor=user, request=row, version=_version(request)),
    )


@requires(SIGNED_IN)
@require_GET
def again(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Lead to the form of one's own draft or returned request, filled with what it asked."""
    row = selectors.own_request(user_of(request), request_id)
    form_url = kind_of(row).form_url
    if form_url is None or row.state not in selectors.OPEN_TO_REQUESTER:
        raise Http404
    return redirect(f"{form_url(row)}?{urlencode({'instead_of': row.public_id})}")


@requires(SIGNED_IN)
@require_POST
def take_step(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Take the waiting step, then open the next request that waits."""
    user = user_of(request)
    row = selectors.request_for(user, request_id)
    kind = kind_of(row)
    typed = kind.typed(row)
    typed.request = row
    step, _forbidden = selectors.may_take(user, row, typed)
    data: dict[str, Any] = {}
    if step and step.form:
        form = step.form(typed, request.POST, request.FILES)
        if not form.is_valid():
            return _page(request, user, row, step_form=form, status=422)
        data = form.cleaned_data
    if step and step.sure and not confirmed(request, user):
        messages.error(request, _("The password is not right. Nothing was done."))
        return redirect("approvals:request", row.public_id)
    comment = request.POST.get("comment", "")[:500]
    return _act(
        request,
        row,
        _("Done."),
        lambda: actions.take_step(actor=user, request=row, comment=comment, data=data, **_seen(request)),
    )


@requires(SIGNED_IN)
@require_POST
def send_back(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Return to the requester, or reopen."""
    user = user_of(request)
    row = selectors.request_for(user, request_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, user, row, reason_form=form, opens="return-dialog", status=422)
    words = {"reason": form.cleaned_data["reason"], "comment": form.cleaned_data["comment"]}
    return _act(
        request,
        row,
        _("Returned."),
        lambda: actions.send_back(actor=user, request=row, **words, **_seen(request)),
    )


@requires(SIGNED_IN)
@require_POST
def refuse(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Refuse for good."""
    user = user_of(request)
    row = selectors.request_for(user, request_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, user, row, reason_form=form, opens="refuse-dialog", status=422)
    words = {"reason": form.cleaned_data["reason"], "comment": form.cleaned_data["comment"]}
    return _act(
        request,
        row,
        _("Refused."),
        lambda: actions.refuse(actor=user, request=row, **words, **_seen(request)),
    )


@requires(SIGNED_IN)
@require_POST
def recall(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Take one's own request back."""
    user = user_of(request)
    row = selectors.request_for(user, request_id)
    return _act(request, row, _("Recalled."), lambda: actions.recall(actor=user, request=row))


@requires(SIGNED_IN)
@require_POST
def clock(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Stop the deadline while somebody outside is waited for, or let it run on."""
    user = user_of(request)
    row = selectors.request_for(user, request_id)
    comment = request.POST.get("comment", "").strip()[:500]
    if request.POST.get("act") == "resume":
        return _act(
            request, row, _("The deadline runs on."), lambda: actions.resume_clock(actor=user, request=row)
        )
    if not comment:
        messages.error(request, _("Say whom you wait for."))
        return redirect("approvals:request", row.public_id)
    return _act(
        request,
        row,
        _("The deadline stands still."),
        lambda: actions.stop_clock(actor=user, request=row, comment=comment),
    )


@requires(SIGNED_IN)
@require_http_methods(["GET", "POST"])
def many(request: HttpRequest) -> HttpResponse:
    """Decide on several requests that wait for the reader: looked at, ticked, then passed or returned with a report."""
    user = user_of(request)
    waiting = [(row, typed, step) for row, typed, step in selectors.waiting_for(user) if kind_of(row).bulk]
    waiting = [one for one in waiting if one[2].phase == "review" and one[2].form is None]
    if request.method == "GET":
        return render(request, "approvals/many.html", _many(waiting, ReasonForm()))
    form = ReasonForm(request.POST)
    returning = request.POST.get("act") == "return"
    if returning and not form.is_valid():
        return render(request, "approvals/many.html", {**_many(waiting, form), "opens": True}, status=422)
    ticked = set(request.POST.getlist("ids"))
    chosen = [one for one in waiting if str(one[0].public_id) in ticked]
    report = [_decided(user, row, step.key, form if returning else None) for row, _typed, step in chosen]
    done = sum(1 for one in report if not one["fault"])
    actions.note_many(actor=user, done=done, refused=len(report) - done)
    words = ngettext("%(count)s request decided.", "%(count)s requests decided.", done) % {"count": done}
    return render(
        request,
        "approvals/many_report.html",
        {"report": report, "words": words, "missing": len(ticked) - len(chosen)},
    )


def _many(waiting: list[Any], form: ReasonForm) -> dict[str, Any]:
    rows = [
        {"row": row, "kind": kind_of(row), "step": step, "title": kind_of(row).title(row, typed)}
        for row, typed, step in waiting
    ]
    return {"rows": rows, "reason_form": form}


def _decided(user: User, row: Request, step: str, form: ReasonForm | None) -> dict[str, Any]:
    try:
        with transaction.atomic():
            if form is None:
                actions.take_step(actor=user, request=row, step=step, version=row.version)
            else:
                words = {"reason": form.cleaned_data["reason"], "comment": form.cleaned_data["comment"]}
                actions.send_back(actor=user, request=row, step=step, version=row.version, **words)
    except (RequestRefused, NotPermitted) as refused:
        return {"row": row, "fault": str(refused)}
    return {"row": row, "fault": ""}


@requires(SIGNED_IN)
@require_http_methods(["GET", "POST"])
def delegation_list(request: HttpRequest) -> HttpResponse:
    """One's delegations, a form for a new one, and for who approves those that wait."""
    user = user_of(request)
    form = DelegationForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        unit = user.unit
        try:
            if unit is None:
                raise NotPermitted("no unit")
            delegating.propose(actor=user, unit=unit.employer, **values)
        except RequestRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Asked for. It holds once it has been approved."))
            return redirect("approvals:delegations")
    context = {
        "form": form,
        "rows": selectors.delegations(user, approving=holds(user, delegating.APPROVING))[:200],
        "approving": holds(user, delegating.APPROVING),
        "user_id": user.pk,
    }
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, "approvals/delegations.html", context, status=status)


@requires(SIGNED_IN)
@require_POST
def settle_delegation(request: HttpRequest, delegation_id: UUID) -> HttpResponse:
    """Approve or end a delegation."""
    user = user_of(request)
    row = selectors.delegation_for(user, delegation_id)
    act = delegating.approve if request.POST.get("act") == "approve" else delegating.end
    try:
        act(actor=user, delegation=row)
    except RequestRefused as refused:
        messages.error(request, str(refused))
    return redirect("approvals:delegations")
