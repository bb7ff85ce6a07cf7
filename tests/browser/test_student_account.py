"""A student's account in the browser: a class gets its slips, a student signs in with his and sees his own file."""

import io
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from ledger.models import Event
from records.models import Student
from tests.browser.test_cohort import at_work
from tests.browser.test_deletion_and_inquiry import people
from tests.browser.test_proofs import SHOTS, narrow_enough, shoot
from tests.cast import Cast
from tests.factories import saved
from tests.records.files import make_student
from tests.records.test_self_service import NEW, passwords, plain_signs, words

__all__ = ["people", "plain_signs"]
ID_NUMBER = "110101201906030017"


@pytest.fixture
def student(people: Cast) -> Student:
    """Two pupils of the class; the first, with an identity number."""
    first = make_student("王小明", people, school_class=people.school_class, phone="13800138000")
    first.id_number = ID_NUMBER
    saved(first)
    make_student("李小红", people, school_class=people.school_class)
    return first


def _open_accounts(page: Page) -> bytes:
    page.goto(reverse("records:student_accounts"))
    shoot(page, "classes")
    narrow_enough(page)
    with page.expect_download() as taken:
        page.locator("main form button").first.click()
    content = Path(taken.value.path()).read_bytes()
    if SHOTS:
        document = pypdfium2.PdfDocument(io.BytesIO(content))
        document[0].render(scale=1.5).to_pil().save(f"{SHOTS}/slips.png")
        document.close()
    page.reload()
    expect(page.locator("main form button")).to_have_count(1)
    expect(page.locator("main form button[name=unused]")).to_be_visible()
    shoot(page, "classes-open")
    narrow_enough(page)
    return content


def _sign_in(page: Page, number: str, password: str) -> None:
    page.goto("/")
    page.locator("[name=login]").fill(number)
    page.locator("[name=password]").fill(password)
    page.locator("form[data-sign-in-form] button[type=submit]").click()


@pytest.mark.requirement("S2-2.3-5")
def test_from_the_class_to_the_students_own_file(
    browser: Browser, live_server: Any, people: Cast, student: Student
) -> None:
    number = student.enrolments.get().student_no
    with at_work(browser, live_server.url, people.registrar) as page:
        slips = _open_accounts(page)
        page.goto(reverse("records:student_account", args=[student.public_id]))
        shoot(page, "account")
        narrow_enough(page)
    assert number in words(slips)
    user = User.objects.get(public_id=student.public_id)
    (password,) = [one for one in passwords(slips) if user.check_password(one)]
    context = browser.new_context(
        base_url=live_server.url, locale="zh-CN", viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    _sign_in(page, number, password)
    expect(page.locator("[name=old]")).to_be_visible()
    page.locator("[name=old]").fill(password)
    page.locator("[name=new]").fill(NEW)
    page.locator("[name=again]").fill(NEW)
    page.locator("main form button[type=submit]").click()
    expect(page).to_have_url(f"{live_server.url}/my-file/")
    expect(page.locator("main")).to_contain_text("王小明")
    expect(page.locator("main")).not_to_contain_text(ID_NUMBER)
    expect(page.locator("#xj-menu a[href^='/']:not([href='/my-file/']):not([href='/'])")).to_have_count(0)
    shoot(page, "own-file")
    narrow_enough(page)
    page.locator("main form[action='/my-file/'] button").click()
    expect(page.locator("main")).to_contain_text(ID_NUMBER)
    shoot(page, "own-file-whole")
    page.goto("/my-file/")
    expect(page.locator("main")).not_to_contain_text(ID_NUMBER)
    other = Student.objects.exclude(pk=student.pk).get()
    for address in (
        "/students/",
        "/requests/",
        "/jobs/",
        "/me/",
        reverse("records:student", args=[other.public_id]),
    ):
        answer = page.goto(address)
        assert answer and answer.status == 403, address
    shoot(page, "refused")
    page.goto("/my-file/")
    page.locator(".xj-top-right .dropdown > button").click()
    page.locator("form[action='/sign-out/'] button").click()
    expect(page.locator("form[data-sign-in-form]")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("王小明")).to_have_count(0)
    context.close()
    assert Event.objects.filter(action="student.own_numbers_shown", subject=student.public_id).count() == 1
