"""Work of requests that the scheduler starts."""

from django.utils import timezone

from approvals import reminders
from approvals.spot_checks import actions as spot_checks
from core.tasks import task


@task("approvals.remind")
def remind() -> None:
    """Remind of what is due and overdue. Safe to run at any time."""
    reminders.remind(timezone.localdate())


@task("approvals.draw_spot_checks")
def draw_spot_checks() -> None:
    """Draw the samples of last month that are not drawn yet. Safe to run at any time."""
    spot_checks.draw_all(timezone.localdate())
