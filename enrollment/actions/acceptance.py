"""Acceptance by the archives (档案接收): the four checks, then the student file."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import User
from accounts.scope import role_for
from archive.four_checks.actions import check_files
from archive.four_checks.examining import Books
from archive.four_checks.items import Occasion
from enrollment.actions.decisions import Outcome, advance, decision, take_step
from enrollment.actions.notify import tell_of_acceptance
from enrollment.actions.refusals import ChecksFailed, IntakeRefused, WrongState
from enrollment.four_checks import Results, four_checks
from enrollment.kept_numbers import kept_numbers
from enrollment.models import Applicant, IntakeBatch
from enrollment.selectors import book_of
from enrollment.steps import ACCEPTANCE
from files.refusals import NotChecked
from ledger import events
from ledger.context import acting
from ledger.history import update_rows, write_rows
from records.actions import Admission, AlreadyEnrolled, open_files
from records.numbers import NumbersExhausted

FILES_AT_ONCE = 200


def accept(*, actor: User, applicant: Applicant, version: int | None = None, comment: str = "") -> Applicant:
    """Accept into the archives: the student file exists afterwards, teaching and student affairs are told.

    Raises ChecksFailed (an event keeps what was found), and what the reviews raise.
    """
    try:
        return _accepted(actor, applicant, version, comment)
    except ChecksFailed as failed:
        with transaction.atomic():
            events.record(
                "applicant.accepted",
                actor=actor,
                obj=applicant,
                role=role_for(actor, ACCEPTANCE.perm, applicant.unit_id),
                result="failed",
                detail=failed.results.detail,
            )
        raise


def _accepted(actor: User, applicant: Applicant, version: int | None, comment: str) -> Applicant:
    try:
        return _accept(actor, applicant, version, comment)
    except IntegrityError as clash:
        clash_of(clash)
    try:
        # Another archive opened a file for the same person meanwhile; now it is seen.
        return _accept(actor, applicant, version, comment)
    except IntegrityError as clash:
        raise WrongState(str(REFUSALS[clash_of(clash)])) from clash


@transaction.atomic
def _accept(actor: User, applicant: Applicant, version: int | None, comment: str) -> Applicant:
    row, role = take_step(ACCEPTANCE, actor, applicant, version)
    try:
        results = four_checks(row, book_of(row.batch))
    except NotChecked as silent:
        raise IntakeRefused(str(silent)) from silent
    if not results.passed:
        raise ChecksFailed(results)
    accept_rows([row], {row.pk: results}, actor=actor, role=role, comment=comment)
    tell_of_acceptance(row.batch)
    return row


def accept_rows(
    rows: Sequence[Applicant],
    results: dict[int, Results],
    *,
    actor: User,
    role: str,
    comment: str = "",
    sample: Any = None,
) -> None:
    """Accept locked and checked rows of one batch together, one or thousands.

    Raises WrongState when one of them has an open enrolment, or no student number is left; then nothing was done.
    """
    now = timezone.now()
    with acting(actor, role=role):
        students = _open(rows, actor, role)
        names: tuple[str, ...] = ()
        for row, student in zip(rows, students, strict=True):
            names = advance(ACCEPTANCE, row, actor, now=now)
            row.student = student
        update_rows(rows, [*names, "student"], actor=actor, role=role)
        made = [decision(row, ACCEPTANCE.key, Outcome.PASSED, actor, role, comment=comment) for row in rows]
        for one in made:
            one.sample = sample
        write_rows(made, actor=actor, role=role)
        events.record_many(
            ACCEPTANCE.event, rows, actor=actor, role=role, detail=lambda row: results[row.pk].detail
        )
        _check_files(rows, results, actor, role)


def _check_files(rows: Sequence[Applicant], results: dict[int, Results], actor: User, role: str) -> None:
    """Keep the four checks of each file with it; one that cannot be checked just now is the schedule's first."""
    books = Books()
    students = [row.student for row in rows if row.student is not None]
    contents = {pk: found for row in rows for pk, found in results[row.pk].contents.items()}
    for start in range(0, len(students), FILES_AT_ONCE):
        check_files(
            students[start : start + FILES_AT_ONCE],
            actor=actor,
            occasion=Occasion.ACCEPTANCE,
            role=role,
            contents=contents,
            books=books,
        )


def accept_apart(
    rows: Sequence[Applicant], results: dict[int, Results], *, actor: User, role: str, sample: Any = None
) -> dict[int, str]:
    """`accept_rows`, but whom the database refuses does not stop the others; why each was refused, by applicant."""
    try:
        with transaction.atomic():
            accept_rows(rows, results, actor=actor, role=role, sample=sample)
    except (NotOpened, IntegrityError) as refused:
        reason = refused.reason if isinstance(refused, NotOpened) else clash_of(refused)
        if len(rows) == 1:
            return {rows[0].pk: reason}
        half = len(rows) // 2
        first = accept_apart(rows[:half], results, actor=actor, role=role, sample=sample)
        return first | accept_apart(rows[half:], results, actor=actor, role=role, sample=sample)
    return {}


class NotOpened(WrongState):
    """The file cannot be opened; ``reason`` is a key of `REFUSALS`."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


REFUSALS = {
    "enrolled": _lazy("This person has an open enrolment: a transfer between schools is needed."),
    "clash": _lazy("A file with the same number exists already. Look for it before you try again."),
    "numbers": _lazy("No student number could be given. Try again."),
}
CONSTRAINTS = {
    "one_open_enrolment": "enrolled",
    "student_id_number_unique": "clash",
    "student_national_no_unique": "clash",
    "student_no_unique": "numbers",
}
"""What a constraint of the student file means for whoever accepts."""


def clash_of(error: IntegrityError) -> str:
    """The key of `REFUSALS` for a refusal of the database. Raises it again when it is another one."""
    diagnosis = getattr(error.__cause__, "diag", None)
    reason = CONSTRAINTS.get(diagnosis.constraint_name or "") if diagnosis else None
    if reason is None:
        raise error
    return reason


def _open(rows: Sequence[Applicant], actor: User, role: str) -> list[Any]:
    try:
        return open_files(
            actor=actor,
            admissions=[_admission(row) for row in rows],
            role=role,
            reserved=kept_numbers(rows[0].batch.school_id),
        )
    except AlreadyEnrolled as clash:
        text = _("%(count)s of them have an open enrolment: a transfer between schools is needed.")
        raise NotOpened("enrolled", text % {"count": len(clash.public_ids)}) from clash
    except NumbersExhausted as exhausted:
        text = _("No student number is left under %(prefix)s: raise the school's rule for serials.")
        raise NotOpened("numbers", text % {"prefix": exhausted}) from exhausted


def _admission(row: Applicant) -> Admission:
    return Admission(
        public_id=row.public_id,
        person=row,
        entry=row,
        school=row.batch.school,
        unit=row.unit,
        school_class_id=row.school_class_id,
        members=[member for member in row.members.all() if member.name],
        documents=[(document.kind, document.blob_id) for document in row.documents.all()],
        no_hukou=row.no_hukou,
        student_no=row.student_no,
        national_no=row.national_no,
        is_present=row.batch.kind == IntakeBatch.Kind.PRESENT,
    )
