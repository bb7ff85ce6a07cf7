"""Pages of intake batches: list, one batch with its numbers, opening, changing, closing."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires, user_of
from accounts.scope import units_with
from enrollment import batch_figures, selectors
from enrollment.actions import IntakeRefused
from enrollment.actions import batches as actions
from enrollment.models import IntakeBatch
from enrollment.views.common import tell
from enrollment.work_forms import BatchForm, fingerprint
from enrollment.work_lists import BatchList


@requires("view_applicant")
@require_http_methods(["GET", "POST"])
def batches(request: HttpRequest) -> HttpResponse:
    """Intake batches in scope."""
    user = user_of(request)
    context = {"may_open": batch_figures.schools_for(user).exists()}
    page = BatchList(request, batch_figures.listed(user), user=user)
    return page.respond("enrollment/batches/list.html", context)


@requires("view_applicant")
@require_GET
def batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """One batch: numbers by state and class, quota, deadline, documents, imports."""
    user = user_of(request)
    found = selectors.batch_for(user, batch_id)
    waiting = selectors.waiting_for(user).filter(batch=found).count()
    context = {
        "batch": found,
        "figures": batch_figures.figures(user, found),
        "documents": batch_figures.required_labels(found),
        "imports": batch_figures.recent_imports(user, found),
        "uploads": batch_figures.recent_uploads(user, found),
        "states": batch_figures.SHOWN_STATES,
        "waiting": waiting,
        "may_manage": found.school_id in units_with(user, actions.PERM),
        "may_enter": found.is_open and found.school_id in units_with(user, "enter_applicant"),
    }
    return render(request, "enrollment/batches/batch.html", context)


@requires(actions.PERM)
@require_http_methods(["GET", "POST"])
def open_batch(request: HttpRequest) -> HttpResponse:
    """Open a batch at one of the user's schools."""
    user = user_of(request)
    shown = BatchForm(request.POST or None, schools=batch_figures.schools_for(user))
    if request.method == "POST" and shown.is_valid():
        values = {name: shown.cleaned_data[name] for name in actions.FIELDS}
        try:
            made = actions.open_batch(actor=user, school=shown.cleaned_data["school"], values=values)
        except IntegrityError:
            shown.add_error("code", _("Another intake batch has this code."))
        else:
            tell(request, _("Intake batch opened: %(name)s") % {"name": made.name})
            return redirect("enrollment:batch", made.public_id)
    return _form_page(request, shown, None)


@requires(actions.PERM)
@require_http_methods(["GET", "POST"])
def change_batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Change a batch."""
    user = user_of(request)
    found = selectors.batch_for(user, batch_id, actions.PERM)
    fixed = actions.FIXED if batch_figures.quota_of(user, found).used else ()
    schools = batch_figures.schools_for(user)
    shown = BatchForm(request.POST or None, schools=schools, batch=found, fixed=fixed)
    if request.method == "POST" and shown.is_valid():
        if shown.cleaned_data["seen"] != fingerprint(found):
            shown.add_error(
                None, _("This intake batch was changed meanwhile. Nothing was saved; look at it again.")
            )
            return _form_page(request, shown, found, status=409)
        values = {name: shown.cleaned_data[name] for name in actions.FIELDS}
        seen = {name: getattr(found, name) for name in actions.FIELDS}
        try:
            actions.change_batch(actor=user, batch=found, values=values, seen=seen)
        except IntakeRefused as refused:
            shown.add_error(None, str(refused))
            return _form_page(request, shown, found, status=409)
        tell(request, _("Saved"))
        return redirect("enrollment:batch", batch_id)
    return _form_page(request, shown, found)


def _form_page(
    request: HttpRequest, shown: BatchForm, found: IntakeBatch | None, *, status: int = 0
) -> HttpResponse:
    context: dict[str, Any] = {"form": shown, "batch": found}
    return render(
        request,
        "enrollment/batches/form.html",
        context,
        status=status or (422 if shown.is_bound else 200),
    )


@requires(actions.PERM)
@require_POST
def set_open(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Close a batch or open it again, with a reason."""
    user = user_of(request)
    found = selectors.batch_for(user, batch_id, actions.PERM)
    reason = request.POST.get("reason", "").strip()
    if not reason:
        tell(request, _("State the reason."), fault=True)
        return redirect("enrollment:batch", batch_id)
    try:
        row = actions.set_open(
            actor=user, batch=found, is_open=request.POST.get("open") == "1", reason=reason
        )
    except IntakeRefused as refused:
        tell(request, refused, fault=True)
    else:
        tell(request, _("Intake batch opened again") if row.is_open else _("Intake batch closed"))
    return redirect("enrollment:batch", batch_id)
