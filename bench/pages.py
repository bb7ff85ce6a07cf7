"""Whole requests of signed-in people through every middleware, beside an empty page in the same frame. Prints JSON."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from types import ModuleType
from typing import Any

from bench.application import start

start()

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client
from django.urls import include, path, reverse

from accounts.access import SIGNED_IN, requires
from accounts.models import User
from bench.load import WIDE_READER
from bench.measure import Line, in_turns, median, timed
from records.models import Student

REPEAT = 15
AIM = 3.0
ROWS_IN_PAGES = 1_000
LARGEST = 100

_EMPTY = engines["django"].from_string(
    '{% extends "base.html" %}{% block title %}Empty{% endblock %}{% block content %}{% endblock %}'
)


@requires(SIGNED_IN)
def empty(request: HttpRequest) -> HttpResponse:
    """The frame with nothing in it: what every signed-in page costs at least."""
    return HttpResponse(_EMPTY.render({}, request))


def with_empty_page() -> None:
    """The product's addresses and one more."""
    addresses = ModuleType("bench_addresses")
    vars(addresses)["urlpatterns"] = [
        path("", include("config.urls")),
        path("bench-empty/", empty, name="bench_empty"),
    ]
    sys.modules[addresses.__name__] = addresses
    settings.ROOT_URLCONF = addresses.__name__


def client_of(user: User) -> Client:
    """A browser of a signed-in user who wants the largest page of students."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    client.post(reverse("records:purpose"), {"purpose": "duty"})
    return client


def get(client: Client, url: str, mark: str = "") -> HttpResponse:
    """One request. Raises RuntimeError unless the page came, with ``mark`` in it."""
    response: Any = client.get(url)
    if response.status_code != 200 or mark.encode() not in response.content:
        raise RuntimeError(f"{url}: {response.status_code}")
    found: HttpResponse = response
    return found


def beside_empty(label: str, client: Client, work: Callable[[], Any], note: str = "") -> Line:
    """One page beside the empty one."""
    floor, subject = in_turns(partial(get, client, reverse("bench_empty")), work, repeat=REPEAT, warm=3)
    return Line(label, floor, subject, AIM, note)


def students_list(client: Client) -> list[Line]:
    """The list of students at its largest page: the first page, and a thousand rows page by page."""
    url = reverse("records:students")
    client.post(url, {"list_form": "settings", "size": str(LARGEST)})
    rows = get(client, url).content.count(b"<tr") - 1
    if rows < LARGEST:
        raise RuntimeError(f"The list shows {rows} rows")
    first = beside_empty("list: first page of 100", client, partial(get, client, url))
    pages = [f"{url}?page={number}" for number in range(1, ROWS_IN_PAGES // LARGEST + 1)]
    pairs = [
        (timed(partial(get, client, reverse("bench_empty"))), timed(partial(get, client, page)))
        for _round in range(3)
        for page in pages
    ]
    floor, subject = (median(list(column)) for column in zip(*pairs, strict=True))
    note = f"each of {len(pages)} pages; all of them {subject * len(pages) * 1000:.0f} ms"
    return [first, Line("list: 1,000 rows in pages", floor, subject, AIM, note)]


def measure() -> list[Line]:
    """One line for each page."""
    with_empty_page()
    reader = User.objects.get(staff_no=WIDE_READER)
    client = client_of(reader)
    lines = students_list(client)
    file = reverse("records:student", args=[Student.objects.order_by("pk")[100].public_id])
    lines.append(beside_empty("student file", client, partial(get, client, file)))
    search = reverse("records:search")
    lines.append(
        beside_empty("search page, one character", client, partial(client.post, search, {"q": "明"}))
    )
    for name, who in (
        ("王芳", "clerk"),
        ("张伟", "head of admissions"),
        ("刘敏", "archivist"),
        (reader.name, "registrar"),
    ):
        person = client_of(User.objects.get(name=name))
        lines.append(
            beside_empty(f"home of the {who}", person, partial(get, person, reverse("reports:home")))
        )
    return lines


if __name__ == "__main__":
    sys.stdout.write(json.dumps([asdict(line) for line in measure()]))
