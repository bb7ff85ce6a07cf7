"""Unattended work of the files room."""

from core.tasks import task
from files import actions


@task("files.sweep_orphans")
def sweep_orphans() -> int:
    """Take away stored contents that nobody keeps."""
    return actions.sweep_orphans()
