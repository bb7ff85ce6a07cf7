"""What the records room says about photos when it starts: events, jobs, inbox, menu, the button of a file."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from approvals.inbox import InboxSource
from approvals.inbox import register as register_inbox
from core.menu import MenuItem
from core.menu import register as register_menu
from jobs.models import Job
from jobs.registry import Kind
from jobs.registry import register as register_job
from ledger import events
from records.models import PhotoExport, PhotoUpload
from records.photos import actions, export, reading
from records.sections import Act, register_act
from records.selectors import StudentFile

EVENTS = {
    "photos.uploaded": _("Photos brought in"),
    "photos.distributed": _("Photos of a class distributed"),
    "photos.lapsed": _("Photos that nobody cropped deleted"),
    "photo.placed": _("Photo put into a student file"),
    "photo.exported": _("Photo of a student exported under his number"),
    "photo_export.asked": _("Export of photos asked for"),
    "photo_export.released": _("Export of photos released"),
    "photo_export.refused": _("Export of photos refused"),
    "photo_export.packed": _("Photos packed for export"),
    "photo_export.lapsed": _("Packed photos deleted"),
}


def _upload_page(job: Job) -> str:
    public_id = PhotoUpload.objects.filter(job=job).values_list("public_id", flat=True).first()
    return reverse("records:photo_upload", args=[public_id]) if public_id else ""


def _export_page(job: Job) -> str:
    public_id = PhotoExport.objects.filter(job=job).values_list("public_id", flat=True).first()
    return reverse("records:photo_export", args=[public_id]) if public_id else ""


def _change(user: User, file: StudentFile) -> str:
    return reverse("records:photo_change", args=[file.student.public_id])


def register_all() -> None:
    """Called once when the room starts."""
    for name, label in EVENTS.items():
        events.register(name, label)
    register_job(
        Kind(
            actions.JOB, _("Photos of a class"), actions.work, ended=actions.ended_badly, url=_upload_page,
            cancellable=False,
        )
    )  # fmt: skip
    register_job(
        Kind(
            export.JOB, _("Export of photos"), export.work, url=_export_page, may_take=export.may_take,
            cancellable=False,
        )
    )  # fmt: skip
    register_inbox(InboxSource("photo_exports", _("Export of photos"), reading.inbox))
    register_act("photo", Act(_("Photo"), "camera", _change, (actions.PERM,), order=120))
    register_menu(
        MenuItem(
            _("Photos"), "records:photos", "photo", actions.PERM, "files", 40,
            also=("records:photo_upload", "records:photo_crop", "records:photo_exports", "records:photo_export"),
        )
    )  # fmt: skip
