"""Work done again: a job whose worker died after its commit, an undone import that mended another, races."""

import threading
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connections

from accounts.models import User
from enrollment import actions as intake
from enrollment.actions import bulk
from enrollment.importing import actions
from enrollment.importing.selectors import cells_of_row
from enrollment.models import Applicant, ImportJob, ImportRow, IntakeBatch
from jobs.models import Job
from jobs.tasks import run
from ledger.context import acting
from ledger.models import Event
from records.models import Enrolment, Student
from tests.cast import Cast, make_cast
from tests.enrollment.importing import bring_in, check, fresh, make_classes
from tests.enrollment.intake import GOOD, approved, id_number, make_batch, submitted
from tests.enrollment.test_bulk import GIVEN, seen_sample
from tests.enrollment.test_import_after import faulty, mended_copy
from tests.support.applicant_files import national_workbook, people


@pytest.fixture(autouse=True)
def _classes(request: pytest.FixtureRequest) -> None:
    if "committed_db" not in request.fixturenames:
        make_classes(request.getfixturevalue("cast").school)


def without_numbers(count: int, *, bad: int, seed: int) -> bytes:
    """Foreign pupils who have no number, the first ``bad`` with a wrong postcode."""
    rows = [
        {**row, "身份证件类型": "其他", "身份证件号": "", "港澳台侨外": "外国人"}
        for row in people(count, seed=seed)
    ]
    for row in rows[:bad]:
        row["邮政编码"] = "4300"
    return national_workbook(rows)


def as_if_killed(job: Job) -> None:
    """The job as the sweep leaves it when the worker died between the work's commit and the note of its end."""
    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED, finished_at=None)


def test_an_import_whose_worker_died_after_the_commit_is_not_done_twice(
    cast: Cast, batch: IntakeBatch
) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty(5, bad=1)))
    as_if_killed(made.job)
    run(made.job_id)
    again = fresh(made)
    assert again.job.state == Job.State.DONE
    assert (again.state, again.imported_count, again.error_count) == (ImportJob.State.IMPORTED, 4, 1)
    assert (again.rows.count(), Applicant.objects.count()) == (1, 4)
    assert Event.objects.filter(action="import.imported").count() == 1


def test_an_undone_import_is_not_brought_in_by_its_job(cast: Cast, batch: IntakeBatch) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty(5, bad=1)))
    actions.undo(actor=cast.clerk, import_job=made)
    as_if_killed(made.job)
    run(made.job_id)
    assert fresh(made).state == ImportJob.State.UNDONE
    assert not Applicant.objects.exists()


def test_a_bulk_approval_whose_worker_died_after_the_commit_is_done(
    cast: Cast, batch: IntakeBatch, monkeypatch: Any
) -> None:
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 1)
    for serial in range(3):
        submitted(cast.clerk, batch, serial, name=f"陈明{GIVEN[serial]}")
    sample = bulk.start_bulk(actor=cast.second_clerk, sample=seen_sample(cast.second_clerk, batch))
    assert sample.job
    run(sample.job.pk)
    as_if_killed(sample.job)
    run(sample.job.pk)
    sample.job.refresh_from_db()
    assert (sample.job.state, sample.job.message) == (Job.State.DONE, "")
    assert Event.objects.filter(action="applicant.bulk_passed").count() == 1


def test_a_bulk_job_that_is_refused_says_why(cast: Cast, batch: IntakeBatch, monkeypatch: Any) -> None:
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 1)
    rows = [submitted(cast.clerk, batch, serial, name=f"陈明{GIVEN[serial]}") for serial in range(3)]
    sample = bulk.start_bulk(actor=cast.second_clerk, sample=seen_sample(cast.second_clerk, batch))
    assert sample.job
    intake.send_back(actor=cast.second_clerk, applicant=rows[0], reason="scan_unclear")
    run(sample.job.pk)
    sample.job.refresh_from_db()
    assert (sample.job.state, sample.job.error_number) == (Job.State.FAILED, "")
    with pytest.raises(bulk.SampleFaulty) as refused:
        bulk._ready_sample(cast.second_clerk, sample)
    assert sample.job.message == str(refused.value)
    sample.refresh_from_db()
    assert sample.job is None


def test_undoing_an_import_that_mended_another_opens_the_mended_rows_again(
    cast: Cast, batch: IntakeBatch
) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty(6, bad=3)))
    rows = list(made.rows.order_by("row_number"))
    actions.dismiss(actor=cast.clerk, row=rows[2], reason="已在他校入学")
    again = bring_in(cast.clerk, check(cast.clerk, batch, mended_copy(made, keep_good=True), "marked.xlsx"))
    assert [row.state for row in made.rows.order_by("row_number")] == ["mended", "dismissed", "dismissed"]
    assert actions.undo(actor=cast.clerk, import_job=again) == again.imported_count
    first, second, third = made.rows.order_by("row_number")
    for row in (first, second):
        assert (row.state, row.reason, row.resolved_by, row.resolved_at) == ("problem", "", None, None)
    assert (third.state, third.reason) == ("dismissed", "已在他校入学")
    assert Applicant.objects.count() == 3


def test_rows_mended_at_the_same_moment_are_all_counted(committed_db: str) -> None:
    cast = make_cast()
    make_classes(cast.school)
    made = bring_in(cast.clerk, check(cast.clerk, make_batch(cast.school), faulty(6, bad=4), queue=False))
    barrier = threading.Barrier(4)
    faults: list[Exception] = []

    def mend(row: ImportRow) -> None:
        try:
            barrier.wait()
            actions.mend(actor=cast.clerk, row=row, cells={**cells_of_row(row), "postcode": "430070"})
        except (DatabaseError, actions.ImportRefused) as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=mend, args=[row]) for row in made.rows.all()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert fresh(made).imported_count == Applicant.objects.count() == 6


def test_two_clerks_who_save_one_number_at_the_same_moment(committed_db: str) -> None:
    cast = make_cast()
    batch = make_batch(cast.school)
    drafts = [
        (user, intake.start_applicant(actor=user, batch=batch)) for user in (cast.clerk, cast.second_clerk)
    ]
    barrier = threading.Barrier(2)
    outcomes: list[Any] = []

    def save(user: User, row: Applicant) -> None:
        try:
            barrier.wait()
            saved = intake.save_draft(actor=user, applicant=row, cells={**GOOD, "id_number": id_number(1)})
            outcomes.append(tuple(fault.code for fault in saved.refused))
        except IntegrityError as fault:
            outcomes.append((repr(fault),))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=save, args=one) for one in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [(), ("id_duplicate",)]


def test_two_archives_that_accept_one_person_at_the_same_moment(committed_db: str) -> None:
    cast = make_cast()
    first, second = make_batch(cast.school), make_batch(cast.school, code="TEST-2")
    rows = [approved(cast, first), approved(cast, second, 2)]
    with acting(cast.clerk):
        rows[1].id_number, rows[1].id_number_index = rows[0].id_number, rows[0].id_number_index
        rows[1].save(update_fields=["id_number", "id_number_index"])
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def accept(row: Applicant) -> None:
        try:
            barrier.wait()
            intake.accept(actor=cast.archivist, applicant=row)
            outcomes.append("accepted")
        except (intake.WrongState, IntegrityError) as fault:
            outcomes.append("refused" if isinstance(fault, intake.WrongState) else type(fault).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=accept, args=[row]) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["accepted", "refused"]
    assert Student.objects.count() == Enrolment.objects.count() == 1


def test_a_marked_file_adds_no_pupil_without_number_twice(cast: Cast, batch: IntakeBatch) -> None:
    older = bring_in(cast.clerk, check(cast.clerk, batch, without_numbers(6, bad=2, seed=1), "a.xlsx"))
    bring_in(cast.clerk, check(cast.clerk, batch, without_numbers(6, bad=2, seed=2), "b.xlsx"))
    assert Applicant.objects.count() == 8
    again = check(cast.clerk, batch, mended_copy(older, keep_good=True), "marked.xlsx")
    bring_in(cast.clerk, again)
    assert Applicant.objects.count() == 9
