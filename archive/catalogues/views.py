"""The page of a school's catalogues, and what is printed there and at a file."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires, user_of
from accounts.scope import NotPermitted
from approvals.refusals import RequestRefused
from archive.catalogues import actions, selectors
from archive.catalogues.forms import VolumeForm
from archive.keepers import school_of
from core.pdf import PdfFailed
from files.serving import serve_bytes
from records.selectors import student_file

PDF = "application/pdf"


def _respond(
    request: HttpRequest, rows: list[dict[str, Any]], form: VolumeForm, status: int = 200
) -> HttpResponse:
    return render(request, "archive/catalogues.html", {"form": form, "rows": rows}, status=status)


@requires(selectors.PERM)
@require_GET
def catalogues(request: HttpRequest) -> HttpResponse:
    """What the school keeps by year, and the ways to print it."""
    user = user_of(request)
    rows = selectors.fonds(user, school_of(user, selectors.PERM))
    return _respond(request, rows, VolumeForm(volumes=selectors.volumes(rows)))


@requires(selectors.PERM)
@require_POST
def files(request: HttpRequest) -> HttpResponse:
    """A volume of the catalogue of files."""
    user = user_of(request)
    school = school_of(user, selectors.PERM)
    rows = selectors.fonds(user, school)
    form = VolumeForm(request.POST, volumes=selectors.volumes(rows))
    if form.is_valid():
        year, volume = form.chosen()
        try:
            content = actions.print_files(actor=user, school=school, year=year, volume=volume)
        except PdfFailed as failed:
            form.add_error(None, failed.message)
        else:
            return serve_bytes(content, f"catalogue-{year}-{volume + 1}.pdf", PDF, "inline")
    return _respond(request, rows, form, status=422)


@requires(selectors.PERM)
@require_POST
def fonds(request: HttpRequest) -> HttpResponse:
    """The catalogue of the fonds."""
    user = user_of(request)
    try:
        content = actions.print_fonds(actor=user, school=school_of(user, selectors.PERM))
    except PdfFailed as failed:
        messages.error(request, failed.message)
        return redirect("archive:catalogues")
    return serve_bytes(content, "fonds.pdf", PDF, "inline")


@requires(selectors.PERM)
@require_POST
def documents(request: HttpRequest, student_id: UUID) -> HttpResponse:
    """The catalogue of the documents of one file."""
    user = user_of(request)
    file = student_file(user, student_id)
    if not file.allows(selectors.PERM):
        raise NotPermitted(selectors.PERM, obj=file.student, unit_id=file.enrolment.unit_id)
    try:
        content = actions.print_documents(actor=user, file=file)
    except (RequestRefused, PdfFailed) as refused:
        messages.error(request, refused.message if isinstance(refused, PdfFailed) else str(refused))
        return redirect("archive:copies", student_id)
    return serve_bytes(content, f"{file.student.archive_no}-catalogue.pdf", PDF, "inline")
