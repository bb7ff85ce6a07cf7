"""Reads of consents."""

from datetime import date
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from accounts.scope import units_with_any, visible_or_404
from archive.models import Consent, SharingRequest
from records.models import Student

READERS = ("record_consent", "release_sharing")


CHILD, ADULT = 14, 18
"""Under 14 a guardian consents (PIPL art. 31); at 18 nobody does so for somebody else."""


def is_child(student: Student, on: date) -> bool:
    """Whether the student is under 14 on that day; who has no birth date counts as a child."""
    return student.birth_date is None or age(student.birth_date, on) < CHILD


def is_adult(student: Student, on: date) -> bool:
    """Whether the student is 18 on that day; who has no birth date counts as none."""
    return student.birth_date is not None and age(student.birth_date, on) >= ADULT


def age(born: date, on: date) -> int:
    """Full years on that day."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def consents_of(user: User, student: Student) -> QuerySet[Consent]:
    """Consents of a student, recorded where ``user`` keeps them, the newest first."""
    units = units_with_any(user, READERS)
    rows: QuerySet[Consent] = Consent.objects.filter(student=student, school_id__in=units)
    return rows.select_related("sharing__request", "recorded_by", "withdrawn_by", "scan").order_by("-pk")


def consent_for(user: User, public_id: UUID) -> Consent:
    """One consent. Raises OutOfScope, Http404."""
    units = units_with_any(user, READERS)
    every = Consent.objects.select_related("student", "scan", "sharing__request")
    mine = every.filter(school_id__in=units)
    found: Consent = visible_or_404(every, mine, public_id=public_id)
    return found


def stands(row: Consent) -> bool:
    """Whether a consent counts: not withdrawn, and given by whom the birth date in the file asks for."""
    if row.withdrawn_on is not None:
        return False
    if row.giver == Consent.Giver.STUDENT:
        return not is_child(row.student, row.given_on)
    return not is_adult(row.student, row.given_on)


def standing(sharing: SharingRequest) -> dict[int, Consent]:
    """The consents to a sharing that stand now, by student id."""
    rows = Consent.objects.filter(sharing=sharing).select_related("student")
    return {row.student_id: row for row in rows if stands(row)}
