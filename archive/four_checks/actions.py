"""Writes of the four checks: one file checked and the run kept; the files that are due, one after the other."""

import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.scope import role_for
from approvals import notices
from archive.four_checks import selectors
from archive.four_checks.examining import Books, Findings, Slice, examine_file
from archive.four_checks.items import ITEMS, STAGES, Occasion, bars
from archive.models import FourCheckItem, FourCheckRun
from files.refusals import NotChecked
from jobs import actions as jobs
from jobs.models import Job
from jobs.running import Running
from ledger import events
from ledger.context import acting, service_user
from ledger.history import write_rows
from records.models import Student
from records.selectors import StudentFile
from school.models import Unit

log = logging.getLogger(__name__)
JOB = "archive.four_checks"
FAILED, LOCKED = "four_checks.failed", "four_checks.locked"
NAMED = 3
AT_ONCE = 50
MOST_SECONDS = 30 * 60
"""A job stops beginning with further files after this time; the next one goes on where it stopped."""


def check_file(
    *, actor: Any, student: Student, occasion: str, role: str = "", request_no: str = ""
) -> FourCheckRun:
    """`check_files` for one. Raises NotChecked when something could not be tried just now; then nothing is kept."""
    runs, silent = check_files([student], actor=actor, occasion=occasion, role=role, request_no=request_no)
    for unanswered in silent.values():
        raise unanswered
    return runs[0]


def check_files(
    students: Sequence[Student],
    *,
    actor: Any,
    occasion: str,
    role: str = "",
    request_no: str = "",
    contents: Mapping[int, frozenset[str]] | None = None,
    books: Books | None = None,
) -> tuple[list[FourCheckRun], dict[int, NotChecked]]:
    """Check files, one or some hundred, and keep what was found; the caller has asked for the permission.

    Before a sharing every digest is read again, but nothing is opened. ``contents``: see `examining.examine_file`.
    Gives the runs, and by student why one could not be checked just now: of him nothing is kept.
    """
    known, books = Slice(students), books or Books()
    opening = occasion != Occasion.SHARING
    silent: dict[int, NotChecked] = {}
    found: list[tuple[FourCheckRun, Findings]] = []
    for student in students:
        try:
            one = examine_file(student, known, books, opening=opening, contents=contents)
        except NotChecked as unanswered:
            silent[student.pk] = unanswered
            continue
        run = FourCheckRun(
            subject=student.public_id, school=known.enrolments[student.pk].school, archive_no=student.archive_no,
            occasion=occasion, contents=one.contents, bytes=one.bytes, faults=len(one.failed), made_by=actor,
        )  # fmt: skip
        found.append((run, one))
    with transaction.atomic(), acting(actor, role=role, request_no=request_no):
        here = _still_here(students)
        silent |= {student.pk: NotChecked("gone") for student in students if student.public_id not in here}
        found = [(run, one) for run, one in found if run.subject in here]
        _keep(found, STAGES.get(Occasion(occasion), "CQ"), actor, role)
    return [run for run, _findings in found], silent


def _still_here(students: Sequence[Student]) -> set[UUID]:
    """Whose files were not destroyed while they were looked at; none is before the transaction ends."""
    rows = Student.objects.select_for_update(no_key=True).filter(pk__in=[one.pk for one in students])
    return set(rows.filter(destroyed_on__isnull=True).order_by("pk").values_list("public_id", flat=True))


def _keep(found: list[tuple[FourCheckRun, Findings]], stage: str, actor: Any, role: str) -> None:
    runs = write_rows([run for run, _findings in found], actor=actor, role=role)
    items = [
        FourCheckItem(
            run=run, code=f"{stage}-{number}", outcome=one.outcome(number), about=one.about.get(number, [])
        )
        for run, one in found
        for number in ITEMS
    ]  # fmt: skip
    write_rows(items, actor=actor, role=role)
    failed = {run.subject: one.failed for run, one in found}
    events.record_many(
        "student.checked",
        runs,
        actor=actor,
        role=role,
        detail=lambda run: {"occasion": run.occasion, "faults": run.faults, "failed": failed[run.subject]},
    )
    unsound = Counter(run.school for run in runs if run.faults)
    for school, count in unsound.items():
        _tell(school, count)


def _tell(school: Unit, count: int) -> None:
    url = reverse("archive:four_checks")
    notices.tell(FAILED, school=school, duties={Unit.Duty.ARCHIVES}, about=school.name, url=url, count=count)


def _tell_locked(school: Unit, ids: list[int]) -> None:
    """A damaged header names an unknown key as well, so that nothing of this may stay silent; names the first few."""
    url = reverse("archive:four_checks")
    about = ", ".join(one.archive_no for one in selectors.by_ids(ids[:NAMED]))
    notices.tell(LOCKED, school=school, duties={Unit.Duty.ARCHIVES}, about=about, url=url, count=len(ids))


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
            Unit.objects.select_for_update(no_key=True).get(pk=school.pk)
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
    done = 0
    for runs, silent in check_slices(
        _due_in_turn(running.job.unit), actor=running.actor, occasion=Occasion.SCHEDULE
    ):
        done += len(runs) + len(silent)
        if reasons := Counter(why.code for why in silent.values()):
            log.error("four checks: files not checked: %s", dict(reasons))
        if locked := [pk for pk, why in silent.items() if why.code == "key_missing"]:
            _tell_locked(running.job.unit, locked)
        running.progress(done, total)


def _due_in_turn(school: Unit) -> Iterator[list[Student]]:
    until = time.monotonic() + MOST_SECONDS
    tried: set[int] = set()
    while time.monotonic() < until and (students := selectors.next_due(school, tried, AT_ONCE)):
        tried.update(one.pk for one in students)
        yield students


def check_slices(
    slices: Iterable[list[Student]], *, actor: Any, occasion: str
) -> Iterator[tuple[list[FourCheckRun], dict[int, NotChecked]]]:
    """`check_files` for one slice after the other, unattended; each stands by itself."""
    books = Books()
    for students in slices:
        yield check_files(students, actor=actor, occasion=occasion, role="service", books=books)
