"""Two acts on the same rows in a known order: the second waits for the first one's lock."""

import threading
import time
from collections.abc import Callable

from django.db import connection, transaction

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"


def behind(first: Callable[[], object], second: Callable[[], object]) -> object:
    """Do ``first`` and commit it when ``second``, in a thread of its own, waits for it; what ``second`` gave or raised.

    Needs ``committed_db``.
    """
    given: list[object] = []

    def run() -> None:
        try:
            given.append(second())
        except Exception as error:  # noqa: BLE001 - whatever it raised is what the test asks for
            given.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    with transaction.atomic():
        first()
        thread.start()
        _until_it_waits(thread)
    thread.join()
    return given[0]


def _until_it_waits(thread: threading.Thread) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and thread.is_alive():
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("The second act did not wait for the first one.")
