"""Pages of the audit on a phone: a row is one target, nothing hangs over, what is typed stays beside its fault."""

import pytest
from playwright.sync_api import Page, expect

from audit.models import Inspection
from ledger.tasks import seal
from tests.audit.supervising import begun, planned
from tests.browser.test_axe import overhang
from tests.cast import Cast, make_cast
from tests.support.browser import sign_in


@pytest.fixture
def people(committed_db: str) -> Cast:
    return make_cast()


@pytest.fixture
def phone(page: Page) -> Page:
    page.set_viewport_size({"width": 390, "height": 844})
    return page


def width(page: Page, selector: str) -> float:
    """How wide the first such element is drawn."""
    box = page.locator(selector).first.bounding_box()
    assert box
    return box["width"]


def test_a_row_without_a_name_is_led_and_opened_by_its_number(phone: Page, people: Cast) -> None:
    row = planned(people)
    sign_in(phone, people.archive_head)
    phone.goto("/security/inspections/")
    line = phone.locator("tbody tr").first
    number, state = line.locator("td.lead").bounding_box(), line.locator("td.state").bounding_box()
    assert number and state
    assert number["x"] < state["x"]
    line.click(position={"x": 8, "y": 8})
    expect(phone.locator("h1")).to_contain_text(row.number)


def test_the_events_keep_to_the_width_of_a_phone(phone: Page, people: Cast) -> None:
    seal()
    sign_in(phone, people.auditor)
    phone.goto("/security/events/")
    assert width(phone, ".xj-day th") > 300
    phone.get_by_role("button", name="保存查询").click()
    label = phone.locator("form.xj-view.show .xj-label")
    expect(label).to_be_visible()
    box = label.bounding_box()
    assert box
    assert box["height"] < 30
    phone.goto("/security/seals/1/")
    assert overhang(phone) == 0
    assert width(phone, ".xj-table tbody tr") > 300


def test_findings_that_were_typed_survive_finishing_too_early(page: Page, people: Cast) -> None:
    row = begun(people, unit=people.admissions, sample_size=0)
    sign_in(page, people.archivist)
    page.goto(f"/security/inspections/{row.public_id}/")
    points = page.locator("#findings input[type=number]")
    for place in range(points.count()):
        points.nth(place).fill("20")
    points.first.fill("18")
    page.get_by_role("button", name="完成检查").click()
    expect(page.locator("#findings")).to_contain_text("扣分的，请说明原因")
    expect(points.first).to_have_value("18")
    page.locator("#findings textarea").first.fill("略有不齐。")
    page.get_by_role("button", name="完成检查").click()
    expect(page.get_by_role("button", name="打印检查结果")).to_be_visible()
    assert Inspection.objects.get().state == "finished"


def test_enter_in_a_points_field_saves_and_does_not_finish(page: Page, people: Cast) -> None:
    row = begun(people, unit=people.admissions, sample_size=0)
    sign_in(page, people.archivist)
    page.goto(f"/security/inspections/{row.public_id}/")
    points = page.locator("#findings input[type=number]")
    for place in range(points.count()):
        points.nth(place).fill("20")
    with page.expect_navigation():
        points.first.press("Enter")
    row.refresh_from_db()
    assert (row.state, row.finished_at) == ("running", None)
    assert set(row.findings.values_list("score", flat=True)) == {20}
