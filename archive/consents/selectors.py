"""Reads of consents."""

from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from accounts.scope import units_with, visible_or_404
from archive.models import Consent, SharingRequest
from records.models import Student

READERS = ("record_consent", "release_sharing")


def consents_of(user: User, student: Student) -> QuerySet[Consent]:
    """Consents of a student, recorded where ``user`` keeps them, the newest first."""
    units = {unit for perm in READERS for unit in units_with(user, perm)}
    rows: QuerySet[Consent] = Consent.objects.filter(student=student, school_id__in=sorted(units))
    return rows.select_related("sharing__request", "recorded_by", "withdrawn_by", "scan").order_by("-pk")


def consent_for(user: User, public_id: UUID) -> Consent:
    """One consent. Raises OutOfScope, Http404."""
    units = {unit for perm in READERS for unit in units_with(user, perm)}
    every = Consent.objects.select_related("student", "scan", "sharing__request")
    mine = every.filter(school_id__in=sorted(units))
    found: Consent = visible_or_404(every, mine, public_id=public_id)
    return found


def standing(sharing: SharingRequest) -> dict[int, Consent]:
    """The consents to a sharing that stand now, by student id."""
    rows = Consent.objects.filter(sharing=sharing, withdrawn_on__isnull=True)
    return {row.student_id: row for row in rows}
