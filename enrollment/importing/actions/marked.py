"""The marked file of a large import, made by a job: ordered by the owner, taken by nobody else, gone after a time."""

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from core.workbook import WorkbookRefused
from enrollment.importing.actions.acts import (
    ImportRefused,
    demand_mendable,
    demand_owner,
    locked_import,
    record,
    role_of,
)
from enrollment.importing.selectors import marked_file, newest_marked_file
from enrollment.models import ImportJob, MarkedFile
from files.actions import store
from jobs import actions as jobs
from jobs.models import Job
from jobs.running import JobRefused, Running
from ledger.context import acting

MARK = "enrollment.mark_import"


@transaction.atomic
def order_marked_file(*, actor: User, import_job: ImportJob, queue: bool = True) -> Job:
    """Have the marked file made; the job that does it, the running one when there is one in this language.

    Raises NotOwner, ImportRefused, NotPermitted.
    """
    row = locked_import(import_job)
    role = role_of(actor, row.batch)
    demand_owner(actor, row)
    demand_mendable(row)
    known = newest_marked_file(row)
    if known and known.job.is_open and known.job.requested_by_id == actor.pk:
        return known.job
    language = translation.get_language() or "zh-hans"
    with acting(actor, role=role):
        job = jobs.start(actor=actor, kind=MARK, unit=row.batch.school, queue=queue)
        MarkedFile.objects.create(import_job=row, job=job, language=language)
        record("import.marked_file_ordered", actor, row, role=role)
    return job


def make_marked_file(running: Running) -> None:
    """The job. Nothing when a worker that died later made the file already. Raises JobRefused."""
    asked = MarkedFile.objects.select_related("import_job__batch__school", "import_job__blob").get(
        job=running.job
    )
    if asked.blob_id:
        return
    row = asked.import_job
    if row.owner_id != running.actor.pk:
        raise JobRefused(_("Somebody else has taken this import over."))
    with translation.override(asked.language):
        try:
            content = marked_file(row, told=running.progress)
        except WorkbookRefused as refused:
            raise JobRefused(refused.message) from refused
    with transaction.atomic(), translation.override(asked.language):
        try:
            demand_mendable(locked_import(row))
        except ImportRefused as undone:
            raise JobRefused(str(undone)) from undone
        asked.blob = store(
            actor=running.actor, content=content, filename=row.blob.filename, allowed=("xlsx",)
        )
        asked.save(update_fields=["blob"])
