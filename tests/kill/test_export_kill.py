"""A worker that is killed while it makes an export: no file and no trace of it, then one of each."""

from pathlib import Path

import pytest
from django.db import transaction

from audit.models import ExportRequest
from files.models import Blob
from jobs.models import Job
from jobs.tasks import sweep
from ledger.models import Event
from tests.audit.exporting import asked, fresh, pupils, stepped
from tests.cast import make_cast
from tests.kill.test_import_kill import wait_for
from tests.support.worker import kill, worker


@pytest.mark.requirement("S1-8-5")
def test_a_killed_export_is_made_once(committed_db: str, tmp_path: Path) -> None:
    cast = make_cast()
    typed = stepped(cast.second_registrar, asked(cast, pupils(cast, "王小明", "李小红")))
    assert typed.job is not None
    job, log = typed.job, tmp_path / "worker.log"

    def state() -> str:
        job.refresh_from_db()
        return job.state

    with transaction.atomic():
        ExportRequest.objects.select_for_update().get(pk=typed.pk)
        with worker(log) as first:
            wait_for(lambda: Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).exists(), 60, log)
            kill(first)
            first.wait(10)
    assert (state(), fresh(typed).made_at, Blob.objects.count()) == (Job.State.RUNNING, None, 0)
    assert not Event.objects.filter(action__in=["student.exported", "export.made"]).exists()
    wait_for(lambda: sweep() == 1, 20, log)
    with worker(log):
        wait_for(lambda: state() == Job.State.DONE, 60, log)
    assert (job.attempts, fresh(typed).rows, Blob.objects.count()) == (2, 2, 1)
    assert Event.objects.filter(action="student.exported").count() == 2
    assert Event.objects.filter(action="export.made").count() == 1
