"""Pages of rectification notices: the register, drafting, one notice with what can be done now."""

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
from approvals.deadlines import days_left
from approvals.refusals import RequestRefused
from approvals.telling import handed_pdf
from audit.inspections.people import ANSWER, INSPECT, PLAN, READERS
from audit.inspections.selectors import inspection_for
from audit.models import Rectification, RectificationStep
from audit.opinions.selectors import opinion_for
from audit.rectifications import actions, selectors
from audit.rectifications.forms import AnswerForm, DraftForm, DropForm, VerifyForm, VersionForm
from audit.rectifications.lists import RectificationList, state_badge
from core.formatting import day
from core.ui import Kind, TimelineRow
from files.refusals import FileRefused
from files.serving import serve

_ICONS: dict[str, tuple[Kind, str]] = {
    "overdue": ("red", "clock-exclamation"),
    "reopened": ("orange", "arrow-back"),
    "closed": ("green", "circle-check"),
}


@requires(*READERS)
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Rectification notices."""
    user = user_of(request)
    page = RectificationList(request, selectors.rectifications(user), user=user)
    return page.respond("audit/rectifications.html")


@requires(INSPECT)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, inspection_id: UUID) -> HttpResponse:
    """Draft a notice from an inspection."""
    return _draft(request, inspection_for(user_of(request), inspection_id))


@requires(INSPECT)
@require_http_methods(["GET", "POST"])
def new_of_opinion(request: HttpRequest, opinion_id: UUID) -> HttpResponse:
    """Draft a notice from an opinion."""
    return _draft(request, opinion_for(user_of(request), opinion_id))


def _draft(request: HttpRequest, source: Any) -> HttpResponse:
    user = user_of(request)
    form = DraftForm(request.POST or None, user=user, source=source)
    if request.method == "POST" and form.is_valid():
        values = {"unit": source.unit, **form.cleaned_data}
        try:
            made = actions.draft(actor=user, source=source, **values)
        except RequestRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Drafted. The head of archives signs it."))
            return redirect("audit:rectification", made.public_id)
    status = 422 if request.method == "POST" else 200
    return render(request, "audit/rectification_new.html", {"form": form, "source": source}, status=status)


def _timeline(row: Rectification, steps: list[RectificationStep]) -> list[TimelineRow]:
    found = []
    for one in reversed(steps):
        kind, icon = _ICONS.get(one.kind, ("grey", "check"))
        due = _("Deadline: %(day)s") % {"day": day(one.due_on)} if one.due_on else ""
        found.append(
            TimelineRow(
                at=one.at, sentence=one.get_kind_display(), actor=one.by.name, kind=kind, icon=icon,
                note=" · ".join(part for part in (due, one.note) if part),
            )
        )  # fmt: skip
    return found


def _page(request: HttpRequest, row: Rectification, *bound: forms.Form, status: int = 200) -> HttpResponse:
    user = user_of(request)
    given: dict[type, Any] = {type(one): one for one in bound}
    steps = selectors.steps_of(row)
    due = row.next_due
    left = days_left(row.school, due) if due else None
    initial = {"version": row.version}
    context = {
        "row": row,
        "source": row.inspection or row.opinion,
        "state": state_badge(row),
        "acts": selectors.acts(user, row),
        "timeline": _timeline(row, steps),
        "evidence": selectors.evidence_of(row),
        "evidence_gone": selectors.evidence_gone(row),
        "due": due,
        "days": left.days if left else None,
        "certain": left.certain if left else True,
        "drop_form": given.get(DropForm) or DropForm(initial=initial),
        "answer_form": given.get(AnswerForm) or AnswerForm(initial=initial),
        "verify_form": given.get(VerifyForm) or VerifyForm(initial=initial),
    }
    return render(request, "audit/rectification.html", context, status=status)


@requires(*READERS)
@require_GET
def rectification(request: HttpRequest, rectification_id: UUID) -> HttpResponse:
    """One notice: what it asks, its course, what can be done now."""
    return _page(request, selectors.rectification_for(user_of(request), rectification_id))


def _act(
    request: HttpRequest,
    public_id: UUID,
    form: Any,
    act: Callable[[Any, Rectification, Any], object],
    done: str,
) -> HttpResponse:
    user = user_of(request)
    row = selectors.rectification_for(user, public_id)
    if not form.is_valid():
        return _page(request, row, form, status=422)
    try:
        act(user, row, form)
    except (RequestRefused, FileRefused) as refused:
        form.add_error(None, str(refused))
        messages.error(request, str(refused))
        return _page(request, selectors.rectification_for(user, public_id), form, status=422)
    messages.success(request, done)
    return redirect("audit:rectification", public_id)


@requires(PLAN)
@require_POST
def sign(request: HttpRequest, rectification_id: UUID) -> HttpResponse:
    """Sign and issue it."""
    return _act(
        request, rectification_id, VersionForm(request.POST),
        lambda user, row, form: actions.sign(actor=user, row=row, **form.cleaned_data),
        _("Issued. The department is told."),
    )  # fmt: skip


@requires(PLAN)
@require_POST
def drop(request: HttpRequest, rectification_id: UUID) -> HttpResponse:
    """Issue no notice of this draft."""
    return _act(
        request, rectification_id, DropForm(request.POST),
        lambda user, row, form: actions.drop(actor=user, row=row, **form.cleaned_data),
        _("Recorded."),
    )  # fmt: skip


@requires(ANSWER)
@require_POST
def acknowledge(request: HttpRequest, rectification_id: UUID) -> HttpResponse:
    """Acknowledge it for one's department."""
    return _act(
        request, rectification_id, VersionForm(request.POST),
        lambda user, row, form: actions.acknowledge(actor=user, row=row, **form.cleaned_data),
        _("Acknowledged."),
    )  # fmt: skip


@requires(ANSWER)
@require_POST
def answer(request: HttpRequest, rectification_id: UUID) -> HttpResponse:
    """Answer it for one's department, with evidence."""
    return _act(
        request, rectification_id, AnswerForm(request.POST, request.FILES),
        lambda user, row, form: actions.answer(actor=user, row=row, **form.values()),
        _("Answered. The inspector looks at it."),
    )  # fmt: skip


@requires(INSPECT)
@require_POST
def verify(request: HttpRequest, rectification_id: UUID) -> HttpResponse:
    """Close it, or open it again."""
    return _act(
        request, rectification_id, VerifyForm(request.POST),
        lambda user, row, form: actions.verify(actor=user, row=row, **form.values()),
        _("Recorded."),
    )  # fmt: skip


@requires(*READERS)
@require_GET
def evidence(request: HttpRequest, evidence_id: UUID) -> HttpResponse:
    """A scan of an answer."""
    user = user_of(request)
    found = selectors.evidence_for(user, evidence_id)
    response = serve(found.blob, "inline")
    actions.note_viewed(actor=user, evidence=found)
    return response


@requires(*READERS)
@require_POST
def print_notice(request: HttpRequest, rectification_id: UUID) -> HttpResponse:
    """The notice as PDF."""
    user = user_of(request)
    row = selectors.rectification_for(user, rectification_id)
    back = redirect("audit:rectification", rectification_id)
    return handed_pdf(request, row.number, lambda: actions.print_notice(actor=user, row=row), back)
