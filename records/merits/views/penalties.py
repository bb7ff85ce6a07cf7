"""Pages of penalties: the list, a new case, the case with its steps, one page for each step."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import requires, user_of
from accounts.models import User
from accounts.roles import Role
from core.formatting import day
from core.ui import Step
from files.refusals import FileRefused
from files.serving import serve
from records import opening, purposes
from records.merits import reading, selectors
from records.merits.actions import penalties as actions
from records.merits.lists import PenaltyList, penalty_badge
from records.merits.penalty_acts import ACTS, PenaltyAct, acts_for
from records.merits.penalty_forms import CaseForm
from records.merits.refusals import EntryRefused
from records.merits.showing import lines_of, step_row
from records.merits.standing import bars
from records.merits.views.entries import beside
from records.penalty_models import Penalty, PenaltyStep
from records.selectors import student_file
from records.sheet import Line

State = Penalty.State
CASE_LINES = (
    "violation", "violation_on", "facts", "basis", "proposed_kind", "proposed_months", "notice_on",
    "statement_due_on", "statement",
)  # fmt: skip
DECISION_LINES = (
    "kind", "months", "ends_on", "decided_on", "document_no", "meeting_on", "legality_review", "appeal_told",
    "delivered_on", "appeal_until", "appeal", "appealed_on", "appeal_answer_due", "lifting_asked_on",
    "lifting_asker", "lifted_on", "lifting_document_no",
)  # fmt: skip
DONE_AFTER = {
    State.PREPARING: 1, State.RETURNED: 1, State.NOTICED: 2, State.HEARD: 3, State.DECIDED: 4, State.IN_FORCE: 5,
    State.LIFTED: 6,
}  # fmt: skip
"""How many of the six steps are done in a state; the rest have no way to show."""


@requires(*selectors.CASE_WORKERS)
@require_http_methods(["GET", "POST"])
def penalties(request: HttpRequest) -> HttpResponse:
    """Cases and penalties of one's units."""
    user = user_of(request)
    page = PenaltyList(request, selectors.penalties(user), user=user)
    values = {"tabs": beside(user, "records:penalties"), "title": _("Penalties")}
    return page.respond("records/merits/entries.html", values)


@requires(actions.PREPARE)
@require_http_methods(["GET", "POST"])
def penalty_new(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Begin a case for a student."""
    user = user_of(request)
    enrolment = selectors.enrolment_for(user, public_id, actions.PREPARE)
    form = CaseForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = actions.prepare(
                actor=user, enrolment=enrolment, case=form.case, scan=form.scan, form_key=form.key
            )
        except (EntryRefused, FileRefused) as refused:
            _put(form, refused)
        else:
            return redirect("records:penalty", row.public_id)
    opening.note(request, student_file(user, public_id), again=True)
    values = {
        "form": form, "student": enrolment.student, "enrolment": enrolment, "title": _("Prepare a penalty"),
        "back_url": reverse("records:student_section", args=[public_id, "merits"]), "act_label": _("Begin the case"),
    }  # fmt: skip
    return render(
        request, "records/merits/entry_form.html", values, status=422 if request.method == "POST" else 200
    )


def _put(form: Any, refused: Exception) -> None:
    if isinstance(refused, FileRefused):
        form.add_error("evidence", refused.message)
    else:
        form.add_error(None, str(refused))


def _steps(row: Penalty) -> list[Step]:
    """The way of a case with persons and dates; nothing for one that left it."""
    if row.state not in DONE_AFTER:
        return []
    done = DONE_AFTER[State(row.state)]
    people = (row.prepared_by, row.prepared_by, row.heard_by, row.decided_by, None, row.lifting_decided_by)
    labels = (_("Prepared"), _("Notice given"), _("Hearing"), _("Decision"), _("Delivery"), _("Lifting"))
    dates = (None, row.notice_on, row.heard_on, row.decided_on, row.delivered_on, row.lifted_on)
    shown = []
    for place, label in enumerate(labels):
        state: Any = "done" if place < done else "current" if place == done else "waiting"
        if place == 0 and row.state == State.RETURNED:
            state = "returned"
        person, on = (people[place], dates[place]) if place < done else (None, None)
        due = row.due_on if place == done else None
        shown.append(Step(label, state, person.name if person else "", due=due, note=day(on) if on else ""))
    return shown


@requires(*selectors.CASE_WORKERS)
@require_GET
def penalty(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A case: what it is about, its way, its steps, and what can be done now."""
    user = user_of(request)
    file, row = selectors.penalty_for(user, public_id)
    if asked := opening.question(request):
        return asked
    reading.open_penalty(file=file, penalty=row, purpose=purposes.chosen(request))
    taken = selectors.steps_of(row)
    papers = [one for one in taken if one.evidence_id]
    values = {
        "row": row, "student": row.student, "enrolment": row.enrolment, "state": penalty_badge(row),
        "case": lines_of(row, CASE_LINES), "decision": lines_of(row, DECISION_LINES) if row.decided_on else [],
        "steps": _steps(row), "timeline": [step_row(one, _role_label(one.role), one.text) for one in taken],
        "papers": papers, "acts": acts_for(user, row), "bars": [] if file.has_left else bars(row.student),
    }  # fmt: skip
    return render(request, "records/merits/penalty.html", values)


def _role_label(role: str) -> Any:
    return Role(role).label if role in Role.values else ""


@requires(*selectors.CASE_WORKERS)
@require_http_methods(["GET", "POST"])
def penalty_act(request: HttpRequest, public_id: UUID, key: str) -> HttpResponse:
    """One step of a case."""
    user = user_of(request)
    file, row = selectors.penalty_for(user, public_id)
    act = ACTS.get(key)
    if act is None:
        raise Http404
    if asked := opening.question(request):
        return asked
    refusal = _closed(user, row, act)
    if refusal and request.method == "GET":
        messages.error(request, refusal)
        return redirect("records:penalty", public_id)
    form = _step_form(request, act, row)
    if request.method == "POST" and form.is_valid():
        try:
            act.run(user, row, form)
        except (EntryRefused, FileRefused) as refused:
            _put(form, refused)
        else:
            messages.success(request, _("Done."))
            return redirect("records:penalty", public_id)
    reading.open_penalty(file=file, penalty=row, purpose=purposes.chosen(request))
    values = {
        "form": form, "student": row.student, "enrolment": row.enrolment, "title": act.label, "act_label": act.label,
        "back_url": reverse("records:penalty", args=[public_id]), "danger": act.danger, "penalty": row,
        "case": _case_with_statement(row) if key == "decide" else [],
    }  # fmt: skip
    return render(
        request, "records/merits/entry_form.html", values, status=422 if request.method == "POST" else 200
    )


def _case_with_statement(row: Penalty) -> list[Line]:
    """The case with what the student said, for the one who decides on it."""
    said = [one.text for one in selectors.steps_of(row) if one.kind == PenaltyStep.Kind.HEARD and one.text]
    return [*lines_of(row, CASE_LINES), *(Line(_("Statement and defence"), text) for text in said[:1])]


def _closed(user: User, row: Penalty, act: PenaltyAct) -> str:
    for one, why in acts_for(user, row):
        if one.key == act.key:
            return str(why)
    return _("This step is not open now.")


def _step_form(request: HttpRequest, act: PenaltyAct, row: Penalty) -> Any:
    extra: dict[str, Any] = {"penalty": row} if act.key == "decide" else {}
    if act.key == "mend":
        extra["initial"] = {name: getattr(row, name) for name in actions.CASE}
    return act.form(request.POST or None, request.FILES or None, **extra)


@requires(*selectors.CASE_WORKERS)
@require_GET
def penalty_evidence(request: HttpRequest, public_id: UUID, step_id: UUID) -> HttpResponse:
    """A paper of a case; each look is an event."""
    file, row = selectors.penalty_for(user_of(request), public_id)
    step = selectors.step_evidence(row, step_id)
    if step is None or step.evidence is None:
        raise Http404
    if asked := opening.question(request):
        return asked
    response = serve(step.evidence, "inline")
    opening.note(request, file, again=True)
    reading.open_step(file=file, penalty=row, step=step)
    return response
