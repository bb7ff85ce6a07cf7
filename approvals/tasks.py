"""Work of requests that the scheduler starts."""

from celery import shared_task
from django.utils import timezone

from approvals import reminders


@shared_task(name="approvals.remind", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def remind() -> None:
    """Remind of what is due and overdue. Safe to run at any time."""
    reminders.remind(timezone.localdate())
