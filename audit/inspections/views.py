"""Pages of inspections: the register, planning, one inspection, one file of its sample."""

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
from accounts.scope import holds, units_with
from approvals.refusals import RequestRefused
from approvals.telling import handed_pdf, told
from audit.inspections import actions, selectors
from audit.inspections.forms import AssignForm, FindingsForm, JudgeForm, PlanForm
from audit.inspections.lists import InspectionList, state_badge
from audit.inspections.people import INSPECT, PLAN, READERS, may_supervise
from audit.models import Inspection
from audit.rectifications.lists import state_badge as notice_badge
from audit.rectifications.selectors import notices_of


@requires(*READERS)
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Inspections of departments; of one's own those that are finished."""
    user = user_of(request)
    page = InspectionList(request, selectors.inspections(user), user=user)
    return page.respond("audit/inspections.html", {"may_plan": holds(user, PLAN)})


@requires(PLAN)
@require_http_methods(["GET", "POST"])
def plan(request: HttpRequest) -> HttpResponse:
    """Plan an inspection."""
    user = user_of(request)
    form = PlanForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.plan(actor=user, **form.values())
        except RequestRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The inspection is planned."))
            return redirect("audit:inspection", made.public_id)
    status = 422 if request.method == "POST" else 200
    return render(request, "audit/inspection_plan.html", {"form": form}, status=status)


def _page(request: HttpRequest, row: Inspection, *bound: forms.Form, status: int = 200) -> HttpResponse:
    user = user_of(request)
    given: dict[type, Any] = {type(one): one for one in bound}
    inspects = may_supervise(user, INSPECT, row.school_id, row.unit)
    mine = inspects and row.inspector_id == user.pk and row.state == Inspection.State.RUNNING
    findings = list(row.findings.all())
    labels = {area.value: area.label for area in row.areas}
    context = {
        "inspection": row,
        "state": state_badge(row),
        "begins": inspects and row.state == Inspection.State.PLANNED and row.inspector_id in (None, user.pk),
        "runs": mine,
        "inspects": inspects,
        "opens_files": inspects and row.school_id in units_with(user, "view_student"),
        "assigns": may_supervise(user, PLAN, row.school_id, row.unit)
        and row.state != Inspection.State.FINISHED,
        "notices": inspects and row.state == Inspection.State.FINISHED,
        "assign_form": given.get(AssignForm) or AssignForm(user=user),
        "findings_form": given.get(FindingsForm) or FindingsForm(inspection=row),
        "findings": [
            (labels[one.area], one) for one in sorted(findings, key=lambda one: [*labels].index(one.area))
        ],
        "points": sum(one.score for one in findings),
        "files": selectors.files_of(row),
        "gone": selectors.gone(row),
        "left": selectors.unjudged(row),
        "faulty": selectors.faults_of(row),
        "rectifications": [(one, notice_badge(one)) for one in notices_of(user, inspection=row)],
    }
    return render(request, "audit/inspection.html", context, status=status)


@requires(*READERS)
@require_GET
def inspection(request: HttpRequest, inspection_id: UUID) -> HttpResponse:
    """One inspection: its plan, its sample, what was found."""
    return _page(request, selectors.inspection_for(user_of(request), inspection_id))


def _act(request: HttpRequest, row: Inspection, done: str, act: Callable[[], object]) -> HttpResponse:
    told(request, done, act)
    return redirect("audit:inspection", row.public_id)


@requires(INSPECT)
@require_POST
def begin(request: HttpRequest, inspection_id: UUID) -> HttpResponse:
    """Take it on; the sample is drawn."""
    user = user_of(request)
    row = selectors.inspection_for(user, inspection_id)
    done = _("Begun. The sample is drawn.")
    return _act(request, row, done, lambda: actions.begin(actor=user, inspection=row))


@requires(PLAN)
@require_POST
def assign(request: HttpRequest, inspection_id: UUID) -> HttpResponse:
    """Name another inspector."""
    user = user_of(request)
    row = selectors.inspection_for(user, inspection_id)
    form = AssignForm(request.POST, user=user)
    if not form.is_valid():
        return _page(request, row, form, status=422)
    chosen = form.cleaned_data["inspector"]
    return _act(
        request, row, _("Recorded."), lambda: actions.assign(actor=user, inspection=row, inspector=chosen)
    )


@requires(INSPECT)
@require_POST
def findings(request: HttpRequest, inspection_id: UUID) -> HttpResponse:
    """Keep points and words of the areas."""
    user = user_of(request)
    row = selectors.inspection_for(user, inspection_id)
    form = FindingsForm(request.POST, inspection=row)
    if not _kept(user, row, form):
        return _page(request, row, form, status=422)
    messages.success(request, _("Recorded."))
    return redirect("audit:inspection", row.public_id)


def _kept(user: User, row: Inspection, form: FindingsForm) -> bool:
    """Whether the findings of the form were kept; if not, it says why."""
    if not form.is_valid():
        return False
    try:
        actions.write_findings(actor=user, inspection=row, points=form.points())
    except RequestRefused as refused:
        form.add_error(None, str(refused))
        return False
    return True


@requires(INSPECT)
@require_POST
def finish(request: HttpRequest, inspection_id: UUID) -> HttpResponse:
    """Keep the findings that were typed, and finish it."""
    user = user_of(request)
    row = selectors.inspection_for(user, inspection_id)
    form = FindingsForm(request.POST, inspection=row)
    typed = any(form.add_prefix(name) in request.POST for name in form.fields)
    if typed and not _kept(user, row, form):
        return _page(request, row, form, status=422)
    done = _("Finished. The department is told.")
    return _act(request, row, done, lambda: actions.finish(actor=user, inspection=row))


@requires(*READERS)
@require_POST
def print_result(request: HttpRequest, inspection_id: UUID) -> HttpResponse:
    """The result as PDF."""
    user = user_of(request)
    row = selectors.inspection_for(user, inspection_id)
    back = redirect("audit:inspection", inspection_id)
    return handed_pdf(request, row.number, lambda: actions.print_result(actor=user, inspection=row), back)


@requires(INSPECT)
@require_http_methods(["GET", "POST"])
def file(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """A file of the sample: the way to it, and what is wrong with it."""
    user = user_of(request)
    row = selectors.file_for(user, file_id)
    form = JudgeForm(request.POST or None, initial={"faults": row.faults, "note": row.note})
    if request.method == "POST" and form.is_valid():
        try:
            actions.judge(actor=user, file=row, **form.cleaned_data)
        except RequestRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Recorded."))
            return redirect("audit:inspection", row.inspection.public_id)
    context = {
        "file": row,
        "form": form,
        "gone": row.subject in selectors.gone(row.inspection),
        "was_read": bool(row.inspection.begun_at) and selectors.was_read(user, row),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "audit/inspected_file.html", context, status=status)
