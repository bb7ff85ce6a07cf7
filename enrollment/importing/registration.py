"""What the import tells the other rooms at start: its jobs and its events."""

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.menu import MenuItem
from core.menu import register as register_menu
from enrollment.importing import actions
from enrollment.importing.selectors import READERS
from enrollment.models import ImportJob
from jobs.models import Job
from jobs.registry import Kind, register
from ledger import events

EVENTS = {
    "import.uploaded": _("Import file uploaded"),
    "import.checked": _("Import file checked"),
    "import.refused": _("Import file refused"),
    "import.imported": _("File imported"),
    "import.taken_over": _("Import taken over"),
    "import.undone": _("Import undone"),
    "import.opened": _("Import result opened"),
    "import.marked_file_ordered": _("Marked import file ordered"),
    "import.marked_file_downloaded": _("Marked import file downloaded"),
    "import.row_opened": _("Problem row opened"),
    "import.row_taken_over": _("Problem row taken over"),
    "import.row_mended": _("Problem row mended"),
    "import.row_dismissed": _("Problem row dismissed"),
    "applicant.imported": _("Applicant imported"),
}


PAGES = ("import_upload", "import_result", "import_row")


def _page(job: Job) -> str:
    asked = Q(job=job) | Q(marked_files__job=job)
    public_id = ImportJob.objects.filter(asked).values_list("public_id", flat=True).first()
    return reverse("enrollment:import_result", args=[public_id]) if public_id else ""


def register_all() -> None:
    """Called once when the room starts."""
    for name, label in EVENTS.items():
        events.register(name, label)
    for kind, label in (
        (actions.CHECK, _("Check of an import file")),
        (actions.IMPORT, _("Import of applicants")),
    ):
        register(Kind(kind, label, actions.work, ended=actions.ended_badly, url=_page))
    register(Kind(actions.MARK, _("Marked file of an import"), actions.make_marked_file, url=_page))
    also = tuple(f"enrollment:{name}" for name in PAGES)
    readers = "|".join(READERS)
    register_menu(
        MenuItem(_("Imports"), "enrollment:imports", "file-import", readers, "intake", 30, also=also)
    )
    register_menu(
        MenuItem(_("Problem rows"), "enrollment:import_problems", "alert-triangle", readers, "intake", 31)
    )
