"""Signing in and out, lock-out, forced change of the password, second factors, idle sessions."""

import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts import actions, sessions
from accounts.models import User
from accounts.roles import Role
from accounts.tasks import clear_sessions
from ledger.models import Event
from tests.cast import Cast
from tests.factories import PASSWORD, appoint, make_user, saved, set_rule
from tests.records.files import make_account, make_student

pytestmark = pytest.mark.django_db
SIGN_IN = "/sign-in/"


@pytest.fixture(autouse=True)
def _fresh_counters() -> None:
    cache.clear()


def sign_in(client: Client, staff_no: str, password: str = PASSWORD, **more: str) -> object:
    return client.post(SIGN_IN, {"login": staff_no, "password": password, **more})


def signed_in_as(client: Client) -> str:
    return str(client.session.get("_auth_user_id", ""))


def totp_for(user: User) -> str:
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def code_of(secret: str) -> str:
    counters = list(yield_hotp_counters_from_time())
    return format_hotp_value(hotp_value(secret, counters[len(counters) // 2]))


@pytest.mark.requirement("S1-5.3-1", "S1-5.2-4")
def test_the_staff_number_opens_in_any_case_and_leaves_an_event(client: Client, cast: Cast) -> None:
    make_user("大小写", cast.admissions, staff_no="Zh-01")
    response = sign_in(client, " zH-01 ", next="/me/")
    assert response["Location"] == "/me/"
    user = User.objects.get(staff_no="Zh-01")
    assert signed_in_as(client) == str(user.pk)
    event = Event.objects.get(action="session.signed_in")
    assert (event.actor_id, event.address) == (user.pk, "127.0.0.1")


def test_the_page_is_in_chinese_and_in_english_and_offers_nothing_else(client: Client) -> None:
    page = client.get(SIGN_IN).content.decode()
    assert "data-sign-in-form" in page
    for absent in ("signup", "sign-up/", "password/reset", "remember"):
        assert absent not in page.lower()
    for address in ("/accounts/signup/", "/signup/", "/accounts/login/", "/admin/"):
        assert client.get(address).status_code == 404


@pytest.mark.requirement("S1-5.3-1")
def test_a_wrong_password_says_so_without_telling_which_was_wrong(client: Client, cast: Cast) -> None:
    wrong = sign_in(client, cast.clerk.staff_no, "Wrong-pass-1")
    unknown = sign_in(client, "nobody-here", "Wrong-pass-1")
    texts = [[str(text) for text in page.context["form"].non_field_errors()] for page in (wrong, unknown)]
    assert texts[0] == texts[1] != []
    failed = Event.objects.filter(action="session.sign_in_failed")
    assert [(one.object_id, one.result) for one in failed.order_by("pk")] == [
        (cast.clerk.pk, "failed"),
        (None, "failed"),
    ]


def test_five_failures_close_the_door_for_twenty_minutes(client: Client, cast: Cast) -> None:
    for number in range(5):
        response = sign_in(
            client, cast.clerk.staff_no.lower() if number % 2 else cast.clerk.staff_no, "Wrong-1!"
        )
    assert response.status_code == 429
    assert "20" in response.content.decode()
    assert sign_in(client, cast.clerk.staff_no).status_code == 429, "the right password must not help now"
    assert not signed_in_as(client)
    assert Event.objects.filter(action="session.locked_out", object_id=cast.clerk.pk).count() == 2
    elsewhere = Client(REMOTE_ADDR="10.1.2.3")
    assert sign_in(elsewhere, cast.clerk.staff_no).status_code == 302
    assert sign_in(client, cast.head.staff_no).status_code == 302
    client.logout()
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=21))
    assert sign_in(client, cast.clerk.staff_no).status_code == 302


def test_failures_elsewhere_close_the_door_for_nobody_here(client: Client, cast: Cast) -> None:
    for number in range(12):
        sign_in(Client(REMOTE_ADDR=f"10.1.2.{number // 4}"), cast.clerk.staff_no, "Wrong-1!")
    assert sign_in(client, cast.clerk.staff_no).status_code == 302


def test_locked_and_unused_accounts_are_told_why(client: Client, cast: Cast) -> None:
    cast.clerk.is_active = False
    saved(cast.clerk)
    response = client.post(SIGN_IN, {"login": cast.clerk.staff_no, "password": PASSWORD}, follow=True)
    assert not signed_in_as(client)
    assert len(list(response.context["messages"])) == 1
    cast.head.last_seen_on = timezone.localdate() - timedelta(days=91)
    saved(cast.head)
    sign_in(client, cast.head.staff_no)
    assert not signed_in_as(client)
    assert User.objects.get(pk=cast.head.pk).is_active is False
    assert Event.objects.get(action="account.locked").object_id == cast.head.pk


def test_a_students_account_may_rest_over_the_summer(client: Client, cast: Cast) -> None:
    account = make_account(make_student("王小明", cast))
    account.last_seen_on = timezone.localdate() - timedelta(days=200)
    saved(account)
    sign_in(client, account.staff_no)
    assert signed_in_as(client) == str(account.pk)
    assert User.objects.get(pk=account.pk).is_active


def test_an_account_that_nobody_ever_used_is_locked_too(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = timezone.localdate
    with monkeypatch.context() as later:
        later.setattr(timezone, "localdate", lambda at=None: today(at) + timedelta(days=0 if at else 91))
        sign_in(client, cast.clerk.staff_no)
    assert not signed_in_as(client)
    row = User.objects.get(pk=cast.clerk.pk)
    assert not row.is_active
    actions.unlock_user(actor=cast.system_admin, user=row, reason="返岗")
    sign_in(client, cast.clerk.staff_no)
    assert signed_in_as(client) == str(cast.clerk.pk)


def test_service_accounts_cannot_sign_in(client: Client, cast: Cast) -> None:
    sign_in(client, "system", "")
    sign_in(client, "system", "!")
    assert not signed_in_as(client)


def test_signing_out_needs_a_post_and_ends_the_session(client: Client, cast: Cast) -> None:
    client.force_login(cast.clerk)
    assert client.get("/sign-out/").status_code == 405
    assert signed_in_as(client)
    assert client.post("/sign-out/")["Location"] == SIGN_IN
    assert not signed_in_as(client)
    assert Event.objects.filter(action="session.signed_out", actor=cast.clerk).count() == 1


def test_the_session_key_changes_at_sign_in(client: Client, cast: Cast) -> None:
    client.get(SIGN_IN)
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key
    sign_in(client, cast.clerk.staff_no)
    assert client.session.session_key != before


def test_no_signed_in_page_may_be_stored(client: Client, cast: Cast) -> None:
    client.force_login(cast.clerk)
    assert "no-store" in client.get("/me/")["Cache-Control"]
    assert "no-store" in client.get("/users/")["Cache-Control"], "refusals neither"


@pytest.mark.requirement("S3-6.1-2")
def test_the_first_password_must_be_changed_before_anything_else(client: Client, cast: Cast) -> None:
    cast.clerk.must_change_password = True
    saved(cast.clerk)
    sign_in(client, cast.clerk.staff_no)
    assert client.get("/me/")["Location"] == "/me/password/"
    fragment = client.get("/me/", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment["HX-Redirect"]) == (204, "/me/password/")
    assert client.get("/me/", headers={"X-Requested-With": "XMLHttpRequest"}).status_code == 409
    answer = client.post("/me/password/", {"old": PASSWORD, "new": "Bamboo-2026x", "again": "Bamboo-2026x"})
    assert answer["Location"] == "/"
    assert client.get("/me/").status_code == 200
    user = User.objects.get(pk=cast.clerk.pk)
    assert not user.must_change_password
    assert user.check_password("Bamboo-2026x")
    assert Event.objects.filter(action="account.password_changed", actor=user).count() == 1


@pytest.mark.requirement("S3-6.1-2")
def test_a_password_older_than_the_schools_rule_must_change(client: Client, cast: Cast) -> None:
    cast.clerk.password_changed_at = timezone.now() - timedelta(days=61)
    saved(cast.clerk)
    sign_in(client, cast.clerk.staff_no)
    assert client.get("/me/").status_code == 200, "ninety days without a rule"
    client.logout()
    set_rule(cast.school, "password_days", "60")
    sign_in(client, cast.clerk.staff_no)
    assert client.get("/me/")["Location"] == "/me/password/"


@pytest.mark.parametrize("headers", [{"HX-Request": "true"}, {"X-Requested-With": "XMLHttpRequest"}])
def test_an_idle_session_ends_and_fragments_are_told_401(
    client: Client, cast: Cast, headers: dict[str, str]
) -> None:
    client.force_login(cast.clerk)
    session = client.session
    assert session[sessions.IDLE_SECONDS] == 20 * 60
    session[sessions.SEEN] = int(time.time()) - 20 * 60 - 1
    session.save()
    assert client.get("/session/", headers=headers).status_code == 401
    assert not signed_in_as(client)
    ended = Event.objects.get(action="session.signed_out")
    assert ended.actor_id == cast.clerk.pk
    assert ended.reason
    assert client.get("/me/")["Location"] == "/sign-in/?next=/me/"


def test_the_schools_rule_decides_how_long_idle_is(client: Client, cast: Cast) -> None:
    set_rule(cast.bureau, "idle_minutes", "5")
    client.force_login(cast.clerk)
    assert client.session[sessions.IDLE_SECONDS] == 5 * 60


def test_asking_whether_the_session_stands_does_not_keep_it_alive(client: Client, cast: Cast) -> None:
    client.force_login(cast.clerk)
    session = client.session
    before = session[sessions.SEEN] = int(time.time()) - 600
    session.save()
    assert client.get("/session/").status_code == 204
    assert client.session[sessions.SEEN] == before
    client.get("/me/")
    assert client.session[sessions.SEEN] > before


def test_a_posted_form_without_session_comes_back_to_its_page(client: Client) -> None:
    answer = client.post("/me/", {}, headers={"Referer": "http://testserver/me/?tab=2"})
    assert answer["Location"] == "/sign-in/?next=/me/%3Ftab%3D2"
    strange = client.post("/me/", {}, headers={"Referer": "http://elsewhere.example/me/"})
    assert strange["Location"] == "/sign-in/?next=/"


def test_lapsed_sessions_are_taken_away(client: Client, cast: Cast) -> None:
    sign_in(client, cast.clerk.staff_no)
    lapsed = SessionStore()
    lapsed.set_expiry(timezone.now() - timedelta(minutes=1))
    lapsed.save()
    assert clear_sessions() == 1
    assert not lapsed.exists(lapsed.session_key)
    assert client.get("/me/").status_code == 200


def test_locking_an_account_ends_its_open_sessions(client: Client, cast: Cast) -> None:
    client.force_login(cast.clerk)
    cast.clerk.is_active = False
    saved(cast.clerk)
    assert client.get("/me/").status_code == 302


def test_the_language_switch_works_signed_out_and_in_and_is_kept(client: Client, cast: Cast) -> None:
    answer = client.post("/language/", {"language": "en", "next": "/sign-in/"})
    assert answer["Location"] == "/sign-in/"
    assert int(answer.cookies[settings.LANGUAGE_COOKIE_NAME]["max-age"]) > 300 * 24 * 3600
    assert 'lang="en"' in client.get(SIGN_IN).content.decode()
    sign_in(client, cast.clerk.staff_no)
    assert '<html lang="en"' in client.get("/me/").content.decode()
    client.post("/language/", {"language": "zh-hans", "next": "https://elsewhere.example/"})
    assert '<html lang="zh-Hans"' in client.get("/me/").content.decode()
    assert client.get("/language/").status_code == 405


def test_a_second_factor_is_asked_after_the_password(client: Client, cast: Cast) -> None:
    secret = totp_for(cast.auditor)
    assert sign_in(client, cast.auditor.staff_no)["Location"].startswith("/sign-in/code/")
    assert not signed_in_as(client)
    assert "data-sign-in-form" in client.get("/sign-in/code/").content.decode()
    assert client.get("/me/").status_code == 302
    wrong = client.post("/sign-in/code/", {"code": "000000"})
    assert wrong.status_code == 200
    assert Event.objects.filter(action="session.second_factor_failed", object_id=cast.auditor.pk).count() == 1
    code = code_of(secret)
    assert client.post("/sign-in/code/", {"code": code}).status_code == 302
    assert signed_in_as(client) == str(cast.auditor.pk)
    again = Client()
    sign_in(again, cast.auditor.staff_no)
    assert again.post("/sign-in/code/", {"code": code}).status_code == 200, "a code serves once"


def test_ten_wrong_codes_close_the_second_factor_from_any_address(client: Client, cast: Cast) -> None:
    secret = totp_for(cast.auditor)
    spare = RecoveryCodes.activate(cast.auditor).get_unused_codes()[0]
    for number in range(10):
        guess = Client(REMOTE_ADDR=f"10.1.2.{number}")
        sign_in(guess, cast.auditor.staff_no)
        assert guess.post("/sign-in/code/", {"code": "000000"}).status_code == 200
    for right in (code_of(secret), spare):
        sign_in(client, cast.auditor.staff_no)
        refused = client.post("/sign-in/code/", {"code": right})
        assert not signed_in_as(client)
        assert "20" in str(refused.context["form"].errors["code"])
    totp_for(cast.archive_head)
    other = Client()
    sign_in(other, cast.archive_head.staff_no)
    wrong = other.post("/sign-in/code/", {"code": "000000"})
    assert "20" not in str(wrong.context["form"].errors["code"]), "each person's codes are counted alone"


def test_a_right_code_lets_one_begin_to_count_anew(client: Client, cast: Cast) -> None:
    totp_for(cast.auditor)
    spare = RecoveryCodes.activate(cast.auditor).get_unused_codes()
    for code in spare[:2]:
        client = Client()
        sign_in(client, cast.auditor.staff_no)
        for _try in range(9):
            client.post("/sign-in/code/", {"code": "000000"})
        assert client.post("/sign-in/code/", {"code": code}).status_code == 302


def test_codes_asked_again_and_at_the_set_up_are_counted_too(client: Client, cast: Cast) -> None:
    sign_in(client, cast.clerk.staff_no)
    secret = client.get("/me/second-factor/set-up/").context["form"].secret
    for _try in range(10):
        client.post("/me/second-factor/set-up/", {"code": "000000"})
    refused = client.post("/me/second-factor/set-up/", {"code": code_of(secret)})
    assert "20" in str(refused.context["form"].errors["code"])
    assert not Authenticator.objects.filter(user=cast.clerk).exists()
    secret = totp_for(cast.clerk)
    refused = client.post("/me/confirm-code/", {"code": code_of(secret), "next": "/me/"})
    assert refused.status_code == 200 and "20" in str(refused.context["form"].errors["code"])


def test_wrong_passwords_for_many_numbers_shut_out_nobody_else_of_the_address(
    client: Client, cast: Cast
) -> None:
    for number in range(11):
        sign_in(client, f"typo-{number}", "Wrong-1!")
    assert sign_in(client, cast.clerk.staff_no).status_code == 302
    assert signed_in_as(client) == str(cast.clerk.pk)


def test_a_recovery_code_serves_once(client: Client, cast: Cast) -> None:
    totp_for(cast.auditor)
    code = RecoveryCodes.activate(cast.auditor).get_unused_codes()[0]
    for expected in (302, 200):
        one = Client()
        sign_in(one, cast.auditor.staff_no)
        assert one.post("/sign-in/code/", {"code": code}).status_code == expected


def test_a_role_can_demand_a_second_factor(client: Client, cast: Cast, settings: object) -> None:
    settings.TWO_FACTOR_ROLES = ["security_admin", "archive_head"]  # type: ignore[attr-defined]  # the fixture has no type
    sign_in(client, cast.security_admin.staff_no)
    assert client.get("/users/")["Location"] == "/me/second-factor/set-up/"
    page = client.get("/me/second-factor/set-up/")
    assert page.status_code == 200, "the password was given a moment ago"
    assert "data:image/svg+xml" in page.content.decode()
    answer = client.post("/me/second-factor/set-up/", {"code": code_of(page.context["form"].secret)})
    assert answer["Location"] == "/me/recovery-codes/"
    assert len(client.get("/me/recovery-codes/").context["unused_codes"]) == 10
    assert client.get("/me/recovery-codes/").context["unused_codes"] == ["****"] * 10, "codes are shown once"
    assert Event.objects.filter(action="account.second_factor_added", actor=cast.security_admin).count() == 1
    assert client.get("/users/").status_code == 200
    row = Authenticator.objects.get(user=cast.security_admin, type="totp")
    assert page.context["form"].secret not in str(row.data), "the secret is encrypted at rest"
    taken_off = client.post("/me/second-factor/take-off/")
    assert taken_off.status_code == 200
    assert Authenticator.objects.filter(user=cast.security_admin, type="totp").exists()


def test_a_role_given_meanwhile_demands_its_second_factor(
    client: Client, cast: Cast, settings: object
) -> None:
    settings.TWO_FACTOR_ROLES = ["leader"]  # type: ignore[attr-defined]  # the fixture has no type
    sign_in(client, cast.clerk.staff_no)
    assert client.get("/me/").status_code == 200
    appoint(cast.clerk, Role.LEADER, cast.school)
    assert client.get("/me/")["Location"] == "/me/second-factor/set-up/"


def test_setting_up_later_asks_for_the_password_again(client: Client, cast: Cast) -> None:
    sign_in(client, cast.clerk.staff_no)
    session = client.session
    records = session["account_authentication_methods"]
    records[-1]["at"] -= 600
    session["account_authentication_methods"] = records
    session.save()
    assert client.get("/me/second-factor/set-up/")["Location"].startswith("/me/confirm/")
    confirm = client.post("/me/confirm/", {"password": PASSWORD, "next": "/me/second-factor/set-up/"})
    assert confirm["Location"] == "/me/second-factor/set-up/"
    assert client.get("/me/second-factor/set-up/").status_code == 200


def test_passwords_are_kept_as_argon2() -> None:
    from config import settings as product

    assert product.PASSWORD_HASHERS[0] == "django.contrib.auth.hashers.Argon2PasswordHasher"
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.SESSION_EXPIRE_AT_BROWSER_CLOSE
