"""Unattended work of the intake room."""

from celery import shared_task

from enrollment.importing import keeping


@shared_task(name="enrollment.forget_checked", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def forget_checked() -> int:
    """Remove what checks of earlier days kept. Safe to run at any time."""
    return keeping.forget_earlier()
