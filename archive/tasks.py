"""Work of the archives that the scheduler starts."""

from celery import shared_task

from archive.inquiries import actions as inquiries


@shared_task(name="archive.lapse_inquiries", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def lapse_inquiries() -> None:
    """End inquiries that nobody opened in time. Safe to run at any time."""
    inquiries.lapse_unopened()
