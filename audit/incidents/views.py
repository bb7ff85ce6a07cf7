"""Pages of incidents: reporting, the register, one case with its steps, the letters."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import SIGNED_IN, requires, user_of
from approvals.refusals import RequestRefused
from approvals.telling import handed_pdf
from audit.incidents import actions, selectors
from audit.incidents.forms import AccountForm, ExtentForm, LetterForm, ReportForm, StepForm
from audit.incidents.lists import IncidentList, state_badge
from audit.models import Incident, Step
from core.formatting import moment
from core.pdf import PdfFailed
from core.ui import TimelineRow
from files.serving import serve_bytes


@requires(SIGNED_IN)
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Report an incident; below, what one has reported."""
    user = user_of(request)
    form = ReportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.report(actor=user, **form.cleaned_data)
        except RequestRefused as refused:
            form.add_error("noticed_at", str(refused))
        else:
            words = _("Reported under number %(number)s. The security administrator is told.")
            messages.success(request, words % {"number": made.number})
            return redirect("audit:incident_report")
    rows = [(one, state_badge(one)) for one in selectors.reported_by(user)]
    status = 422 if request.method == "POST" else 200
    return render(request, "audit/incident_report.html", {"form": form, "rows": rows}, status=status)


@requires(*selectors.READERS)
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Every incident of one's schools."""
    user = user_of(request)
    return IncidentList(request, selectors.incidents(user), user=user).respond("audit/incidents.html")


def _timeline(row: Incident) -> list[TimelineRow]:
    rows = [
        TimelineRow(
            at=row.reported_at, sentence=str(Step.REPORTED.label), actor=row.reported_by.name, icon="flag"
        )
    ]
    for one in selectors.steps_of(row):
        told = moment(one.told_at) if one.told_at else ""
        listed = _("students on the list: %(count)s") % {"count": one.concerned} if one.concerned else ""
        rows.append(
            TimelineRow(
                at=one.at, sentence=one.get_step_display(), actor=one.by.name, kind="green", icon="check",
                note=" · ".join(part for part in (one.authority, one.reference, told, listed, one.note) if part),
            )
        )  # fmt: skip
    for frozen in selectors.frozen_of(row):
        name = {"name": frozen.user.name}
        rows.append(
            TimelineRow(
                at=frozen.at, sentence=_("Account of %(name)s frozen") % name, actor=frozen.by.name, kind="red",
                icon="lock",
            )
        )  # fmt: skip
        if frozen.released_by is not None and frozen.released_at is not None:
            rows.append(
                TimelineRow(
                    at=frozen.released_at, sentence=_("Account of %(name)s opened again") % name,
                    actor=frozen.released_by.name, icon="user-check",
                )
            )  # fmt: skip
    return sorted(rows, key=lambda one: one.at, reverse=True)


def _page(request: HttpRequest, row: Incident, *bound: forms.Form, status: int = 200) -> HttpResponse:
    user = user_of(request)
    given: dict[type, Any] = {type(one): one for one in bound}
    steps = [] if row.closed_at else selectors.open_steps(user, row)
    runs = not row.closed_at and selectors.runs(user, row)
    told = any(one.step == Step.STUDENTS_NOTIFIED for one in row.steps.all())
    context = {
        "incident": row,
        "state": state_badge(row),
        "overdue": row.authority_due < timezone.now() and not row.is_authority_told,
        "timeline": _timeline(row),
        "extent": selectors.extent_of(row),
        "untold": selectors.untold_of(row).count() if told else 0,
        "otherwise": selectors.told_otherwise(row),
        "writes": runs and not selectors.is_telling_over(row),
        "runs": runs,
        "is_left": not row.closed_at and selectors.is_left(row),
        "closes": Step.CLOSED in steps,
        "step_form": given.get(StepForm) or (StepForm(steps=steps) if steps else None),
        "account_form": given.get(AccountForm) or AccountForm(),
        "extent_form": given.get(ExtentForm) or ExtentForm(classes=selectors.classes_of(row)),
        "letter_form": given.get(LetterForm)
        or LetterForm(initial={name: getattr(row, name) for name in LetterForm.base_fields}),
    }
    return render(request, "audit/incident.html", context, status=status)


@requires(*selectors.READERS)
@require_GET
def incident(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """One case: what happened, its timeline, and what can be done now."""
    return _page(request, selectors.incident_for(user_of(request), incident_id))


def _act(
    request: HttpRequest, row: Incident, form: forms.Form, act: Callable[[dict[str, Any]], object]
) -> HttpResponse:
    if not form.is_valid():
        return _page(request, row, form, status=422)
    try:
        act(form.cleaned_data)
    except RequestRefused as refused:
        form.add_error(None, str(refused))
        return _page(request, selectors.incident_for(user_of(request), row.public_id), form, status=422)
    messages.success(request, _("Recorded."))
    return redirect("audit:incident", row.public_id)


@requires(*selectors.READERS)
@require_POST
def step(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Take a step, or close the case."""
    user = user_of(request)
    row = selectors.incident_for(user, incident_id)
    form = StepForm(request.POST, steps=selectors.open_steps(user, row))

    def act(values: dict[str, Any]) -> None:
        if values["step"] == Step.CLOSED:
            actions.close(actor=user, incident=row, note=values["note"])
        else:
            actions.take_step(
                actor=user, incident=row, step=values["step"], note=values["note"], notice=form.notice()
            )

    return _act(request, row, form, act)


@requires(*selectors.READERS)
@require_POST
def account(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Freeze an account, or name a suspect."""
    user = user_of(request)
    row = selectors.incident_for(user, incident_id)

    def act(values: dict[str, Any]) -> None:
        done = actions.freeze if values["act"] == "freeze" else actions.name_suspect
        done(actor=user, incident=row, staff_no=values["staff_no"])

    return _act(request, row, AccountForm(request.POST), act)


@requires(*selectors.READERS)
@require_POST
def extent(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Put students on the list of those concerned."""
    user = user_of(request)
    row = selectors.incident_for(user, incident_id)

    def act(values: dict[str, Any]) -> None:
        actions.add_students(
            actor=user, incident=row, school_class=values["school_class"], numbers=values["numbers"],
            staff_no=values["staff_no"], since=values["since"], until=values["until"],
        )  # fmt: skip

    return _act(request, row, ExtentForm(request.POST, classes=selectors.classes_of(row)), act)


@requires(*selectors.READERS)
@require_POST
def letter(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Write what the students are told."""
    user = user_of(request)
    row = selectors.incident_for(user, incident_id)
    return _act(
        request,
        row,
        LetterForm(request.POST),
        lambda values: actions.write_letter(actor=user, incident=row, **values),
    )


@requires(selectors.LETTERS)
@require_http_methods(["GET", "POST"])
def letters(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """The letters of a case, class by class, for the head of archives."""
    user = user_of(request)
    row = selectors.incident_to_tell(user, incident_id)
    everybody, untold = selectors.extent_of(row), selectors.extent_of(row, untold=True)
    if request.method == "POST":
        only = bool(request.POST.get("untold"))
        offered = [one for one, _count in (untold if only else everybody)]
        chosen = {str(one.public_id) if one else "": one.pk if one else None for one in offered}
        key = request.POST.get("school_class", "")
        try:
            if key in chosen:
                content = actions.print_letters(actor=user, incident=row, class_id=chosen[key], untold=only)
                return serve_bytes(content, f"{row.number}.pdf", "application/pdf", "inline")
        except (RequestRefused, PdfFailed) as refused:
            messages.error(request, refused.message if isinstance(refused, PdfFailed) else str(refused))
    context = {
        "incident": row,
        "extent": everybody,
        "untold": untold if untold != everybody else [],
        "otherwise": selectors.told_otherwise(row),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "audit/incident_letters.html", context, status=status)


@requires(*selectors.READERS)
@require_POST
def notice(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """The letter to the authority as PDF."""
    user = user_of(request)
    row = selectors.incident_for(user, incident_id)
    back = redirect("audit:incident", incident_id)
    return handed_pdf(request, row.number, lambda: actions.print_notice(actor=user, incident=row), back)
