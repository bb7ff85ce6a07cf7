"""Writes of holds and of loans of paper files."""

from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import role_for
from approvals.refusals import RequestRefused, SamePerson, WrongState
from archive.keepers import demand_kept
from archive.keeping.selectors import LOAN, is_important
from archive.models import LegalHold, PaperLoan
from ledger import events
from ledger.context import acting
from records.models import Student
from records.selectors import StudentFile

HOLD = "manage_retention"


def _locked(file: StudentFile) -> Student:
    """Deletions lock the same row before they look for holds and loans."""
    found: Student = Student.objects.select_for_update().get(pk=file.student.pk)
    return found


@transaction.atomic
def place_hold(*, actor: User, file: StudentFile, reason: str, basis: str) -> LegalHold:
    """Put a file under a hold. Raises NotPermitted."""
    role = role_for(actor, HOLD, file.enrolment.unit_id)
    student = _locked(file)
    with acting(actor, role=role):
        made: LegalHold = LegalHold.objects.create(
            student=student,
            school=file.enrolment.school,
            reason=reason.strip(),
            basis=basis.strip(),
            placed_by=actor,
        )
        _note("hold.placed", actor, role, made, file.enrolment.unit_id)
    return made


@transaction.atomic
def lift_hold(*, actor: User, file: StudentFile, hold: LegalHold, reason: str) -> LegalHold:
    """Lift a hold; another person than the one who placed it. Raises SamePerson, WrongState, NotPermitted."""
    role = role_for(actor, HOLD, file.enrolment.unit_id)
    row: LegalHold = LegalHold.objects.select_for_update().get(pk=hold.pk)
    if row.lifted_at is not None:
        raise WrongState(_("This hold was lifted already."))
    if row.placed_by_id == actor.pk:
        raise SamePerson(_("Another person than the one who placed a hold lifts it"))
    row.lifted_by, row.lifted_at, row.lift_reason = actor, timezone.now(), reason.strip()
    with acting(actor, role=role):
        row.save(update_fields=["lifted_by", "lifted_at", "lift_reason"])
        _note("hold.lifted", actor, role, row, file.enrolment.unit_id)
    return row


@transaction.atomic
def lend(
    *,
    actor: User,
    file: StudentFile,
    copy: str,
    borrower: str,
    borrower_unit: str,
    purpose: str,
    due_on: date,
) -> PaperLoan:
    """Lend the paper file or its backup copy; of an especially important file the backup copy alone.

    Raises WrongState when there is none or it is not here, RequestRefused, NotPermitted.
    """
    role = role_for(actor, LOAN, file.enrolment.unit_id)
    student = demand_kept([file.student], file.enrolment.school)[file.student.pk].student
    today = timezone.localdate()
    if not student.has_paper:
        raise WrongState(_("No paper file is kept of this student."))
    if PaperLoan.objects.filter(student=student, returned_on__isnull=True).exists():
        raise WrongState(_("The paper file is lent out already."))
    if copy != PaperLoan.Copy.BACKUP and is_important(student):
        raise RequestRefused(
            _("This file is especially important: its backup copy is lent, not the original.")
        )
    if due_on < today:
        raise RequestRefused(_("The day of return lies in the past."))
    with acting(actor, role=role):
        made: PaperLoan = PaperLoan.objects.create(
            student=student,
            school=file.enrolment.school,
            copy=copy,
            borrower=borrower.strip(),
            borrower_unit=borrower_unit.strip(),
            purpose=purpose.strip(),
            lent_on=today,
            due_on=due_on,
            lent_by=actor,
        )
        _note("loan.lent", actor, role, made, file.enrolment.unit_id)
    return made


@transaction.atomic
def take_back(*, actor: User, loan: PaperLoan, condition: str = "") -> PaperLoan:
    """Take a paper file back at the school that lent it, wherever the student is. Raises WrongState, NotPermitted."""
    role = role_for(actor, LOAN, loan.school_id)
    row: PaperLoan = (
        PaperLoan.objects.select_for_update(of=("self",)).select_related("student").get(pk=loan.pk)
    )
    if row.returned_on is not None:
        raise WrongState(_("This paper file was taken back already."))
    row.returned_on, row.taken_back_by, row.condition = timezone.localdate(), actor, condition.strip()
    with acting(actor, role=role):
        row.save(update_fields=["returned_on", "taken_back_by", "condition"])
        _note("loan.returned", actor, role, row, loan.school_id)
    return row


def _note(action: str, actor: User, role: str, row: LegalHold | PaperLoan, unit_id: int) -> None:
    subject = row.student.public_id
    events.record(action, actor=actor, obj=row, subject=subject, unit_id=unit_id, role=role)
