"""Printing: collection forms, public lists, rosters and student cards as PDF, many of them by a job.

A print is written down, so it is a POST; what is opened only shows what can be printed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires, user_of
from accounts.scope import NotPermitted, units_with
from approvals.telling import handed_pdf
from core.pdf import PdfFailed
from enrollment import printing, selectors
from enrollment.models import IntakeBatch
from enrollment.views.common import tell
from enrollment.work_forms import PrintForm, PurposeForm
from files.serving import serve_bytes

PDF = "application/pdf"
SEES_STUDENTS = ("view_student", "view_own_class")


@requires("view_applicant")
@require_http_methods(["GET", "POST"])
def batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Choose what to print of a batch; printing is a POST, since it is written down."""
    user = user_of(request)
    found = selectors.batch_for(user, batch_id)
    shown = PrintForm(
        request.POST or None, classes=selectors.class_choices(found), initial={"form": "filled"}
    )
    if request.method == "POST" and shown.is_valid():
        return _print(request, found, shown)
    context = {
        "batch": found,
        "form": shown,
        "may_fill": found.school_id in units_with(user, printing.PERM),
        "job_from": printing.MOST_AT_ONCE,
        "classes": printing.classes_with_students(user, found.school),
        "may_cards": found.school_id in units_with(user, printing.PERM)
        and found.school_id in units_with(user, "view_student"),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "enrollment/printing/batch.html", context, status=status)


def _print(request: HttpRequest, found: IntakeBatch, shown: PrintForm) -> HttpResponse:
    user, values = user_of(request), shown.cleaned_data
    back = redirect("enrollment:batch_printing", found.public_id)
    class_no = values["class_no"] or None
    if values["form"] == printing.BLANK:
        return handed_pdf(request, "collection-form", lambda: printing.blank_form(user, found), back)
    if values["form"] == printing.PUBLIC:
        return _public(request, found, shown)
    rows = printing.printable(user, found, class_no)
    count = rows.count()
    if not count:
        tell(request, _("There is nobody to print."), fault=True)
        return back
    if count > printing.MOST_AT_ONCE:
        order = printing.order(
            actor=user,
            form=printing.FILLED,
            school=found.school,
            batch=found,
            class_no=class_no or "",
            purpose=values["purpose"],
        )
        return redirect("jobs:job", order.job.public_id)
    name = f"collection-forms-{class_no or found.code}"
    return handed_pdf(
        request, name, lambda: printing.filled_forms(user, found, rows, purpose=values["purpose"]), back
    )


def _public(request: HttpRequest, found: IntakeBatch, shown: PrintForm) -> HttpResponse:
    user, values = user_of(request), shown.cleaned_data
    return handed_pdf(
        request,
        f"public-list-{found.code}",
        lambda: printing.public_list(
            user,
            found,
            values["class_no"] or None,
            starts=values["starts"],
            ends=values["ends"],
            objections=values["objections"],
        ),
        redirect("enrollment:batch_printing", found.public_id),
    )


@requires(printing.PERM)
@require_http_methods(["GET", "POST"])
def applicant_form(request: HttpRequest, applicant_id: UUID) -> HttpResponse:
    """The filled collection form of one applicant: what it is for, then the PDF."""
    user = user_of(request)
    applicant = selectors.applicant_for(user, applicant_id, printing.PERM)
    return _one_person(
        request,
        OnePrint(
            printing.FORMS[printing.FILLED],
            applicant.name,
            applicant.number,
            f"collection-form-{applicant.number}",
            ("enrollment:review", applicant_id),
        ),
        lambda purpose: printing.filled_forms(user, applicant.batch, [applicant], purpose=purpose),
    )


@requires(*SEES_STUDENTS)
@require_POST
def class_roster(request: HttpRequest, class_id: UUID) -> HttpResponse:
    """The roster of a class."""
    user = user_of(request)
    found = printing.class_for(user, class_id)
    return handed_pdf(
        request,
        f"roster-{found.class_no}",
        lambda: printing.roster(user, found),
        redirect("enrollment:class_sheets", class_id),
    )


@requires(*SEES_STUDENTS)
@require_GET
def class_sheets(request: HttpRequest, class_id: UUID) -> HttpResponse:
    """What can be printed of a class."""
    user = user_of(request)
    found = printing.class_for(user, class_id)
    rows = printing.class_enrolments(user, found)
    context = {
        "school_class": found,
        "count": rows.count(),
        "cards": printing.cards_allowed(user, rows).count(),
        "job_from": printing.MOST_AT_ONCE,
    }
    return render(request, "enrollment/printing/class.html", context)


@requires(*SEES_STUDENTS)
@require_POST
def class_cards(request: HttpRequest, class_id: UUID) -> HttpResponse:
    """The student cards of a class."""
    user = user_of(request)
    found = printing.class_for(user, class_id)
    if found.unit_id not in units_with(user, printing.PERM):
        raise NotPermitted(printing.PERM, unit_id=found.unit_id)
    rows = printing.cards_allowed(user, printing.class_enrolments(user, found))
    count = rows.count()
    if not count:
        tell(request, _("There is nobody to print."), fault=True)
        return redirect("enrollment:class_sheets", class_id)
    if count > printing.MOST_AT_ONCE:
        order = printing.order(actor=user, form="cards", school=found.school, school_class=found)
        return redirect("jobs:job", order.job.public_id)
    return handed_pdf(
        request,
        f"student-cards-{found.class_no}",
        lambda: printing.student_cards(user, found.school, rows),
        redirect("enrollment:class_sheets", class_id),
    )


@requires(*SEES_STUDENTS)
@require_http_methods(["GET", "POST"])
def student_card(request: HttpRequest, student_id: UUID) -> HttpResponse:
    """The card of one student: what it is for, then the PDF."""
    user = user_of(request)
    enrolment = printing.student_enrolment(user, student_id)
    return _one_person(
        request,
        OnePrint(
            _("School record card"),
            enrolment.student.name,
            enrolment.student_no,
            f"student-card-{enrolment.student_no}",
            ("records:student", student_id),
        ),
        lambda purpose: printing.student_cards(user, enrolment.school, [enrolment], purpose=purpose),
    )


@dataclass(frozen=True, slots=True)
class OnePrint:
    """One person's form before it is printed: its name, whose it is, the name of the file, where one came from."""

    form: Any
    person: str
    number: str
    filename: str
    back: tuple[str, object]


def _one_person(request: HttpRequest, what: OnePrint, make: Callable[[str], bytes]) -> HttpResponse:
    """A page that says what is printed; printing is a POST, since each print is written down."""
    shown, failed = PurposeForm(request.POST if request.method == "POST" else None), ""
    if request.method == "POST" and shown.is_valid():
        try:
            content = make(shown.cleaned_data["purpose"])
            return serve_bytes(content, f"{what.filename}.pdf", PDF, "inline")
        except PdfFailed as fault:
            failed = fault.message
    context = {
        "what": what,
        "form": shown,
        "failed": failed,
        "back": reverse(what.back[0], args=[what.back[1]]),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "enrollment/printing/one.html", context, status=status)
