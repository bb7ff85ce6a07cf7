"""Work of the audit room that the scheduler starts."""

from typing import cast

from accounts.models import User
from audit.exports import actions as exports
from audit.seals import actions
from core.tasks import task
from ledger.context import service_user


@task("audit.verify")
def verify() -> None:
    """Verify the ledger. Safe to run at any time."""
    actions.nightly()


@task("audit.discard_exports")
def discard_exports() -> int:
    """Delete exported files whose day is over; how many."""
    return exports.discard_lapsed(actor=cast("User", service_user()))
