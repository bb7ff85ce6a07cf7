"""Work of the ledger that the scheduler starts."""

from core.tasks import task
from ledger import months, partitions
from ledger.seals import copies, making


@task("ledger.ensure_partitions")
def ensure_partitions() -> None:
    """Keep the event partitions two years ahead. Safe to run at any time."""
    partitions.ensure_partitions()


@task("ledger.seal")
def seal() -> None:
    """Seal what was committed since the last seal, and copy seals off site. Safe to run at any time."""
    try:
        making.seal()
    finally:
        copies.send()


@task("ledger.archive_months")
def archive_months() -> None:
    """Write months of events off site that are old enough, and let go those whose archive is proved. Safe to repeat."""
    months.archive_due()
    months.drop_due()
