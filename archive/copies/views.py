"""The page of one file's copies, and what is handed out there."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires, user_of
from accounts.scope import NotPermitted
from approvals.refusals import RequestRefused
from archive.catalogues.selectors import PERM as CATALOGUE
from archive.copies import actions, selectors
from archive.copies.forms import CopyForm, ProofForm, PurposeForm
from archive.eep.actions import PERM, package_of
from archive.models import FileCopy
from core.pdf import PdfFailed
from files.serving import serve_bytes
from records.selectors import StudentFile, student_file

PDF = "application/pdf"
TYPES = {FileCopy.Form.PDF: PDF, FileCopy.Form.JSON: "application/json"}


def _file(request: HttpRequest, student_id: UUID, *perms: str) -> StudentFile:
    file = student_file(user_of(request), student_id)
    if not file.allows(*perms):
        raise NotPermitted(perms[0], obj=file.student, unit_id=file.enrolment.unit_id)
    return file


def _page(request: HttpRequest, file: StudentFile, *bound: forms.Form, status: int = 200) -> HttpResponse:
    given = {type(one): one for one in bound}
    may_copy = file.allows(PERM)
    context = {
        "file": file,
        "student": file.student,
        "may_copy": may_copy,
        "may_print": file.allows(actions.PRINT),
        "may_list": file.allows(CATALOGUE),
        "rows": selectors.copies_of(file.student) if may_copy else [],
        "copy_form": given.get(CopyForm, CopyForm()),
        "proof_form": given.get(ProofForm, ProofForm()),
        "purpose_form": given.get(PurposeForm, PurposeForm()),
    }
    return render(request, "archive/copies.html", context, status=status)


@requires("view_student")
@require_GET
def copies(request: HttpRequest, student_id: UUID) -> HttpResponse:
    """What was handed out of a file, and the ways to hand it out."""
    return _page(request, _file(request, student_id, PERM, actions.PRINT))


@requires("view_student")
@require_POST
def print_file(request: HttpRequest, student_id: UUID) -> HttpResponse:
    """The file as PDF/A, numbers masked."""
    file, form = _file(request, student_id, actions.PRINT), PurposeForm(request.POST)
    if not form.is_valid():
        return _page(request, file, form, status=422)
    try:
        content = actions.print_file(actor=user_of(request), file=file, **form.cleaned_data)
    except RequestRefused as refused:
        form.add_error(None, str(refused))
        return _page(request, file, form, status=422)
    except PdfFailed as failed:
        form.add_error(None, failed.message)
        return _page(request, file, form, status=422)
    return serve_bytes(content, f"{file.student.archive_no}.pdf", PDF, "inline")


@requires(PERM)
@require_POST
def hand_out(request: HttpRequest, student_id: UUID) -> HttpResponse:
    """Hand the student's own copy out as a download, or refuse it."""
    file, form = _file(request, student_id, PERM), CopyForm(request.POST)
    if not form.is_valid():
        return _page(request, file, form, status=422)
    told: dict[str, Any] = dict(form.cleaned_data)
    reason = told.pop("reason")
    asked, user = actions.Asked(**told), user_of(request)
    try:
        if "refuse" in request.POST:
            actions.refuse(actor=user, file=file, asked=asked, reason=reason)
            messages.success(request, _("The refusal is kept with its reason."))
            return redirect("archive:copies", student_id)
        content = actions.hand_out(actor=user, file=file, asked=asked)
    except RequestRefused as refused:
        form.add_error(None, str(refused))
    except PdfFailed as failed:
        form.add_error(None, failed.message)
    else:
        name = f"{file.student.archive_no}.{asked.form}"
        return serve_bytes(content, name, TYPES[FileCopy.Form(asked.form)])
    return _page(request, file, form, status=422)


@requires(PERM)
@require_POST
def package(request: HttpRequest, student_id: UUID) -> HttpResponse:
    """The archival package as a download."""
    file = _file(request, student_id, PERM)
    try:
        content = package_of(actor=user_of(request), file=file)
    except RequestRefused as refused:
        messages.error(request, str(refused))
        return redirect("archive:copies", student_id)
    return serve_bytes(content, f"{file.student.archive_no}.xml", "application/xml")


@requires(PERM)
@require_POST
def prove(request: HttpRequest, student_id: UUID) -> HttpResponse:
    """The proof of the file's ledger as a download."""
    file, form = _file(request, student_id, PERM), ProofForm(request.POST)
    if not form.is_valid():
        return _page(request, file, form, status=422)
    try:
        content = actions.prove(actor=user_of(request), file=file, **form.cleaned_data)
    except RequestRefused as refused:
        form.add_error(None, str(refused))
        return _page(request, file, form, status=422)
    return serve_bytes(content, f"{file.student.archive_no}-proof.json", "application/json")
