"""Writes of the four checks: one file checked and the run kept; the files that are due, one after the other."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.scope import role_for
from approvals import notices
from archive.four_checks import selectors
from archive.four_checks.examining import Books, examine_file
from archive.four_checks.items import ITEMS, STAGES, Occasion, bars
from archive.models import FourCheckItem, FourCheckRun
from files.refusals import NotChecked
from jobs import actions as jobs
from jobs.models import Job
from jobs.running import Running
from ledger import events
from ledger.context import acting, service_user
from ledger.history import write_rows
from records.models import Enrolment, Student
from records.selectors import StudentFile
from school.models import Unit

JOB = "archive.four_checks"
FAILED = "four_checks.failed"
AT_ONCE = 50
MOST_SECONDS = 30 * 60
"""A job stops beginning with further files after this time; the next one goes on where it stopped."""


@transaction.atomic
def check_file(
    *,
    actor: Any,
    student: Student,
    occasion: str,
    role: str = "",
    request_no: str = "",
    known: Mapping[int, frozenset[str]] | None = None,
    books: Books | None = None,
) -> FourCheckRun:
    """Check a file and keep what was found; the caller has asked for the permission.

    Before a sharing every digest is read again, but nothing is opened. ``known``: see `examining.examine_file`. Raises
    NotChecked when something could not be tried just now; then nothing is kept.
    """
    newest = Enrolment.objects.current().select_related("school").get(student=student)
    opening = occasion != Occasion.SHARING
    found = examine_file(student, newest, books or Books(), opening=opening, known=known)
    stage = STAGES.get(Occasion(occasion), "CQ")
    run = FourCheckRun(
        subject=student.public_id, school=newest.school, archive_no=student.archive_no, occasion=occasion,
        contents=found.contents, bytes=found.bytes, faults=len(found.failed), made_by=actor,
    )  # fmt: skip
    with acting(actor, role=role, request_no=request_no):
        run.save()
        items = [
            FourCheckItem(
                run=run, code=f"{stage}-{number}", outcome=found.outcome(number), about=found.about.get(number, [])
            )
            for number in ITEMS
        ]  # fmt: skip
        write_rows(items, actor=actor, role=role)
        events.record(
            "student.checked", actor=actor, obj=run, subject=student.public_id, unit_id=newest.unit_id, role=role,
            detail={"occasion": occasion, "faults": run.faults, "failed": found.failed},
        )  # fmt: skip
        if run.faults:
            _tell(newest.school)
    return run


def _tell(school: Unit) -> None:
    url = reverse("archive:four_checks")
    notices.tell(FAILED, school=school, duties={Unit.Duty.ARCHIVES}, about=school.name, url=url)


def check_by_hand(*, actor: User, file: StudentFile) -> FourCheckRun:
    """Check the file that somebody has open. Raises NotPermitted, NotChecked."""
    role = role_for(actor, selectors.PERM, file.enrolment.unit_id)
    return check_file(actor=actor, student=file.student, occasion=Occasion.HAND, role=role)


def bar(run: FourCheckRun) -> bool:
    """Whether the file may not be given to anybody outside, as this run found it."""
    failed = run.items.filter(outcome=FourCheckItem.Outcome.FAILED)
    return any(bars(item.number) for item in failed)


# On schedule


def start_due() -> int:
    """Begin a job for each school that has files to be checked, unless one is under way; how many were begun."""
    count = 0
    for school in selectors.schools_with_files():
        with transaction.atomic():
            Unit.objects.select_for_update().get(pk=school.pk)
            under_way = Job.objects.filter(
                kind=JOB, unit=school, state__in=[Job.State.QUEUED, Job.State.RUNNING]
            )
            if selectors.due(school).exists() and not under_way.exists():
                by: Any = service_user()
                jobs.start(actor=by, kind=JOB, unit=school)
                count += 1
    return count


def work(running: Running) -> None:
    """The job: the files of a school that are due, the oldest check first, each in a transaction of its own.

    Begun again after its worker died, it goes on: what was checked is not due any more.
    """
    total = selectors.due(running.job.unit).count()
    check_many(
        _due_in_turn(running.job.unit),
        actor=running.actor,
        occasion=Occasion.SCHEDULE,
        told=lambda run, done: running.progress(done, total),
    )


def _due_in_turn(school: Unit) -> Iterator[Student]:
    until = time.monotonic() + MOST_SECONDS
    tried: set[int] = set()
    while time.monotonic() < until and (students := selectors.next_due(school, tried, AT_ONCE)):
        tried.update(one.pk for one in students)
        yield from students


def check_many(
    students: Iterable[Student],
    *,
    actor: Any,
    occasion: str,
    told: Callable[[FourCheckRun | None, int], None],
) -> list[Student]:
    """Check files one after the other; ``told`` hears each run and the number done.

    Returns those whom something kept from being checked just now.
    """
    books = Books()
    silent = []
    for done, student in enumerate(students, start=1):
        run = None
        try:
            run = check_file(actor=actor, student=student, occasion=occasion, role="service", books=books)
        except NotChecked:
            silent.append(student)
        told(run, done)
    return silent
