"""Continuous review (连续审核): one applicant beside the scans, decided on, and the next one opens."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires, user_of
from accounts.models import User
from approvals.reasons import ReturnReason
from core.ui import Marks
from enrollment import actions, bulk_plan, selectors
from enrollment.actions import aside
from enrollment.file_section import timeline_row
from enrollment.forms import ReturnForm, fault_text
from enrollment.lists import state_badge
from enrollment.models import Applicant, IntakeDecision
from enrollment.scan_reads import is_sampling
from enrollment.sheet import sheet
from enrollment.views.bulk import plan_url
from enrollment.views.common import shown_steps, tell
from enrollment.work_forms import StepAsideForm
from records.models import DocumentKind

DECIDING = ("review_applicant", "approve_applicant", "accept_applicant", "approve_no_hukou")
PASS = {
    IntakeDecision.Step.INITIAL_REVIEW: actions.review_initially,
    IntakeDecision.Step.HEAD_REVIEW: actions.approve_as_head,
    IntakeDecision.Step.ACCEPTANCE: actions.accept,
    IntakeDecision.Step.BUREAU: actions.approve_no_hukou,
}
MOST_NAMES = 5
CHECK_NAMES = {
    "authenticity": gettext_lazy("Authenticity"),
    "integrity": gettext_lazy("Integrity"),
    "usability": gettext_lazy("Usability"),
    "security": gettext_lazy("Security"),
}


@dataclass(frozen=True, slots=True)
class Around:
    """Whom the keys K and J lead to; ``sample_url`` when they walk through the user's own sample of the class."""

    before: UUID | None = None
    after: UUID | None = None
    sample_url: str = ""


def _around(user: User, applicant: Applicant, *, decides: bool = True) -> Around:
    if sample := bulk_plan.sample_with(user, applicant):
        url = plan_url(applicant.batch.public_id, sample.step, sample.class_no)
        return Around(*bulk_plan.beside_in(sample, applicant), sample_url=url)
    return Around(*selectors.beside(user, applicant)) if decides else Around()


@requires("view_applicant")
@require_GET
def review(request: HttpRequest, applicant_id: UUID) -> HttpResponse:
    """One applicant for reading; with the decision bar for who may decide. Opening it is an event."""
    user = user_of(request)
    return _page(request, user, selectors.applicant_for(user, applicant_id))


def _page(
    request: HttpRequest,
    user: User,
    applicant: Applicant,
    *,
    return_form: ReturnForm | None = None,
    aside_form: StepAsideForm | None = None,
    status: int = 200,
) -> HttpResponse:
    in_use = selectors.in_use_by(user, applicant)
    step, reason = selectors.may_decide(user, applicant)
    actions.open_for_review(actor=user, applicant=applicant)
    own = applicant.entered_by_id == user.pk and applicant.state != Applicant.State.ACCEPTED
    around = _around(user, applicant, decides=bool(step))
    returned = selectors.last_return(applicant)
    marked = returned.fields if returned else []
    faults = selectors.examine(applicant) if step or own else []
    context = {
        "applicant": applicant,
        "batch": applicant.batch,
        "sections": sheet(applicant, masked=not (step or own)),
        "unmasked": bool(step or own),
        "steps": shown_steps(applicant),
        "step": step,
        "role": selectors.role_label(user, step, applicant) if step else "",
        "reason": reason,
        "in_use": in_use,
        "before": around.before,
        "after": around.after,
        "sample_url": around.sample_url,
        "marks": Marks(dict.fromkeys(marked, str(_("Mended after the return")))),
        "warnings": {one.field: fault_text(one) for one in faults if one.level == "warning"},
        "warning_list": [fault_text(one) for one in faults if one.level == "warning"],
        "documents": selectors.document_checklist(applicant),
        "sampling": bool(applicant.student_id) and is_sampling(user, applicant),
        "open_file": selectors.open_file(user, applicant),
        "return_form": return_form or ReturnForm(applicant.batch),
        "return_open": return_form is not None,
        "aside_form": aside_form or StepAsideForm(prefix="aside"),
        "aside_open": aside_form is not None,
        "timeline": [timeline_row(one) for one in reversed(selectors.decisions(applicant))],
        "may_recall": selectors.may_recall(user, applicant),
        "state_badge": state_badge(applicant),
    }
    return render(request, "enrollment/review.html", context, status=status)


def _version(request: HttpRequest) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() else None


@requires(*DECIDING)
@require_POST
def pass_step(request: HttpRequest, applicant_id: UUID) -> HttpResponse:
    """Take the waiting step, then open the next applicant."""
    user = user_of(request)
    applicant = selectors.applicant_for(user, applicant_id)
    key = request.POST.get("step", "")
    if key not in PASS:
        return redirect("enrollment:review", applicant_id)
    around = _around(user, applicant)
    try:
        row = PASS[IntakeDecision.Step(key)](
            actor=user,
            applicant=applicant,
            version=_version(request),
            comment=request.POST.get("comment", "")[:500],
        )
    except actions.ChecksFailed as failed:
        tell(request, _checks_text(failed), fault=True)
        return redirect("enrollment:review", applicant_id)
    except actions.IntakeRefused as refused:
        tell(request, refused, fault=True)
        return redirect("enrollment:review", applicant_id)
    label = IntakeDecision.Step(key).label
    tell(request, _("%(step)s passed: %(number)s") % {"step": label, "number": row.number})
    return _next(request, user, row, around)


def _checks_text(failed: actions.ChecksFailed) -> str:
    parts = []
    for check, found in failed.results.found.items():
        if found:
            kinds = [str(DocumentKind(one).label) if one in DocumentKind.values else one for one in found]
            parts.append(f"{CHECK_NAMES[check]}: {', '.join(kinds)}")
    return f"{failed} {'; '.join(parts)}"


@requires(*DECIDING)
@require_POST
def send_back(request: HttpRequest, applicant_id: UUID) -> HttpResponse:
    """Return to the clerk with a reason and marks; then open the next applicant."""
    user = user_of(request)
    applicant = selectors.applicant_for(user, applicant_id)
    asked = ReturnForm(applicant.batch, request.POST)
    if not asked.is_valid():
        return _page(request, user, applicant, return_form=asked, status=422)
    around = _around(user, applicant)
    values = asked.cleaned_data
    try:
        if request.POST.get("step") == IntakeDecision.Step.BUREAU:
            words = values["comment"] or str(ReturnReason(values["reason"]).label)
            row = actions.refuse_no_hukou(
                actor=user,
                applicant=applicant,
                comment=words,
                fields=values["fields_marked"],
                version=_version(request),
            )
        else:
            row = actions.send_back(
                actor=user,
                applicant=applicant,
                reason=values["reason"],
                fields=values["fields_marked"],
                comment=values["comment"],
                version=_version(request),
            )
    except actions.IntakeRefused as refused:
        tell(request, refused, fault=True)
        return redirect("enrollment:review", applicant_id)
    tell(request, _("Returned: %(number)s") % {"number": row.number})
    return _next(request, user, row, around)


@requires(*DECIDING)
@require_POST
def step_aside(request: HttpRequest, applicant_id: UUID) -> HttpResponse:
    """Declare oneself related and leave the decision to somebody else; then open the next applicant."""
    user = user_of(request)
    applicant = selectors.applicant_for(user, applicant_id)
    asked = StepAsideForm(request.POST, prefix="aside")
    if not asked.is_valid():
        return _page(request, user, applicant, aside_form=asked, status=422)
    around = _around(user, applicant)
    try:
        others = aside.step_aside(actor=user, applicant=applicant, **asked.cleaned_data)
    except actions.IntakeRefused as refused:
        tell(request, refused, fault=True)
        return redirect("enrollment:review", applicant_id)
    names = _("、").join(one.name for one in others[:MOST_NAMES])
    if names:
        tell(request, _("You have stepped aside. Who can decide: %(names)s") % {"names": names})
    else:
        tell(
            request,
            _("You have stepped aside. Nobody can decide: the unit above must lend a person."),
            fault=True,
        )
    return _next(request, user, applicant, around)


def _next(request: HttpRequest, user: User, row: Applicant, around: Around) -> HttpResponse:
    if around.sample_url and not around.after:
        return redirect(around.sample_url)
    found = around.after or selectors.first_waiting(user, row.batch)
    if found:
        return redirect("enrollment:review", found)
    tell(request, _("Nothing more of this intake batch waits for you."))
    return redirect("enrollment:applicants", row.batch.public_id)


@requires(*DECIDING)
@require_GET
def next_waiting(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Open the first applicant of a batch that waits for this user; ``class`` and ``state`` narrow it down."""
    user = user_of(request)
    batch = selectors.batch_for(user, batch_id)
    found = selectors.first_waiting(
        user, batch, class_no=request.GET.get("class"), state=request.GET.get("state", "")
    )
    if found:
        return redirect("enrollment:review", found)
    tell(request, _("Nothing of this intake batch waits for you."))
    return redirect("enrollment:applicants", batch.public_id)
