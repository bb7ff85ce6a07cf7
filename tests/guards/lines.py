"""A line of the permission matrix; `tests.guards.matrix` tells what it expects."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.guards.world import World

NOBODY = UUID(int=0)
GOOD = frozenset({200, 204, 302, 400, 422})


@dataclass(frozen=True)
class Route:
    """What one address asks and answers."""

    perms: tuple[str, ...]
    obj: Callable[[World], Any] | None = None
    methods: tuple[str, ...] = ("GET",)
    good: frozenset[int] = GOOD
    cells: Mapping[str, int] = field(default_factory=dict)
    everywhere: bool = False

    @property
    def is_public(self) -> bool:
        return not self.perms


def route(
    *perms: str,
    obj: Callable[[World], Any] | None = None,
    methods: str = "GET",
    good: frozenset[int] = GOOD,
    cells: Mapping[str, int] | None = None,
    everywhere: bool = False,
) -> Route:
    """A line of the matrix; ``methods`` are written with a space between.

    ``everywhere``: the object belongs to no unit (an entry of a code list), so there is no other side.
    """
    return Route(perms, obj, tuple(methods.split()), good, cells or {}, everywhere)
