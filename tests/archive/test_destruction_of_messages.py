"""The number of a destroyed file goes from what failed jobs keep as well (S3-9.2-3)."""

import pytest

from archive.certificates.actions import JOB as CERTIFICATES
from jobs import actions as jobs
from jobs.models import Job
from ledger.context import service_user
from records.models import Student
from tests.archive.appraising import WAY, applied, leaver, ten_years, walk
from tests.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S3-9.2-3")]


def failed(cast: Cast, student_no: str) -> Job:
    """A job that kept whose form could not be printed."""
    job = jobs.start(actor=service_user(), kind=CERTIFICATES, unit=cast.school, queue=False)
    jobs.end(job, Job.State.FAILED, message=f"{student_no}: 打印字体缺少此表中的字")
    return job


def test_a_failed_print_forgets_the_number_of_a_destroyed_file(cast: Cast) -> None:
    ten_years(cast)
    student: Student = leaver(cast)
    job = failed(cast, student.enrolments.get().student_no)
    other = failed(cast, "X-1")
    walk(cast, applied(cast), *WAY)
    for row in (job, other):
        row.refresh_from_db()
    assert (job.state, job.message) == (Job.State.FAILED, "")
    assert other.message.startswith("X-1")
