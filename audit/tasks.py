"""Work of the audit room that the scheduler starts."""

from celery import shared_task
from django.utils import timezone

from audit.inspections import actions as inspections
from audit.rectifications import actions as rectifications


@shared_task(name="audit.supervise", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def supervise() -> None:
    """Plan last quarter's samples and mark rectification notices whose deadline has passed. Safe to run at any time."""
    today = timezone.localdate()
    rectifications.mark_overdue(today)
    inspections.open_quarterly(today)
