"""Work of the archives that the scheduler starts."""

from celery import shared_task
from django.utils import timezone

from archive.four_checks import actions as four_checks
from archive.inquiries import actions as inquiries
from archive.retention import actions as retention
from archive.sharing import actions as sharing


@shared_task(name="archive.lapse_inquiries", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def lapse_inquiries() -> None:
    """End inquiries that nobody opened in time. Safe to run at any time."""
    inquiries.lapse_unopened()


@shared_task(name="archive.expire_sharings", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def expire_sharings() -> None:
    """End sharings whose last day has passed. Safe to run at any time."""
    sharing.expire_due(timezone.localdate())


@shared_task(name="archive.open_appraisals", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def open_appraisals() -> None:
    """Open this year's appraisal of each school whose files' retention has ended. Safe to run at any time."""
    retention.open_due()


@shared_task(name="archive.check_files", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def check_files() -> None:
    """Begin the four checks of files that are due. Safe to run at any time."""
    four_checks.start_due()
