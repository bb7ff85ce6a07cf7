"""Pages of problem records: the lists, one list, one row with its acts."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires, user_of
from accounts.models import User
from approvals.deadlines import days_left
from approvals.refusals import RequestRefused
from approvals.telling import told
from archive.keepers import holds_at_school, school_of
from archive.models import ProblemRow
from archive.problems import actions, selectors
from archive.problems.forms import ExplainForm, ListForm, MendForm, ReturnForm, VersionForm
from archive.problems.lists import ListOfLists, RowList
from archive.problems.showing import row_context
from core.workbook import WorkbookRefused
from files.refusals import FileRefused

WORK, CONFIRM, READERS = selectors.WORK, selectors.CONFIRM, selectors.READERS


@requires(*READERS)
@require_http_methods(["GET", "POST"])
def problem_lists(request: HttpRequest) -> HttpResponse:
    """Lists of problem records."""
    user = user_of(request)
    page = ListOfLists(request, selectors.lists(user), user=user)
    return page.respond("archive/problem_lists.html", {"may_bring": holds_at_school(user, WORK)})


@requires(WORK)
@require_http_methods(["GET", "POST"])
def new_list(request: HttpRequest) -> HttpResponse:
    """Bring a list in."""
    user = user_of(request)
    school = school_of(user, WORK)
    form = ListForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        file = values.pop("file")
        try:
            made = actions.bring(actor=user, school=school, content=file.read(), filename=file.name, **values)
        except (WorkbookRefused, FileRefused, RequestRefused) as refused:
            form.add_error("file", str(refused))
        else:
            messages.success(request, _("The list was brought in."))
            return redirect("archive:problem_list", made.public_id)
    status = 422 if request.method == "POST" else 200
    return render(request, "archive/problem_new.html", {"form": form}, status=status)


@requires(*READERS)
@require_http_methods(["GET", "POST"])
def problem_list(request: HttpRequest, list_id: UUID) -> HttpResponse:
    """A list: how it stands, and its rows."""
    user = user_of(request)
    one = selectors.list_for(user, list_id)
    page = RowList(request, selectors.rows_of(user, one), user=user)
    figures = selectors.figures(user, one)
    left = days_left(one.school, one.due_on)
    context = {
        "one": one,
        "figures": figures,
        "days": left.days,
        "certain": left.certain,
        "is_done": not figures["open"] and not figures["answered"],
    }
    return page.respond("archive/problem_list.html", context)


@requires(*READERS)
@require_GET
def problem_row(request: HttpRequest, row_id: UUID) -> HttpResponse:
    """A row: what the list says, what the file says, how it was answered."""
    user = user_of(request)
    row = selectors.row_for(user, row_id)
    actions.note_viewed(actor=user, row=row)
    return _page(request, user, row)


def _page(request: HttpRequest, user: User, row: ProblemRow, **bound: forms.Form) -> HttpResponse:
    context = {**row_context(user, row), **bound}
    return render(request, "archive/problem_row.html", context, status=422 if bound else 200)


def _act(request: HttpRequest, row: ProblemRow, done: str, act: Callable[[], object]) -> HttpResponse:
    told(request, done, act)
    return redirect("archive:problem_row", row.public_id)


@requires(WORK)
@require_POST
def explain(request: HttpRequest, row_id: UUID) -> HttpResponse:
    """Answer with an explanation."""
    user = user_of(request)
    row = selectors.row_for(user, row_id)
    form = ExplainForm(request.POST)
    if not form.is_valid():
        return _page(request, user, row, explain_form=form)
    values: dict[str, Any] = form.cleaned_data
    return _act(request, row, _("Answered."), lambda: actions.explain(actor=user, row=row, **values))


@requires(WORK)
@require_POST
def mend(request: HttpRequest, row_id: UUID) -> HttpResponse:
    """Answer with the request that mends the file."""
    user = user_of(request)
    row = selectors.row_for(user, row_id)
    form = MendForm(selectors.requests_for(row), request.POST)
    if not form.is_valid():
        return _page(request, user, row, mend_form=form)
    asked, version = form.requests[form.cleaned_data["request"]], form.cleaned_data["version"]
    return _act(
        request, row, _("Answered."),
        lambda: actions.mend(actor=user, row=row, version=version, request=asked),
    )  # fmt: skip


@requires(CONFIRM)
@require_POST
def confirm(request: HttpRequest, row_id: UUID) -> HttpResponse:
    """Confirm an answer."""
    user = user_of(request)
    row = selectors.row_for(user, row_id)
    form = VersionForm(request.POST)
    if not form.is_valid():
        return _page(request, user, row, version_form=form)
    values: dict[str, Any] = form.cleaned_data
    return _act(request, row, _("Confirmed."), lambda: actions.confirm(actor=user, row=row, **values))


@requires(CONFIRM)
@require_POST
def send_back(request: HttpRequest, row_id: UUID) -> HttpResponse:
    """Return an answer."""
    user = user_of(request)
    row = selectors.row_for(user, row_id)
    form = ReturnForm(request.POST)
    if not form.is_valid():
        return _page(request, user, row, return_form=form)
    values: dict[str, Any] = form.cleaned_data
    return _act(request, row, _("Returned."), lambda: actions.send_back(actor=user, row=row, **values))
