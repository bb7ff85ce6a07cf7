"""Work of the archives that the scheduler starts."""

from django.utils import timezone

from archive.four_checks import actions as four_checks
from archive.inquiries import actions as inquiries
from archive.retention import actions as retention
from archive.sharing import actions as sharing
from core.tasks import task


@task("archive.lapse_inquiries")
def lapse_inquiries() -> None:
    """End inquiries that nobody opened in time. Safe to run at any time."""
    inquiries.lapse_unopened()


@task("archive.expire_sharings")
def expire_sharings() -> None:
    """End sharings whose last day has passed. Safe to run at any time."""
    sharing.expire_due(timezone.localdate())


@task("archive.open_appraisals")
def open_appraisals() -> None:
    """Open this year's appraisal of each school whose files' retention has ended. Safe to run at any time."""
    retention.open_due()


@task("archive.check_files")
def check_files() -> None:
    """Begin the four checks of files that are due. Safe to run at any time."""
    four_checks.start_due()
