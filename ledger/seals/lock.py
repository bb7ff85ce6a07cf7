"""One at a time: whoever seals, or copies seals, holds this lock of the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_LOCK = 7712004


@contextmanager
def alone() -> Iterator[bool]:
    """Whether nobody else seals or copies meanwhile. It belongs to the connection, so it ends with a killed process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        (held,) = cursor.fetchone()
        try:
            yield held
        finally:
            if held:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
