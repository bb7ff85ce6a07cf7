"""Unattended work of the intake room."""

from core.tasks import task
from enrollment.importing import keeping


@task("enrollment.forget_checked")
def forget_checked() -> int:
    """Remove what checks of earlier days kept. Safe to run at any time."""
    return keeping.forget_earlier()
