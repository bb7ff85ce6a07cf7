"""Pages of students' accounts: those of a class, that of one student, and the student's own page."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import OWN_FILE, requires, user_of
from accounts.scope import NotPermitted
from approvals.refusals import RequestRefused
from core.pdf import PdfFailed
from files.serving import serve_bytes
from records.lists import status_badge
from records.selectors import StudentFile, student_file
from records.self_service import actions, selectors

PDF = "application/pdf"


@requires(OWN_FILE)
@require_http_methods(["GET", "POST"])
def own_file(request: HttpRequest) -> HttpResponse:
    """One's own file; a POST shows one's numbers and addresses this once."""
    user = user_of(request)
    file = selectors.own_file(user)
    if file is None:
        return render(request, "records/own_file_closed.html", status=403)
    whole = request.method == "POST"
    parts = actions.read(actor=user, file=file, whole=whole)
    context = {"file": file, "parts": parts, "whole": whole, "status": status_badge(file.enrolment)}
    return render(request, "records/own_file.html", context)


@requires(selectors.PERM)
@require_GET
def student_accounts(request: HttpRequest) -> HttpResponse:
    """The classes, and who has an account in them."""
    rows = list(selectors.classes(user_of(request)))
    return render(request, "records/student_accounts.html", {"rows": rows})


@requires(selectors.PERM)
@require_POST
def open_class(request: HttpRequest, class_id: UUID) -> HttpResponse:
    """Open the accounts that a class lacks; the answer is the PDF of slips. ``unused``: those never used again too."""
    user = user_of(request)
    school_class = selectors.one_class(user, class_id)
    try:
        content = actions.open_class(
            actor=user, school_class=school_class, site=_site(request), unused="unused" in request.POST
        )
    except (RequestRefused, PdfFailed) as refused:
        messages.error(request, refused.message if isinstance(refused, PdfFailed) else str(refused))
        return redirect("records:student_accounts")
    return serve_bytes(content, "login-slips.pdf", PDF)


def _site(request: HttpRequest) -> str:
    return request.build_absolute_uri("/")


def _file(request: HttpRequest, public_id: UUID) -> StudentFile:
    file = student_file(user_of(request), public_id)
    if not file.allows(selectors.PERM):
        raise NotPermitted(selectors.PERM, obj=file.student, unit_id=file.enrolment.unit_id)
    return file


@requires(selectors.PERM)
@require_GET
def student_account(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The account of one student."""
    file = _file(request, public_id)
    account = selectors.account_of(file.student)
    serves = account is not None and account.is_active and account.unit_id == file.enrolment.school_id
    context = {
        "file": file,
        "student": file.student,
        "account": account,
        "serves": serves and file.enrolment.ended_on is None,
        "may_open": file.enrolment.ended_on is None,
    }
    return render(request, "records/student_account.html", context)


@requires(selectors.PERM)
@require_POST
def open_one(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Open the account, or give it a new first password; the answer is the slip."""
    file = _file(request, public_id)
    try:
        content = actions.open_one(actor=user_of(request), file=file, site=_site(request))
    except (RequestRefused, PdfFailed) as refused:
        messages.error(request, refused.message if isinstance(refused, PdfFailed) else str(refused))
        return redirect("records:student_account", public_id)
    return serve_bytes(content, "login-slip.pdf", PDF)


@requires(selectors.PERM)
@require_POST
def close(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Close the account."""
    actions.close(actor=user_of(request), file=_file(request, public_id))
    messages.success(request, _("The account is closed."))
    return redirect("records:student_account", public_id)
