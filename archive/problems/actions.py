"""Writes of problem records: a list brought in, its rows answered, confirmed or returned."""

import hashlib
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.errors import CheckViolation

from accounts.models import User
from accounts.scope import role_for
from approvals.models import Request
from approvals.refusals import OwnFile, RequestRefused, SamePerson, StaleVersion, WrongState
from approvals.relation import is_related
from archive.models import ProblemList, ProblemRow
from archive.problems.reading import Listed, Matcher, listed_rows
from archive.problems.selectors import CONFIRM, WORK, requests_for, unit_of
from files.actions import store
from ledger import events
from ledger.context import acting
from ledger.history import write_rows
from school.models import Unit

ALLOWED = ("xlsx", "csv")
State, Answer = ProblemRow.State, ProblemRow.Answer
ACT_FIELDS = ["state", "answer", "reason", "request", "answered_by", "answered_at", "returned", "version"]


class SameFile(RequestRefused):
    """The school has brought this very file in already, as ``problem_list``."""

    def __init__(self, problem_list: ProblemList) -> None:
        text = _("This file was brought in already, as “%(title)s”.")
        super().__init__(text % {"title": problem_list.title})
        self.problem_list = problem_list


@transaction.atomic
def bring(
    *, actor: User, school: Unit, source: str, title: str, due_on: date, content: bytes, filename: str
) -> ProblemList:
    """Keep a list and find the student of each row. All of it, or nothing.

    Raises WorkbookRefused, FileRefused, SameFile, WrongState, NotPermitted.
    """
    role = role_for(actor, WORK, school.pk)
    Unit.objects.select_for_update(no_key=True).get(pk=school.pk)
    before = ProblemList.objects.filter(school=school, file__sha256=hashlib.sha256(content).hexdigest())
    if found := before.first():
        raise SameFile(found)
    listed = listed_rows(content, source)
    blob = store(actor=actor, content=content, filename=filename, allowed=ALLOWED)
    with acting(actor, role=role):
        made: ProblemList = ProblemList.objects.create(
            school=school, source=source, title=title.strip(), due_on=due_on, file=blob, brought_by=actor
        )
        matcher = Matcher(school, listed)
        rows = _written(actor, role, [_row(made, one, matcher) for one in listed])
        unmatched = sum(row.student_id is None for row in rows)
        events.record(
            "problem_list.brought", actor=actor, obj=made, unit_id=school.pk, role=role,
            detail={"source": source, "rows": len(rows), "unmatched": unmatched},
        )  # fmt: skip
    return made


def _written(actor: User, role: str, rows: list[ProblemRow]) -> list[ProblemRow]:
    """Write the rows, unless the database refuses one because its student's file was destroyed since it was found."""
    try:
        with transaction.atomic():
            return write_rows(rows, actor=actor, role=role)
    except IntegrityError as error:
        if not _is_by_trigger(error):
            raise
        words = _("The file of a student on this list was destroyed just now. Bring the list in again.")
        raise WrongState(words) from error


def _is_by_trigger(error: IntegrityError) -> bool:
    """Whether a trigger refused the row: a constraint would be named."""
    cause = error.__cause__
    return isinstance(cause, CheckViolation) and not cause.diag.constraint_name


def _row(made: ProblemList, one: Listed, matcher: Matcher) -> ProblemRow:
    student, match = matcher.match(one)
    return ProblemRow(
        problem_list=made, row_no=one.row_no, student=student, match=match, kind=one.kind,
        listed_name=one.name[:80], listed_number=" ".join(one.numbers.values()), text=one.text,
    )  # fmt: skip


@transaction.atomic
def explain(*, actor: User, row: ProblemRow, version: int, reason: str) -> ProblemRow:
    """Answer that the file stays as it is, with the reason. Raises RequestRefused, NotPermitted."""
    if not reason.strip():
        raise RequestRefused(_("Say why."))
    return _answer(actor, row, version, Answer.EXPLAINED, reason.strip(), None)


@transaction.atomic
def mend(*, actor: User, row: ProblemRow, version: int, request: Request) -> ProblemRow:
    """Answer with the request that mends the file. Raises RequestRefused, NotPermitted."""
    if request not in requests_for(row):
        raise WrongState(_("This request does not change the file of this student."))
    return _answer(actor, row, version, Answer.MENDED, "", request)


def _answer(
    actor: User, row: ProblemRow, version: int, answer: str, reason: str, request: Request | None
) -> ProblemRow:
    row, role = _begun(actor, row, version, WORK, State.OPEN)
    row.state, row.answer, row.reason, row.request = State.ANSWERED, answer, reason, request
    row.answered_by, row.answered_at, row.version = actor, timezone.now(), row.version + 1
    with acting(actor, role=role):
        row.save(update_fields=ACT_FIELDS)
        _note("problem_row.answered", actor, role, row, answer=answer)
    return row


@transaction.atomic
def confirm(*, actor: User, row: ProblemRow, version: int) -> ProblemRow:
    """Confirm an answer; a mended row only once its request is done. Raises RequestRefused, NotPermitted."""
    row, role = _begun(actor, row, version, CONFIRM, State.ANSWERED)
    if row.request is not None and row.request.state != Request.State.CLOSED:
        raise WrongState(_("The request is not carried out yet."))
    row.state, row.confirmed_by, row.confirmed_at = State.CONFIRMED, actor, timezone.now()
    row.version += 1
    with acting(actor, role=role):
        row.save(update_fields=["state", "confirmed_by", "confirmed_at", "version"])
        _note("problem_row.confirmed", actor, role, row, answer=row.answer)
    return row


@transaction.atomic
def send_back(*, actor: User, row: ProblemRow, version: int, reason: str) -> ProblemRow:
    """Return an answer to be given anew, with the reason. Raises RequestRefused, NotPermitted."""
    if not reason.strip():
        raise RequestRefused(_("Say why."))
    row, role = _begun(actor, row, version, CONFIRM, State.ANSWERED)
    row.state, row.answer, row.reason, row.request = State.OPEN, "", "", None
    row.answered_by, row.answered_at = None, None
    row.returned, row.version = reason.strip(), row.version + 1
    with acting(actor, role=role):
        row.save(update_fields=ACT_FIELDS)
        _note("problem_row.returned", actor, role, row)
    return row


@transaction.atomic
def note_viewed(*, actor: User, row: ProblemRow) -> None:
    """Keep that somebody looked at a row which names a student."""
    if row.student is not None:
        events.record("problem_row.viewed", actor=actor, obj=row, unit_id=unit_of(row))


def _begun(actor: User, row: ProblemRow, version: int, perm: str, state: str) -> tuple[ProblemRow, str]:
    """The locked row and the role, if it stands as the page showed it and ``actor`` may act on it."""
    ProblemRow.objects.select_for_update().get(pk=row.pk)
    joined = ("problem_list__school", "student", "request", "answered_by")
    now: ProblemRow = ProblemRow.objects.select_related(*joined).get(pk=row.pk)
    role = role_for(actor, perm, unit_of(now))
    if now.version != version or now.state != state:
        raise StaleVersion(_("Somebody has worked on this row meanwhile. The page shows how it stands now."))
    if now.answered_by_id == actor.pk:
        raise SamePerson(_("You gave this answer. Somebody else confirms it."))
    if now.student is not None and is_related(actor, [now.student.public_id]):
        raise OwnFile(_("Nobody decides on his own file or on that of his family"))
    return now, role


def _note(action: str, actor: User, role: str, row: ProblemRow, **detail: Any) -> None:
    events.record(
        action, actor=actor, obj=row, subject=row.ledger_subject(), unit_id=row.problem_list.school_id, role=role,
        detail={"row": row.row_no, **detail},
    )  # fmt: skip
