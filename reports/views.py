"""The home page: inbox, own numbers, charts. Each chart is asked for by itself, so that none can hide the inbox."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.access import OWN_FILE, SIGNED_IN, requires, user_of
from accounts.models import User
from approvals import notices
from core.ui import Chart
from reports import selectors
from reports.forms import ReadForm
from reports.inbox import Inbox


@requires(SIGNED_IN, OWN_FILE)
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What waits for the reader, and how things stand. ``tab`` and ``kind`` choose a part of the inbox.

    A student is led to his own file.
    """
    user = user_of(request)
    if user.kind == User.Kind.STUDENT:
        return redirect("records:own_file")
    inbox = Inbox(user, tab=request.GET.get("tab", ""), kind=request.GET.get("kind", ""))
    values: dict[str, Any] = {"inbox": inbox}
    if inbox.has_notices:
        values["newest_notice"] = selectors.newest_notice(user)
    if not inbox.lines:
        values["next_deadline"] = selectors.next_deadline(user)
    if request.headers.get("HX-Target") == "inbox":
        return render(request, "reports/inbox.html", values)
    values |= {"figures": selectors.figures(user), "charts": selectors.chart_keys(user)}
    return render(request, "reports/home.html", values)


@requires("view_figures")
@require_GET
def chart(request: HttpRequest, key: str) -> HttpResponse:
    """One chart of the home page, for the batch that ``batch`` names, else for the largest open one."""
    user = user_of(request)
    if key == "students":
        values: dict[str, Any] = {"key": key, "picture": selectors.students_by_grade(user)}
        return render(request, "reports/chart.html", values)
    if key not in {"progress", "faults"}:
        raise Http404
    batch, choices = selectors.chosen_batch(user, request.GET.get("batch", ""))
    picture: Chart | None = None
    if batch is not None:
        picture = selectors.progress(batch) if key == "progress" else selectors.faults(batch)
    values = {"key": key, "picture": picture, "batch": batch, "choices": choices}
    return render(request, "reports/chart.html", values)


@requires(SIGNED_IN)
@require_POST
def read_notices(request: HttpRequest) -> HttpResponse:
    """Mark the notices to one's department as read that the page has shown: none newer than ``until``."""
    user = user_of(request)
    form = ReadForm(request.POST)
    unread = selectors.unread_notices(user, form.cleaned_data["until"]) if form.is_valid() else ()
    for notice in unread:
        notices.mark_read(user, notice)
    return redirect("reports:home")
