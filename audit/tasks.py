"""Work of the audit room that the scheduler starts."""

from celery import shared_task
from django.utils import timezone

from audit.inspections import actions as inspections
from audit.rectifications import actions as rectifications


@shared_task(name="audit.open_quarterly", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def open_quarterly() -> None:
    """Plan the quarterly samples of last quarter that are not planned yet. Safe to run at any time."""
    inspections.open_quarterly(timezone.localdate())


@shared_task(name="audit.mark_overdue", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def mark_overdue() -> None:
    """Mark rectification notices whose deadline has passed. Safe to run at any time."""
    rectifications.mark_overdue(timezone.localdate())
