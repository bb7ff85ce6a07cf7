"""The lock that a running job holds: it goes with the database connection, so it is free as soon as its worker dies."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, connection

NAMESPACE = 20_260


@contextmanager
def hold(job_id: int) -> Iterator[bool]:
    """Whether this connection now holds the job's lock; False when another one does. Let go at the end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [NAMESPACE, job_id % 2**31])
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held:
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [NAMESPACE, job_id % 2**31])
