"""What the frame does on every page: masks, keys, drafts, ticks, languages, ended sessions."""

import re
from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import APIResponse, Page, Route, expect

from enrollment.models import Applicant, IntakeBatch
from ledger.models import Event
from records.models import Student
from tests.cast import Cast, make_cast
from tests.enrollment.intake import draft, id_number, make_batch
from tests.factories import PASSWORD, make_class
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


def form_of(page: Page, row: Applicant) -> None:
    page.goto(f"/intake/applicants/{row.public_id}/")
    expect(page.locator("#applicant-form")).to_be_visible()


def wait_until(page: Page, true: Callable[[], bool]) -> None:
    """Let the page go on, its clock standing still, until something has come."""
    for _turn in range(200):
        if true():
            return
        page.wait_for_load_state()
        page.evaluate("() => fetch('/health/')")
    pytest.fail("it has not come")


def sign_in_again(page: Page, staff_no: str) -> None:
    dialog = page.locator("#xj-sign-in")
    expect(dialog).to_be_visible()
    dialog.locator("[name=login], [name=staff_no], [name=username]").first.fill(staff_no)
    dialog.locator("[name=password]").fill(PASSWORD)
    dialog.locator("button[type=submit]").click()
    expect(dialog).to_be_hidden()


def test_a_masked_number_shows_for_thirty_seconds_and_is_an_event(
    page: Page, people: Cast, student: Student
) -> None:
    sign_in(page, people.archivist)
    page.clock.install()
    page.goto(f"/students/{student.public_id}/")
    box = page.locator("[data-reveal$='/reveal/id_number/']")
    value = box.locator(".xj-masked-value")
    masked = value.inner_text()
    assert student.id_number not in page.content()
    box.locator(".xj-eye").click()
    expect(value).to_have_text(student.id_number)
    page.clock.fast_forward(31_000)
    expect(value).to_have_text(masked)
    assert student.id_number not in page.content()
    revealed = Event.objects.get(action__contains="reveal", actor=people.archivist)
    assert revealed.subject == student.public_id


def test_a_double_click_on_the_eye_leaves_no_number_on_the_screen(
    page: Page, people: Cast, student: Student
) -> None:
    sign_in(page, people.archivist)
    page.clock.install()
    page.goto(f"/students/{student.public_id}/")
    box = page.locator("[data-reveal$='/reveal/id_number/']")
    value = box.locator(".xj-masked-value")
    masked = value.inner_text()
    box.locator(".xj-eye").evaluate("eye => { eye.click(); eye.click(); }")
    expect(value).to_have_text(student.id_number)
    page.wait_for_load_state("networkidle")
    page.clock.fast_forward(31_000)
    expect(value).to_have_text(masked)
    assert Event.objects.filter(action="student.revealed").count() == 1


def test_a_draft_saves_itself_and_a_session_that_ended_repeats_the_save(
    page: Page, people: Cast, batch: IntakeBatch
) -> None:
    row = draft(people.clerk, batch)
    sign_in(page, people.clerk)
    page.clock.install()
    form_of(page, row)
    page.locator("[name=native_place]").fill("湖北省荆州市")
    page.clock.fast_forward(11_000)
    expect(page.locator("[data-saved]")).not_to_be_empty()
    assert Applicant.objects.get(pk=row.pk).native_place == "湖北省荆州市"
    Session.objects.all().delete()
    page.locator("[name=native_place]").fill("湖北省宜昌市")
    page.clock.fast_forward(11_000)
    sign_in_again(page, people.clerk.staff_no)
    expect(page.locator("[name=native_place]")).to_have_value("湖北省宜昌市")
    expect(page.locator("[data-saved]")).not_to_have_class(re.compile(r"\bis-fault\b"))
    page.wait_for_function("() => document.querySelector('#applicant-form').dataset.busy === undefined")
    assert Applicant.objects.get(pk=row.pk).native_place == "湖北省宜昌市"


def test_a_submission_waits_for_the_save_that_is_on_its_way(
    page: Page, people: Cast, batch: IntakeBatch
) -> None:
    row = draft(people.clerk, batch)
    sign_in(page, people.clerk)
    page.clock.install()
    form_of(page, row)
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        if route.request.headers.get("x-autosave"):
            held.append((route, route.fetch()))
        else:
            route.continue_()

    page.route("**/intake/applicants/**", hold)
    page.locator("[name=native_place]").fill("湖北省荆州市")
    page.clock.fast_forward(11_000)
    wait_until(page, lambda: bool(held))
    page.locator("button[name=act][value=submit]").click()
    route, response = held.pop()
    with page.expect_navigation():
        route.fulfill(response=response)
    stored = Applicant.objects.get(pk=row.pk)
    assert (stored.state, stored.native_place) == (Applicant.State.SELF_CHECKED, "湖北省荆州市")


def test_the_sign_in_over_the_page_is_asked_again_after_a_broken_line(
    page: Page, people: Cast, batch: IntakeBatch
) -> None:
    row = draft(people.clerk, batch)
    sign_in(page, people.clerk)
    page.clock.install()
    form_of(page, row)
    Session.objects.all().delete()
    page.route("**/sign-in/**", lambda route: route.abort())
    page.locator("[name=native_place]").fill("湖北省荆州市")
    with page.expect_event("requestfailed"):
        page.clock.fast_forward(11_000)
    expect(page.locator("[data-saved]")).to_have_class(re.compile(r"\bis-fault\b"))
    page.unroute("**/sign-in/**")
    page.clock.fast_forward(11_000)
    sign_in_again(page, people.clerk.staff_no)
    expect(page.locator("[data-saved]")).not_to_have_class(re.compile(r"\bis-fault\b"))


def test_ticks_of_a_list_go_with_the_form(page: Page, people: Cast, batch: IntakeBatch) -> None:
    make_class(people.school, number=2)
    ticked, left = draft(people.clerk, batch, 1), draft(people.clerk, batch, 2, class_no="2026102")
    sign_in(page, people.clerk)
    page.goto(f"/intake/batches/{batch.public_id}/self-check/")
    every, boxes = page.locator("[data-bulk-all]"), page.locator("[name=ids]")
    every.check()
    assert [box.is_checked() for box in boxes.all()] == [True, True]
    boxes.nth(1).uncheck()
    assert every.evaluate("box => box.indeterminate")
    page.locator("[name=compared]").check()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#messages .xj-alert")).to_be_visible()
    assert Applicant.objects.get(pk=ticked.pk).state == Applicant.State.SELF_CHECKED
    assert Applicant.objects.get(pk=left.pk).state == Applicant.State.DRAFT


def test_slash_leads_to_the_search_but_not_out_of_a_field(
    page: Page, people: Cast, batch: IntakeBatch
) -> None:
    row = draft(people.clerk, batch)
    sign_in(page, people.clerk)
    form_of(page, row)
    page.locator("h1").click()
    page.keyboard.press("/")
    expect(page.locator("#xj-search")).to_be_focused()
    expect(page.locator("#xj-search")).to_have_value("")
    place = page.locator("[name=native_place]")
    place.focus()
    page.keyboard.type("a/b")
    expect(place).to_be_focused()
    assert "a/b" in place.input_value()


COMPOSE = """box => {
    box.focus();
    box.dispatchEvent(new CompositionEvent("compositionstart", { bubbles: true }));
    box.value = "wang";
    box.dispatchEvent(new InputEvent("input", { bubbles: true, isComposing: true }));
    const press = { key: "Enter", bubbles: true, cancelable: true, isComposing: true, keyCode: 229 };
    return box.dispatchEvent(new KeyboardEvent("keydown", press));
}"""


def test_enter_while_pinyin_is_composed_neither_searches_nor_moves_on(
    page: Page, people: Cast, batch: IntakeBatch
) -> None:
    row = draft(people.clerk, batch)
    sign_in(page, people.clerk)
    page.clock.install()
    form_of(page, row)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    name = page.locator("[name=name]")
    assert name.evaluate(COMPOSE), "the key was left to the input method"
    expect(name).to_be_focused()
    box = page.locator("#xj-search")
    box.evaluate(COMPOSE)
    page.clock.fast_forward(2_000)
    assert not [url for url in asked if "/search/" in url]
    expect(page.locator("#xj-found")).to_be_hidden()
    box.evaluate("box => box.dispatchEvent(new CompositionEvent('compositionend', { bubbles: true }))")
    page.clock.fast_forward(2_000)
    expect(page.locator("#xj-found")).to_be_visible()
    assert page.url.endswith(f"/intake/applicants/{row.public_id}/")


def test_the_language_switch_stays_on_the_page_and_lasts(page: Page, people: Cast) -> None:
    sign_in(page, people.clerk)
    page.goto("/intake/batches/")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    page.locator("form.xj-language button").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.url.endswith("/intake/batches/")
    expect(page.locator("h1")).to_have_text("Intake batches")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.locator("form.xj-language button").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")


def test_back_after_signing_out_shows_no_file(page: Page, people: Cast, student: Student) -> None:
    sign_in(page, people.archivist)
    page.goto(f"/students/{student.public_id}/")
    expect(page.get_by_text(student.name).first).to_be_visible()
    page.locator(".xj-top-right .dropdown > button").click()
    page.locator("form[action='/sign-out/'] button").click()
    expect(page.locator("form[data-sign-in-form]")).to_be_visible()
    page.go_back()
    expect(page.locator("form[data-sign-in-form]")).to_be_visible()
    expect(page.get_by_text(student.name)).to_have_count(0)
