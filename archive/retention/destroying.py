"""The destruction itself: applied for, approved, begun by one executor, confirmed by a second, and done at once.

A restore calls `reapply`: what the register of destruction names and a backup brought back is erased again.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from approvals import actions as requests
from approvals.kinds import Doing, kind
from approvals.models import Request
from approvals.refusals import WrongState
from archive.models import (
    AppraisalRound,
    AppraisedFile,
    DeletionRequest,
    DestroyedBlob,
    DestroyedFile,
    DestructionRequest,
    InquiryStudent,
    InquiryView,
    RetentionTerm,
    SharingStudent,
)
from archive.retention import actions
from archive.retention.listed import erase_listed
from archive.retention.obstacles import InTheWay, in_the_way
from files.actions import discard
from files.models import Blob
from ledger import events
from ledger.context import acting, current_actor, service_user
from ledger.history import is_history, update_rows
from ledger.models import InsertOnlyModel
from records.erasing import erasers
from records.models import Document, Student
from records.sections import sections

KIND = "destruction"
PRESENCE = timedelta(minutes=30)
"""How long after the first executor has begun the second one confirms beside him (监销)."""

STAYING = (AppraisedFile, RetentionTerm, DeletionRequest, InquiryStudent, InquiryView, SharingStudent)
"""Rows that stay, emptied of words and numbers: they tell that something was decided or read."""


@transaction.atomic
def apply(*, actor: User, row: AppraisalRound, reason: str) -> DestructionRequest:
    """Draft the application to destroy what a closed round decided to destroy. Raises WrongState, NotPermitted."""
    row = AppraisalRound.objects.select_for_update(of=("self",)).select_related("school").get(pk=row.pk)
    doomed = row.files.filter(outcome=AppraisedFile.Outcome.DESTROY).count()
    if row.report_id is None or not doomed:
        raise WrongState(_("This appraisal has no files to be destroyed."))
    if DestructionRequest.objects.filter(round=row).exists():
        raise WrongState(_("The destruction of these files is asked for already."))
    if not reason.strip():
        raise WrongState(_("Say why these files are to be destroyed."))
    made: Any = requests.open_request(
        actor=actor, kind=kind(KIND), school=row.school, round=row, reason=reason.strip(), quantity=doomed
    )
    typed: DestructionRequest = made
    return typed


def check_ready(typed: DestructionRequest) -> None:
    """What is asked when the application is submitted. Raises InTheWay, WrongState."""
    _doomed(typed)


def still_due(doing: Doing) -> None:
    """What is asked again at approval, and when the first executor begins. Raises InTheWay, WrongState."""
    _doomed(doing.typed)


def _doomed(typed: DestructionRequest) -> list[AppraisedFile]:
    """The files to be destroyed, their students locked. Raises InTheWay, WrongState."""
    rows = typed.round.files.filter(outcome=AppraisedFile.Outcome.DESTROY)
    files = list(rows.select_related("student").order_by("student"))
    if len(files) != typed.quantity:
        raise WrongState(_("These files are no longer to be destroyed."))
    ids = [one.student_id for one in files]
    locked = Student.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    students = {one.pk: one for one in locked}
    if blocked := in_the_way(ids, typed.request.school):
        named = [
            f"{one.archive_no}: {' '.join(blocked[one.student_id])}"
            for one in files
            if one.student_id in blocked
        ]
        raise InTheWay("; ".join(named[:5]))
    for one in files:
        one.student = students[one.student_id]
    return files


def end(request: Request, typed: DestructionRequest) -> None:
    """Files whose destruction was refused or recalled can be appraised again."""
    if request.state != Request.State.CLOSED:
        by: Any = current_actor()
        actions.release(typed.round, actor=by, role="")


def destroy(doing: Doing) -> None:
    """Destroy every file of the application: what lives, what the ledger says of it, what is stored.

    Raises InTheWay, WrongState; then nothing of it was done. Stored contents go after the commit, or by the sweep.
    """
    typed: DestructionRequest = doing.typed
    _demand_presence(doing)
    files = _doomed(typed)
    typed.executed_at = timezone.now()
    typed.save(update_fields=["executed_at"])
    try:
        with transaction.atomic():
            lines = [_registered(doing, one) for one in files]
    except IntegrityError as error:
        raise InTheWay(_("The database refuses this destruction. Nothing was destroyed.")) from error
    erase(lines)
    for line in lines:
        _told(doing.actor, doing.role, line, "file.destroyed")


def _demand_presence(doing: Doing) -> None:
    begun = doing.request.decisions.filter(step="begin", outcome="passed").order_by("-pk").first()
    if begun is None or timezone.now() - begun.at > PRESENCE:
        raise WrongState(
            _("The first executor began more than %(minutes)s minutes ago. Reopen the step; he begins anew.")
            % {"minutes": PRESENCE.seconds // 60}
        )


def _registered(doing: Doing, one: AppraisedFile) -> DestroyedFile:
    typed: DestructionRequest = doing.typed
    made: DestroyedFile = DestroyedFile.objects.create(
        subject=one.student.public_id,
        archive_no=one.archive_no,
        school=doing.request.school,
        number=doing.request.number,
        round_no=typed.round.number,
        documents=Document.objects.filter(student=one.student, is_current=True).count(),
        contents=_contents(one.student),
        approver=typed.approver,
        first_executor=typed.first_executor,
        second_executor=typed.second_executor,
    )
    return made


def _contents(student: Student) -> dict[str, int]:
    """How many rows of which model hang on a student and go with his file."""
    found: Counter[str] = Counter()
    relation: Any
    for relation in Student._meta.get_fields(include_hidden=True):
        model = relation.related_model
        if not relation.auto_created or relation.concrete or is_history(model) or _stays(model):
            continue
        count = model._default_manager.filter(**{relation.field.name: student}).count()
        if count:
            found[model._meta.label] += count
    return dict(found)


def _stays(model: type[Any]) -> bool:
    """Whether rows of a model stay, emptied of what they say; rows that are written once all do."""
    return model in STAYING or issubclass(model, InsertOnlyModel)


def _told(actor: User, role: str, line: DestroyedFile, name: str) -> None:
    events.record(
        name, actor=actor, obj=line, subject=line.subject, unit_id=line.school_id, role=role,
        detail={"number": line.number},
    )  # fmt: skip


def erase(lines: Sequence[DestroyedFile]) -> None:
    """Erase the files that these lines of the register name, as whoever is acting, in the caller's transaction."""
    line_of = {one.subject: one for one in lines}
    students = list(Student.objects.filter(public_id__in=line_of).order_by("pk"))
    for blob, student in erase_listed(students).items():
        _give_up(line_of[student.public_id], blob)
    for line in lines:
        _erase(line)
    with connection.cursor() as cursor:
        cursor.execute("SELECT archive_forget(%s)", [[line.subject for line in lines]])


def _erase(line: DestroyedFile) -> None:
    student = Student.objects.select_for_update().get(public_id=line.subject)
    parts = [*erasers(), *(one.erase for one in reversed(sections()) if one.erase)]
    for blob in {blob for part in parts for blob in part(student)}:
        _give_up(line, blob)


def _give_up(line: DestroyedFile, blob: Blob) -> None:
    if not DestroyedBlob.objects.filter(blob=blob).exists():
        DestroyedBlob.objects.create(destroyed=line, blob=blob)
    discard(blob)


def reapply() -> tuple[int, int]:
    """Erase again what stands in the register and lives; delete stored contents that came back.

    `restoring.load` brings the register of a newer day into a restored database first.

    Returns how many files and how many contents that were. Safe to run at any time.
    """
    alive = Student.objects.filter(destroyed_on__isnull=True).values("public_id")
    again = [
        _again(pk) for pk in DestroyedFile.objects.filter(subject__in=alive).values_list("pk", flat=True)
    ]
    return sum(again), _contents_again()


@transaction.atomic
def _again(pk: int) -> bool:
    line = DestroyedFile.objects.get(pk=pk)
    student = Student.objects.select_for_update().filter(public_id=line.subject).first()
    if student is None or student.destroyed_on is not None:
        return False
    by: Any = service_user()
    with acting(by, role="service", request_no=line.number):
        _let_go(student)
        erase([line])
        _told(by, "service", line, "file.destroyed_again")
    return True


def _let_go(student: Student) -> None:
    """Take a file that a backup brought back out of the appraisal or destruction that was under way then."""
    waiting = AppraisedFile.objects.filter(student=student, outcome__in=["", AppraisedFile.Outcome.DESTROY])
    rows = list(waiting.filter(round__destruction__executed_at__isnull=True).select_related("student"))
    for row in rows:
        row.outcome = AppraisedFile.Outcome.RELEASED
    if rows:
        update_rows(rows, ["outcome"], actor=current_actor(), role="service")


def _contents_again() -> int:
    keys = DestroyedBlob.objects.values_list("blob__storage_key", flat=True)
    found = [key for key in keys.iterator() if default_storage.exists(key)]
    for key in found:
        default_storage.delete(key)
    return len(found)
