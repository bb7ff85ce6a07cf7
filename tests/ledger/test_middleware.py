"""What a request leaves: who wrote, from where, and one event for each refusal."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils.functional import SimpleLazyObject

from ledger.context import current
from ledger.middleware import LedgerMiddleware, client_address
from ledger.models import Event
from school.models import Unit
from tests.ledger.people import staff_account

pytestmark = pytest.mark.urls("tests.ledger.urls")
REFUSALS = {"refused", "failed"}
WRITTEN = {"must be rolled back", "written"}


BACKEND = "accounts.adapters.UserBackend"


@pytest.fixture
def somebody(db: None) -> Any:
    return staff_account()


@pytest.fixture
def signed_in(client: Client, somebody: Any) -> Client:
    client.force_login(somebody, backend=BACKEND)
    return client


def refusals() -> list[Event]:
    return list(Event.objects.filter(result__in=REFUSALS))


def test_a_write_names_the_signed_in_user_and_the_address(signed_in: Client, somebody: Any) -> None:
    response = signed_in.get("/allowed/", REMOTE_ADDR="192.0.2.9")
    assert response.content.decode().startswith("ledger-staff 192.0.2.9")
    kept = Unit.history.get(name="written")
    assert (kept.history_user, kept.history_address) == (somebody, "192.0.2.9")
    assert kept.history_request_id is not None
    assert current().actor is None, "the context ends with the request"


@pytest.mark.parametrize(("path", "status"), [("/denied/", 403), ("/outside/", 404), ("/forbidden/", 403)])
def test_a_refusal_leaves_exactly_one_event(signed_in: Client, somebody: Any, path: str, status: int) -> None:
    assert signed_in.get(path).status_code == status
    (event,) = refusals()
    assert (event.actor, event.result, event.detail["route"]) == (somebody, "refused", path.strip("/"))
    assert (event.detail["method"], event.detail["status"]) == ("GET", status)
    assert event.request_id is not None
    assert not Unit.objects.filter(name__in=WRITTEN).exists()


def test_the_refusal_says_what_was_asked_for(signed_in: Client) -> None:
    signed_in.get("/outside/")
    (event,) = refusals()
    assert (event.action, event.object_type, event.object_id) == ("request.out_of_scope", "school.Unit", 77)


def test_what_is_really_missing_and_what_is_allowed_leave_none(signed_in: Client) -> None:
    assert signed_in.get("/missing/").status_code == 404
    assert signed_in.get("/nowhere/").status_code == 404
    assert signed_in.get("/allowed/").status_code == 200
    assert refusals() == []


def test_a_refusal_stands_when_the_views_transaction_is_gone(committed_db: str) -> None:
    client = Client()
    somebody = staff_account()
    client.force_login(somebody, backend=BACKEND)
    assert client.get("/denied/").status_code == 403
    connection.close()
    assert [event.actor for event in refusals()] == [somebody]
    assert (
        not Unit.objects.filter(name__in=WRITTEN).exists()
        and not Unit.history.filter(name__in=WRITTEN).exists()
    )


def test_a_form_without_its_token_leaves_one_event(somebody: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/allowed/").status_code == 403
    (event,) = refusals()
    assert (event.action, event.actor, event.detail["method"]) == ("request.csrf_refused", None, "POST")
    assert not Unit.objects.filter(name__in=WRITTEN).exists()


def test_nobody_is_looked_up_unless_somebody_asks() -> None:
    request = RequestFactory().get("/")
    request.user = SimpleLazyObject(lambda: pytest.fail("asked for the user"))  # type: ignore[assignment]  # stands for a user
    response = LedgerMiddleware(lambda request: HttpResponse("nothing written"))(request)
    assert response.status_code == 200


@pytest.mark.requirement("S1-5.3-1")
def test_sign_ins_failures_and_sign_outs_are_events(client: Client, somebody: Any) -> None:
    wrong = {"username": somebody.staff_no, "password": "Wrong-horse-7-battery"}
    assert client.post("/probe-sign-in/", wrong).content == b"wrong"
    (event,) = refusals()
    assert (event.action, event.result, event.actor) == ("session.sign_in_failed", "failed", None)
    assert (event.object_type, event.object_id) == ("accounts.User", somebody.pk)
    assert (
        client.post("/probe-sign-in/", {**wrong, "password": "Correct-horse-7-battery"}).content
        == b"signed in"
    )
    client.logout()
    names = list(
        Event.objects.filter(action__startswith="session.").order_by("id").values_list("action", "actor")
    )
    assert names == [
        ("session.sign_in_failed", None),
        ("session.signed_in", somebody.pk),
        ("session.signed_out", somebody.pk),
    ]


def test_a_locked_sign_in_is_told_apart_and_written_once_each_time(
    client: Client, somebody: Any, settings: Any
) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    for _attempt in range(5):
        client.post("/probe-sign-in/", {"username": somebody.staff_no, "password": "Wrong-horse-7-battery"})
    events = sorted(refusals(), key=lambda event: event.pk)
    assert [event.action for event in events] == ["session.sign_in_failed"] * 2 + ["session.locked_out"] * 3
    assert {event.object_id for event in events} == {somebody.pk}


def test_what_was_typed_as_a_name_is_not_kept(client: Client, db: None) -> None:
    client.post("/probe-sign-in/", {"username": "my-secret-password", "password": "x"})
    (event,) = refusals()
    assert event.object_id is None
    assert "my-secret-password" not in str(Event.objects.filter(pk=event.pk).values().get())
    assert not get_user_model()._default_manager.filter(staff_no="my-secret-password").exists()


@pytest.mark.parametrize(
    ("remote", "forwarded", "trusted", "expected"),
    [
        ("192.0.2.1", "", False, "192.0.2.1"),
        ("192.0.2.1", "203.0.113.5", False, "192.0.2.1"),
        ("192.0.2.1", "203.0.113.5", True, "203.0.113.5"),
        ("192.0.2.1", "10.0.0.1, 203.0.113.5", True, "203.0.113.5"),
        ("192.0.2.1", "", True, "192.0.2.1"),
        ("2001:db8::1", "", False, "2001:db8::1"),
        ("", "", False, None),
        ("192.0.2.1", "<script>", True, None),
    ],
)
def test_the_address_is_the_clients_and_cannot_be_made_up(
    settings: Any, remote: str, forwarded: str, trusted: bool, expected: str | None
) -> None:
    settings.TRUSTED_PROXY = trusted
    extra = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    request = RequestFactory().get("/", REMOTE_ADDR=remote, **extra)
    assert client_address(request) == expected
