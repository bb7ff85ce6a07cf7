"""Writes of consents."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import role_for, roles_with
from approvals.models import Request
from approvals.refusals import RequestRefused, WrongState
from archive.consents.selectors import READERS
from archive.models import Consent, SharingRequest
from files.actions import store
from files.models import Blob
from ledger import events
from ledger.context import acting
from records.models import Enrolment, FamilyMember, Student
from school.models import Unit

PERM = "record_consent"

SCANS = ("jpeg", "png", "pdf")
CHILD = 14
"""Under this age a guardian consents (PIPL art. 31)."""

Giver = Consent.Giver


class GuardianNeeded(RequestRefused):
    """The student is under 14, or no guardian stands in the file."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is the same for consents that are recorded together: by whom, how, when, by which text, and its scan."""

    giver: str
    way: str
    given_on: date
    text_version: str
    filename: str = ""
    content: bytes = b""


def is_child(student: Student, on: date) -> bool:
    """Whether the student is under 14 on that day; who has no birth date counts as a child."""
    born = student.birth_date
    return born is None or (on.year - born.year - ((on.month, on.day) < (born.month, born.day))) < CHILD


@transaction.atomic
def record(
    *,
    actor: User,
    school: Unit,
    students: Iterable[Student],
    matter: str,
    given: Given,
    sharing: SharingRequest | None = None,
) -> list[Consent]:
    """Record the consent of these students, or of their guardians, to one matter.

    Raises GuardianNeeded, WrongState for a day to come, for somebody who is no student here or for a sharing that is
    over, FileRefused, NotPermitted.
    """
    role = role_for(actor, PERM, school.pk)
    if given.given_on > timezone.localdate():
        raise WrongState(_("The day lies in the future."))
    if sharing is not None:
        _demand_open(sharing)
    with acting(actor, role=role):
        scan = None
        if given.content:
            scan = store(actor=actor, content=given.content, filename=given.filename, allowed=SCANS)
        return [_record(actor, role, school, student, matter, given, sharing, scan) for student in students]


def _demand_open(sharing: SharingRequest) -> None:
    request = Request.objects.select_for_update().get(pk=sharing.request_id)
    if request.state not in ("draft", "returned", "under_review", "approved"):
        raise WrongState(_("This sharing is over."))


def _record(
    actor: User,
    role: str,
    school: Unit,
    student: Student,
    matter: str,
    given: Given,
    sharing: SharingRequest | None,
    scan: Blob | None,
) -> Consent:
    if not Enrolment.objects.current().filter(student=student, school=school).exists():
        raise WrongState(_("%(name)s is no student of this school.") % {"name": student.name})
    if sharing is not None and not sharing.students.filter(student=student).exists():
        raise WrongState(_("%(name)s is not part of this sharing.") % {"name": student.name})
    under_14 = is_child(student, given.given_on)
    if under_14 and given.giver != Giver.GUARDIAN:
        words = _("%(name)s is under 14: a guardian gives the consent.")
        raise GuardianNeeded(words % {"name": student.name})
    made: Consent = Consent.objects.create(
        student=student,
        school=school,
        matter=matter,
        sharing=sharing,
        giver=given.giver,
        giver_name=_name_of_giver(student, given.giver),
        under_14=under_14,
        text_version=given.text_version.strip(),
        way=given.way,
        given_on=given.given_on,
        scan=scan,
        recorded_by=actor,
    )
    _note("consent.recorded", actor, role, made)
    return made


def _name_of_giver(student: Student, giver: str) -> str:
    if giver == Giver.STUDENT:
        return str(student.name)
    family = FamilyMember.objects.filter(student=student).exclude(name="")
    guardians = family.filter(is_guardian=True).order_by("-is_first_guardian", "position")
    guardian: FamilyMember | None = guardians.first()
    if guardian is None:
        raise GuardianNeeded(_("No guardian of %(name)s stands in the file.") % {"name": student.name})
    return guardian.name


@transaction.atomic
def withdraw(*, actor: User, consent: Consent) -> Consent:
    """Note that a consent was withdrawn; from now on nothing is given by it. Raises WrongState, NotPermitted."""
    role = role_for(actor, PERM, consent.school_id)
    rows = Consent.objects.select_for_update(of=("self",)).select_related("student")
    row: Consent = rows.get(pk=consent.pk)
    if row.withdrawn_on is not None:
        raise WrongState(_("This consent was withdrawn already."))
    row.withdrawn_on, row.withdrawn_by = timezone.localdate(), actor
    with acting(actor, role=role):
        row.save(update_fields=["withdrawn_on", "withdrawn_by"])
        _note("consent.withdrawn", actor, role, row)
    return row


def note_viewed(*, actor: User, consent: Consent) -> None:
    """Keep that the scan of a consent was seen."""
    _note("consent.viewed", actor, _reading_role(actor, consent.school_id), consent)


def _reading_role(actor: User, unit_id: int) -> str:
    found = [role for perm in READERS for role in roles_with(actor, perm, unit_id)]
    return found[0].value if found else ""


def _note(action: str, actor: User, role: str, row: Consent) -> None:
    events.record(
        action, actor=actor, obj=row, subject=row.student.public_id, unit_id=row.school_id, role=role,
        detail={"matter": row.matter, "giver": row.giver},
    )  # fmt: skip
