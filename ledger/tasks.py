"""Work of the ledger that the scheduler starts."""

from core.tasks import task
from ledger import partitions
from ledger.seals import copies, making


@task("ledger.ensure_partitions")
def ensure_partitions() -> None:
    """Keep the event partitions two years ahead. Safe to run at any time."""
    partitions.ensure_partitions()


@task("ledger.seal")
def seal() -> None:
    """Seal what was committed since the last seal, and copy seals off site. Safe to run at any time."""
    making.seal()
    copies.send()
