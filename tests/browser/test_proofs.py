"""The four checks and copies in the browser: a spoilt content is found and told, a guardian gets the copy."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from archive.models import FileCopy, FourCheckRun
from core.crypto import encrypt_bytes
from enrollment import actions as intake
from files.selectors import content_context, open_blob
from records.models import Student
from tests.archive.test_four_checks import add, another_picture, first
from tests.browser.test_cohort import at_work
from tests.browser.test_deletion_and_inquiry import people
from tests.cast import Cast
from tests.enrollment.intake import approved, make_batch

__all__ = ["people"]
SHOTS = os.environ.get("XUEJI_SHOTS")


def shoot(page: Page, name: str) -> None:
    """Pictures for whoever looks at the pages, wide and narrow."""
    if SHOTS:
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1440, "height": 900})


def narrow_enough(page: Page) -> None:
    """Nothing stands beyond the edge of a phone."""
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1440, "height": 900})


@pytest.fixture
def student(people: Cast) -> Student:
    """Somebody who came in through the intake, with a document."""
    row = approved(people, make_batch(people.school))
    accepted = intake.accept(actor=people.archivist, applicant=row)
    assert accepted.student
    add(people, accepted.student, another_picture(10))
    return accepted.student


@pytest.mark.requirement("S0-1.1-1", "S0-1.3-1", "S3-1.3-1")
def test_a_spoilt_content_is_found_and_told(
    browser: Browser, live_server: Any, people: Cast, student: Student
) -> None:
    blob = first(student).blob
    kept = open_blob(blob)
    with at_work(browser, live_server.url, people.archivist) as page:
        page.goto(reverse("records:student", args=[student.public_id]))
        page.goto(reverse("archive:four_checks"))
        shoot(page, "none-fails")
        page.goto(reverse("archive:file_checks", args=[student.public_id]))
        default_storage.delete(blob.storage_key)
        spoilt = encrypt_bytes(another_picture(99), content_context(blob))
        default_storage.save(blob.storage_key, ContentFile(spoilt))
        page.locator("main form button[type=submit]").first.click()
        expect(page.locator("details").first).to_contain_text("CQ-1-1")
        assert FourCheckRun.objects.latest("pk").faults == 1
        shoot(page, "file-fails")
        narrow_enough(page)
        page.goto(reverse("archive:four_checks"))
        expect(page.locator("main")).to_contain_text(student.archive_no)
        shoot(page, "list")
        narrow_enough(page)
        page.get_by_role("link", name=student.archive_no).click()
        expect(page.locator("details")).to_have_count(2)
        default_storage.delete(blob.storage_key)
        default_storage.save(blob.storage_key, ContentFile(encrypt_bytes(kept, content_context(blob))))
        page.locator("main form button[type=submit]").first.click()
        expect(page.locator("details")).to_have_count(3)
        assert FourCheckRun.objects.latest("pk").faults == 0
        page.goto(reverse("archive:four_checks"))
        expect(page.locator("main")).not_to_contain_text(student.archive_no)
    with at_work(browser, live_server.url, people.registrar) as page:
        answer = page.goto(reverse("archive:file_checks", args=[student.public_id]))
        assert answer
        assert answer.status == 403


def test_a_guardian_gets_the_copy_and_a_stranger_a_reason(
    browser: Browser, live_server: Any, people: Cast, student: Student
) -> None:
    with at_work(browser, live_server.url, people.archivist) as page:
        page.goto(reverse("archive:copies", args=[student.public_id]))
        shoot(page, "copies-empty")
        narrow_enough(page)
        form = page.locator("form[action$='hand-out/']")
        form.locator("[name=asker]").select_option("guardian")
        form.locator("[name=name]").fill("李四")
        form.locator("[name=relation]").fill("邻居")
        form.locator("[name=proof]").select_option("id_card")
        form.locator("[name=form]").select_option("json")
        form.locator("button.btn-primary").click()
        expect(form.get_by_role("alert").first).to_be_visible()
        assert not FileCopy.objects.exists()
        shoot(page, "copies-faulty")
        form.locator("[name=reason]").fill("不是监护人")
        form.locator("button[name=refuse]").click()
        expect(page.locator("main")).to_contain_text("不是监护人")
        form.locator("[name=asker]").select_option("guardian")
        form.locator("[name=name]").fill("王大明")
        form.locator("[name=relation]").fill("父亲")
        form.locator("[name=proof]").select_option("hukou_book")
        form.locator("[name=form]").select_option("json")
        with page.expect_download() as taken:
            form.locator("button.btn-primary").click()
        told = json.loads(Path(taken.value.path()).read_text(encoding="utf-8"))
        assert told["archive_no"] == student.archive_no
        form.locator("[name=form]").select_option("pdf")
        with page.expect_download() as taken:
            form.locator("button.btn-primary").click()
        pdf = Path(taken.value.path()).read_bytes()
        document = pypdfium2.PdfDocument(io.BytesIO(pdf))
        if SHOTS:
            document[0].render(scale=1.5).to_pil().save(f"{SHOTS}/copy-pdf.png")
        document.close()
        with page.expect_download() as taken:
            page.locator("form[action$='package/'] button").click()
        assert student.archive_no.encode() in Path(taken.value.path()).read_bytes()
        page.reload()
        expect(page.locator("main")).to_contain_text("王大明")
        shoot(page, "copies-full")
    assert [one.asker_name for one in FileCopy.objects.order_by("pk")] == ["李四", "王大明", "王大明"]
