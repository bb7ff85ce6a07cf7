"""A worker that is killed in the middle of an import: nothing half-done, and in the end everything exactly once."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from enrollment.importing import actions
from enrollment.models import Applicant, ApplicantMember, ImportJob
from jobs import progress
from jobs.models import Job
from jobs.tasks import sweep
from ledger.models import Event
from tests.cast import make_cast
from tests.enrollment.importing import check, fresh, make_classes
from tests.enrollment.intake import make_batch
from tests.support.applicant_files import national_workbook, people
from tests.support.worker import kill, worker

ROWS = 6000


def wait_for(what: Callable[[], bool], seconds: float, log: Path) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, log.read_text(errors="replace")[-3000:]
        time.sleep(0.1)


@pytest.mark.requirement("S0-6.2-2")
def test_a_killed_import_is_done_again_from_the_start(committed_db: str, tmp_path: Path) -> None:
    cast = make_cast()
    make_classes(cast.school)
    content = national_workbook(list(people(ROWS)))
    made = check(cast.clerk, make_batch(cast.school), content, queue=False)
    job_id = actions.start_import(actor=cast.clerk, import_job=made).job_id
    log = tmp_path / "worker.log"

    def in_the_middle() -> bool:
        told = progress.read(job_id)
        return told is not None and 0 < told[0] < ROWS

    with worker(log) as first:
        wait_for(in_the_middle, 60, log)
        kill(first)
        first.wait(10)
    job = Job.objects.get(pk=job_id)
    assert job.state == Job.State.RUNNING
    assert not Applicant.objects.exists()
    assert not Event.objects.filter(action="applicant.imported").exists()
    wait_for(lambda: sweep() == 1, 10, log)
    with worker(log):
        wait_for(lambda: not Job.objects.get(pk=job_id).is_open, 120, log)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.DONE, 2)
    assert (fresh(made).state, fresh(made).imported_count) == (ImportJob.State.IMPORTED, ROWS)
    assert Applicant.objects.count() == Applicant.history.model.objects.count() == ROWS
    assert ApplicantMember.objects.count() == 2 * ROWS
    assert Event.objects.filter(action="applicant.imported").count() == ROWS
    assert Event.objects.filter(action="import.imported").count() == 1
