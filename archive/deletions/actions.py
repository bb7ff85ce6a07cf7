"""Writes of deletion requests: drafted, kept safe by a snapshot, carried out."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from approvals import actions as requests
from approvals.kinds import Doing, kind
from approvals.models import Request
from approvals.refusals import RequestRefused, WrongState
from archive import snapshots
from archive.edits.fields import digest
from archive.four_checks.actions import check_file
from archive.four_checks.items import Occasion
from archive.keepers import demand_kept
from archive.models import DeletionRequest, EditChange, LegalHold, PaperLoan, Tombstone
from files.refusals import NotChecked
from ledger import events
from records.merits.selectors import OPEN_STATES
from records.models import Enrolment, Student
from records.penalty_models import Penalty
from school.models import Unit
from school.rules import rule

KIND = "deletion"
Cause = DeletionRequest.Cause
AFTER_THE_END = (Cause.GRADUATED, Cause.LEFT)
"""Causes that fit a file only when its enrolment has ended."""

OPEN_CASE = Q(state__in=OPEN_STATES) | Q(appeal=Penalty.Appeal.OPEN)


class InTheWay(RequestRefused):
    """A hold, a loan, a penalty case or another request stands in the way of a deletion."""


@transaction.atomic
def draft(
    *,
    actor: User,
    school: Unit,
    student: Student,
    cause: str,
    reason: str,
    instead_of: DeletionRequest | None = None,
) -> DeletionRequest:
    """Draft the deletion of a file. ``instead_of``: the requester's own draft or returned request, which is taken back.

    Raises InTheWay, WrongState, NotPermitted.
    """
    typed: Any = requests.open_request(
        actor=actor,
        kind=kind(KIND),
        school=school,
        subject=student.public_id,
        instead_of=instead_of,
        student=student,
        cause=cause,
        reason=reason.strip(),
        small=str(rule(school, "duty_scheme")) == "small",
    )
    demand_free(demand_kept([student], school)[student.pk].student, cause)
    made: DeletionRequest = typed
    return made


def obstacles(student: Student, cause: str, *, own: Request | None = None) -> list[str]:
    """What stands in the way of deleting this file, in words. ``own`` is the request itself."""
    found = []
    if LegalHold.objects.filter(student=student, lifted_at__isnull=True).exists():
        found.append(_("The file is under a hold."))
    if PaperLoan.objects.filter(student=student, returned_on__isnull=True).exists():
        found.append(_("The paper file is lent out."))
    if cause in AFTER_THE_END and Enrolment.objects.filter(student=student, ended_on__isnull=True).exists():
        found.append(_("The student is still enrolled."))
    if Penalty.objects.filter(OPEN_CASE, student=student).exists():
        found.append(_("A penalty case of this student is open."))
    open_states = [Request.State.UNDER_REVIEW, Request.State.APPROVED]
    edits = EditChange.objects.filter(student=student, edit__request__state__in=open_states)
    others = DeletionRequest.objects.filter(student=student, request__state__in=open_states)
    if own is not None:
        others = others.exclude(request=own)
    if edits.exists() or others.exists():
        found.append(_("Another request about this file is under way."))
    return found


def demand_free(student: Student, cause: str, *, own: Request | None = None) -> None:
    """Refuse when something stands in the way. Raises InTheWay."""
    if found := obstacles(student, cause, own=own):
        raise InTheWay(" ".join(found))


def check_ready(typed: DeletionRequest) -> None:
    """What is asked when a deletion is submitted. Raises InTheWay, WrongState."""
    _free(typed)


def still_free(doing: Doing) -> None:
    """What is asked again when the head of archives approves. Raises InTheWay, WrongState."""
    _free(doing.typed)


def _free(typed: DeletionRequest) -> Student:
    """The student, locked: holds and loans lock the same row before they are written."""
    student = demand_kept([typed.student], typed.request.school)[typed.student_id].student
    demand_free(student, typed.cause, own=typed.request)
    return student


def shelve(doing: Doing) -> None:
    """Check the file, keep the whole of it in an encrypted, verified package, move it to the inactive archive, and
    leave a trace. What the four checks find stays with the file; what cannot be read stops it.

    Raises InTheWay, WrongState, SnapshotFailed.
    """
    typed: DeletionRequest = doing.typed
    student = _free(typed)
    try:
        check_file(
            actor=doing.actor, student=student, occasion=Occasion.DELETION, role=doing.role,
            request_no=doing.request.number,
        )  # fmt: skip
    except NotChecked as silent:
        raise WrongState(str(silent)) from silent
    typed.snapshot = snapshots.make(
        actor=doing.actor,
        role=doing.role,
        student=student,
        school=doing.request.school,
        request_no=doing.request.number,
    )
    today = timezone.localdate()
    in_use = Enrolment.objects.select_for_update().filter(student=student, shelved_on__isnull=True)
    for row in in_use.order_by("pk"):
        names = ["shelved_on"]
        row.shelved_on = today
        if row.ended_on is None:
            row.ended_on, row.status = max(today, row.started_on), Student.Status.CANCELLED
            names += ["ended_on", "status"]
        row.save(update_fields=names)
    holds = LegalHold.objects.filter(student=student, lifted_at__isnull=True).count()
    loans = PaperLoan.objects.filter(student=student, returned_on__isnull=True).count()
    typed.obstacles, typed.executed_at = holds + loans, timezone.now()
    try:
        with transaction.atomic():
            typed.save(update_fields=["snapshot", "obstacles", "executed_at"])
    except IntegrityError as error:
        raise InTheWay(_("A hold or a loan stands in the way.")) from error
    Tombstone.objects.create(
        subject=student.public_id,
        school=doing.request.school,
        archive_no=student.archive_no,
        name_digest=digest(student.name),
        cause=typed.cause,
        deletion=typed,
    )
    events.record(
        "student.shelved", actor=doing.actor, obj=student, subject=student.public_id,
        unit_id=doing.request.school_id, role=doing.role,
        detail={"number": doing.request.number, "cause": typed.cause},
    )  # fmt: skip
