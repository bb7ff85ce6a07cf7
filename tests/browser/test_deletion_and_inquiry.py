"""E.3 and E.5 in the browser: each step by its own account; what is forbidden is not offered or is refused in words."""

import re
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from approvals import actions as requests
from approvals.models import Request
from archive.deletions import actions as deletions
from archive.models import DeletionRequest, InquiryView
from records.models import Enrolment, Student
from tests.browser.test_cohort import at_work
from tests.cast import Cast, make_cast
from tests.enrollment.intake import id_number
from tests.factories import PASSWORD
from tests.records.files import make_student


@pytest.fixture
def people(committed_db: str) -> Cast:
    return make_cast()


def open_request(page: Page, number: str) -> None:
    """From the list of requests to this one."""
    page.goto("/requests/")
    page.get_by_role("link", name=number).click()
    expect(page.locator("body")).to_contain_text(number)


def pass_it(page: Page, button: str = "通过") -> None:
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.locator("body")).to_contain_text("已办理")


def asked(page: Page) -> str:
    """Submit what was drafted; its number."""
    expect(page.locator("body")).to_contain_text("各步骤可办理人")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("body")).to_contain_text("已提交")
    return Request.objects.latest("pk").number


@pytest.mark.requirement("S0-6.3-1", "S0-6.3-2", "S0-6.3-3", "S0-6.3-4")
def test_a_file_goes_to_the_inactive_archive_from_desk_to_desk(
    browser: Browser, live_server: Any, people: Cast
) -> None:
    student = make_student("王小明", people)
    url = live_server.url
    with at_work(browser, url, people.registrar) as page:
        page.goto(reverse("archive:deletion_new", args=[student.public_id]))
        page.locator("[name=cause]").select_option("graduated")
        page.locator("[name=reason]").fill("误录")
        page.get_by_role("button", name="起草申请").click()
        expect(page.locator("main")).to_contain_text("该学生仍在籍")
        page.locator("[name=cause]").select_option("mistaken")
        page.get_by_role("button", name="起草申请").click()
        number = asked(page)
        assert page.get_by_role("button", name="通过", exact=True).count() == 0
    for name in ("academic_head", "archive_head"):
        with at_work(browser, url, getattr(people, name)) as page:
            open_request(page, number)
            pass_it(page)
    with at_work(browser, url, people.archive_head) as page:
        open_request(page, number)
        expect(page.locator("body")).to_contain_text("您不能办理此步骤")
        assert page.get_by_role("button", name="移入历史档案库").count() == 0
    with at_work(browser, url, people.archivist) as page:
        open_request(page, number)
        page.locator("[name=password]").fill("wrong")
        page.get_by_role("button", name="移入历史档案库").click()
        expect(page.locator("body")).to_contain_text("密码不正确")
        assert Enrolment.objects.get().shelved_on is None
        page.locator("[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="移入历史档案库").click()
        expect(page.locator("body")).to_contain_text("已办理")
    typed = DeletionRequest.objects.get()
    assert len({typed.requester_id, typed.department_head_id, typed.archive_head_id, typed.executor_id}) == 4
    assert Enrolment.objects.get().shelved_on is not None
    with at_work(browser, url, people.registrar) as page:
        page.goto("/students/?q=王小明")
        expect(page.get_by_role("link", name="王小明")).to_have_count(0)


@pytest.mark.requirement("S0-6.3-1")
def test_a_returned_deletion_is_corrected_and_sent_again(
    browser: Browser, live_server: Any, people: Cast
) -> None:
    student = make_student("王小明", people)
    old = deletions.draft(
        actor=people.registrar, school=people.school, student=student, cause="duplicate", reason="重复登记"
    ).request
    requests.submit(actor=people.registrar, request=old)
    requests.send_back(actor=people.academic_head, request=old, reason="basis_weak")
    old.refresh_from_db()
    with at_work(browser, live_server.url, people.registrar) as page:
        open_request(page, old.number)
        page.locator(f"a[href='{reverse('approvals:again', args=[old.public_id])}']").click()
        expect(page.locator("[name=cause]")).to_have_value("duplicate")
        expect(page.locator("[name=reason]")).to_have_value("重复登记")
        page.locator("[name=cause]").select_option("mistaken")
        page.get_by_role("button", name="起草申请").click()
        number = asked(page)
        page.get_by_role("main").get_by_role("link", name=old.number).click()
        expect(page.locator("body")).to_contain_text("已撤回")
        page.get_by_role("main").get_by_role("link", name=number).click()
        expect(page.locator("body")).to_contain_text("误录")
    made = Request.objects.get(number=number)
    assert (made.instead_of, made.state) == (old, Request.State.UNDER_REVIEW)


@pytest.mark.requirement("S0-5.1-3", "S0-5.1-4", "S0-5.1-5", "S3-5.3-1", "S3-5.3-2", "S3-5.3-3")
def test_a_file_is_read_in_an_escorted_session(browser: Browser, live_server: Any, people: Cast) -> None:
    student: Student = make_student("王小明", people, id_number=id_number(1))
    url = live_server.url
    with at_work(browser, url, people.registrar) as page:
        page.goto(reverse("archive:inquiry_new"))
        page.locator("[name=numbers]").fill(Enrolment.objects.get().student_no)
        for section in ("basic", "family"):
            page.locator(f"[name=sections][value={section}]").check()
        page.locator("[name=purpose]").fill("核对资助名单")
        page.get_by_role("button", name="起草申请").click()
        number = asked(page)
    with at_work(browser, url, people.academic_head) as page:
        open_request(page, number)
        pass_it(page)
    with at_work(browser, url, people.archive_head) as page:
        open_request(page, number)
        page.locator("[name=sections][value=family]").uncheck()
        pass_it(page)
    with at_work(browser, url, people.archivist) as page:
        open_request(page, number)
        page.locator("[name=place]").fill("档案室")
        pass_it(page, "开启查阅")
    with at_work(browser, url, people.registrar) as page:
        open_request(page, number)
        page.get_by_role("link", name="开始查阅").click()
        expect(page.get_by_role("link", name="家庭")).to_have_count(0)
        page.get_by_role("link", name="基本信息").click()
        expect(page.locator("main")).to_contain_text("王小明")
        assert student.id_number not in page.content()
        expect(page.locator(".xj-watermark")).to_be_attached()
        assert people.registrar.staff_no in (page.locator(".xj-watermark").get_attribute("style") or "")
        reading = page.url
    assert InquiryView.objects.get().by == people.registrar
    with at_work(browser, url, people.archivist) as page:
        open_request(page, number)
        page.locator("[name=report]").fill("只看了基本信息")
        pass_it(page, "结束查阅")
    with at_work(browser, url, people.registrar) as page:
        page.goto(reading)
        expect(page).not_to_have_url(re.compile("read"))
        expect(page.locator("body")).to_contain_text("查阅已结束")
    assert InquiryView.objects.count() == 1
