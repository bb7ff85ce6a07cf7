"""Pages of certificates: issuing one, the register, one certificate with copies and voiding, checking, class sets."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires, user_of
from accounts.scope import NotPermitted
from approvals.refusals import RequestRefused
from approvals.telling import handed_pdf
from archive.certificates import actions, selectors
from archive.certificates.forms import CertificateForm, CheckForm, ClassForm, VoidForm
from archive.certificates.lists import CertificateList
from core.pdf import PdfFailed
from files.serving import serve_bytes
from records import opening
from records.selectors import student_file


@requires(selectors.PERM)
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """What was issued."""
    user = user_of(request)
    return CertificateList(request, selectors.certificates(user), user=user).respond(
        "archive/certificates.html"
    )


@requires(selectors.PERM)
@require_http_methods(["GET", "POST"])
def new_certificate(request: HttpRequest, student_id: UUID) -> HttpResponse:
    """Issue a certificate for one student; the answer is the PDF."""
    user = user_of(request)
    file = student_file(user, student_id)
    if not file.allows(selectors.PERM):
        raise NotPermitted(selectors.PERM, obj=file.student, unit_id=file.enrolment.unit_id)
    form = CertificateForm(
        request.POST or None, initial={"key": uuid4()}, may_print=file.allows(selectors.WHOLE)
    )
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        key = values.pop("key")
        try:
            content = actions.issue(
                actor=user, enrolment=file.enrolment, asked=actions.Asked(**values), key=key
            )
            return serve_bytes(content, "certificate.pdf", "application/pdf", "inline")
        except actions.IssuedAlready as known:
            messages.info(request, str(known))
            return redirect("archive:certificate", key)
        except RequestRefused as refused:
            form.add_error(None, str(refused))
        except PdfFailed as failed:
            form.add_error(None, failed.message)
    opening.note(request, file, again=True)
    context = {
        "file": file,
        "student": file.student,
        "form": form,
        "rows": selectors.certificates_of(user, file.student),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "archive/certificate_new.html", context, status=status)


def _page(request: HttpRequest, certificate_id: UUID, form: VoidForm, status: int = 200) -> HttpResponse:
    user = user_of(request)
    row = selectors.certificate_for(user, certificate_id)
    alive = not row.voided and row.student.destroyed_on is None
    may_copy = alive and selectors.may_copy(user, row)
    context = {"certificate": row, "form": form, "may_copy": may_copy, "may_void": alive}
    return render(request, "archive/certificate.html", context, status=status)


@requires(selectors.PERM)
@require_GET
def certificate(request: HttpRequest, certificate_id: UUID) -> HttpResponse:
    """One certificate as the register knows it."""
    actions.note_viewed(
        actor=user_of(request), certificate=selectors.certificate_for(user_of(request), certificate_id)
    )
    return _page(request, certificate_id, VoidForm())


@requires(selectors.PERM)
@require_POST
def copy(request: HttpRequest, certificate_id: UUID) -> HttpResponse:
    """Print a copy."""
    user = user_of(request)
    row = selectors.certificate_for(user, certificate_id)
    back = redirect("archive:certificate", certificate_id)
    return handed_pdf(request, "certificate-copy", lambda: actions.copy_of(actor=user, certificate=row), back)


@requires(selectors.PERM)
@require_POST
def void(request: HttpRequest, certificate_id: UUID) -> HttpResponse:
    """Void a certificate."""
    user = user_of(request)
    row = selectors.certificate_for(user, certificate_id)
    form = VoidForm(request.POST)
    if not form.is_valid():
        return _page(request, certificate_id, form, status=422)
    try:
        actions.void(actor=user, certificate=row, reason=form.cleaned_data["reason"])
    except RequestRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Voided."))
    return redirect("archive:certificate", certificate_id)


@requires(selectors.PERM)
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Whether a number stands in the register; what is typed is posted and stands in no address."""
    user = user_of(request)
    form = CheckForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "asked": False, "rows": []}
    if request.method == "POST" and form.is_valid():
        number = form.cleaned_data["number"]
        rows = selectors.numbered(user, number)
        actions.note_checked(actor=user, found=len(rows))
        context |= {"asked": True, "rows": rows, "beside": selectors.issued_beside(user, number)}
    status = 422 if form.errors else 200
    return render(request, "archive/certificate_check.html", context, status=status)


@requires(selectors.PERM)
@require_http_methods(["GET", "POST"])
def class_set(request: HttpRequest) -> HttpResponse:
    """Have enrolment certificates of a whole class made by a job."""
    user = user_of(request)
    form = ClassForm(request.POST or None, initial={"key": uuid4()}, classes=selectors.classes(user))
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.order(actor=user, **form.cleaned_data)
        except actions.OrderedAlready as known:
            messages.info(request, str(known))
            return redirect("jobs:job", known.job.public_id)
        except RequestRefused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("jobs:job", made.job.public_id)
    status = 422 if request.method == "POST" else 200
    return render(request, "archive/certificate_class.html", {"form": form}, status=status)
