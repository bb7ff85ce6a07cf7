"""Items of work that lead somebody to a student's file: each room tells of its own.

What is read because a request, a correction or a row of a list waits for the reader is work, and no bulk reading.
"""

from collections.abc import Callable
from uuid import UUID

from accounts.models import User
from approvals.relation import is_related

Source = Callable[[User, UUID], str]

_sources: list[Source] = []


def register(source: Source) -> None:
    """Add a source: ``source(user, subject)`` names the item about the student that waits for ``user``, or gives ""."""
    if source not in _sources:
        _sources.append(source)


def item_for(user: User, subject: UUID) -> str:
    """The first item of work about this student that waits for ``user``, as the ledger names it; "" for none.

    Work about oneself or one's family is no excuse: nobody deals with it himself, and a child could make it.
    """
    if is_related(user, [subject]):
        return ""
    return next((name for source in _sources if (name := source(user, subject))), "")
