"""Reads of inspections: supervisors see those of other departments, a department its own once they are finished."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import User
from accounts.scope import visible_or_404
from audit.inspections.people import INSPECT, answered_for, supervised
from audit.models import InspectedFile, Inspection
from ledger.models import Event
from records.models import Enrolment, Student
from school.models import Unit

State = Inspection.State


def inspections(user: User) -> QuerySet[Any]:
    """The register, with the points and the number of faulty files of each."""
    seen = supervised(user) | answered_for(user) & Q(state=State.FINISHED)
    rows: QuerySet[Any] = Inspection.objects.filter(seen).annotate(points=Sum("findings__score"))
    return rows.select_related("school", "unit__parent", "inspector")


def inspection_for(user: User, public_id: UUID) -> Inspection:
    """One inspection. Raises OutOfScope, also for one's own department before it is finished, and Http404."""
    every: QuerySet[Inspection] = Inspection.objects.all()
    found: Inspection = visible_or_404(every, inspections(user), public_id=public_id)
    return found


def file_for(user: User, public_id: UUID) -> InspectedFile:
    """A file of a sample, for those who inspect. Raises OutOfScope, Http404."""
    every: QuerySet[InspectedFile] = InspectedFile.objects.select_related(
        "inspection__school", "inspection__unit"
    )
    mine = every.filter(inspection__in=Inspection.objects.filter(supervised(user, INSPECT)))
    found: InspectedFile = visible_or_404(every, mine, public_id=public_id)
    return found


def files_of(row: Inspection) -> QuerySet[InspectedFile]:
    """The sample, in the order in which it was drawn."""
    found: QuerySet[InspectedFile] = row.files.select_related("judged_by").order_by("position")
    return found


def gone(row: Inspection) -> set[UUID]:
    """Those of the sample whose files were destroyed since."""
    subjects = Student.objects.filter(destroyed_on__isnull=False, public_id__in=row.files.values("subject"))
    return set(subjects.values_list("public_id", flat=True))


def unjudged(row: Inspection) -> int:
    """How many files of the sample are still to be judged."""
    return int(row.files.filter(judged_at__isnull=True).exclude(subject__in=gone(row)).count())


def faults_of(row: Inspection) -> int:
    """How many files of the sample have faults."""
    return int(row.files.exclude(faults=[]).count())


def worked_on(school: Unit, unit: Unit, since: date, until: date) -> QuerySet[Student]:
    """Files at a school that the people of a department entered, changed or read in these days, both included.

    By the ledger's events, of those who work in the department now.
    """
    begins, ends = (
        timezone.make_aware(datetime.combine(one, time())) for one in (since, until + timedelta(1))
    )
    people = User.objects.filter(Q(unit=unit) | Q(unit__ancestors__contains=[unit.pk]), kind=User.Kind.STAFF)
    subjects = Event.objects.filter(
        actor__in=list(people.values_list("pk", flat=True)), result="done", subject__isnull=False,
        at__gte=begins, at__lt=ends,
    )  # fmt: skip
    here = Enrolment.objects.current().filter(school=school, shelved_on__isnull=True)
    return Student.objects.filter(
        public_id__in=subjects.order_by().values("subject"), pk__in=here.values("student"),
        destroyed_on__isnull=True,
    )  # fmt: skip


def was_read(user: User, row: InspectedFile) -> bool:
    """Whether ``user`` has opened this file since the sample was drawn."""
    events = Event.objects.filter(action="student.viewed", actor=user, subject=row.subject)
    return bool(events.filter(at__gte=row.inspection.begun_at).exists())


def waiting(user: User) -> list[Inspection]:
    """Inspections that ``user`` has to begin or to finish."""
    mine = Q(inspector=user) | Q(inspector__isnull=True)
    rows = Inspection.objects.filter(supervised(user, INSPECT), mine).exclude(state=State.FINISHED)
    return list(rows.select_related("unit__parent").order_by("planned_on", "pk"))


def last_quarter(today: date) -> tuple[date, date]:
    """First and last day of the quarter before the one of ``today``."""
    first = today.replace(month=3 * ((today.month - 1) // 3) + 1, day=1)
    until = first - timedelta(days=1)
    return until.replace(month=until.month - 2, day=1), until


def fault_counts(rows: QuerySet[Any]) -> dict[int, int]:
    """How many faulty files each of these inspections found."""
    found = InspectedFile.objects.filter(inspection__in=rows.values("pk")).exclude(faults=[])
    return dict(found.values_list("inspection").annotate(count=Count("pk")).order_by())
