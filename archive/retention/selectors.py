"""Reads of retention: when a file's period ends, rounds of appraisal, the register of destruction."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from accounts.models import User
from accounts.scope import holders, units_with, units_with_any, visible_or_404
from archive.models import (
    AppraisalRound,
    AppraisalVote,
    AppraisedFile,
    Appraiser,
    DestroyedFile,
    RetentionTerm,
)
from archive.retention.obstacles import free, years_after
from records.models import Enrolment, Student
from school.models import Unit
from school.rules import PERMANENT, rule

MANAGE = "manage_retention"
APPRAISE = "appraise_files"
APPROVE = "approve_destruction"
ROUND_READERS = (MANAGE, APPRAISE, APPROVE)
REGISTER_READERS = (MANAGE, APPROVE, "view_events")


@dataclass(frozen=True, slots=True)
class Period:
    """When a file's retention ends. Without ``until`` never: the student is enrolled, or the file is permanent."""

    until: date | None
    enrolled: bool = False
    marked: RetentionTerm | None = None


def period_of(student: Student) -> Period:
    """The retention period of a file by the rule of the school that keeps it, and by what was marked since.

    A mark lengthens the period and never shortens it; of several the longest counts, ``marked``.
    """
    newest = Enrolment.objects.current().filter(student=student).select_related("school").first()
    terms = RetentionTerm.objects.filter(student=student).select_related("set_by")
    marked = terms.order_by(F("until").desc(nulls_first=True), "-pk").first()
    if newest is None or newest.ended_on is None:
        return Period(None, enrolled=True, marked=marked)
    years = rule(newest.school, "retention_years")
    if years == PERMANENT or (marked and marked.until is None):
        return Period(None, marked=marked)
    ends = years_after(newest.ended_on, int(years))
    return Period(max(ends, marked.until) if marked and marked.until else ends, marked=marked)


def expired(school: Unit) -> QuerySet[Enrolment]:
    """The newest stretches of files that ``school`` keeps, whose period has ended and that nothing keeps.

    ``until``: the end of the longest mark. In the order in which they ended; those that wait in a round already are
    left out.
    """
    terms = RetentionTerm.objects.filter(student=OuterRef("student")).order_by("-until")
    waiting = AppraisedFile.objects.filter(student=OuterRef("student"), outcome__in=["", "destroy"])
    rows = (
        Enrolment.objects.current()
        .filter(~Exists(waiting), school=school)
        .annotate(until=Subquery(terms.values("until")[:1]))
    )
    found: QuerySet[Enrolment] = free(rows, school).select_related("student").order_by("ended_on", "pk")
    return found


def rounds(user: User) -> QuerySet[AppraisalRound]:
    """Rounds of the schools whose files ``user`` prepares for appraisal or whose destruction he approves, and those
    in which he votes."""
    here = Q(school_id__in=units_with_any(user, (MANAGE, APPROVE)))
    votes = Appraiser.objects.filter(
        round=OuterRef("pk"),
        user=user,
        relief__isnull=True,
        round__school_id__in=list(units_with(user, APPRAISE)),
    )
    rows: QuerySet[AppraisalRound] = AppraisalRound.objects.filter(here | Q(Exists(votes)))
    return rows.select_related("school", "opened_by", "closed_by", "report")


def round_for(user: User, public_id: UUID) -> AppraisalRound:
    """One round. Raises Http404, OutOfScope."""
    found: AppraisalRound = visible_or_404(AppraisalRound.objects.all(), rounds(user), public_id=public_id)
    return found


def appraisers_of(row: AppraisalRound) -> list[Appraiser]:
    """The members of a round, relieved ones too, each with the number of files he voted on as ``voted``."""
    rows = row.appraisers.select_related("user", "department", "relief__successor__user")
    rows = rows.annotate(voted=Count("votes"))
    return list(rows.order_by("pk"))


def eligible_appraisers(row: AppraisalRound) -> list[User]:
    """Who may be named: people of the school who hold the right to vote and were no members yet."""
    near = Q(unit=row.school) | Q(unit__ancestors__contains=[row.school_id])
    people = holders(APPRAISE, row.school).filter(near, kind=User.Kind.STAFF).select_related("unit")
    return list(people.exclude(pk__in=row.appraisers.values("user")).order_by("name", "pk"))


def waiting_rounds(user: User) -> dict[AppraisalRound, int]:
    """Open rounds in which ``user`` has files left to vote on, and how many."""
    mine = Appraiser.objects.filter(
        user=user,
        relief__isnull=True,
        round__closed_at__isnull=True,
        round__school_id__in=list(units_with(user, APPRAISE)),
    )
    own = AppraisalVote.objects.filter(file=OuterRef("pk"), appraiser__user=user)
    files = AppraisedFile.objects.filter(~Exists(own), round__in=mine.values("round"), outcome="")
    left = dict(files.order_by("round").values_list("round").annotate(Count("pk")))
    return {row: left[row.pk] for row in AppraisalRound.objects.filter(pk__in=left).order_by("pk")}


def register(user: User) -> QuerySet[DestroyedFile]:
    """Lines of the register of destruction that ``user`` may read."""
    schools = units_with_any(user, REGISTER_READERS)
    rows: QuerySet[DestroyedFile] = DestroyedFile.objects.filter(school_id__in=schools)
    return rows.select_related("school", "approver", "first_executor", "second_executor").annotate(
        contents_gone=Count("blobs")
    )
