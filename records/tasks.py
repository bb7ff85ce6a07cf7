"""Unattended work of the records room."""

from typing import cast

from accounts.models import User
from core.tasks import task
from ledger.context import service_user
from records.photos import actions, export


@task("records.discard_lapsed")
def discard_lapsed() -> int:
    """Delete packed photos whose hour has come, and pictures that nobody cropped."""
    actor = cast("User", service_user())
    return export.discard_lapsed(actor=actor) + actions.drop_waiting(actor=actor)
