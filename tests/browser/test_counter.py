"""Reading for a purpose, and the alert of much reading, from desk to desk in the browser (E.4)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from ledger.models import Event
from records.models import BulkViewAlert
from tests.cast import Cast, make_cast
from tests.factories import set_rule
from tests.records.files import make_student
from tests.support.browser import sign_in


@pytest.fixture
def people(committed_db: str) -> Cast:
    return make_cast()


@contextmanager
def at_desk(browser: Browser, url: str, user: User) -> Iterator[Page]:
    """A person's own browser profile, signed in; administrators have no search box to wait for."""
    context = browser.new_context(base_url=url, locale="zh-CN", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(30_000)
    page = context.new_page()
    sign_in(page, user)
    page.goto("/")
    yield page
    context.close()


@pytest.mark.requirement("S0-5.1-1", "S0-5.1-5")
def test_a_file_is_read_for_a_purpose_and_much_reading_is_answered(
    browser: Browser, live_server: Any, people: Cast, purpose_is_asked: None
) -> None:
    set_rule(people.school, "bulk_view_limit", "10")
    students = [make_student(f"李{one}", people) for one in "一二三四五六七八九十百"]
    url = live_server.url
    with at_desk(browser, url, people.registrar) as page:
        page.goto(reverse("records:students"))
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.locator(".xj-purposes")).to_be_visible()
        assert not Event.objects.filter(action="student.viewed").exists()
        page.locator("button[value=counter]").click()
        expect(page.locator(".xj-file-name")).to_be_visible()
        page.locator("#file-tabs a").nth(1).click()
        expect(page.locator("#tab-panel")).to_contain_text("赵丽")
        page.locator(".xj-facts a").click()
        expect(page.locator("button[value=counter]")).to_have_attribute("aria-current", "true")
        page.locator("button[value=check]").click()
        expect(page.locator(".xj-facts")).to_be_visible()
        for one in students:
            page.goto(reverse("records:student", args=[one.public_id]))
            expect(page.locator(".xj-file-name")).to_be_visible()
    codes = [one.detail["purpose"] for one in Event.objects.filter(action="student.viewed").order_by("pk")]
    assert codes[0] == "counter"
    assert set(codes[1:]) == {"check"}
    assert BulkViewAlert.objects.get().reader == people.registrar
    with at_desk(browser, url, people.system_admin) as page:
        assert page.locator("a[href^='/security/alerts/']").count() == 0
    with at_desk(browser, url, people.security_admin) as page:
        page.locator("main a[href^='/security/alerts/']").first.click()
        expect(page.locator("main")).to_contain_text("杨丽")
        expect(page.locator("main")).to_contain_text("11")
        page.locator("[name=finding]").fill("已核实：新生核对")
        page.locator("main button[type=submit]").last.click()
        expect(page.locator("main")).to_contain_text("已核实：新生核对")
        assert page.locator("[name=finding]").count() == 0
    assert BulkViewAlert.objects.get().answered_by == people.security_admin
