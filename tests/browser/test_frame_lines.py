"""What the page does when a line breaks, a part fails or a field is left empty, and how its menus answer keys."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from enrollment.models import Applicant, IntakeBatch
from records.models import Student
from tests.cast import Cast, make_cast
from tests.enrollment.intake import draft, id_number, make_batch
from tests.records.files import make_student
from tests.support.browser import sign_in


@pytest.fixture
def people(committed_db: str) -> Cast:
    return make_cast()


@pytest.fixture
def batch(people: Cast) -> IntakeBatch:
    return make_batch(people.school)


@pytest.fixture
def student(people: Cast) -> Student:
    return make_student("范悦蕊", people, school_class=people.school_class, id_number=id_number(1))


def test_a_draft_typed_while_the_line_is_down_is_saved_when_it_is_back(
    page: Page, people: Cast, batch: IntakeBatch
) -> None:
    row = draft(people.clerk, batch)
    sign_in(page, people.clerk)
    page.clock.install()
    page.goto(f"/intake/applicants/{row.public_id}/")
    place, saved, bar = (
        page.locator("[name=native_place]"),
        page.locator("[data-saved]"),
        page.locator("#xj-offline"),
    )
    page.context.set_offline(True)
    place.fill("湖北省荆州市")
    page.clock.fast_forward(11_000)
    expect(bar).to_be_visible()
    expect(saved).to_have_class(re.compile("is-fault"))
    expect(saved).to_have_text("未保存，请勿关闭本页")
    assert Applicant.objects.get(pk=row.pk).native_place != "湖北省荆州市"
    assert "荆州" not in page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
    page.context.set_offline(False)
    page.clock.fast_forward(11_000)
    expect(saved).to_have_text(re.compile(r"已保存 \d\d:\d\d"))
    expect(bar).to_be_hidden()
    expect(place).to_have_value("湖北省荆州市")
    assert Applicant.objects.get(pk=row.pk).native_place == "湖北省荆州市"


def test_a_tab_that_could_not_be_loaded_is_tried_again_in_its_place(
    page: Page, people: Cast, student: Student
) -> None:
    sign_in(page, people.archivist)
    page.goto(f"/students/{student.public_id}/")
    family = re.compile(r"/students/[0-9a-f-]+/family/")
    broken: list[str] = []

    def break_once(route: Route) -> None:
        broken.append(route.request.url)
        if len(broken) == 1:
            route.fulfill(status=500, body="")
        else:
            route.continue_()

    page.route(family, break_once)
    page.locator("#file-tabs a", has_text="家庭").click()
    panel = page.locator("#tab-panel")
    expect(panel).to_contain_text("加载失败")
    panel.get_by_role("button", name="重试").click()
    expect(panel.locator("h2").first).to_be_visible()
    expect(panel).not_to_contain_text("加载失败")
    assert len(broken) == 2


def test_a_drop_down_opens_walks_and_closes_by_keys(page: Page, people: Cast) -> None:
    sign_in(page, people.clerk)
    page.goto("/intake/batches/")
    button = page.locator(".xj-top-right .dropdown > button")
    menu = page.locator(".xj-top-right .dropdown-menu")
    button.focus()
    page.keyboard.press("Enter")
    expect(menu).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(menu.get_by_role("link", name="我的账号")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(menu.get_by_role("link", name="修改密码")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")
    page.locator("h1").click()
    expect(menu).to_be_hidden()


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "请填写此项。"), ("en", "Please fill this in.")])
def test_an_empty_field_is_told_beside_it_in_the_pages_language(
    page: Page, language: str, words: str
) -> None:
    page.goto("/sign-in/")
    page.context.add_cookies([{"name": "django_language", "value": language, "url": page.url}])
    page.reload()
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    page.locator("[name=password]").fill("something")
    page.locator("form[data-sign-in-form] button[type=submit]").click()
    box = page.locator("[data-field=login]")
    expect(box.locator(".xj-fault")).to_have_text(words)
    staff_no = box.locator("input")
    expect(staff_no).to_be_focused()
    expect(staff_no).to_have_attribute("aria-invalid", "true")
    assert not posted
    staff_no.fill("clerk")
    expect(box.locator(".xj-fault")).to_have_count(0)


def test_a_chosen_file_is_named_in_the_pages_words(page: Page, people: Cast, batch: IntakeBatch) -> None:
    sign_in(page, people.clerk)
    page.goto("/intake/imports/new/")
    words = page.locator("[data-file-name]")
    expect(words).to_have_text("未选择文件")
    page.locator("[name=batch]").focus()
    page.keyboard.press("Tab")
    expect(page.locator("input[type=file]")).to_be_focused()
    page.locator("input[type=file]").set_input_files(
        {"name": "新生.csv", "mimeType": "text/csv", "buffer": b"x"}
    )
    expect(words).to_have_text("新生.csv")
    with page.expect_file_chooser():
        page.locator(".xj-pick").click()


def test_the_unit_switch_fetches_its_units_finds_one_and_stays_on_the_page(
    page: Page, people: Cast, batch: IntakeBatch
) -> None:
    make_batch(people.other_school, code="OTHER")
    sign_in(page, people.bureau_officer)
    page.goto("/intake/batches/")
    expect(page.locator(".xj-results tbody tr")).to_have_count(2)
    page.locator(".xj-unit > button").click()
    schools = page.locator("#xj-units button:visible")
    expect(schools.filter(has_text="青山小学")).to_be_visible()
    page.locator(".xj-unit-menu input[type=search]").fill("红花")
    expect(schools).to_have_count(1)
    schools.click()
    expect(page.locator(".xj-unit-name")).to_have_text("红花小学")
    assert page.url.endswith("/intake/batches/")
    expect(page.locator(".xj-results tbody tr")).to_have_count(1)
    expect(page.locator(".xj-results-head")).to_contain_text("仅所选单位")
