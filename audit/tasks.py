"""Work of the audit room that the scheduler starts."""

from celery import shared_task
from django.utils import timezone

from audit.alerts import actions as alerts
from audit.grant_reviews import actions as grant_reviews


@shared_task(name="audit.find_alerts", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def find_alerts() -> None:
    """Raise the alerts of the days before. Safe to run at any time."""
    alerts.find_alerts(timezone.localdate())


@shared_task(name="audit.open_grant_reviews", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def open_grant_reviews() -> None:
    """Open the yearly reviews of roles that are due. Safe to run at any time."""
    grant_reviews.open_due(timezone.localdate())
