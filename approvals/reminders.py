"""What the scheduler does each morning: departments are told what is due and overdue, leaders what stands too long."""

from collections import Counter
from datetime import date, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from approvals import notices
from approvals.deadlines import due_after
from approvals.kinds import kind_of, step_of
from approvals.models import Request
from approvals.selectors import WAITING, with_typed
from ledger import events
from ledger.context import acting_for_job, service_user
from school.models import Unit
from school.rules import rule

DUE, OVERDUE = "request.due", "request.overdue"


def remind(today: date) -> None:
    """Remind of requests that are due by tomorrow or overdue, and escalate. Safe to run again on the same day."""
    rows = Request.objects.filter(state__in=WAITING, due_on__isnull=False)
    with transaction.atomic():
        for school, duty, count in _by_department(rows.filter(due_on=today + timedelta(days=1))):
            _tell(DUE, school, duty, count, today)
        overdue = rows.filter(due_on__lt=today)
        for school, duty, count in _by_department(overdue):
            _tell(OVERDUE, school, duty, count, today)
        _escalate(overdue.filter(escalated_at__isnull=True), today)


def _by_department(rows: QuerySet[Request]) -> list[tuple[Unit, str, int]]:
    """How many wait for which department: the asking one, or the archives."""
    counted: Counter[tuple[Unit, str]] = Counter()
    for row, typed in with_typed(rows.select_related("school", "department")):
        step = step_of(row, typed)
        duty = row.department.duty if step and step.where == "department" else Unit.Duty.ARCHIVES
        counted[row.school, duty or Unit.Duty.OTHER] += 1
    return [(school, duty, count) for (school, duty), count in counted.items()]


def _tell(kind: str, school: Unit, duty: str, count: int, today: date) -> None:
    """Once a day: a second run of the same day adds nothing."""
    url = reverse("approvals:requests")
    if notices.told(kind, school=school, duty=duty, url=url, day=today):
        return
    notices.tell(kind, school=school, duties=(duty,), about=school.label, url=url, count=count)


def _escalate(rows: QuerySet[Request], today: date) -> None:
    """Mark what is overdue for longer than the school's rule; leaders and the heads see it on their home page."""
    with acting_for_job():
        for row in rows.select_related("school").select_for_update(of=("self",)):
            days = int(rule(row.school, "escalation_days"))
            if row.due_on is None or due_after(row.school, days, start=row.due_on).date > today:
                continue
            row.escalated_at = timezone.now()
            row.save(update_fields=["escalated_at"])
            events.record(
                "approval.escalated",
                actor=service_user(),
                obj=row,
                subject=row.subject,
                unit_id=row.school_id,
                detail={"kind": kind_of(row).key, "step": row.step},
            )
