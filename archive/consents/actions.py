"""Writes of consents."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import reading_role, role_for
from approvals import notices
from approvals.models import Request
from approvals.refusals import RequestRefused, WrongState
from archive.consents.selectors import READERS, is_adult, is_child
from archive.keepers import kept_at
from archive.models import Consent, SharingRequest
from files.actions import Scan, keep_scan
from files.models import Blob
from ledger import events
from ledger.context import acting
from records.models import FamilyMember, Student
from school.models import Unit

PERM = "record_consent"
WITHDRAWN = "consent.withdrawn"

Giver = Consent.Giver


class GuardianNeeded(RequestRefused):
    """The student is under 14, or no guardian stands in the file."""


class OfAge(RequestRefused):
    """The student is 18 or older and consents himself."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is the same for consents that are recorded together: by whom, how, when, by which text, and its scan."""

    giver: str
    way: str
    given_on: date
    text_version: str
    scan: Scan | None = None


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
        scan = keep_scan(actor, given.scan)
        ids = [one.pk for one in students]
        locked = Student.objects.select_for_update().filter(pk__in=ids).order_by("pk")
        return [_record(actor, role, school, student, matter, given, sharing, scan) for student in locked]


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
    if not kept_at(school).filter(student=student).exists():
        raise WrongState(_("%(name)s is no student of this school.") % {"name": student.name})
    if sharing is not None and not sharing.students.filter(student=student).exists():
        raise WrongState(_("%(name)s is not part of this sharing.") % {"name": student.name})
    under_14 = is_child(student, given.given_on)
    if under_14 and given.giver != Giver.GUARDIAN:
        words = _("%(name)s is under 14: a guardian gives the consent.")
        raise GuardianNeeded(words % {"name": student.name})
    if given.giver == Giver.GUARDIAN and is_adult(student, given.given_on):
        raise OfAge(_("%(name)s is of age and consents in person.") % {"name": student.name})
    known = Consent.objects.filter(
        student=student, school=school, matter=matter, sharing=sharing, giver=given.giver,
        withdrawn_on__isnull=True,
    )  # fmt: skip
    if sharing is None:
        known = known.filter(text_version=given.text_version.strip())
    if known.exists():
        raise WrongState(_("The consent of %(name)s is recorded already.") % {"name": student.name})
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
    if consent.sharing is not None:
        Request.objects.select_for_update().get(pk=consent.sharing.request_id)
    rows = Consent.objects.select_for_update(of=("self",)).select_related(
        "student", "school", "sharing__request"
    )
    row: Consent = rows.get(pk=consent.pk)
    if row.withdrawn_on is not None:
        raise WrongState(_("This consent was withdrawn already."))
    row.withdrawn_on, row.withdrawn_by = timezone.localdate(), actor
    with acting(actor, role=role):
        row.save(update_fields=["withdrawn_on", "withdrawn_by"])
        _note("consent.withdrawn", actor, role, row)
        if row.sharing is not None and row.sharing.in_force:
            url = reverse("approvals:request", args=[row.sharing.request.public_id])
            about = row.sharing.receiver
            notices.tell(WITHDRAWN, school=row.school, duties=(Unit.Duty.ARCHIVES,), about=about, url=url)
    return row


def note_viewed(*, actor: User, consent: Consent) -> None:
    """Keep that the scan of a consent was seen."""
    _note("consent.viewed", actor, reading_role(actor, READERS, consent.school_id), consent)


def _note(action: str, actor: User, role: str, row: Consent) -> None:
    events.record(
        action, actor=actor, obj=row, subject=row.student.public_id, unit_id=row.school_id, role=role,
        detail={"matter": row.matter, "giver": row.giver},
    )  # fmt: skip
