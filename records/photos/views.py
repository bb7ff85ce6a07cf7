"""Pages of photos: brought one by one or as the ZIP of a class, cropped, exported under identity numbers."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires, user_of
from accounts.scope import holds
from files.refusals import FileRefused
from files.selectors import BlobDamaged, open_blob
from files.serving import serve
from jobs.selectors import how_far
from records import opening
from records.documents import rights
from records.models import PhotoExport, PhotoFile
from records.photos import actions, export, picture, reading
from records.photos.actions import PERM
from records.photos.forms import ClassPhotosForm, CropForm, ExportForm, PhotoForm
from records.photos.picture import PhotoRefused
from records.photos.reasons import PhotoActRefused, reason_text
from records.selectors import photo_of, student_file


def _status(request: HttpRequest) -> int:
    return 422 if request.method == "POST" else 200


@requires(PERM)
@require_http_methods(["GET", "POST"])
def photos(request: HttpRequest) -> HttpResponse:
    """Bring the photos of a class; recent imports."""
    user = user_of(request)
    form = ClassPhotosForm(request.POST or None, request.FILES or None, classes=reading.classes(user))
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        uploaded = told["file"]
        try:
            made = actions.upload(
                actor=user, school_class=told["school_class"], content=uploaded.read(),
                filename=uploaded.name, replaces=told["replaces"],
            )  # fmt: skip
        except FileRefused as refused:
            form.add_error("file", refused.message)
        else:
            return redirect("records:photo_upload", made.public_id)
    values = {
        "form": form, "uploads": reading.recent_uploads(user), "limit": 60,
        "may_export": any(holds(user, perm) for perm in export.RELEASERS),
    }  # fmt: skip
    return render(request, "records/photos/photos.html", values, status=_status(request))


@requires(PERM)
@require_GET
def uploaded(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """What became of each picture of an import."""
    found = reading.upload_for(user_of(request), upload_id)
    if asked := opening.question(request):
        return asked
    progress = None
    if found.finished_at is None and found.job is not None:
        progress = how_far(found.job, url=reverse("jobs:progress", args=[found.job.public_id]))
    values = {"upload": found, "result": reading.result_of(found), "progress": progress}
    return render(request, "records/photos/upload.html", values)


@requires(PERM)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Bring a photo for one student; cropping comes next."""
    user = user_of(request)
    file = student_file(user, public_id)
    rights.demand_in(file, PERM)
    if asked := opening.question(request):
        return asked
    form = PhotoForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            row = actions.bring(actor=user, file=file, content=sent.read(), filename=sent.name)
        except FileRefused as refused:
            form.add_error("file", refused.message)
        except PhotoRefused as refused:
            form.add_error("file", reason_text(refused.code))
        else:
            return redirect("records:photo_crop", row.public_id)
    opening.note(request, file, again=True)
    values = {"file": file, "student": file.student, "form": form, "photo": photo_of(file)}
    return render(request, "records/photos/change.html", values, status=_status(request))


def _waiting(request: HttpRequest, file_id: UUID) -> PhotoFile:
    return reading.file_for(user_of(request), file_id)


@requires(PERM)
@require_http_methods(["GET", "POST"])
def crop(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Cut out the part of a picture that is the photo: by dragging, by arrow keys or by numbers."""
    row = _waiting(request, file_id)
    if row.state != PhotoFile.State.CROP or row.source is None or row.student is None:
        messages.info(request, reason_text("done"))
        return redirect("records:photo_upload", row.upload.public_id)
    size, first, warned = _measured(row)
    form = CropForm(
        request.POST or None, initial={"left": first.left, "top": first.top, "width": first.width}
    )
    if request.method == "POST" and form.is_valid():
        try:
            actions.crop(actor=user_of(request), photo=row, box=form.box())
        except (PhotoRefused, PhotoActRefused) as refused:
            form.add_error(None, reason_text(refused.code))
        else:
            messages.success(request, _("The photo is in the file."))
            return _after_crop(row)
    opening.note(request, student_file(user_of(request), row.student.public_id), again=True)
    values = {"row": row, "student": row.student, "form": form, "size": size, "warnings": warned}
    return render(request, "records/photos/crop.html", values, status=_status(request))


def _measured(row: PhotoFile) -> tuple[tuple[int, int], picture.Box, list[str]]:
    if row.source is None:
        raise Http404
    try:
        content = open_blob(row.source)
    except BlobDamaged:
        raise Http404 from None
    size = picture.size_of(content)
    line = reading.FileLine(PhotoFile(warnings=picture.warnings_of(content)))
    return size, picture.suggested(size), line.warnings


def _after_crop(row: PhotoFile) -> HttpResponse:
    """To the next picture of the import that waits, else to the result, or the student's file."""
    waiting = reading.result_of(row.upload).waiting
    if waiting:
        return redirect("records:photo_crop", waiting[0].file.public_id)
    if row.upload.school_class is not None:
        return redirect("records:photo_upload", row.upload.public_id)
    return redirect("records:photo_change", row.student.public_id if row.student else "")


@requires(PERM)
@require_GET
def source(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """The picture that is being cropped."""
    row = _waiting(request, file_id)
    if row.source is None:
        raise Http404
    return serve(row.source, "inline")


@requires(*export.RELEASERS)
@require_http_methods(["GET", "POST"])
def exports(request: HttpRequest) -> HttpResponse:
    """The register of exports; ask for one."""
    user = user_of(request)
    schools = reading.export_schools(user)
    form = ExportForm(request.POST or None, schools=schools, classes=reading.export_classes(user))
    if request.method == "POST" and form.is_valid():
        try:
            row = export.ask(actor=user, **form.asked())
        except PhotoActRefused as refused:
            form.add_error("scope", str(refused))
        else:
            messages.success(request, _("Asked for. Somebody else releases it, then it is packed."))
            return redirect("records:photo_export", row.public_id)
    values = {"form": form if schools else None, "exports": reading.exports(user)}
    return render(request, "records/photos/exports.html", values, status=_status(request))


@requires(*export.RELEASERS)
@require_GET
def one_export(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """One export: who asked, who released, how far the packing is, until when it can be taken."""
    user = user_of(request)
    row = reading.export_for(user, export_id)
    values: dict[str, Any] = {
        "export": row,
        "may_decide": row.state == PhotoExport.State.ASKED and row.asked_by_id != user.pk,
        "may_take": row.job is not None and row.job.result is not None and export.may_take(user, row.job),
        "lapsed": row.lapses_at is not None and row.lapses_at <= timezone.now(),
    }
    if row.job is not None and row.photos is None:
        values["progress"] = how_far(row.job, url=reverse("jobs:progress", args=[row.job.public_id]))
    return render(request, "records/photos/export.html", values)


@requires(*export.RELEASERS)
@require_POST
def decide_export(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """Release an export that somebody else asked for, or refuse it."""
    user = user_of(request)
    row = reading.export_for(user, export_id)
    release = request.POST.get("decision") == "release"
    if not release and request.POST.get("decision") != "refuse":
        return redirect("records:photo_export", row.public_id)
    try:
        export.decide(actor=user, export=row, release=release)
    except PhotoActRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Released") if release else _("Refused"))
    return redirect("records:photo_export", row.public_id)
