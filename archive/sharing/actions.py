"""Writes of sharings: asked for, agreed, released, received, revoked, expired."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import reading_role, role_for
from approvals import actions as requests
from approvals import notices
from approvals.kinds import Doing, kind
from approvals.models import Request
from approvals.refusals import RequestRefused, WrongState
from archive.assessments.actions import demand_valid
from archive.consents.selectors import standing
from archive.four_checks.actions import bar, check_files
from archive.four_checks.items import Occasion
from archive.keepers import files_kept, kept_at, named
from archive.models import SharingRequest, SharingStudent
from archive.sharing.package import packed
from archive.sharing.selectors import READERS, columns_of, letter_again, students_of
from files.actions import Scan, copied, keep_scan, store_made
from files.serving import serve
from ledger import events
from ledger.context import acting, acting_for_job, service_user
from ledger.history import write_rows
from records.models import Student
from school.models import Unit

KIND = "sharing"
ENDED = "sharing.ended"
Ending, Outcome = SharingRequest.Ending, SharingStudent.Outcome


@transaction.atomic
def draft(
    *,
    actor: User,
    school: Unit,
    numbers: Sequence[str],
    letter: Scan | None = None,
    instead_of: SharingRequest | None = None,
    **values: Any,
) -> SharingRequest:
    """Ask to give these fields of these students to a receiver. ``values`` are columns of the request.

    ``instead_of``: the requester's own draft or returned request, which is taken back; its letter is copied when the
    same receiver and statutory basis come with no new one. Consents stay with what they were given to. Raises
    UnknownNumbers, FileRefused, WrongState, NotPermitted.
    """
    typed: Any = requests.open_request(
        actor=actor, kind=kind(KIND), school=school, instead_of=instead_of, **values
    )
    students = named(school, numbers)
    files = files_kept(students, school)
    role = typed.request.requester_role
    rows = [
        SharingStudent(sharing=typed, student=one, student_no=files[one.pk].student_no) for one in students
    ]
    write_rows(rows, actor=actor, role=role)
    known = letter_again(instead_of, receiver=typed.receiver, basis=typed.basis)
    if letter is not None or known is not None:
        with acting(actor, role=role):
            typed.letter = keep_scan(actor, letter) or (known and copied(actor, known))
            typed.save(update_fields=["letter"])
    made: SharingRequest = typed
    return made


def check_ready(typed: SharingRequest) -> None:
    """What is asked when a sharing is submitted. Raises WrongState."""
    known = {column.field for column in columns_of(typed.request.school)}
    if not typed.students.exists() or not typed.fields or not known.issuperset(typed.fields):
        raise WrongState(_("Name at least one student and one field."))
    demand_valid(typed.impact, typed.request.school)
    _demand_stands(typed)
    if typed.basis and typed.letter is None:
        raise WrongState(_("A statutory basis comes with a letter; add its scan."))


def still_wanted(doing: Doing) -> None:
    """Nobody approves what could only lapse, or whose impact assessment is over. Raises WrongState."""
    _demand_stands(doing.typed)


def _demand_stands(typed: SharingRequest) -> None:
    if typed.impact is not None:
        demand_valid(typed.impact, typed.request.school)
    if typed.valid_until < timezone.localdate():
        raise WrongState(_("The last day lies in the past."))


def note_agreement(doing: Doing) -> None:
    """Keep the signed agreement (信息共享协议)."""
    typed: SharingRequest = doing.typed
    typed.agreement = keep_scan(doing.actor, doing.data["agreement"])
    typed.save(update_fields=["agreement"])


def release(doing: Doing) -> None:
    """Make the package of those who consented and are still here; the others are left out. Raises WrongState."""
    typed: SharingRequest = doing.typed
    school = doing.request.school
    _demand_stands(typed)
    ids = list(typed.students.values_list("student_id", flat=True))
    list(Student.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
    rows = students_of(typed)
    here = _kept(typed, ids)
    agreed = here if typed.basis else here & standing(typed).keys()
    if not agreed:
        raise WrongState(_("Nobody of these students has consented; there is nothing to give."))
    barred = _barred(doing, [row.student for row in rows if row.student_id in agreed])
    if agreed <= barred:
        words = _("Each of these files fails the four checks; check them by hand and mend them first.")
        raise WrongState(words)
    for row in rows:
        row.outcome = _outcome(row.student_id, here, agreed, barred)
        row.save(update_fields=["outcome"])
    given = [(row.student_no, row.student) for row in rows if row.outcome == Outcome.GIVEN]
    content = packed(school, typed.fields, given, str(doing.data["package_password"]))
    typed.package = store_made(
        actor=doing.actor, content=content, filename=f"{doing.request.number}.xlsx", kind="xlsx"
    )
    typed.released_at = timezone.now()
    typed.save(update_fields=["package", "released_at"])
    detail = {"number": doing.request.number, "fields": list(typed.fields)}
    for _number, student in given:
        events.record(
            "student.shared", actor=doing.actor, obj=typed, subject=student.public_id, unit_id=school.pk,
            role=doing.role, detail=detail,
        )  # fmt: skip


def _outcome(student_id: int, here: set[int], agreed: set[int], barred: set[int]) -> str:
    if student_id not in here:
        return Outcome.LEFT
    if student_id not in agreed:
        return Outcome.NO_CONSENT
    return Outcome.CHECKS if student_id in barred else Outcome.GIVEN


def _barred(doing: Doing, students: Sequence[Student]) -> set[int]:
    """Those whose files fail what `four_checks.items.BARRING` names: they are left out.

    Raises WrongState when one could not be checked just now.
    """
    runs, silent = check_files(
        students,
        actor=doing.actor,
        occasion=Occasion.SHARING,
        role=doing.role,
        request_no=doing.request.number,
    )
    for unanswered in silent.values():
        raise WrongState(str(unanswered))
    sound = {run.subject for run in runs if not bar(run)}
    return {student.pk for student in students if student.public_id not in sound}


@transaction.atomic
def fetch_package(*, actor: User, typed: SharingRequest) -> HttpResponse:
    """The package, to be handed over; each time is kept.

    Raises WrongState before the release, after the end, and when somebody in it has withdrawn the consent or gone to
    another school since, but for what a statute asks for; NotPermitted; Http404 for a package that is damaged.
    """
    row = _locked(typed)
    role = role_for(actor, "release_sharing", row.request.school_id)
    if not row.in_force or row.package is None:
        raise WrongState(_("This sharing is not in force."))
    given = set(row.students.filter(outcome=Outcome.GIVEN).values_list("student_id", flat=True))
    if not row.basis and given - (_kept(row, given) & standing(row).keys()):
        words = _("A consent was withdrawn, or a student has left. Revoke this sharing and ask anew.")
        raise WrongState(words)
    answer = serve(row.package)
    _note("sharing.fetched", actor, role, row)
    return answer


def _kept(typed: SharingRequest, ids: Collection[int]) -> set[int]:
    """Those of the students whose files are kept here."""
    rows = kept_at(typed.request.school).filter(student_id__in=ids)
    return set(rows.values_list("student_id", flat=True))


@transaction.atomic
def note_receipt(
    *, actor: User, typed: SharingRequest, received_by: str, received_on: date
) -> SharingRequest:
    """Keep who received the package and when. Raises WrongState, NotPermitted."""
    row = _locked(typed)
    role = role_for(actor, "release_sharing", row.request.school_id)
    if row.released_at is None or row.received_on is not None:
        raise WrongState(_("There is no receipt to be noted."))
    if not timezone.localdate(row.released_at) <= received_on <= timezone.localdate():
        raise WrongState(_("The day does not lie between the release and today."))
    row.received_by, row.received_on = received_by.strip(), received_on
    with acting(actor, role=role):
        row.save(update_fields=["received_by", "received_on"])
        _note("sharing.received", actor, role, row)
    return row


@transaction.atomic
def revoke(*, actor: User, typed: SharingRequest, reason: str) -> SharingRequest:
    """End a sharing early; the receiver is to delete what he has. Raises WrongState, NotPermitted."""
    row = _locked(typed)
    role = role_for(actor, "release_sharing", row.request.school_id)
    if not row.in_force:
        raise WrongState(_("This sharing is not in force."))
    if not reason.strip():
        raise RequestRefused(_("Say why."))
    with acting(actor, role=role):
        _end(row, Ending.REVOKED, reason.strip())
        _note("sharing.revoked", actor, role, row)
    return row


def expire_due(today: date) -> int:
    """End what was allowed until yesterday or before, also what was never released; how many. Safe to run again."""
    due = SharingRequest.objects.filter(
        released_at__isnull=False, ended_on__isnull=True, valid_until__lt=today
    )
    count = 0
    for found in due.order_by("pk"):
        with transaction.atomic(), acting_for_job():
            row = _locked(found)
            if row.ended_on is None:
                _end(row, Ending.EXPIRED)
                _note("sharing.expired", service_user(), "service", row)
                count += 1
    unreleased = SharingRequest.objects.filter(
        request__state=Request.State.APPROVED, released_at__isnull=True, valid_until__lt=today
    )
    by: Any = service_user()
    for found in unreleased.select_related("request__school", "request__department").order_by("pk"):
        try:
            with transaction.atomic():
                requests.lapse(actor=by, request=found.request)
                _tell_ended(found)
        except WrongState:
            continue
        count += 1
    return count


def _end(row: SharingRequest, ending: str, reason: str = "") -> None:
    row.ended_on, row.ending, row.end_reason = timezone.localdate(), ending, reason
    row.save(update_fields=["ended_on", "ending", "end_reason"])
    _tell_ended(row)


def _tell_ended(row: SharingRequest) -> None:
    url = reverse("approvals:request", args=[row.request.public_id])
    duties = {Unit.Duty.ARCHIVES, row.request.department.duty or Unit.Duty.ARCHIVES}
    notices.tell(ENDED, school=row.request.school, duties=duties, about=row.receiver, url=url)


def note_viewed(*, actor: User, typed: SharingRequest, what: str) -> None:
    """Keep that the letter or the agreement was seen."""
    role = reading_role(actor, READERS, typed.request.school_id)
    _note("sharing.viewed", actor, role, typed, what=what)


def _locked(typed: SharingRequest) -> SharingRequest:
    Request.objects.select_for_update().get(pk=typed.request_id)
    found: SharingRequest = (
        SharingRequest.objects.select_for_update(of=("self",))
        .select_related("request__school", "request__department", "package")
        .get(pk=typed.pk)
    )
    return found


def _note(action: str, actor: Any, role: str, row: SharingRequest, **detail: str) -> None:
    events.record(
        action, actor=actor, obj=row, unit_id=row.request.school_id, role=role,
        detail={"number": row.request.number, **detail},
    )  # fmt: skip
