"""Which function does which kind of job. Rooms register theirs in ``AppConfig.ready``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.functional import Promise

if TYPE_CHECKING:
    from accounts.models import User
    from jobs.models import Job
    from jobs.running import Running

Label = str | Promise


def _nothing(job: "Job") -> None:
    """No more to do."""


def _nowhere(job: "Job") -> str:
    return ""


def _always(user: "User", job: "Job") -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of job.

    ``work`` does it. It is called again from the start when a worker was killed, so all that it writes must stand in
    one transaction, or be safe to write twice. ``ended`` is told when the job failed for good or was cancelled; ``url``
    gives the page where the result is seen; ``may_take`` asks whether who ordered a file may still have it. ``failed``
    is told of work that stays as far as it came, instead of that nothing was changed.
    """

    name: str
    label: Label
    work: "Callable[[Running], None]"
    ended: "Callable[[Job], None]" = _nothing
    url: "Callable[[Job], str]" = _nowhere
    cancellable: bool = True
    may_take: "Callable[[User, Job], bool]" = _always
    failed: Label = ""


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known. Raises ValueError when its name is taken by another one."""
    known = _kinds.setdefault(kind.name, kind)
    if known.work is not kind.work:
        raise ValueError(f"Jobs of kind {kind.name!r} are registered already")


def kind_of(name: str) -> Kind:
    """The kind by its name. Raises LookupError for one that no room registered."""
    try:
        return _kinds[name]
    except KeyError:
        raise LookupError(f"No room registered jobs of kind {name!r}") from None


def known_kind(name: str) -> Kind | None:
    """The kind by its name; None for one that no room registered (any more)."""
    return _kinds.get(name)
