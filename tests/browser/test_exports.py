"""E.7 in the browser: two persons export a list, the auditor recognises the file when it turns up again."""

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from audit.models import ExportRequest
from tests.archive.assessing import standing
from tests.audit.exporting import NUMBERS, pupils
from tests.browser.test_cohort import at_work
from tests.browser.test_deletion_and_inquiry import open_request, pass_it, people
from tests.cast import Cast
from tests.factories import PASSWORD
from tests.support.worker import worker

__all__ = ["people"]


def the_form(page: Page) -> None:
    """From the list of students to the form, filled but for the second person."""
    page.goto(reverse("records:students"))
    page.get_by_role("link", name="导出", exact=True).click()
    expect(page.locator("main")).to_contain_text("第二人")
    page.locator("[name=columns][value=id_number]").check()
    page.locator("[name=purpose]").select_option("roster")
    page.locator("[name=use]").fill("教务处编排座次")


def taken(page: Page) -> openpyxl.Workbook:
    """Fetch the file once it is made."""
    link = page.get_by_role("link", name="下载文件")
    expect(link).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        link.click()
    return openpyxl.load_workbook(io.BytesIO(Path(download.value.path()).read_bytes()))


@pytest.mark.requirement("S2-13-3", "S2-13-4", "S1-8-5")
def test_two_persons_export_and_the_auditor_recognises_the_file(
    browser: Browser, live_server: Any, people: Cast, tmp_path: Path
) -> None:
    pupils(people, "王小明", "李小红")
    url, rests_on = live_server.url, standing(people)
    with worker(tmp_path / "worker.log"):
        with at_work(browser, url, people.registrar) as page:
            the_form(page)
            page.locator("[name=second_no]").fill(people.second_registrar.staff_no)
            page.locator("[name=second_password]").fill("Wrong-pass-1")
            page.get_by_role("button", name="申请导出").click()
            expect(page.locator("main")).to_contain_text("工号或密码不正确")
            expect(page.locator("[name=use]")).to_have_value("教务处编排座次")
            page.locator("[name=second_password]").fill(PASSWORD)
            page.get_by_role("button", name="申请导出").click()
            expect(page.locator("body")).to_contain_text("宋洁")
            masked = taken(page).worksheets[0]
            assert masked["C3"].value == "110" + "*" * 14 + "X"
            the_form(page)
            page.locator("[name=numbers][value=whole]").check()
            page.locator("[name=assessment]").select_option(str(rests_on.public_id))
            page.locator("[name=named]").select_option(str(people.second_registrar.pk))
            page.get_by_role("button", name="申请导出").click()
            expect(page.locator("body")).to_contain_text("宋洁")
        number = ExportRequest.objects.latest("pk").request.number
        with at_work(browser, url, people.second_registrar) as page:
            open_request(page, number)
            page.locator("#sure-password").fill(PASSWORD)
            pass_it(page, "确认导出")
            expect(page.get_by_role("link", name="下载文件")).to_have_count(0)
        with at_work(browser, url, people.archive_head) as page:
            open_request(page, number)
            pass_it(page, "批准导出")
        with at_work(browser, url, people.registrar) as page:
            open_request(page, number)
            book = taken(page)
    assert NUMBERS[0] in {cell.value for cell in book.worksheets[0]["C"]}
    anew = tmp_path / "名单.xlsx"
    book.save(anew)
    with at_work(browser, url, people.auditor) as page:
        page.goto(reverse("audit:exports"))
        expect(page.locator("main")).to_contain_text(number)
        page.get_by_role("link", name="辨认文件").click()
        page.locator("[name=file]").set_input_files(anew)
        page.get_by_role("button", name="与导出登记比对").click()
        expect(page.locator("main")).to_contain_text(number)
        expect(page.locator("main")).to_contain_text("内容相同，另存过")
        expect(page.locator("main")).not_to_contain_text("王小明")
