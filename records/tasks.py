"""Unattended work of the records room."""

from typing import cast

from celery import shared_task

from accounts.models import User
from ledger.context import service_user
from records.photos import actions, export


@shared_task(name="records.discard_lapsed", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def discard_lapsed() -> int:
    """Delete packed photos whose hour has come, and pictures that nobody cropped."""
    actor = cast("User", service_user())
    return export.discard_lapsed(actor=actor) + actions.drop_waiting(actor=actor)
