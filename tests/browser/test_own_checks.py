"""What a student finds wrong on his own page, and the answer of the office, in the browser."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, expect

from records.models import OwnCheck
from tests.browser.test_cohort import at_work
from tests.browser.test_deletion_and_inquiry import people
from tests.browser.test_proofs import narrow_enough, shoot
from tests.cast import Cast
from tests.records.files import make_account, make_student

__all__ = ["people"]
SAID = "妈妈的电话早就换了，请改成家里现在用的号码。"


@pytest.mark.requirement("S2-1-1")
def test_from_what_is_wrong_to_the_answer(browser: Browser, live_server: Any, people: Cast) -> None:
    student = make_student("王小明", people, school_class=people.school_class)
    account = make_account(student)
    with at_work(browser, live_server.url, account) as page:
        page.goto("/my-file/")
        page.locator("form[action='/my-file/confirm/'] button").click()
        expect(page.locator("form[action='/my-file/confirm/'] button")).to_be_visible()
        page.locator("form[action='/my-file/correction/'] button[type=submit]").click()
        expect(page.locator("form[action='/my-file/correction/'] [aria-invalid=true]").first).to_be_visible()
        shoot(page, "own-faulty")
        page.locator("[name=section]").select_option("family")
        page.locator("[name=words]").fill(SAID)
        page.locator("form[action='/my-file/correction/'] button[type=submit]").click()
        expect(page.locator("#corrections")).to_contain_text(SAID)
        expect(page.locator("form[action='/my-file/confirm/']")).to_have_count(0)
        narrow_enough(page)
    row = OwnCheck.objects.get(kind="correction")
    with at_work(browser, live_server.url, people.registrar) as page:
        page.goto(reverse("records:corrections"))
        expect(page.locator("main")).to_contain_text("王小明")
        shoot(page, "corrections")
        narrow_enough(page)
        page.goto(reverse("records:correction", args=[row.public_id]))
        expect(page.locator("main")).to_contain_text(SAID)
        shoot(page, "correction")
        narrow_enough(page)
        page.locator("[name=answer]").fill("已按户口簿更正，请下周再核对一次。")
        page.locator("main form button[type=submit]").click()
        expect(page.locator("[name=answer]")).to_have_count(0)
        shoot(page, "correction-answered")
    with at_work(browser, live_server.url, account) as page:
        page.goto("/my-file/")
        expect(page.locator("#corrections")).to_contain_text("请下周再核对一次")
        shoot(page, "own-answered")
        narrow_enough(page)
