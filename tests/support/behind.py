"""Two acts on the same rows in a known order: the second waits for the first one's lock. They need ``committed_db``."""

import threading
import time
from collections.abc import Callable

from django.db import connection, transaction

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"


def behind(first: Callable[[], object], second: Callable[[], object]) -> object:
    """Do ``first`` and commit it when ``second`` waits for it; what ``second`` gave or raised."""

    def whole(pause: Callable[[], None]) -> None:
        with transaction.atomic():
            first()
            pause()

    gave, result = meanwhile(whole, second)
    if isinstance(gave, Exception):
        raise gave
    return result


def meanwhile(
    first: Callable[[Callable[[], None]], object], second: Callable[[], object]
) -> tuple[object, object]:
    """What two acts gave or raised: ``first`` calls what it is given, and goes on when ``second`` waits for it."""
    begun: list[tuple[threading.Thread, list[object]]] = []

    def pause() -> None:
        begun.append(_begun(second))
        _until_it_waits(begun[0][0])

    gave = _outcome(lambda: first(pause))
    if not begun and isinstance(gave, Exception):
        raise gave
    ((thread, result),) = begun
    thread.join()
    return gave, result[0]


def beside(act: Callable[[], object]) -> object:
    """What an act gave or raised that was done, and committed, by somebody else just now."""
    thread, result = _begun(act)
    thread.join()
    return result[0]


def _begun(act: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    result: list[object] = []

    def run() -> None:
        try:
            result.append(_outcome(act))
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, result


def _outcome(act: Callable[[], object]) -> object:
    try:
        return act()
    except AssertionError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it raised is what the test asks for
        return error


def _until_it_waits(thread: threading.Thread) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and thread.is_alive():
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("The second act did not wait for the first one.")
