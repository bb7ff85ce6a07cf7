"""The monthly partitions of the event table."""

from datetime import date

from django.db import connection

MONTHS_AHEAD = 24


def ensure_partitions(months_ahead: int = MONTHS_AHEAD) -> list[str]:
    """Make the partitions of this month and the coming ones; returns the names of the new ones.

    Runs as either database role. A month whose events already went to the default partition stays there.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_ensure_partitions(%s)", [months_ahead])
        return [name for (name,) in cursor.fetchall()]


def partition_name(day: date) -> str:
    """Table that holds the events of a day's month."""
    return f"ledger_event_{day:%Y%m}"
