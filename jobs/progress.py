"""How far jobs are, and which shall stop: kept in the cache, since the work's own transaction is not yet visible."""

import time

from django.core.cache import cache

KEPT_SECONDS = 6 * 3600
EVERY_SECONDS = 0.4


class JobCancelled(Exception):
    """The one who asked for the work wants it no more; raised inside the work, which must let it pass."""


def _key(job_id: int) -> str:
    return f"job/{job_id}/progress"


def _cancel_key(job_id: int) -> str:
    return f"job/{job_id}/cancel"


def read(job_id: int) -> tuple[int, int] | None:
    """(done, total) as last told, None when nothing was told."""
    found = cache.get(_key(job_id))
    return (int(found[0]), int(found[1])) if found else None


def ask_to_stop(job_id: int) -> None:
    """Let the running work stop at its next step."""
    cache.set(_cancel_key(job_id), True, KEPT_SECONDS)


def forget(job_id: int) -> None:
    """Drop what was told about an ended or requeued job."""
    cache.delete_many([_key(job_id), _cancel_key(job_id)])


class Teller:
    """Tells how far a job is, at most every `EVERY_SECONDS`, and raises JobCancelled when it shall stop."""

    def __init__(self, job_id: int) -> None:
        self.job_id = job_id
        self.done = self.total = 0
        self._next = 0.0

    def __call__(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + EVERY_SECONDS
        cache.set(_key(self.job_id), (done, total), KEPT_SECONDS)
        if cache.get(_cancel_key(self.job_id)):
            raise JobCancelled
