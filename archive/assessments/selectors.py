"""Reads of impact assessments: who writes, confirms and reads them, and which ones something may rest on."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.scope import units_with_any, visible_or_404
from archive.models import ImpactAssessment
from school.models import Unit

WRITERS = ("manage_incident", "decide_for_archives")
CONFIRMERS = (*WRITERS, "close_incident")
READERS = (*CONFIRMERS, "view_events", "export_students", "request_sharing", "release_sharing")


def assessments(user: User) -> QuerySet[ImpactAssessment]:
    """The register of the schools where ``user`` reads it."""
    rows: QuerySet[ImpactAssessment] = ImpactAssessment.objects.filter(
        school_id__in=units_with_any(user, READERS)
    )
    return rows.select_related("school", "made_by", "confirmed_by", "ended_by")


def assessment_for(user: User, public_id: UUID) -> ImpactAssessment:
    """One of them. Raises OutOfScope, Http404."""
    every: QuerySet[ImpactAssessment] = ImpactAssessment.objects.all()
    found: ImpactAssessment = visible_or_404(every, assessments(user), public_id=public_id)
    return found


def may_confirm(user: User, row: ImpactAssessment) -> bool:
    """Whether it waits for ``user``: somebody else wrote it, and he holds a duty that confirms."""
    return row.confirmed_at is None and may_end(user, row) and row.made_by_id != user.pk


def may_end(user: User, row: ImpactAssessment) -> bool:
    """Whether ``user`` may refuse or withdraw it: it is neither ended nor over, and he holds a duty that confirms."""
    runs = row.ended_at is None and row.valid_until >= timezone.localdate()
    return runs and row.school_id in units_with_any(user, CONFIRMERS)


def waiting(user: User) -> QuerySet[ImpactAssessment]:
    """Those that ``user`` may confirm."""
    here = ImpactAssessment.objects.filter(school_id__in=units_with_any(user, CONFIRMERS))
    open_ones = here.filter(
        confirmed_at__isnull=True, ended_at__isnull=True, valid_until__gte=timezone.localdate()
    )
    rows: QuerySet[ImpactAssessment] = open_ones.exclude(made_by=user).order_by("pk")
    return rows


def valid(school: Unit) -> QuerySet[ImpactAssessment]:
    """Those of the school that something may rest on today (`ImpactAssessment.is_valid`)."""
    rows: QuerySet[ImpactAssessment] = ImpactAssessment.objects.filter(
        school=school,
        confirmed_at__isnull=False,
        ended_at__isnull=True,
        valid_until__gte=timezone.localdate(),
    )
    return rows.exclude(conclusion=ImpactAssessment.Conclusion.NOT).order_by("-number")
