"""Reads of alerts. Nobody sees the alert about himself."""

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from accounts.models import User
from accounts.scope import units_with, visible_or_404
from records.models import BulkViewAlert

PERM = "manage_incident"


def alerts(user: User) -> QuerySet[Any]:
    """Alerts of the schools where ``user`` handles incidents, with the ``count`` of files read on that day by now."""
    every: QuerySet[BulkViewAlert] = BulkViewAlert.objects.all()
    mine = every.filter(school_id__in=units_with(user, PERM)).exclude(reader=user)
    mine = mine.select_related("school", "reader__unit", "reading", "answered_by").defer("reading__students")
    return mine.annotate(count=F("reading__students__len"))


def open_alerts(user: User) -> QuerySet[Any]:
    """Those that nobody has answered yet, the oldest first."""
    return alerts(user).filter(answered_at__isnull=True).order_by("pk")


def alert_for(user: User, public_id: UUID) -> BulkViewAlert:
    """One of them. Raises OutOfScope, Http404."""
    every = BulkViewAlert.objects.all()
    found: BulkViewAlert = visible_or_404(every, alerts(user), public_id=public_id)
    return found
