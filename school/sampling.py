"""The random sample that the system draws: its size by the school's rules, each item as likely as any other."""

import secrets
from collections.abc import Sequence
from typing import TypeVar

from school.models import Unit
from school.rules import rule

T = TypeVar("T")


def sample_size(school: Unit, population: int) -> int:
    """How many of ``population`` are looked at: the rule's percentage, at least the rule's minimum."""
    share = -(-population * int(rule(school, "sample_percent")) // 100)
    return min(population, max(share, int(rule(school, "sample_minimum"))))


def draw(school: Unit, items: Sequence[T]) -> list[T]:
    """A fresh sample of these items, in no order."""
    return secrets.SystemRandom().sample(list(items), sample_size(school, len(items)))
