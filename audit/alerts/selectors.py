"""Reads of alerts. Nobody sees the alert about himself; that about the only security administrator is the leader's."""

from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce, Greatest

from accounts.models import Appointment, User
from accounts.scope import units_with, visible_or_404
from audit.alerts.finding import REFUSED, at_school, events_of, read_on
from audit.incidents.selectors import duties, handling
from audit.models import Alert
from ledger.models import Event
from records.models import ReadingDay

PERM, HEAD = "manage_incident", "close_incident"
READERS = (PERM, HEAD)
MOST_EVENTS = 100
Kind = Alert.Kind


def alerts(user: User) -> QuerySet[Any]:
    """Alerts of the schools where ``user`` handles incidents; as head of unit those about who handles them alone there.

    ``amount``: how much there is; of much reading the files read on that day by now.
    """
    every: QuerySet[Alert] = Alert.objects.all()
    alone = Exists(duties().filter(user=OuterRef("person"))) & ~Exists(handling("person"))
    left = Q(school_id__in=units_with(user, HEAD)) & Q(alone)
    mine = every.filter(Q(school_id__in=units_with(user, PERM)) | left).exclude(person=user)
    read = ReadingDay.objects.filter(reader=OuterRef("person"), day=OuterRef("day")).values("students__len")
    by_now = Greatest(F("count"), Coalesce(Subquery(read), 0))
    mine = mine.annotate(amount=Case(When(kind=Kind.BULK, then=by_now), default=F("count")))
    return mine.select_related("school", "person__unit", "answered_by", "incident")


def open_alerts(user: User) -> QuerySet[Any]:
    """Those that nobody has answered yet, the oldest first."""
    return alerts(user).filter(answered_at__isnull=True).order_by("pk")


def alert_for(user: User, public_id: UUID) -> Any:
    """One of them. Raises OutOfScope, Http404."""
    every = Alert.objects.all()
    return visible_or_404(every, alerts(user), public_id=public_id)


def events_behind(alert: Alert) -> list[Event]:
    """What the person did on that day that the alert speaks of, at most 100 events and none with a name in it.

    Refusals wherever they were, much reading at the school and the units below it, other reading at the school itself.
    """
    if alert.kind in (Kind.ACCOUNT, Kind.GRANTS):
        return []
    if alert.kind == Kind.REFUSALS:
        rows = events_of(alert.day).filter(result__in=REFUSED)
    else:
        rows = at_school(read_on(alert.day), alert.school, below=alert.kind == Kind.BULK)
    return list(rows.filter(actor=alert.person).order_by("at", "pk")[:MOST_EVENTS])


def roles_behind(alert: Alert) -> list[Appointment]:
    """The roles that were not used."""
    rows = Appointment.objects.filter(pk__in=alert.appointments).select_related("unit__parent")
    return list(rows.order_by("pk"))
