"""The events and jobs of batches, bulk approval, scans and printing."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.menu import MenuItem
from enrollment.models import IntakeSample, ScanUpload
from jobs.models import Job

EVENTS = {
    "batch.opened": _("Intake batch opened"),
    "batch.changed": _("Intake batch changed"),
    "batch.closed": _("Intake batch closed"),
    "batch.reopened": _("Intake batch opened again"),
    "sample.drawn": _("Sample drawn before a bulk approval"),
    "sample.closed": _("Sample closed"),
    "applicant.bulk_passed": _("Class passed at once"),
    "scan.attached": _("Scan attached"),
    "scan.removed": _("Scan removed"),
    "scan.viewed": _("Scan viewed"),
    "scan.downloaded": _("Scan downloaded"),
    "scans.uploaded": _("File of scans uploaded"),
    "scans.matched": _("File of scans distributed"),
    "scans.stopped": _("Distribution of scans stopped: an import was undone"),
    "form.printed": _("Form with personal numbers printed"),
    "list.printed": _("List printed"),
}

MENU = (
    MenuItem(_("Hand over work"), "enrollment:hand_over", "user-share", "manage_intake", "intake", 50),
    MenuItem(
        _("No hukou"),
        "enrollment:bureau",
        "user-question",
        "approve_no_hukou",
        "intake",
        30,
    ),
    MenuItem(
        _("No ID number"),
        "enrollment:without_number",
        "id-badge-2",
        "view_applicant",
        "intake",
        40,
    ),
)


def _bulk_page(job: Job) -> str:
    public_id = IntakeSample.objects.filter(job=job).values_list("public_id", flat=True).first()
    return reverse("enrollment:bulk_report", args=[public_id]) if public_id else ""


def _scans_page(job: Job) -> str:
    public_id = ScanUpload.objects.filter(job=job).values_list("public_id", flat=True).first()
    return reverse("enrollment:scan_upload", args=[public_id]) if public_id else ""


def register_all() -> None:
    """Called once when the room starts."""
    from enrollment import printing  # noqa: PLC0415 - the rooms' models are ready only now
    from enrollment.actions import bulk, scans  # noqa: PLC0415 - as above
    from jobs.registry import Kind, register  # noqa: PLC0415 - as above
    from ledger import events  # noqa: PLC0415 - as above

    for name, label in EVENTS.items():
        events.register(name, label)
    register(Kind(bulk.JOB, _("Bulk approval"), bulk.work, ended=bulk.ended_badly, url=_bulk_page))
    register(
        Kind(
            scans.JOB,
            _("Distribution of scans"),
            scans.work,
            ended=scans.ended_badly,
            url=_scans_page,
            cancellable=False,
            failed=_("The work stopped midway. What it did until then stays; please upload the rest again."),
        )
    )
    register(Kind(printing.JOB, _("Printing of forms"), printing.work, may_take=printing.may_take))
