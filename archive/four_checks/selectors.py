"""Reads of the four checks: the runs of a file, files that fail, files that are due."""

from collections.abc import Collection
from datetime import timedelta

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import User
from accounts.scope import units_with
from archive.models import FourCheckItem, FourCheckRun
from core.lookups import AnyOf
from records.models import Enrolment, Student
from school.models import Unit
from school.rules import rule

PERM = "check_files"
MOST_RUNS = 20


def runs_of(student: Student) -> list[FourCheckRun]:
    """The last runs over a file with their items, the newest first."""
    items = Prefetch("items", FourCheckItem.objects.order_by("pk"))
    rows = FourCheckRun.objects.filter(subject=student.public_id).select_related("made_by", "school")
    return list(rows.prefetch_related(items).order_by("-at", "-pk")[:MOST_RUNS])


def _newest() -> QuerySet[FourCheckRun]:
    later = FourCheckRun.objects.filter(subject=OuterRef("subject"))
    later = later.filter(Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk")))
    rows: QuerySet[FourCheckRun] = FourCheckRun.objects.filter(~Exists(later))
    return rows


def _kept(user: User) -> QuerySet[Enrolment]:
    """The stretches on which the files hang whose checks ``user`` reads."""
    rows: QuerySet[Enrolment] = Enrolment.objects.visible_to(user).current()
    return rows.filter(AnyOf(F("unit_id"), units_with(user, PERM)))


def failing(user: User) -> QuerySet[FourCheckRun]:
    """The last run of each file of ``user``'s units that failed it, for a list."""
    mine = _kept(user).filter(student__public_id=OuterRef("subject"))
    failed = FourCheckItem.objects.filter(outcome=FourCheckItem.Outcome.FAILED).order_by("pk")
    rows = _newest().filter(Exists(mine), faults__gt=0)
    return rows.select_related("made_by", "school").prefetch_related(Prefetch("items", failed))


def figures(user: User) -> dict[str, int]:
    """How many files of ``user``'s units there are, passed their last check, failed it, were never checked."""
    kept = _kept(user)
    last = FourCheckRun.objects.filter(subject=OuterRef("student__public_id")).order_by("-at", "-pk")
    counted = kept.annotate(last_faults=Subquery(last.values("faults")[:1]))
    return counted.aggregate(
        files=Count("pk"),
        passed=Count("pk", filter=Q(last_faults=0)),
        failed=Count("pk", filter=Q(last_faults__gt=0)),
        never=Count("pk", filter=Q(last_faults__isnull=True)),
    )


def schools_with_files() -> QuerySet[Unit]:
    """Every school that keeps files."""
    rows: QuerySet[Unit] = Unit.objects.filter(Exists(Enrolment.objects.filter(school=OuterRef("pk"))))
    return rows.order_by("pk")


def due(school: Unit) -> QuerySet[Enrolment]:
    """Files of a school whose last check is older than its rule allows, those never checked first."""
    since = timezone.now() - timedelta(days=int(rule(school, "four_check_days")))
    last = FourCheckRun.objects.filter(subject=OuterRef("student__public_id")).order_by("-at")
    rows: QuerySet[Enrolment] = Enrolment.objects.current().filter(school=school)
    rows = rows.annotate(last_check=Subquery(last.values("at")[:1]))
    rows = rows.filter(Q(last_check__isnull=True) | Q(last_check__lt=since))
    return rows.order_by(F("last_check").asc(nulls_first=True), "pk")


def next_due(school: Unit, tried: Collection[int], count: int) -> list[Student]:
    """The next files that are due, but those tried already."""
    ids = due(school).exclude(student_id__in=list(tried)).values_list("student_id", flat=True)[:count]
    return by_ids(list(ids))


def by_ids(ids: list[int]) -> list[Student]:
    """These students in this order, nothing decrypted."""
    found = {row.pk: row for row in Student.objects.filter(pk__in=ids).only("public_id", "archive_no")}
    return [found[pk] for pk in ids if pk in found]


def files_to_check(*, school: Unit | None, archive_no: str) -> list[int]:
    """Ids of the students whose files the command is asked to check."""
    rows: QuerySet[Enrolment] = Enrolment.objects.current()
    if school is not None:
        rows = rows.filter(school=school)
    if archive_no:
        rows = rows.filter(student__archive_no=archive_no)
    return list(rows.order_by("pk").values_list("student_id", flat=True))
