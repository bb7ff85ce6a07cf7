"""Unattended work of the audit room."""

from typing import cast

from celery import shared_task

from accounts.models import User
from audit.exports import actions
from ledger.context import service_user


@shared_task(name="audit.discard_exports", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def discard_exports() -> int:
    """Delete exported files whose day is over."""
    return actions.discard_lapsed(actor=cast("User", service_user()))
