"""Work of the ledger that the scheduler starts."""

from celery import shared_task

from ledger import partitions


@shared_task(name="ledger.ensure_partitions", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def ensure_partitions() -> None:
    """Keep the event partitions two years ahead. Safe to run at any time."""
    partitions.ensure_partitions()
