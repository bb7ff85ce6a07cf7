"""Rules 2 and 3: every route says what it asks, and answers each person, unit and method as the matrix says."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path, reverse
from django.utils import timezone

from accounts.access import OWN_FILE, PUBLIC, SIGNED_IN, requires
from accounts.models import User
from accounts.scope import units_with
from ledger.models import Event
from school.permissions import PERMISSIONS
from tests.cast import Cast
from tests.factories import saved
from tests.guards.matrix import ROUTES, Route, route
from tests.guards.world import World
from tests.records.files import make_account

METHODS = ("GET", "POST")
VISITOR, STUDENT = "visitor", "student"
ANYBODY = ("clerk", "system_admin", "outsider")
"""Who is asked where being signed in is all that a route wants: there roles make no difference."""
PARTS = 4


def walk(patterns: list[Any], namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every route with its full name; nameless ones under their address."""
    for one in patterns:
        if isinstance(one, URLResolver):
            inner = f"{namespace}{one.namespace}:" if one.namespace else namespace
            yield from walk(one.url_patterns, inner)
        else:
            yield (f"{namespace}{one.name}" if one.name else f"?{one.pattern}"), one


def unguarded(patterns: list[Any]) -> list[str]:
    """Routes that neither declare `@requires` nor stand in PUBLIC."""
    return [
        name
        for name, one in walk(patterns)
        if name not in PUBLIC and not getattr(one.callback, "requires", ())
    ]


def strange(patterns: list[Any]) -> list[str]:
    """Routes whose `@requires` names a permission that does not exist."""
    known = {codename for codename, _label in PERMISSIONS} | {SIGNED_IN, OWN_FILE}
    return [name for name, one in walk(patterns) if set(getattr(one.callback, "requires", ())) - known]


def unlisted(patterns: list[Any], routes: dict[str, Route]) -> list[str]:
    """Routes without a line, lines without a route, and lines that ask for something else than the route does."""
    found = {name: set(getattr(one.callback, "requires", ())) for name, one in walk(patterns)}
    wrong = [name for name in found.keys() & routes.keys() if set(routes[name].perms) != found[name]]
    return sorted(found.keys() ^ routes.keys()) + sorted(wrong)


def every_route() -> list[Any]:
    return list(get_resolver().url_patterns)


@pytest.mark.requirement("S0-4.3-1")
def test_every_route_declares_what_it_asks() -> None:
    assert unguarded(every_route()) == []
    assert strange(every_route()) == []
    names = {name for name, _one in walk(every_route())}
    assert names >= PUBLIC, "PUBLIC names a route that is gone"


def test_every_route_has_its_line_in_the_matrix() -> None:
    assert unlisted(every_route(), ROUTES) == [], "add a line to tests/guards/matrix.py"


def test_planted_routes_are_found() -> None:
    def bare(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    planted = [
        path("bare/", bare, name="bare"),
        path("typo/", requires("view_everything")(bare), name="typo"),
        path("fine/", requires("view_school")(bare), name="fine"),
    ]
    assert unguarded(planted) == ["bare"]
    assert strange(planted) == ["typo"]
    lines = {"typo": route("view_everything"), "fine": route("view_student"), "gone": route("view_school")}
    assert unlisted(planted, lines) == ["bare", "gone", "fine"]


class Asker:
    """Sends the requests of one person, each with the same session, whatever the answers do to it."""

    def __init__(self, name: str, user: User | None) -> None:
        self.name = name
        self.user = user
        self._session = ""
        if user is not None:
            client = Client()
            client.force_login(user)
            self._session = client.cookies[settings.SESSION_COOKIE_NAME].value

    def ask(self, method: str, address: str) -> tuple[int, int]:
        """Status of the answer and number of refusals that it left; what it changed is undone."""
        client = Client()
        if self._session:
            client.cookies[settings.SESSION_COOKIE_NAME] = self._session
        with transaction.atomic():
            last = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
            status = client.generic(method, address).status_code
            left = Event.objects.filter(pk__gt=last, action__startswith="request.").count()
            transaction.set_rollback(True)
        return status, left


def address_of(name: str, pattern: URLPattern, line: Route, world: World) -> tuple[str, int]:
    """The address for one side and the unit that its object belongs to."""
    if line.obj is None:
        return reverse(name), world.unit.pk
    thing = line.obj(world)
    if isinstance(thing, dict):
        return reverse(name, kwargs=thing), world.unit.pk
    (key,) = pattern.pattern.converters
    return reverse(name, kwargs={key: thing.public_id}), getattr(thing, "unit_id", None) or world.unit.pk


def expected(asker: Asker, line: Route, method: str, unit: int, side: str) -> set[int]:
    """The statuses that the matrix allows in one cell."""
    allowed = method in line.methods
    if line.is_public:
        return set(line.good) if allowed else {405, *line.good}
    if asker.user is None:
        return {302} if allowed else {302, 405}
    if asker.user.kind == User.Kind.STUDENT and OWN_FILE not in line.perms:
        return {403} if allowed else {403, 405}
    if asker.user.kind != User.Kind.STUDENT and SIGNED_IN not in line.perms:
        held = [units_with(asker.user, perm) for perm in line.perms]
        if not any(held):
            return {403} if allowed else {403, 405}
        if (
            line.obj is not None
            and not line.everywhere
            and allowed
            and not any(unit in units for units in held)
        ):
            return {404}
    if not allowed:
        return {405}
    if side == "own" and asker.name in line.cells:
        return {line.cells[asker.name]}
    return set(line.good)


def sides_of(asker: Asker, line: Route) -> tuple[str, ...]:
    """Both schools for those who hold a permission of the line; one is enough for those who are stopped before it."""
    if line.obj is None or line.everywhere or asker.user is None:
        return ("own",)
    return ("own", "other") if any(units_with(asker.user, perm) for perm in line.perms) else ("own",)


def faults_of(
    name: str, pattern: URLPattern, line: Route, askers: list[Asker], worlds: dict[str, World]
) -> list[str]:
    """The cells of one route that do not hold."""
    faults = []
    if SIGNED_IN in line.perms:
        askers = [asker for asker in askers if asker.name in (VISITOR, STUDENT, *ANYBODY)]
    for asker in askers:
        for side in sides_of(asker, line):
            address, unit = address_of(name, pattern, line, worlds[side])
            for method in METHODS:
                allowed = expected(asker, line, method, unit, side)
                status, refusals = asker.ask(method, address)
                if status not in allowed:
                    faults.append(f"{name} {method} {asker.name} ({side}): {status}, not {sorted(allowed)}")
                elif allowed <= {403, 404} and refusals != 1 and not line.good <= {404}:
                    faults.append(f"{name} {method} {asker.name} ({side}): {refusals} refusals in the ledger")
    return faults


def drive(patterns: list[Any], routes: dict[str, Route], cast: Cast) -> list[str]:
    """Every cell of the matrix; the faults."""
    for user in cast.people.values():
        user.last_seen_on = timezone.localdate()
        saved(user)
    askers = [Asker(VISITOR, None), *(Asker(name, user) for name, user in cast.people.items())]
    worlds = {side: World(cast, side) for side in ("own", "other")}
    askers.append(Asker(STUDENT, make_account(worlds["own"].student)))
    return [
        fault
        for name, pattern in walk(patterns)
        if name in routes
        for fault in faults_of(name, pattern, routes[name], askers, worlds)
    ]


@pytest.mark.django_db
@pytest.mark.requirement("S0-4.3-1", "S0-5.1-1", "S3-5.1-1", "S2-6.2-4")
@pytest.mark.parametrize("part", range(PARTS))
def test_every_route_answers_each_person_as_the_matrix_says(cast: Cast, part: int) -> None:
    lines = {name: ROUTES[name] for name in sorted(ROUTES)[part::PARTS]}
    faults = drive(every_route(), lines, cast)
    assert not faults, "\n".join(faults)


@pytest.mark.django_db
def test_a_planted_leak_is_found(cast: Cast) -> None:
    lines = {
        "accounts:users": route("view_student", methods="GET POST"),
        "accounts:user": route("manage_users", obj=lambda world: world.person, methods="GET POST"),
        "reports:home": route(SIGNED_IN),
    }
    faults = drive(every_route(), lines, cast)
    assert "accounts:users GET system_admin (own): 200, not [403]" in faults
    assert "accounts:user GET auditor (own): 200, not [403]" in faults
    assert "reports:home GET student (own): 302, not [403]" in faults
    assert "accounts:user POST system_admin (own): 405, not [200, 204, 302, 400, 422]" in faults
