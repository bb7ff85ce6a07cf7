"""What the function of a job is given."""

from collections.abc import Callable
from dataclasses import dataclass

from accounts.models import User
from files.models import Blob
from jobs.models import Job


class JobRefused(Exception):
    """The work cannot be done as things stand; ``str()`` says why in the reader's language. Raised by the work."""


@dataclass(slots=True)
class Running:
    """A job in hand. ``progress(done, total)`` may be called as often as one likes; it may raise JobCancelled.

    The function may leave a file as ``result``; one that was kept is there when a worker begins the job again.
    """

    job: Job
    actor: User
    progress: Callable[[int, int], None]
    result: Blob | None = None

    def keep(self, result: Blob) -> None:
        """Leave a file in the transaction of the work itself, so that it and the work stand or fall together."""
        self.result = self.job.result = result
        self.job.save(update_fields=["result"])
