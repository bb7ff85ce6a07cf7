"""Raising alerts, at once or by the scheduler, and answering them: who looked into it, and what was found."""

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import NotPermitted, reading_role
from approvals.refusals import AlreadyDecided, RequestRefused, SamePerson
from audit.alerts import finding as looking
from audit.alerts.selectors import READERS, alerts
from audit.incidents.actions import report
from audit.models import Alert
from core.row_locks import locked_rows
from ledger import events
from ledger.context import acting, acting_for_job, service_user
from school.models import Unit

DAYS_BACK = 3
"""Days that are looked at again, should the scheduler have stood still."""


def raise_for_reading(reader: User, school: Unit, files: int, limit: int) -> None:
    """The alert of much reading, in the reader's transaction: one for each reader, day and school."""
    _raise(looking.Found(Alert.Kind.BULK, school, reader, files, limit), timezone.localdate())


def find_alerts(today: date) -> int:
    """Raise the alerts of the last days that are over; how many are new. Safe to run again."""
    days = [today - timedelta(days=back) for back in range(DAYS_BACK, 0, -1)]
    return sum(_raise(found, day) for day in days for found in looking.done_on(day))


def find_unused(today: date) -> int:
    """Raise the alerts of what was not used until yesterday; how many are new. Safe to run again."""
    day = today - timedelta(days=1)
    return sum(_raise(found, day) for found in looking.unused_on(day))


@transaction.atomic
def _raise(found: looking.Found, day: date) -> bool:
    with acting_for_job():
        alert, raised = Alert.objects.get_or_create(
            kind=found.kind, school=found.school, person=found.person, day=day,
            defaults={"count": found.count, "limit": found.limit, "appointments": list(found.appointments)},
        )  # fmt: skip
        if raised:
            detail = {
                "kind": found.kind,
                "person": found.person.pk,
                "count": found.count,
                "limit": found.limit,
            }
            events.record("alert.raised", actor=service_user(), obj=alert, detail=detail)
    return bool(raised)


@transaction.atomic
def answer(*, actor: User, alert: Alert, conclusion: str, finding: str, incident_kind: str = "") -> Alert:
    """Keep what was found and whether it was in order; with ``incident_kind`` an incident is opened from it.

    The person of the alert is its suspect. Raises SamePerson for the person himself, AlreadyDecided, RequestRefused,
    NotPermitted.
    """
    role = reading_role(actor, READERS, alert.school_id)
    rows = locked_rows(Alert.objects.filter(pk=alert.pk))
    row: Alert = rows.select_related("answered_by", "school", "person").get()
    if row.person_id == actor.pk:
        raise SamePerson(_("Nobody answers the alert about himself."))
    if not alerts(actor).filter(pk=row.pk).exists():
        raise NotPermitted(*READERS, obj=row)
    if row.answered_by is not None and row.answered_at is not None:
        raise AlreadyDecided(row.answered_by, row.answered_at, _("answered"))
    row.conclusion, row.finding = Alert.Conclusion(conclusion), finding.strip()
    if incident_kind and row.conclusion == Alert.Conclusion.IN_ORDER:
        raise RequestRefused(_("What is in order is no incident."))
    row.answered_by, row.answered_at = actor, timezone.now()
    if incident_kind:
        row.incident = report(
            actor=actor, kind=incident_kind, what=row.finding, noticed_at=row.raised_at, school=row.school,
            suspect=row.person,
        )  # fmt: skip
    with acting(actor, role=role):
        row.save(update_fields=["conclusion", "finding", "answered_by", "answered_at", "incident"])
        detail = {"kind": row.kind, "conclusion": str(row.conclusion)}
        events.record("alert.answered", actor=actor, obj=row, role=role, detail=detail)
    return row
