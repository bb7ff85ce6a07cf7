"""The register of what is sampled: each room says at start which of its cases small schools decide in merged steps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from approvals.models import Decision, Request

Moments = tuple[date, date]
"""First day of a month, and first day of the next."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case that ended in the month."""

    school_id: int
    case: UUID
    number: str
    subject: UUID | None


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of case.

    ``cases(first, until)`` gives those of all schools that ended under the small scheme in these days, ``until``
    excluded. ``had_part(user, case)``: whether he decided on it. ``url_name`` takes the id of the case.
    """

    key: str
    label: Any
    cases: Callable[[date, date], Sequence[Case]]
    had_part: Callable[[User, UUID], bool]
    url_name: str


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    """Add a source; the same key again replaces it."""
    _sources[source.key] = source


def sources() -> list[Source]:
    """Every source in the order of registration."""
    return list(_sources.values())


def source(key: str) -> Source:
    """The source of this key. Raises KeyError when no room has it."""
    return _sources[key]


def requests_of(first: date, until: date) -> list[Case]:
    """Requests that were closed or refused in these days under the small scheme."""
    rows = Request.objects.filter(
        scheme="small",
        state__in=[Request.State.CLOSED, Request.State.REFUSED],
        closed_at__date__gte=first,
        closed_at__date__lt=until,
    )
    return [Case(*values) for values in rows.values_list("school_id", "public_id", "number", "subject")]


def decided_on(user: User, case: UUID) -> bool:
    """Whether ``user`` asked for the request or took a step of it."""
    part = Q(actor=user) | Q(request__requester=user) | Q(delegation__principal=user)
    found: bool = Decision.objects.filter(part, request__public_id=case).exists()
    return found
