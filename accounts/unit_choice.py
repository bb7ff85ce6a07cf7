"""The unit that a reader looks at, chosen in the top bar: it narrows lists, never rights or opened pages."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest

from accounts.models import User
from accounts.scope import places_of, units_below
from accounts.selectors import in_tree_order
from school.models import Unit

RECENT = 5
_KEY = "unit_choice"


@dataclass(frozen=True, slots=True)
class Place:
    """A unit as the menu offers it: its label, its level under the first of the reader's units, whether chosen."""

    key: str
    label: str
    depth: int
    current: bool


def chosen(request: HttpRequest) -> int | None:
    """Id of the unit that the reader chose and still may see; None for all of his units."""
    user = request.user
    if not isinstance(user, User):
        return None
    kept = request.session.get(_KEY, {}).get("at")
    return kept if kept is not None and kept in places_of(user) else None


def narrowed(request: HttpRequest) -> frozenset[int] | None:
    """Ids of the chosen unit and those below it; None without a choice."""
    at = chosen(request)
    return None if at is None else units_below(request.user, at)  # type: ignore[arg-type]  # a choice has a User


def choose(request: HttpRequest, key: str) -> None:
    """Keep the unit with this public id for the session, "" for all. Raises Http404 for one that is not offered."""
    kept = request.session.get(_KEY, {})
    if not key:
        request.session[_KEY] = {**kept, "at": None}
        return
    found = next((unit for unit in _units(request.user) if str(unit.public_id) == key), None)
    if found is None:
        raise Http404
    recent = [found.pk, *(pk for pk in kept.get("recent", []) if pk != found.pk)]
    request.session[_KEY] = {"at": found.pk, "recent": recent[:RECENT]}


def menu(request: HttpRequest) -> tuple[list[Place], list[Place]]:
    """The last five units chosen, then all in tree order."""
    units = _units(request.user)
    at = chosen(request)
    shallow = min((len(unit.ancestors) for unit in units), default=0)
    every = {
        unit.pk: Place(str(unit.public_id), unit.label, len(unit.ancestors) - shallow, unit.pk == at)
        for unit in units
    }
    recent = request.session.get(_KEY, {}).get("recent", [])
    return [every[pk] for pk in recent if pk in every], list(every.values())


def _units(user: object) -> list[Unit]:
    return in_tree_order(Unit.objects.filter(pk__in=places_of(user))) if isinstance(user, User) else []
