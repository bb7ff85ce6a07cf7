"""Pages of impact assessments: the register, writing, one of them with its confirmation and its end."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires, user_of
from approvals.refusals import RequestRefused
from archive.assessments import actions, selectors
from archive.assessments.forms import AssessmentForm, EndForm
from archive.assessments.lists import AssessmentList, state_badge
from archive.keepers import holds_at_school, school_of


@requires(*selectors.READERS)
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Assessments of one's schools."""
    user = user_of(request)
    page = AssessmentList(request, selectors.assessments(user), user=user)
    writes = any(holds_at_school(user, perm) for perm in selectors.WRITERS)
    return page.respond("archive/assessments.html", {"writes": writes})


@requires(*selectors.WRITERS)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Write an assessment for one's own school."""
    user = user_of(request)
    perms = selectors.WRITERS
    school = school_of(user, next((perm for perm in perms if holds_at_school(user, perm)), perms[0]))
    form = AssessmentForm(request.POST or None, initial={"key": uuid4()})
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.write(actor=user, school=school, **form.cleaned_data)
        except RequestRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(
                request, _("Written. Another person confirms it before something can rest on it.")
            )
            return redirect("archive:assessment", made.public_id)
    status = 422 if request.method == "POST" else 200
    return render(request, "archive/assessment_new.html", {"form": form}, status=status)


@requires(*selectors.READERS)
@require_GET
def assessment(request: HttpRequest, assessment_id: UUID) -> HttpResponse:
    """One of them."""
    return _page(request, assessment_id, EndForm())


def _page(request: HttpRequest, assessment_id: UUID, form: EndForm, status: int = 200) -> HttpResponse:
    user = user_of(request)
    row = selectors.assessment_for(user, assessment_id)
    context = {
        "one": row,
        "state": state_badge(row),
        "may_confirm": selectors.may_confirm(user, row),
        "may_end": selectors.may_end(user, row),
        "refuses": row.confirmed_at is None and row.made_by_id != user.pk,
        "form": form,
    }
    return render(request, "archive/assessment.html", context, status=status)


@requires(*selectors.CONFIRMERS)
@require_POST
def confirm(request: HttpRequest, assessment_id: UUID) -> HttpResponse:
    """Confirm what somebody else wrote."""
    user = user_of(request)
    row = selectors.assessment_for(user, assessment_id)
    try:
        actions.confirm(actor=user, assessment=row)
    except RequestRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Confirmed."))
    return redirect("archive:assessment", assessment_id)


@requires(*selectors.CONFIRMERS)
@require_POST
def end(request: HttpRequest, assessment_id: UUID) -> HttpResponse:
    """Refuse or withdraw one."""
    user = user_of(request)
    row = selectors.assessment_for(user, assessment_id)
    form = EndForm(request.POST)
    if not form.is_valid():
        return _page(request, assessment_id, form, status=422)
    try:
        row = actions.end(actor=user, assessment=row, reason=form.cleaned_data["reason"])
    except RequestRefused as refused:
        messages.error(request, str(refused))
    else:
        done = _("The assessment is refused.") if row.was_refused else _("The assessment is withdrawn.")
        messages.success(request, done)
    return redirect("archive:assessment", assessment_id)
