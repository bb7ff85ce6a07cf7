"""Signing in as people do: the form, the session that ends under a half-filled form, the button back."""

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.cast import Cast, make_cast
from tests.factories import PASSWORD
from tests.support.browser import sign_in


@pytest.fixture
def people(committed_db: str) -> Cast:
    return make_cast()


def fill_in(page: Page, staff_no: str) -> None:
    page.get_by_label("工号").fill(staff_no)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form[data-sign-in-form] button[type=submit]").click()


def test_sign_in_sign_out_and_back_shows_nothing(page: Page, live_server: Any, people: Cast) -> None:
    page.goto("/me/")
    fill_in(page, people.clerk.staff_no.lower())
    expect(page).to_have_url(f"{live_server.url}/me/")
    expect(page.get_by_text("王芳").first).to_be_visible()
    page.locator(".xj-top-right .dropdown > button").click()
    page.locator("form[action='/sign-out/'] button").click()
    expect(page.locator("form[data-sign-in-form]")).to_be_visible()
    page.go_back()
    expect(page.locator("form[data-sign-in-form]")).to_be_visible()
    expect(page.get_by_text("王芳")).to_have_count(0)


def test_a_session_that_ends_does_not_cost_a_half_filled_form(page: Page, people: Cast) -> None:
    sign_in(page, people.clerk)
    page.clock.install()
    page.goto("/me/")
    page.locator("[name=office_phone]").fill("027-87651234")
    Session.objects.all().delete()
    page.clock.fast_forward(25 * 60 * 1000)
    page.locator("main .xj-form-foot button[type=submit]").click()
    expect(page.locator("#xj-sign-in")).to_be_visible()
    expect(page.locator("[name=office_phone]")).to_have_value("027-87651234")
    fill_in(page, people.clerk.staff_no)
    expect(page.locator("#messages .xj-alert")).to_be_visible()
    assert User.objects.get(pk=people.clerk.pk).office_phone == "027-87651234"
