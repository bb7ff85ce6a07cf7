"""Work of the audit room that the scheduler starts."""

from audit.seals import actions
from core.tasks import task


@task("audit.verify")
def verify() -> None:
    """Verify the ledger. Safe to run at any time."""
    actions.nightly()
