"""The page of a school's catalogues, and what is printed there and at a file."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires, user_of
from accounts.scope import NotPermitted
from approvals.telling import handed_pdf
from archive.catalogues import actions, selectors
from archive.catalogues.forms import VolumeForm
from archive.keepers import school_of
from core.pdf import PdfFailed
from files.serving import serve_bytes
from records.selectors import student_file


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
            return serve_bytes(content, f"catalogue-{year}-{volume + 1}.pdf", "application/pdf", "inline")
    return _respond(request, rows, form, status=422)


@requires(selectors.PERM)
@require_POST
def fonds(request: HttpRequest) -> HttpResponse:
    """The catalogue of the fonds."""
    user = user_of(request)
    school = school_of(user, selectors.PERM)
    back = redirect("archive:catalogues")
    return handed_pdf(request, "fonds", lambda: actions.print_fonds(actor=user, school=school), back)


@requires(selectors.PERM)
@require_POST
def documents(request: HttpRequest, student_id: UUID) -> HttpResponse:
    """The catalogue of the documents of one file."""
    user = user_of(request)
    file = student_file(user, student_id)
    if not file.allows(selectors.PERM):
        raise NotPermitted(selectors.PERM, obj=file.student, unit_id=file.enrolment.unit_id)
    name, back = f"{file.student.archive_no}-catalogue", redirect("archive:copies", student_id)
    return handed_pdf(request, name, lambda: actions.print_documents(actor=user, file=file), back)
