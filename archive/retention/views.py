"""Pages of retention: rounds of appraisal with their votes, the report, the register of destruction."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires, user_of
from accounts.models import User
from accounts.scope import holds, units_with
from approvals.refusals import RequestRefused
from approvals.telling import told
from archive.keepers import school_of
from archive.models import AppraisalRound
from archive.retention import actions, destroying, selectors, showing
from archive.retention.forms import CloseForm, MemberForm, ReliefForm, VoteForm, WordsForm
from archive.retention.lists import DestroyedList, RoundList
from core.pdf import PdfFailed
from files.serving import serve


@requires(*selectors.ROUND_READERS)
@require_http_methods(["GET", "POST"])
def rounds(request: HttpRequest) -> HttpResponse:
    """Rounds of appraisal."""
    user = user_of(request)
    rows = selectors.rounds(user).annotate(listed=Count("files"))
    return RoundList(request, rows, user=user).respond(
        "archive/rounds.html", {"may_open": holds(user, selectors.MANAGE)}
    )


@requires(selectors.MANAGE)
@require_POST
def open_round(request: HttpRequest) -> HttpResponse:
    """Open a round at one's own school now, without waiting for the yearly one."""
    user = user_of(request)
    try:
        row = actions.open_round(actor=user, school=school_of(user, selectors.MANAGE))
    except RequestRefused as refused:
        messages.error(request, str(refused))
        return redirect("archive:rounds")
    messages.success(request, _("The appraisal is open. Name its members."))
    return redirect("archive:round", row.public_id)


@requires(*selectors.ROUND_READERS)
@require_GET
def one_round(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """A round: its members, its files with their votes, and what is to be done next."""
    user = user_of(request)
    return _page(request, user, selectors.round_for(user, round_id))


def _page(
    request: HttpRequest, user: User, row: AppraisalRound, *bound: forms.Form, status: int = 200
) -> HttpResponse:
    given: dict[Any, forms.Form] = {type(one): one for one in bound}
    manages = row.school_id in units_with(user, selectors.MANAGE)
    is_open = row.closed_at is None
    shown = showing.round_context(user, row)
    context = {
        "row": row,
        "manages": manages,
        "is_open": is_open,
        "member_form": given.get(MemberForm) or (MemberForm(row) if manages and is_open else None),
        "relief_form": given.get(ReliefForm) or (ReliefForm(row) if manages and is_open else None),
        "vote_form": given.get(VoteForm, VoteForm()),
        "close_form": given.get(CloseForm, CloseForm()),
        "words_form": given.get(WordsForm, WordsForm()),
        **shown,
    }
    return render(request, "archive/round.html", context, status=status)


def _act(request: HttpRequest, row: AppraisalRound, done: str, act: Callable[[], object]) -> HttpResponse:
    told(request, done, act)
    return redirect("archive:round", row.public_id)


@requires(selectors.MANAGE)
@require_POST
def name_member(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """Name a member."""
    user = user_of(request)
    row = selectors.round_for(user, round_id)
    form = MemberForm(row, request.POST)
    if not form.is_valid():
        return _page(request, user, row, form, status=422)
    member = form.people[form.cleaned_data["user"]]
    return _act(request, row, _("Named."), lambda: actions.name_appraiser(actor=user, row=row, user=member))


@requires(selectors.MANAGE)
@require_POST
def relieve_member(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """Name somebody instead of a member who can no longer vote."""
    user = user_of(request)
    row = selectors.round_for(user, round_id)
    form = ReliefForm(row, request.POST)
    if not form.is_valid():
        return _page(request, user, row, form, status=422)
    values = {**form.cleaned_data, "user": form.people[form.cleaned_data["user"]]}
    return _act(
        request, row, _("Replaced."), lambda: actions.relieve_appraiser(actor=user, row=row, **values)
    )


@requires(selectors.APPRAISE)
@require_POST
def vote(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """Vote alike on the ticked files."""
    user = user_of(request)
    row = selectors.round_for(user, round_id)
    form = VoteForm(request.POST)
    if not form.is_valid():
        return _page(request, user, row, form, status=422)
    files = [int(one) for one in request.POST.getlist("ids") if one.isascii() and one.isdigit()]
    return _act(
        request, row, _("Your votes are kept."),
        lambda: actions.vote(actor=user, row=row, files=files, **form.cleaned_data),
    )  # fmt: skip


@requires(selectors.MANAGE)
@require_POST
def close_round(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """Close a round by its votes and make the report."""
    user = user_of(request)
    row = selectors.round_for(user, round_id)
    form = CloseForm(request.POST)
    if not form.is_valid():
        return _page(request, user, row, form, status=422)
    try:
        return _act(
            request, row, _("The appraisal is closed; its report is made."),
            lambda: actions.close_round(actor=user, row=row, **form.cleaned_data),
        )  # fmt: skip
    except PdfFailed as failed:
        messages.error(request, failed.message)
        return redirect("archive:round", row.public_id)


@requires(selectors.MANAGE)
@require_POST
def drop_round(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """Give an open round up."""
    user = user_of(request)
    row = selectors.round_for(user, round_id)
    form = WordsForm(request.POST)
    if not form.is_valid():
        return _page(request, user, row, form, status=422)
    return _act(
        request, row, _("The appraisal is given up."),
        lambda: actions.drop_round(actor=user, row=row, **form.cleaned_data),
    )  # fmt: skip


@requires(selectors.MANAGE)
@require_POST
def apply(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """Draft the application to destroy."""
    user = user_of(request)
    row = selectors.round_for(user, round_id)
    form = WordsForm(request.POST)
    if not form.is_valid():
        return _page(request, user, row, form, status=422)
    try:
        typed = destroying.apply(actor=user, row=row, **form.cleaned_data)
    except RequestRefused as refused:
        messages.error(request, str(refused))
        return redirect("archive:round", row.public_id)
    messages.success(request, _("Drafted. Look it over and submit it."))
    return redirect("approvals:request", typed.request.public_id)


@requires(*selectors.ROUND_READERS)
@require_GET
def report(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """The report on a closed round."""
    user = user_of(request)
    row = selectors.round_for(user, round_id)
    if row.report is None:
        raise Http404
    answer = serve(row.report, "inline")
    actions.note_report_read(actor=user, row=row)
    return answer


@requires(*selectors.REGISTER_READERS)
@require_http_methods(["GET", "POST"])
def destroyed(request: HttpRequest) -> HttpResponse:
    """The register of destruction."""
    user = user_of(request)
    return DestroyedList(request, selectors.register(user), user=user).respond("archive/destroyed.html")
