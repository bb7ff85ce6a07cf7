"""Whose files somebody must not decide on: his own and his family's. The rooms that know students give the answer."""

from collections.abc import Callable, Collection
from uuid import UUID

from accounts.models import User

Check = Callable[[User, Collection[UUID]], Collection[UUID]]

_checks: list[Check] = []


def register(check: Check) -> None:
    """Add a way to tell; ``check(user, subjects)`` gives those of the students who are ``user`` or of his family."""
    if check not in _checks:
        _checks.append(check)


def related_among(user: User, subjects: Collection[UUID]) -> set[UUID]:
    """Those of the students on whom ``user`` decides nothing."""
    return {one for check in _checks for one in check(user, subjects)} if subjects else set()


def is_related(user: User, subjects: Collection[UUID]) -> bool:
    """Whether ``user`` decides nothing on one of the students."""
    return bool(related_among(user, subjects))
