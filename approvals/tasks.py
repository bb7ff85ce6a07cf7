"""Work of requests that the scheduler starts."""

from celery import shared_task
from django.utils import timezone

from approvals import reminders
from approvals.spot_checks import actions as spot_checks


@shared_task(name="approvals.remind", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def remind() -> None:
    """Remind of what is due and overdue. Safe to run at any time."""
    reminders.remind(timezone.localdate())


@shared_task(name="approvals.draw_spot_checks", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def draw_spot_checks() -> None:
    """Draw the samples of last month that are not drawn yet. Safe to run at any time."""
    spot_checks.draw_all(timezone.localdate())
