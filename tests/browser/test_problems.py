"""A list of problem records in the browser: brought in, mended by an edit, explained, confirmed by another person."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from accounts.roles import Role
from archive.models import ProblemRow
from tests.archive.asking import WAY, submitted_edit, walk
from tests.browser.test_cohort import at_work
from tests.browser.test_deletion_and_inquiry import people
from tests.cast import Cast
from tests.factories import appoint
from tests.records.files import make_student

__all__ = ["people"]
NAMES = ("王小明", "李小红", "赵云", "周瑜", "孙权")


def row_page(page: Page, row: ProblemRow) -> None:
    page.goto(reverse("archive:problem_row", args=[row.public_id]))


@pytest.mark.requirement("S1-8-1", "S1-8-2", "S1-11.1-1", "S1-10-9", "S2-9-3")
def test_a_list_is_worked_off_from_desk_to_desk(
    browser: Browser, live_server: Any, people: Cast, tmp_path: Path
) -> None:
    students = [make_student(name, people) for name in NAMES]
    appoint(people.registrar, Role.ARCHIVIST, people.school)
    file = tmp_path / "list.csv"
    with file.open("w", newline="") as out:
        lines = csv.writer(out)
        lines.writerow(("姓名", "学号", "问题类型", "问题说明"))
        lines.writerows((one.name, one.enrolments.get().student_no, "公安", "未通过") for one in students[:4])
        lines.writerow(("孙拳", students[4].enrolments.get().student_no, "错误", "姓名不符"))
        lines.writerow(("曹操", "99", "重复", "查无此人"))
    url = live_server.url
    with at_work(browser, url, people.registrar) as page:
        page.goto(reverse("archive:problem_lists"))
        page.locator(f'a[href="{reverse("archive:problem_new")}"]').first.click()
        page.locator("[name=source]").select_option("police")
        page.locator("[name=title]").fill("十一月公安比对")
        page.locator("[name=due_on]").fill("2099-12-31")
        page.locator("main form [type=submit]").click()
        expect(page.locator("main")).to_contain_text("请先选择文件")
        page.locator("[name=file]").set_input_files(file)
        page.locator("main form [type=submit]").click()
        expect(page.locator("main")).to_contain_text("曹操")
        rows = {row.listed_name: row for row in ProblemRow.objects.select_related("student")}
        assert sorted(row.match for row in rows.values()) == ["matched"] * 4 + ["name", "nobody"]
        row_page(page, rows["孙拳"])
        expect(page.locator("main")).to_contain_text("孙权")
        row_page(page, rows["王小明"])
        page.locator("[name=reason]").fill("户口簿无误")
        page.locator("form[action$='/explain/'] button").click()
        expect(page.locator("main")).to_contain_text("户口簿无误")
        assert page.locator("form[action$='/confirm/']").count() == 0, (
            "who answered is not offered to confirm"
        )
        token = page.locator("[name=csrfmiddlewaretoken]").first.input_value()
        refused = page.request.post(
            url + reverse("archive:problem_confirm", args=[rows["王小明"].public_id]),
            form={"version": "1", "csrfmiddlewaretoken": token},
            headers={"Referer": page.url},
        )
        assert refused.status == 200
        assert ProblemRow.objects.get(pk=rows["王小明"].pk).state == "answered"
        row_page(page, rows["李小红"])
        page.locator(f'a[href="{reverse("archive:edit_new", args=[students[1].public_id])}"]').click()
        expect(page).to_have_url(re.compile("/edit/"))
        typed = submitted_edit(people, students[1], {"name": "李晓红"})
        row_page(page, rows["李小红"])
        page.locator("[name=request]").select_option(str(typed.request.public_id))
        page.locator("form[action$='/mend/'] button").click()
        expect(page.locator("main")).to_contain_text(typed.request.number)
    with at_work(browser, url, people.archivist) as page:
        row_page(page, rows["李小红"])
        page.locator("form[action$='/confirm/'] button").click()
        assert ProblemRow.objects.get(pk=rows["李小红"].pk).state == "answered", (
            "the edit is not carried out yet"
        )
    walk(people, typed, *WAY)
    with at_work(browser, url, people.archivist) as page:
        page.goto("/")
        page.get_by_role("link", name="十一月公安比对").first.click()
        expect(page.locator("main")).to_contain_text("王小明")
        for name in ("王小明", "李小红"):
            row_page(page, rows[name])
            page.locator("form[action$='/confirm/'] button").click()
            expect(page.locator("form[action$='/confirm/']")).to_have_count(0)
    done = ProblemRow.objects.filter(state="confirmed")
    assert {row.listed_name for row in done} == {"王小明", "李小红"}
    assert not any(row.answered_by_id == row.confirmed_by_id for row in done)
    assert ProblemRow.objects.filter(state="open").count() == 4
