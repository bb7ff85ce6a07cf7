"""E.10 in the browser: each actor with his own account, and each forbidden way refused on its page."""

import re
from datetime import date
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from approvals.models import Request
from archive.models import AppraisalRound, DestroyedFile, DestructionRequest
from records.models import Student
from tests.archive.appraising import MEMBERS, leaver, ten_years
from tests.browser.test_cohort import at_work
from tests.browser.test_deletion_and_inquiry import open_request
from tests.cast import Cast, make_cast
from tests.factories import PASSWORD

FOUR = (*MEMBERS, "archive_head")
"""The last one may destroy by his role, and does not, since he appraised."""


@pytest.fixture
def people(committed_db: str) -> Cast:
    made = make_cast()
    ten_years(made)
    return made


def sends(page: Page, address: str) -> None:
    """Press the button of the form that posts there."""
    page.locator(f'form[action$="{address}"] button[type=submit]').click()
    expect(page.locator("main")).to_be_visible()


def by_step(page: Page, password: str = PASSWORD) -> None:
    page.locator("#sure-password").fill(password)
    page.locator(".xj-decision button[type=submit]").click()


def no_step(page: Page) -> None:
    expect(page.locator("main")).to_be_visible()
    expect(page.locator(".xj-decision")).to_have_count(0)


@pytest.mark.requirement("S0-4.4-3", "S0-4.4-4", "S3-9.1-1", "S3-9.2-1", "S3-9.2-2", "S3-9.2-3", "S3-9.2-4")
def test_a_file_goes_from_the_list_to_the_register_of_destruction(
    browser: Browser, live_server: Any, people: Cast
) -> None:
    gone, kept = leaver(people, "王小明"), leaver(people, "李小红", left=date(2012, 6, 30))
    url = live_server.url
    with at_work(browser, url, people.archivist) as page:
        page.goto(reverse("archive:rounds"))
        sends(page, "/open/")
        row = AppraisalRound.objects.get()
        expect(page.locator("main")).to_contain_text(gone.archive_no)
        for name in FOUR:
            page.locator("[name=user]").select_option(str(getattr(people, name).pk))
            sends(page, "/members/")
        page.locator("[name=kept_years]").select_option("30")
        sends(page, "/close/")
        expect(page.locator("main")).to_contain_text("8")
        assert AppraisalRound.objects.get().closed_at is None, "votes are missing"
        assert page.locator(".xj-bulk").count() == 0, "who prepares does not vote"
    for name in FOUR:
        with at_work(browser, url, getattr(people, name)) as page:
            page.goto("/")
            page.get_by_role("link", name=row.number).first.click()
            the_member_votes(page, row, keeps=kept if name == "head" else None)
            assert page.locator("form[action$='/close/']").count() == (name == "archive_head")
    with at_work(browser, url, people.archivist) as page:
        page.goto(reverse("archive:round", args=[row.public_id]))
        page.locator("[name=kept_years]").select_option("30")
        sends(page, "/close/")
        page.locator("[name=reason]").fill("保管期限届满")
        sends(page, "/apply/")
        page.get_by_role("button", name="提交", exact=True).click()
        expect(page.locator("body")).to_contain_text("已提交")
        number = Request.objects.latest("pk").number
        no_step(page)
    the_way_to_the_end(browser, url, people, number)
    assert DestroyedFile.objects.get().subject == gone.public_id
    assert Student.objects.get(pk=gone.pk).name == ""
    assert Student.objects.get(pk=kept.pk).name == "李小红"
    nothing_is_left(browser, url, people, gone, kept)


def the_member_votes(page: Page, row: AppraisalRound, *, keeps: Student | None) -> None:
    if keeps is not None:
        page.get_by_role("row", name=re.compile(keeps.archive_no)).locator("[name=ids]").check()
        page.locator("[name=verdict][value=keep]").check()
        page.locator("#id_reason").first.fill("校史需要")
        sends(page, "/votes/")
    page.locator("[data-bulk-all]").check()
    page.locator("[name=verdict][value=destroy]").check()
    page.locator("form[action$='/votes/'] [name=reason]").fill("保管期满，无续存价值")
    sends(page, "/votes/")
    expect(page.locator("form[action$='/votes/'] [name=ids]")).to_have_count(0)


def the_way_to_the_end(browser: Browser, url: str, people: Cast, number: str) -> None:
    """Approval and both executors; whoever may not take a step gets no bar, and a wrong password does nothing."""
    with at_work(browser, url, people.leader) as page:
        open_request(page, number)
        by_step(page, "wrong")
        expect(page.locator("body")).to_contain_text("密码不正确")
        by_step(page)
        expect(page.locator("body")).to_contain_text("已办理")
        no_step(page)
    with at_work(browser, url, people.second_archivist) as page:
        open_request(page, number)
        by_step(page)
        expect(page.locator("body")).to_contain_text("已办理")
        expect(page.locator("body")).to_contain_text("您不能办理此步骤")
        no_step(page)
    assert not DestroyedFile.objects.exists(), "one executor alone destroys nothing"
    student = DestructionRequest.objects.get().doomed()[0].student
    with at_work(browser, url, people.archivist) as page:
        page.goto(reverse("archive:keeping", args=[student.public_id]))
        page.locator("[name=hold-reason]").fill("法院调查")
        page.locator("[name=hold-basis]").fill("法院函")
        sends(page, "/hold/")
        open_request(page, number)
        by_step(page)
        expect(page.locator("body")).to_contain_text(f"{student.archive_no}: ")
        assert not DestroyedFile.objects.exists(), "a hold stands in the way"
    with at_work(browser, url, people.archive_head) as page:
        open_request(page, number)
        expect(page.locator("body")).to_contain_text("您不能办理此步骤")
        no_step(page)
        page.goto(reverse("archive:keeping", args=[student.public_id]))
        page.locator("form[action*='/lift/'] [name=reason]").fill("案结")
        page.locator("form[action*='/lift/'] button[type=submit]").click()
        expect(page.locator("form[action*='/lift/']")).to_have_count(0)
    with at_work(browser, url, people.archivist) as page:
        open_request(page, number)
        by_step(page)
        expect(page.locator("body")).to_contain_text("已办理")


def nothing_is_left(browser: Browser, url: str, people: Cast, gone: Student, kept: Student) -> None:
    with at_work(browser, url, people.archive_head) as page:
        answer = page.goto(reverse("records:student", args=[gone.public_id]))
        assert answer is not None and answer.status == 404
        page.goto("/")
        page.locator("#xj-search").fill("王小明")
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_visible()
        expect(page.locator("main").get_by_role("link", name="王小明")).to_have_count(0)
        page.goto(reverse("archive:destroyed"))
        expect(page.locator("main")).to_contain_text(gone.archive_no)
        expect(page.locator("main")).not_to_contain_text(kept.archive_no)
        page.goto(reverse("archive:keeping", args=[kept.public_id]))
        expect(page.locator("main")).to_contain_text(str(date.today().year + 30))
    with at_work(browser, url, people.auditor) as page:
        page.goto(reverse("archive:destroyed"))
        expect(page.locator("main")).to_contain_text(gone.archive_no)
        answer = page.goto(reverse("archive:rounds"))
        assert answer is not None and answer.status == 403
