"""Reads of reports and opinions: their writers, and those who supervise; never the department concerned."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.scope import visible_or_404
from audit.inspections.people import INSPECT, supervised
from audit.models import Opinion
from school.models import Unit


def opinions(user: User) -> QuerySet[Any]:
    """The register."""
    rows: QuerySet[Any] = Opinion.objects.filter(supervised(user, INSPECT))
    return rows.select_related("school", "unit__parent", "written_by", "answered_by")


def opinion_for(user: User, public_id: UUID) -> Opinion:
    """One of them. Raises OutOfScope, also for the department concerned, and Http404."""
    every: QuerySet[Opinion] = Opinion.objects.all()
    found: Opinion = visible_or_404(every, opinions(user), public_id=public_id)
    return found


def written_by(user: User) -> list[Opinion]:
    """What ``user`` wrote himself, the newest first, with the answers."""
    rows = Opinion.objects.filter(written_by=user, is_outside=False).select_related("unit__parent")
    return list(rows.order_by("-pk"))


def may_answer(user: User, row: Opinion) -> bool:
    """Whether ``user``, who sees it, may answer: nobody answers himself."""
    return row.answered_at is None and (row.is_outside or row.written_by_id != user.pk)


def waiting(user: User) -> list[Opinion]:
    """Those that ``user`` may answer."""
    mine = Q(is_outside=True) | ~Q(written_by=user)
    return list(opinions(user).filter(mine, answered_at__isnull=True).order_by("due_on", "pk"))


def units_around(user: User) -> QuerySet[Unit]:
    """Departments that an opinion of ``user`` may concern: those of his school."""
    school = user.unit.employer if user.unit is not None else None
    rows: QuerySet[Any] = Unit.objects.filter(parent=school, kind=Unit.Kind.DEPARTMENT, is_active=True)
    return rows.select_related("parent").order_by("order", "name") if school is not None else rows.none()
