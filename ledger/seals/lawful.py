"""Which erasures are lawful: the rooms whose functions erase say so.

An erasure is told by whose rows it blanked and in which transaction: the act that it belongs to left its event there.
Events leave the database after years; of erasures up to that transaction (``gone``) the register alone is asked.
"""

from collections.abc import Callable, Collection
from uuid import UUID

Erased = tuple[UUID, int]
"""The subject, and the number of the transaction."""

Check = Callable[[Collection[Erased], int], Collection[Erased]]

_checks: list[Check] = []


def register(check: Check) -> None:
    """``check(erased, gone)`` gives those erasures that its room accounts for."""
    _checks.append(check)


def accounted(erased: Collection[Erased], gone: int = 0) -> set[Erased]:
    """The erasures that some room accounts for; events of transactions up to ``gone`` have left the database."""
    return {one for check in _checks for one in check(erased, gone)}
