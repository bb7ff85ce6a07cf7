"""The marked file of a large import: made by a job, the owner's alone, fresh, gone after a time."""

import io
import threading
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from enrollment.importing import actions, selectors
from enrollment.importing.actions import marked
from enrollment.models import ImportJob, IntakeBatch, MarkedFile
from jobs.models import Job
from jobs.tasks import run
from ledger.models import Event
from tests.cast import Cast, make_cast
from tests.enrollment.importing import bring_in, check, make_classes
from tests.enrollment.intake import make_batch
from tests.enrollment.test_import_after import faulty
from tests.factories import set_rule


@pytest.fixture(autouse=True)
def _large(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "MOST_MARKED_AT_ONCE", 3)
    if "committed_db" not in request.fixturenames:
        make_classes(request.getfixturevalue("cast").school)


@pytest.fixture
def made(cast: Cast, batch: IntakeBatch) -> ImportJob:
    return bring_in(cast.clerk, check(cast.clerk, batch, faulty(5, bad=2), "新生.xlsx"))


def signed_in(user: User, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    return client


def address(name: str, made: ImportJob) -> str:
    return reverse(f"enrollment:{name}", args=[made.public_id])


def ordered(client: Client, made: ImportJob) -> Job:
    """Press the button; the job's row."""
    answer = client.post(address("import_marked_order", made))
    job = Job.objects.latest("pk")
    assert answer["Location"] == reverse("jobs:job", args=[job.public_id])
    return job


def test_it_is_made_by_a_job_and_taken_with_an_event(cast: Cast, made: ImportJob) -> None:
    client = signed_in(cast.clerk)
    page = client.get(address("import_result", made)).content.decode()
    assert "Make the marked file" in page
    assert "Download the marked file" not in page
    asked = client.get(address("import_marked", made), follow=True)
    assert "is made in the background first" in asked.content.decode()
    job = ordered(client, made)
    assert ordered(client, made) == job
    run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.total, job.result) == (Job.State.DONE, 2, None)
    page = client.get(reverse("jobs:job", args=[job.public_id])).content.decode()
    assert address("import_result", made) in page
    assert "Download the marked file" in client.get(address("import_result", made)).content.decode()
    answer = client.get(address("import_marked", made))
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    assert "The postcode does not have six digits" in str(sheet.cell(2, sheet.max_column).value)
    assert "%E6%96%B0%E7%94%9F-marked.xlsx" in answer["Content-Disposition"]
    assert Event.objects.filter(action="import.marked_file_ordered", actor=cast.clerk).count() == 1
    assert Event.objects.filter(action="import.marked_file_downloaded", actor=cast.clerk).count() == 1


def test_nobody_but_the_owner_orders_or_takes_it(cast: Cast, made: ImportJob) -> None:
    owner, colleague = signed_in(cast.clerk), signed_in(cast.second_clerk)
    page = colleague.post(address("import_marked_order", made), follow=True).content.decode()
    assert "王芳 owns this import" in page
    job = ordered(owner, made)
    actions.take_over_import(actor=cast.second_clerk, import_job=made, reason="王芳休假")
    run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error_number) == (Job.State.FAILED, "")
    assert MarkedFile.objects.get().blob is None
    run(ordered(colleague, made).pk)
    assert colleague.get(address("import_marked", made)).status_code == 200
    assert owner.get(address("import_marked", made)).status_code == 403
    assert signed_in(cast.outsider).get(address("import_marked", made)).status_code == 404


def test_it_lapses_and_is_made_anew_when_rows_were_mended(cast: Cast, made: ImportJob) -> None:
    set_rule(made.batch.school, "marked_file_hours", "2")
    client = signed_in(cast.clerk)
    job = ordered(client, made)
    run(job.pk)
    assert client.get(address("import_marked", made)).status_code == 200
    Job.objects.filter(pk=job.pk).update(finished_at=timezone.now() - timedelta(hours=2, minutes=1))
    assert client.get(address("import_marked", made)).status_code == 302
    run(ordered(client, made).pk)
    assert client.get(address("import_marked", made)).status_code == 200
    actions.dismiss(actor=cast.clerk, row=made.rows.earliest("row_number"), reason="已在他校入学")
    assert client.get(address("import_marked", made)).status_code == 302
    run(ordered(client, made).pk)
    sheet = openpyxl.load_workbook(io.BytesIO(client.get(address("import_marked", made)).content)).worksheets[
        0
    ]
    assert [bool(sheet.cell(row, sheet.max_column).value) for row in (2, 3)] == [False, True]


def test_it_speaks_the_language_of_who_ordered_it(cast: Cast, made: ImportJob) -> None:
    run(ordered(signed_in(cast.clerk), made).pk)
    assert signed_in(cast.clerk, "zh-hans").get(address("import_marked", made)).status_code == 302


def test_a_job_that_died_after_its_commit_makes_no_second_file(cast: Cast, made: ImportJob) -> None:
    job = ordered(signed_in(cast.clerk), made)
    run(job.pk)
    first = MarkedFile.objects.get().blob
    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED, finished_at=None)
    run(job.pk)
    assert MarkedFile.objects.get().blob == first


def test_one_that_is_made_while_the_import_is_undone_is_not_stored(
    cast: Cast, made: ImportJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ordered(signed_in(cast.clerk), made)
    written = marked.marked_file

    def meanwhile(*args: Any, **kwargs: Any) -> bytes:
        content = written(*args, **kwargs)
        actions.undo(actor=cast.clerk, import_job=made)
        return content

    monkeypatch.setattr(marked, "marked_file", meanwhile)
    run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error_number) == (Job.State.FAILED, "")
    assert MarkedFile.objects.get().blob is None


def test_two_orders_at_the_same_moment_are_one(committed_db: str) -> None:
    cast = make_cast()
    make_classes(cast.school)
    made = check(cast.clerk, make_batch(cast.school), faulty(5, bad=2), queue=False)
    barrier = threading.Barrier(2)
    jobs: list[Any] = []

    def order() -> None:
        barrier.wait()
        try:
            jobs.append(actions.order_marked_file(actor=cast.clerk, import_job=made, queue=False).pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=order) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(jobs) == 2
    assert len(set(jobs)) == MarkedFile.objects.count() == 1
