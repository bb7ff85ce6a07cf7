"""Scans: attached, shown page by page, taken off, and a ZIP of them distributed. Every view is an event."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires, user_of, wants_fragment
from accounts.scope import NotPermitted, units_with
from enrollment import scan_reads, selectors
from enrollment.actions import IntakeRefused
from enrollment.actions import scans as actions
from enrollment.models import Applicant
from enrollment.views.common import tell
from enrollment.work_forms import ScanForm, ScansForm
from files.refusals import FileRefused
from files.rendering import page_png
from files.selectors import BlobDamaged, open_blob
from files.serving import serve, serve_bytes
from jobs.selectors import how_far, words_of

PDF = "application/pdf"


@requires("enter_applicant")
@require_POST
def attach(request: HttpRequest, applicant_id: UUID) -> HttpResponse:
    """Attach a scan to one's own draft; the page's script gets the new list and version, else the form reloads."""
    user = user_of(request)
    applicant = selectors.applicant_for(user, applicant_id, "enter_applicant")
    shown = ScanForm(request.POST, request.FILES)
    if not shown.is_valid():
        return _refused(request, applicant, _("Choose a file and say what it is."), 422)
    uploaded = shown.cleaned_data["file"]
    try:
        document = actions.attach(
            actor=user,
            applicant=applicant,
            kind=shown.cleaned_data["kind"],
            content=uploaded.content,
            filename=uploaded.filename,
        )
    except FileRefused as refused:
        return _refused(request, applicant, refused.message, 422)
    except IntakeRefused as refused:
        return _refused(request, applicant, str(refused), 409)
    return _changed(request, document.applicant, _("Scan attached"))


@requires("enter_applicant")
@require_POST
def remove(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """Take a scan off one's own draft or returned applicant."""
    user = user_of(request)
    document = scan_reads.document_for(user, document_id, "enter_applicant")
    try:
        row = actions.remove(actor=user, document=document)
    except IntakeRefused as refused:
        return _refused(request, document.applicant, str(refused), 409)
    return _changed(request, row, _("Scan removed"))


def _changed(request: HttpRequest, applicant: Applicant, words: str) -> HttpResponse:
    if wants_fragment(request):
        fresh = selectors.applicant_for(user_of(request), applicant.public_id)
        context = {
            "applicant": fresh,
            "documents": selectors.document_checklist(fresh),
            "scan_form": ScanForm(),
            "may_attach": True,
        }
        html = render_to_string("enrollment/scans.html", context, request)
        return JsonResponse({"html": html, "version": applicant.version, "message": words})
    tell(request, words)
    return redirect("enrollment:applicant_form", applicant.public_id)


def _refused(request: HttpRequest, applicant: Applicant, words: str, status: int) -> HttpResponse:
    if wants_fragment(request):
        return JsonResponse({"message": words}, status=status)
    tell(request, words, fault=True)
    return redirect("enrollment:applicant_form", applicant.public_id)


@requires("view_applicant")
@require_GET
def show(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """The viewer of one scan, page by page: a part for the page's script, else a page. A filed one is in its file."""
    user = user_of(request)
    document = scan_reads.document_for(user, document_id)
    if filed := scan_reads.filed_as(document, user):
        return redirect("records:document", filed.student.public_id, filed.public_id)
    pages = range(1, (document.blob.pages or 1) + 1)
    context = {"document": document, "applicant": document.applicant, "pages": pages}
    template = "enrollment/scans/viewer.html" if wants_fragment(request) else "enrollment/scans/page.html"
    return render(request, template, context)


@requires("view_applicant")
@require_GET
def page(request: HttpRequest, document_id: UUID, number: int) -> HttpResponse:
    """One page of a scan as a picture; each is an event."""
    user = user_of(request)
    document = scan_reads.document_for(user, document_id)
    if filed := scan_reads.filed_as(document, user):
        return redirect("records:document_page", filed.student.public_id, filed.public_id, number)
    blob = document.blob
    try:
        if blob.content_type != PDF:
            if number != 1:
                raise Http404
            response = serve(blob, "inline")
        else:
            response = serve_bytes(page_png(open_blob(blob), number), "page.png", "image/png", "inline")
    except (BlobDamaged, FileRefused, IndexError):
        raise Http404 from None
    actions.note_view(actor=user, document=document, page=number)
    return response


@requires("view_applicant")
@require_GET
def download(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """The stored file itself; an event."""
    user = user_of(request)
    document = scan_reads.document_for(user, document_id)
    if filed := scan_reads.filed_as(document):
        return redirect("records:document_download", filed.student.public_id, filed.public_id)
    response = serve(document.blob)
    actions.note_view(actor=user, document=document, download=True)
    return response


# A ZIP of scans


@requires(*actions.PERMS)
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Upload a ZIP of scans for a batch."""
    user = user_of(request)
    batch = selectors.batch_for(user, batch_id)
    if not any(batch.school_id in units_with(user, perm) for perm in actions.PERMS):
        raise NotPermitted(*actions.PERMS, unit_id=batch.school_id)
    shown = ScansForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and shown.is_valid():
        uploaded = shown.cleaned_data["file"]
        try:
            made = actions.upload(
                actor=user,
                batch=batch,
                kind=shown.cleaned_data["kind"],
                content=uploaded.read(),
                filename=uploaded.name,
            )
        except FileRefused as refused:
            shown.add_error("file", refused.message)
        else:
            return redirect("enrollment:scan_upload", made.public_id)
    context = {"batch": batch, "form": shown}
    status = 422 if request.method == "POST" else 200
    return render(request, "enrollment/scans/upload.html", context, status=status)


@requires(*actions.PERMS)
@require_GET
def uploaded(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """What a ZIP of scans came to: what was given to whom, what did not match and why."""
    user = user_of(request)
    found = scan_reads.upload_for(user, upload_id)
    job = found.job
    context = {
        "batch": found.batch,
        "upload": found,
        "result": scan_reads.result_of(user, found),
        "failed": words_of(job),
        "progress": None
        if found.finished_at
        else how_far(job, url=reverse("jobs:progress", args=[job.public_id])),
    }
    return render(request, "enrollment/scans/result.html", context)
