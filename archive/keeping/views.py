"""The page of one file's holds and loans, and what is done there."""

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires, user_of
from accounts.scope import NotPermitted, units_with
from approvals.telling import told
from archive.keeping import actions, selectors
from archive.keeping.forms import HoldForm, LoanForm
from archive.models import PaperLoan
from archive.retention import actions as retention
from archive.retention.forms import MarkForm
from records import opening
from records.selectors import StudentFile, student_file


def _file(request: HttpRequest, student_id: UUID, *perms: str) -> StudentFile:
    file = student_file(user_of(request), student_id)
    if not file.allows(*perms):
        raise NotPermitted(perms[0], obj=file.student, unit_id=file.enrolment.unit_id)
    return file


def _page(request: HttpRequest, file: StudentFile, *bound: forms.Form, status: int = 200) -> HttpResponse:
    opening.note(request, file, again=True)
    given = {type(one): one for one in bound}
    lent = units_with(file.reader, selectors.LOAN)
    may_lend = file.allows(selectors.LOAN) and file.student.has_paper
    important = may_lend and selectors.is_important(file.student)
    usual = {"copy": PaperLoan.Copy.BACKUP if important else PaperLoan.Copy.ORIGINAL}
    context = {
        "file": file,
        "student": file.student,
        "holds": [] if file.has_left else selectors.holds_of(file.student),
        "loans": [(one, one.school_id in lent) for one in selectors.loans_of(file)],
        "may_hold": file.allows(actions.HOLD),
        "may_lend": may_lend,
        "important": important,
        "period": selectors.period(file),
        "mark_form": given.get(MarkForm, MarkForm()),
        "hold_form": given.get(HoldForm, HoldForm()),
        "loan_form": given.get(LoanForm, LoanForm(initial=usual)),
    }
    return render(request, "archive/keeping.html", context, status=status)


def _act(request: HttpRequest, file: StudentFile, done: str, act: Callable[[], object]) -> HttpResponse:
    told(request, done, act)
    return redirect("archive:keeping", file.student.public_id)


@requires(actions.HOLD, selectors.LOAN)
@require_GET
def keeping(request: HttpRequest, student_id: UUID) -> HttpResponse:
    """Holds and loans of one file; of one whose student has left, the loans that the own school gave."""
    file = student_file(user_of(request), student_id)
    if not file.allows(actions.HOLD, selectors.LOAN) and not (file.has_left and selectors.loans_of(file)):
        raise NotPermitted(actions.HOLD, obj=file.student, unit_id=file.enrolment.unit_id)
    return _page(request, file)


@requires(actions.HOLD)
@require_POST
def hold(request: HttpRequest, student_id: UUID) -> HttpResponse:
    """Put the file under a hold."""
    file, form = _file(request, student_id, actions.HOLD), HoldForm(request.POST)
    if not form.is_valid():
        return _page(request, file, form, status=422)
    user = user_of(request)
    return _act(
        request,
        file,
        _("The file is under a hold now."),
        lambda: actions.place_hold(actor=user, file=file, **form.cleaned_data),
    )


@requires(actions.HOLD)
@require_POST
def lift(request: HttpRequest, student_id: UUID, hold_id: UUID) -> HttpResponse:
    """Lift a hold."""
    file, user = _file(request, student_id, actions.HOLD), user_of(request)
    row, reason = selectors.hold_of(file.student, hold_id), request.POST.get("reason", "").strip()[:500]
    if not reason:
        messages.error(request, _("A hold is lifted with a reason."))
        return redirect("archive:keeping", student_id)
    return _act(
        request,
        file,
        _("The hold is lifted."),
        lambda: actions.lift_hold(actor=user, file=file, hold=row, reason=reason),
    )


@requires(actions.HOLD)
@require_POST
def mark(request: HttpRequest, student_id: UUID) -> HttpResponse:
    """Mark the file with a new retention period."""
    file, form = _file(request, student_id, actions.HOLD), MarkForm(request.POST)
    if not form.is_valid():
        return _page(request, file, form, status=422)
    user, values = user_of(request), form.cleaned_data
    return _act(
        request,
        file,
        _("The file has a new retention period."),
        lambda: retention.mark(actor=user, file=file, until=values["until"], reason=values["reason"]),
    )


@requires(selectors.LOAN)
@require_POST
def lend(request: HttpRequest, student_id: UUID) -> HttpResponse:
    """Lend the paper file."""
    file, form = _file(request, student_id, selectors.LOAN), LoanForm(request.POST)
    if not form.is_valid():
        return _page(request, file, form, status=422)
    user = user_of(request)
    return _act(
        request,
        file,
        _("The paper file is lent out."),
        lambda: actions.lend(actor=user, file=file, **form.cleaned_data),
    )


@requires(selectors.LOAN)
@require_POST
def take_back(request: HttpRequest, student_id: UUID, loan_id: UUID) -> HttpResponse:
    """Take the paper file back, at the school that lent it."""
    user = user_of(request)
    file = student_file(user, student_id)
    row, condition = selectors.loan_of(file.student, loan_id), request.POST.get("condition", "")[:200]
    return _act(
        request,
        file,
        _("The paper file is back."),
        lambda: actions.take_back(actor=user, loan=row, condition=condition),
    )
