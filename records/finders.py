"""What the one search box finds beside students: each room registers its own people at start.

register(Finder("applicants", _("Applicants"), ("view_applicant",), find))
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from accounts.models import User
from accounts.scope import holds

Label = str | Promise


@dataclass(frozen=True, slots=True)
class Hit:
    """A line of the results; ``state`` is a badge, ``facts`` are short texts without personal numbers."""

    name: str
    url: str
    note: str = ""
    number: str = ""
    facts: tuple[str, ...] = ()
    state: Any = ""


@dataclass(frozen=True, slots=True)
class Hits:
    """What one finder found; ``by_number``: a blind index was asked."""

    rows: Sequence[Hit]
    more: bool = False
    by_number: bool = False


@dataclass(frozen=True, slots=True)
class Finder:
    """A kind of people. ``find(user, text, secrets, limit)`` gives only what the user may see."""

    key: str
    label: Label
    perms: tuple[str, ...]
    find: Callable[[User, str, bool, int], Hits]


_finders: dict[str, Finder] = {}


def register(finder: Finder) -> None:
    """Add a finder; the same key again replaces it."""
    _finders[finder.key] = finder


def find(user: User, text: str, *, secrets: bool, limit: int) -> list[tuple[Finder, Hits]]:
    """What each finder open to ``user`` finds, in the order of registration."""
    return [
        (finder, finder.find(user, text, secrets, limit))
        for finder in _finders.values()
        if any(holds(user, perm) for perm in finder.perms)
    ]
