"""Reads of bulletins, and the figures that a new one keeps."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import User
from accounts.scope import units_with, units_with_any, visible_or_404
from audit.inspections.people import PLAN, READERS
from audit.inspections.selectors import fault_counts
from audit.models import Bulletin, Inspection, Rectification, RectificationStep
from audit.rectifications.selectors import NOT_ISSUED
from school.models import Unit

ALL_READERS = (*READERS, "view_figures")
SCHOOLS = (Unit.Kind.SCHOOL, Unit.Kind.CENTRAL_SCHOOL)
State = Rectification.State


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of a calendar year, 1 to 4."""

    year: int
    number: int

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        following = Quarter(self.year + 1, 1) if self.number == 4 else Quarter(self.year, self.number + 1)
        return following.first - timedelta(days=1)

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """Its beginning, and its end, which does not belong to it."""
        days = (self.first, self.last + timedelta(days=1))
        begin, end = (timezone.make_aware(datetime.combine(one, time())) for one in days)
        return begin, end


def quarter_of(day: date) -> Quarter:
    """The quarter of a day."""
    return Quarter(day.year, (day.month - 1) // 3 + 1)


def quarters(today: date, count: int = 5) -> list[Quarter]:
    """The present quarter and those before it."""
    found = [quarter_of(today)]
    while len(found) < count:
        found.append(quarter_of(found[-1].first - timedelta(days=1)))
    return found


def bulletins(user: User) -> QuerySet[Any]:
    """Bulletins of the schools where ``user`` supervises, answers or reads figures."""
    rows: QuerySet[Any] = Bulletin.objects.filter(school_id__in=units_with_any(user, ALL_READERS))
    return rows.select_related("school", "published_by")


def bulletin_for(user: User, public_id: UUID) -> Bulletin:
    """One of them. Raises OutOfScope, Http404."""
    every: QuerySet[Bulletin] = Bulletin.objects.all()
    found: Bulletin = visible_or_404(every, bulletins(user), public_id=public_id)
    return found


def schools(user: User) -> QuerySet[Unit]:
    """Schools for which ``user`` publishes bulletins."""
    rows: QuerySet[Unit] = Unit.objects.filter(pk__in=units_with(user, PLAN), kind__in=SCHOOLS)
    return rows.order_by("order", "name")


def _inspected(school: Unit, quarter: Quarter) -> QuerySet[Any]:
    begin, end = quarter.moments
    rows: QuerySet[Any] = Inspection.objects.filter(
        school=school, finished_at__gte=begin, finished_at__lt=end
    )
    return rows


def subjects(school: Unit, quarter: Quarter) -> list[UUID]:
    """Students whose files stood in the samples of that quarter."""
    return list(_inspected(school, quarter).exclude(files=None).values_list("files__subject", flat=True))


def lines(school: Unit, quarter: Quarter) -> dict[str, list[dict[str, Any]]]:
    """What a bulletin tells: finished inspections with points, notices that were open or closed, and what is overdue.

    Departments by name, files by number alone.
    """
    inspected = _inspected(school, quarter)
    faulty = fault_counts(inspected)
    files = dict(inspected.values_list("pk").annotate(count=Count("files")).order_by())
    rows = inspected.annotate(points=Sum("findings__score")).select_related("unit").order_by("number")
    begin, end = quarter.moments
    missed = RectificationStep.objects.filter(
        rectification=OuterRef("pk"), kind="overdue", at__gte=begin, at__lt=end
    )
    notices = Rectification.objects.filter(school=school, issued_at__lt=end).exclude(state__in=NOT_ISSUED)
    notices = notices.filter(Q(closed_at__isnull=True) | Q(closed_at__gte=begin))
    notices = notices.annotate(missed=Exists(missed)).select_related("unit").order_by("number")
    return {
        "inspections": [
            {
                **_unit(one.unit), "number": one.number, "kind": one.kind, "points": one.points or 0,
                "full": one.full_score, "files": files.get(one.pk, 0), "faulty": faulty.get(one.pk, 0),
            }
            for one in rows
        ],
        "rectifications": [
            {
                **_unit(one.unit), "number": one.number, "state": one.state, "due": f"{one.due_on}",
                "overdue": one.missed or one.overdue_on is not None,
            }
            for one in notices
        ],
    }  # fmt: skip


def _unit(unit: Unit) -> dict[str, str]:
    return {"unit": unit.name, "unit_en": unit.label_en}
