"""Two people at the same moment, and many applicants at once."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction

from enrollment import actions
from enrollment.actions import scans
from enrollment.four_checks import four_checks
from enrollment.importing.actions.acts import locked_batch
from enrollment.models import Applicant, IntakeDecision
from enrollment.selectors import book_of
from jobs.models import Job
from jobs.tasks import run
from ledger.context import acting
from ledger.models import Event
from records.models import Enrolment, Student
from tests.cast import Cast, make_cast
from tests.enrollment.intake import approved, draft, make_batch, submitted
from tests.enrollment.test_scans import image, zipped
from tests.factories import appoint, make_user
from tests.support.together import at_once


def test_two_reviewers_at_the_same_moment(committed_db: str) -> None:
    cast = make_cast()
    batch = make_batch(cast.school)
    row = approved(cast, batch)
    results = at_once(
        lambda: actions.accept(actor=cast.archivist, applicant=row, version=row.version),
        lambda: actions.accept(actor=cast.archive_head, applicant=row, version=row.version),
    )
    lost = [one for one in results if isinstance(one, actions.AlreadyDone)]
    won = [one for one in results if isinstance(one, Applicant)]
    assert (len(won), len(lost)) == (1, 1)
    assert lost[0].by == won[0].acceptor
    assert lost[0].by.name in str(lost[0])
    assert (Student.objects.count(), Enrolment.objects.count()) == (1, 1)
    assert IntakeDecision.objects.filter(step="acceptance").count() == 1


def test_one_passes_while_another_returns(committed_db: str) -> None:
    cast = make_cast()
    third = make_user("钱进", cast.admissions)
    appoint(third, "admissions_clerk", cast.school)
    row = submitted(cast.clerk, make_batch(cast.school))
    results = at_once(
        lambda: actions.review_initially(actor=cast.second_clerk, applicant=row),
        lambda: actions.send_back(actor=third, applicant=row, reason="scan_unclear"),
    )
    assert sum(isinstance(one, actions.AlreadyDone) for one in results) == 1
    assert IntakeDecision.objects.filter(step="initial_review").count() == 1


def test_acceptances_at_the_same_moment_get_different_numbers(committed_db: str) -> None:
    cast = make_cast()
    batch = make_batch(cast.school)
    first, second = approved(cast, batch, 1), approved(cast, batch, 2, name="赵小红")
    at_once(
        lambda: actions.accept(actor=cast.archivist, applicant=first),
        lambda: actions.accept(actor=cast.archive_head, applicant=second),
    )
    assert sorted(Enrolment.objects.values_list("student_no", flat=True)) == ["20260001", "20260002"]
    assert len(set(Student.objects.values_list("archive_no", flat=True))) == 2


def somebody_waits_for_a_lock() -> bool:
    """Whether a connection comes to wait for another one, within ten seconds."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return True
        time.sleep(0.05)
    return False


@contextmanager
def in_another_transaction(act: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """Somebody else has done this and not committed; what is given lets him, and waits until he has."""
    is_done, may_commit = threading.Event(), threading.Event()

    def does() -> None:
        with transaction.atomic():
            act()
            is_done.set()
            assert may_commit.wait(60)

    other = threading.Thread(target=at_once, args=[does])

    def commit() -> None:
        may_commit.set()
        other.join()

    other.start()
    try:
        assert is_done.wait(30)
        yield commit
    finally:
        commit()


def begun(job_id: int) -> threading.Thread:
    """A job that a worker has begun, and that waits for somebody else."""
    working = threading.Thread(target=at_once, args=[lambda: run(job_id)])
    working.start()
    assert somebody_waits_for_a_lock()
    return working


def test_scans_come_in_during_an_import_and_are_distributed_after_it(committed_db: str) -> None:
    cast = make_cast()
    batch = make_batch(cast.school)
    numbers: list[str] = []

    def imports() -> None:
        locked_batch(batch)
        numbers.append(draft(cast.clerk, batch).number)

    with in_another_transaction(imports) as commit:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '3s'")
        content = zipped({f"{numbers[0]}.jpg": image(1)})
        made = scans.upload(actor=cast.clerk, batch=batch, kind="id_card", content=content, filename="a.zip")
        distributing = begun(made.job_id)
        assert not made.files.exists()
        commit()
    distributing.join()
    given = made.files.get()
    assert (given.applicant.number, given.reason) == (numbers[0], "")


def test_a_distribution_that_waited_for_its_own_end_does_nothing(
    committed_db: str, caplog: pytest.LogCaptureFixture
) -> None:
    cast = make_cast()
    batch = make_batch(cast.school)
    row = draft(cast.clerk, batch)
    content = zipped({f"{row.number}.jpg": image(1)})
    made = scans.upload(actor=cast.clerk, batch=batch, kind="id_card", content=content, filename="a.zip")

    with in_another_transaction(lambda: locked_batch(batch)) as commit:
        distributing = begun(made.job_id)
        with transaction.atomic(), acting(cast.head):
            scans.forget(batch, [], scans.stop(batch, actor=cast.head, role="admissions_head"))
        commit()
    distributing.join()
    assert not made.files.exists()
    assert Job.objects.get(pk=made.job_id).state == Job.State.FAILED
    assert not default_storage.exists(made.blob.storage_key)
    assert [one.getMessage() for one in caplog.records if one.levelname == "ERROR"] == []


@pytest.mark.requirement("S1-2.2-3")
def test_many_are_accepted_at_once(cast: Cast) -> None:
    batch = make_batch(cast.school)
    pattern = approved(cast, batch)
    rows = copies(pattern, 300)
    book = book_of(batch)
    with transaction.atomic():
        locked = list(
            Applicant.objects.select_for_update(of=("self",))
            .select_related("batch__school", "unit", "programme")
            .prefetch_related("members", "documents__blob", "typed_cells")
            .filter(pk__in=[row.pk for row in rows])
        )
        results = {row.pk: four_checks(row, book) for row in locked}
        assert all(one.passed for one in results.values())
        actions.accept_rows(locked, results, actor=cast.archivist, role="archivist")
    assert Student.objects.count() == Enrolment.objects.count() == 300
    assert Student.history.count() == 300
    assert Event.objects.filter(action="applicant.accepted").count() == 300
    assert IntakeDecision.objects.filter(step="acceptance", role="archivist").count() == 300
    assert Applicant.objects.filter(state="accepted", acceptor=cast.archivist).count() == 300
    numbers = set(Enrolment.objects.values_list("student_no", flat=True))
    assert numbers == {f"2026{serial:04d}" for serial in range(1, 301)}


def copies(pattern: Applicant, count: int) -> list[Applicant]:
    """As many approved applicants with the data of one, different in name only and without numbers."""
    from copy import copy
    from uuid import uuid4

    from enrollment.models import ApplicantMember
    from ledger.history import write_rows
    from records.search import fill
    from tests.enrollment.intake import id_number

    rows, members = [], []
    for serial in range(count):
        row = copy(pattern)
        row.pk, row.public_id, row.number = None, uuid4(), f"T{serial:06d}"
        row._state = type(pattern._state)()
        row.id_number = id_number(serial + 10) if serial < 400 else ""
        fill(row)
        rows.append(row)
    write_rows(rows, actor=pattern.entered_by)
    for row in rows:
        for position, name in ((1, "王大明"), (2, "赵丽")):
            member = pattern.members.get(position=position)
            copied = ApplicantMember(applicant=row, **{f: getattr(member, f) for f in MEMBER_FIELDS})
            copied.position, copied.name = position, name
            members.append(copied)
    write_rows(members, actor=pattern.entered_by)
    return rows


MEMBER_FIELDS = ("relation", "address", "hukou_code", "phone", "is_guardian", "id_type", "id_number")
MEMBER_FIELDS += ("position", "name")


def test_a_draft_saved_from_two_windows_loses_nothing(committed_db: str) -> None:
    cast = make_cast()
    row = draft(cast.clerk, make_batch(cast.school))
    results = at_once(
        lambda: actions.save_draft(
            actor=cast.clerk, applicant=row, cells={"talent": "围棋"}, version=row.version
        ),
        lambda: actions.save_draft(
            actor=cast.clerk, applicant=row, cells={"talent": "书法"}, version=row.version
        ),
    )
    stale = [one for one in results if isinstance(one, actions.StaleVersion)]
    assert len(stale) == 1
    assert stale[0].current["talent"] == Applicant.objects.get().talent
