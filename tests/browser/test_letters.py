"""A responsibility letter from its publication to the register, in the browser."""

from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import Browser, expect

from audit.models import LetterSignature, LetterVersion
from config.demonstration.letters import TEXT, TITLE
from tests.browser.test_cohort import at_work
from tests.browser.test_deletion_and_inquiry import people
from tests.browser.test_proofs import narrow_enough, shoot
from tests.cast import Cast
from tests.enrollment.intake import picture
from tests.factories import PASSWORD

__all__ = ["people"]


@pytest.mark.requirement("S1-4-2")
def test_a_letter_is_published_signed_and_registered(
    browser: Browser, live_server: Any, people: Cast, tmp_path: Path
) -> None:
    cache.clear()
    with at_work(browser, live_server.url, people.archive_head) as page:
        page.goto(reverse("audit:letters"))
        shoot(page, "letters-empty")
        page.locator(".xj-page-actions a.btn-primary, a[data-key=primary]").first.click()
        page.locator("[name=title]").fill(TITLE)
        page.locator("main form button.btn-primary[type=submit]").click()
        expect(page.locator("[aria-invalid=true]").first).to_be_visible()
        shoot(page, "letter-new-faulty")
        page.locator("[name=text]").fill(TEXT)
        for role in ("registrar", "teacher", "class_adviser", "archivist"):
            page.locator(f"[name=roles][value={role}]").check()
        page.locator("[name=preview]").click()
        expect(page.locator("main")).to_contain_text("一、只因工作需要查看")
        shoot(page, "letter-new-looked")
        narrow_enough(page)
        page.locator("main form button.btn-primary[type=submit]").click()
        expect(page.locator("main")).to_contain_text(people.teacher.name)
    version = LetterVersion.objects.get()
    with at_work(browser, live_server.url, people.teacher) as page:
        shoot(page, "letters-inbox")
        page.locator("main").get_by_role("link", name=TITLE).first.click()
        page.locator("[name=is_read]").check()
        page.locator("[name=password]").fill("not mine")
        page.locator("main form button.btn-primary[type=submit]").click()
        expect(page.locator("[aria-invalid=true]").first).to_be_visible()
        shoot(page, "letter-sign-faulty")
        narrow_enough(page)
        page.locator("[name=is_read]").check()
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("main form button.btn-primary[type=submit]").click()
        page.wait_for_url(f"**{reverse('audit:letters_mine')}")
        expect(page.locator("main")).to_contain_text(TITLE)
        shoot(page, "letters-mine")
        narrow_enough(page)
        page.goto(reverse("audit:letter_sign", args=[version.public_id]))
        expect(page.locator("main")).to_contain_text(version.digest)
        shoot(page, "letter-signed")
        narrow_enough(page)
    paper = tmp_path / "责任书.jpg"
    paper.write_bytes(picture())
    with at_work(browser, live_server.url, people.second_archivist) as page:
        page.goto(reverse("audit:letter_paper", args=[version.public_id]))
        page.locator("[name=person]").select_option(str(people.adviser.public_id))
        page.locator("[name=scan]").set_input_files(paper)
        shoot(page, "letter-paper")
        narrow_enough(page)
        page.locator("main form button.btn-primary[type=submit]").click()
        page.wait_for_url(f"**{reverse('audit:letter', args=[version.public_id])}")
        expect(page.locator("main")).to_contain_text(people.second_archivist.name)
        shoot(page, "letter-register")
        narrow_enough(page)
        page.locator("[data-opens=print-register]").click()
        expect(page.locator("#print-register")).to_be_visible()
        shoot(page, "letter-register-print")
        page.goto(reverse("audit:letters"))
        shoot(page, "letters")
        narrow_enough(page)
    signed = set(LetterSignature.objects.values_list("person", "registered_by"))
    assert signed == {(people.teacher.pk, None), (people.adviser.pk, people.second_archivist.pk)}
