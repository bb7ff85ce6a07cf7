"""Work of the audit room that the scheduler starts."""

from typing import cast

from django.utils import timezone

from accounts.models import User
from audit.alerts import actions as alerts
from audit.exports import actions as exports
from audit.grant_reviews import actions as grant_reviews
from audit.inspections import actions as inspections
from audit.rectifications import actions as rectifications
from audit.seals import actions as seals
from core.tasks import task
from ledger.context import service_user


@task("audit.verify")
def verify() -> None:
    """Verify the ledger. Safe to run at any time."""
    seals.nightly()


@task("audit.find_alerts")
def find_alerts() -> None:
    """Raise the alerts of the days before. Safe to run at any time."""
    alerts.find_alerts(timezone.localdate())


@task("audit.find_unused")
def find_unused() -> None:
    """Raise the alerts of accounts and roles that nobody uses. Safe to run at any time."""
    alerts.find_unused(timezone.localdate())


@task("audit.open_grant_reviews")
def open_grant_reviews() -> None:
    """Open the yearly reviews of roles that are due. Safe to run at any time."""
    grant_reviews.open_due(timezone.localdate())


@task("audit.discard_exports")
def discard_exports() -> int:
    """Delete exported files whose day is over; how many."""
    return exports.discard_lapsed(actor=cast("User", service_user()))


@task("audit.supervise")
def supervise() -> None:
    """Plan last quarter's samples and mark rectification notices whose deadline has passed. Safe to run at any time."""
    today = timezone.localdate()
    rectifications.mark_overdue(today)
    inspections.open_quarterly(today)
