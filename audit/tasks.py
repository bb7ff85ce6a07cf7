"""Work of the audit room that the scheduler starts."""

from celery import shared_task
from django.utils import timezone

from audit.alerts import actions as alerts


@shared_task(name="audit.find_alerts", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def find_alerts() -> None:
    """Raise the alerts of the days before. Safe to run at any time."""
    alerts.find_alerts(timezone.localdate())
