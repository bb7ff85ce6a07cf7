"""Unattended work of the files room."""

from celery import shared_task

from files import actions


@shared_task(name="files.sweep_orphans", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def sweep_orphans() -> int:
    """Take away stored contents that nobody keeps."""
    return actions.sweep_orphans()
