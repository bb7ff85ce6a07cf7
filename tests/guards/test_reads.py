"""Every page about one student, opened as every person who may: it leaves exactly one reading event."""

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.scope import units_with
from audit.incidents.selectors import READING
from ledger.models import Event
from tests.cast import Cast
from tests.factories import saved
from tests.guards.matrix import ROUTES
from tests.guards.test_matrix import address_of, every_route, walk
from tests.guards.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S0-5.1-5", "S3-5.3-3")]


OF_MANY = {
    "enrollment:import_row": "a row of a file, whose person is nobody yet",
    "archive:sharing_consents": "the students of a sharing",
    "records:my_class": "a class, with an event of its own where contacts are shown",
    "records:conduct_class": "a class to choose from",
    "records:reward_class": "a class to choose from",
    "audit:event": "an event; looking at it is an event",
}
"""Pages whose student is one of several."""


def opened(user: User, address: str) -> tuple[str, list[str], int]:
    """What a page says to a reader who has told his purpose, which reading it left, and its status; undone after."""
    client = Client()
    client.force_login(user)
    session = client.session
    session["reading_purpose"] = "duty"
    session.save()
    with transaction.atomic():
        last = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        answer = client.get(address)
        text = b"".join(answer) if answer.streaming else answer.content
        left = Event.objects.filter(pk__gt=last, action__in=READING, result="done")
        told = list(left.values_list("action", flat=True))
        transaction.set_rollback(True)
    return text.decode("utf-8", "replace"), told, answer.status_code


def test_each_page_that_shows_a_student_leaves_one_reading_event(cast: Cast) -> None:
    world, faults, pages = World(cast, "own"), [], 0
    for user in cast.people.values():
        user.last_seen_on = timezone.localdate()
        saved(user)
    for name, pattern in walk(every_route()):
        line = ROUTES[name]
        if line.obj is None or "GET" not in line.methods or name in OF_MANY:
            continue
        address, unit = address_of(name, pattern, line, world)
        for who, user in cast.people.items():
            if not any(unit in units_with(user, perm) for perm in line.perms):
                continue
            text, told, status = opened(user, address)
            if status == 200 and world.student.name in text:
                pages += 1
                if len(told) != 1:
                    faults.append(f"{name} as {who}: {told}")
    assert pages > 50, "too few pages were reached"
    assert not faults, "\n".join(faults)
