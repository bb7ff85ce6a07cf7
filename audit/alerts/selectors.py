"""Reads of alerts. Nobody sees the alert about himself; one that nobody else could answer is the head of unit's."""

from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)  # fmt: skip
from django.db.models.functions import Coalesce, Greatest

from accounts.grants import in_force
from accounts.models import Appointment, User
from accounts.roles import ROLE_PERMISSIONS
from accounts.scope import units_with, visible_or_404
from audit.alerts.finding import REFUSED, events_of, of_school, read_on
from audit.models import Alert
from ledger.models import Event
from records.models import ReadingDay

PERM, HEAD = "manage_incident", "close_incident"
READERS = (PERM, HEAD)
MOST_EVENTS = 100
Kind = Alert.Kind


def alerts(user: User) -> QuerySet[Any]:
    """Alerts of the schools where ``user`` handles incidents; as head of unit those that nobody else there can answer.

    ``amount``: how much there is; of much reading the files read on that day by now.
    """
    every: QuerySet[Alert] = Alert.objects.all()
    left = Q(school_id__in=units_with(user, HEAD)) & ~Exists(_others())
    mine = every.filter(Q(school_id__in=units_with(user, PERM)) | left).exclude(person=user)
    read = ReadingDay.objects.filter(reader=OuterRef("person"), day=OuterRef("day")).values("students__len")
    by_now = Greatest(F("count"), Coalesce(Subquery(read), 0))
    mine = mine.annotate(amount=Case(When(kind=Kind.BULK, then=by_now), default=F("count")))
    return mine.select_related("school", "person__unit", "answered_by", "incident")


def _others() -> QuerySet[Appointment]:
    """Those who handle alerts at the school of an alert today, but for the person whom it is about."""
    roles = [role for role, perms in ROLE_PERMISSIONS.items() if PERM in perms]
    above = ExpressionWrapper(OuterRef("school__ancestors"), ArrayField(BigIntegerField()))
    held = Appointment.objects.filter(in_force(), role__in=roles, user__is_active=True).annotate(above=above)
    held = held.filter(Q(unit=OuterRef("school")) | Q(above__contains=[F("unit_id")]))
    rows: QuerySet[Appointment] = held.exclude(user=OuterRef("person"))
    return rows


def open_alerts(user: User) -> QuerySet[Any]:
    """Those that nobody has answered yet, the oldest first."""
    return alerts(user).filter(answered_at__isnull=True).order_by("pk")


def alert_for(user: User, public_id: UUID) -> Any:
    """One of them. Raises OutOfScope, Http404."""
    every = Alert.objects.all()
    return visible_or_404(every, alerts(user), public_id=public_id)


def events_behind(alert: Alert) -> list[Event]:
    """What the person did there on that day that the alert speaks of, at most 100 events and none with a name in it."""
    if alert.kind in (Kind.ACCOUNT, Kind.GRANTS):
        return []
    refused = events_of(alert.day).filter(result__in=REFUSED)
    rows = refused if alert.kind == Kind.REFUSALS else read_on(alert.day)
    return list(of_school(rows.filter(actor=alert.person), alert.school).order_by("at", "pk")[:MOST_EVENTS])


def roles_behind(alert: Alert) -> list[Appointment]:
    """The roles that were not used."""
    rows = Appointment.objects.filter(pk__in=alert.appointments).select_related("unit__parent")
    return list(rows.order_by("pk"))
