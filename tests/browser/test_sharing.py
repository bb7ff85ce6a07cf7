"""E.6 in the browser: consent of a guardian, both heads, the agreement, the release; who did not consent stays out."""

import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone
from msoffcrypto import OfficeFile
from playwright.sync_api import Browser, expect

from archive.models import SharingRequest
from records.models import Enrolment
from tests.archive.assessing import standing
from tests.browser.test_cohort import at_work
from tests.browser.test_deletion_and_inquiry import asked, open_request, pass_it, people
from tests.cast import Cast
from tests.enrollment.intake import picture
from tests.factories import PASSWORD
from tests.records.files import make_student

__all__ = ["people"]
SECRET = "correct horse 12"


@pytest.mark.requirement("S0-5.2-1", "S0-5.3-2")
def test_data_goes_to_a_receiver_by_consent_alone(
    browser: Browser, live_server: Any, people: Cast, tmp_path: Path
) -> None:
    students = [make_student(name, people) for name in ("王小明", "李小红")]
    numbers = [Enrolment.objects.get(student=one).student_no for one in students]
    scan = tmp_path / "scan.jpg"
    scan.write_bytes(picture())
    url, rests_on = live_server.url, standing(people)
    with at_work(browser, url, people.registrar) as page:
        page.goto(reverse("archive:sharing_new"))
        page.locator("[name=impact]").select_option(str(rests_on.public_id))
        for name, value in {
            "receiver": "东湖区少年宫", "contact": "何老师 02788888888", "purpose": "暑期夏令营报名",
            "numbers": "\n".join(numbers), "assessment": "仅限报名，期满删除",
            "valid_until": str(timezone.localdate() + timedelta(days=60)),
        }.items():  # fmt: skip
            page.locator(f"[name={name}]").fill(value)
        page.get_by_role("button", name="起草申请").click()
        expect(page.locator("main")).to_contain_text("提供的项目")
        for field in ("name", "sex"):
            page.locator(f"[name=fields_given][value={field}]").check()
        page.get_by_role("button", name="起草申请").click()
        page.get_by_role("link", name="登记同意").click()
        page.get_by_label("王小明").check()
        page.locator("[name=giver]").select_option("student")
        page.locator("[name=text_version]").fill("2026-1")
        page.locator("[name=scan]").set_input_files(scan)
        page.get_by_role("button", name="为勾选的学生登记").click()
        expect(page.locator("main")).to_contain_text("未满14周岁")
        page.get_by_label("王小明").check()
        page.locator("[name=giver]").select_option("guardian")
        page.locator("[name=scan]").set_input_files(scan)
        page.get_by_role("button", name="为勾选的学生登记").click()
        expect(page.locator("body")).to_contain_text("已登记 1 份同意")
        page.goto(reverse("approvals:request", args=[SharingRequest.objects.get().request.public_id]))
        expect(page.locator("main")).to_contain_text("2 人中 1 人已同意")
        number = asked(page)
    for name in ("academic_head", "archive_head"):
        with at_work(browser, url, getattr(people, name)) as page:
            open_request(page, number)
            pass_it(page)
    with at_work(browser, url, people.archive_head) as page:
        open_request(page, number)
        assert page.get_by_role("button", name="生成并交付数据包").count() == 0
    with at_work(browser, url, people.second_registrar) as page:
        open_request(page, number)
        page.locator("[name=agreement]").set_input_files(scan)
        pass_it(page, "存入协议")
    with at_work(browser, url, people.archive_head) as page:
        open_request(page, number)
        expect(page.locator("body")).to_contain_text("您不能办理此步骤")
    with at_work(browser, url, people.archivist) as page:
        open_request(page, number)
        page.locator("[name=package_password]").fill(SECRET)
        page.locator("#sure-password").fill(PASSWORD)
        pass_it(page, "生成并交付数据包")
        with page.expect_download() as taken:
            page.get_by_role("button", name="取出数据包").click()
        sealed = OfficeFile(io.BytesIO(Path(taken.value.path()).read_bytes()))
        page.locator("[name=received_by]").fill("何老师")
        page.get_by_role("button", name="登记接收").click()
        expect(page.locator("main")).to_contain_text("何老师")
        page.goto(reverse("archive:sharings"))
        expect(page.locator("main")).to_contain_text(re.compile("东湖区少年宫.*有效", re.DOTALL))
    sealed.load_key(password=SECRET)
    plain = io.BytesIO()
    sealed.decrypt(plain)
    rows = list(openpyxl.load_workbook(plain).worksheets[0].iter_rows(values_only=True))
    assert rows == [("学号", "姓名", "性别"), (numbers[0], "王小明", "男")]
