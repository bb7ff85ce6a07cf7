"""E.2 in the browser: five people carry a change of a key item, each with his own account; then the file says it."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from approvals.models import Request
from archive.models import EditRequest
from ledger.models import Event
from records.models import Student
from tests.browser.test_cohort import at_work
from tests.cast import Cast, make_cast
from tests.enrollment.intake import picture
from tests.records.files import make_student

WAY = (
    ("academic_head", "通过"),
    ("archivist", "通过"),
    ("archive_head", "按批准内容修改档案"),
    ("second_registrar", "核对无误"),
    ("second_archivist", "核对无误"),
)


@pytest.fixture
def people(committed_db: str) -> Cast:
    return make_cast()


@pytest.mark.requirement("S0-6.2-1", "S0-6.2-2", "S0-6.2-3", "S0-6.2-4", "S0-6.2-5")
def test_a_change_goes_from_desk_to_desk(
    browser: Browser, live_server: Any, people: Cast, tmp_path: Path
) -> None:
    student = make_student("王小明", people)
    url = live_server.url
    with at_work(browser, url, people.registrar) as page:
        the_registrar_asks(page, student, tmp_path)
        the_requester_has_no_decision(page)
    number = Request.objects.get().number
    for name, button in WAY:
        with at_work(browser, url, getattr(people, name)) as page:
            page.goto("/requests/")
            page.get_by_role("link", name=number).click()
            expect(page.locator(".xj-after")).to_contain_text("王晓明")
            page.get_by_role("button", name=button, exact=True).click()
            expect(page.locator("body")).to_contain_text(number)
    with at_work(browser, url, people.registrar) as page:
        page.goto(f"/students/{student.public_id}/")
        expect(page.locator("body")).to_contain_text("王晓明")
        page.goto(f"/students/{student.public_id}/changes/")
        expect(page.locator(".xj-timeline")).to_contain_text(number)
    typed = EditRequest.objects.get()
    people_of = [typed.requester, typed.department_head, typed.archive_reviewer, typed.executor]
    people_of += [typed.department_verifier, typed.archive_verifier]
    assert len({one.pk for one in people_of if one}) == 6
    assert Student.objects.get().name == "王晓明"
    assert Event.objects.filter(action="student.edited", actor=people.archive_head).count() == 1


def the_registrar_asks(page: Page, student: Student, tmp_path: Path) -> None:
    """From the file to a submitted request; without the proof of the law it is refused in words."""
    scan = tmp_path / "proof.png"
    scan.write_bytes(picture())
    page.goto(f"/students/{student.public_id}/")
    page.get_by_role("link", name="申请修改").first.click()
    page.locator("[name=name]").fill("王晓明")
    page.locator("[name=cause]").select_option("change")
    page.locator("[name=reason]").fill("户口簿姓名已变更")
    page.locator("[name=basis]").fill("派出所 2026-11-02 证明")
    page.locator("[name=proof_kind]").select_option("police_proof")
    page.locator("[name=proof]").set_input_files(scan)
    page.get_by_role("button", name="起草申请").click()
    expect(page.locator("body")).to_contain_text("各步骤可办理人")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("body")).to_contain_text("XG-")


def the_requester_has_no_decision(page: Page) -> None:
    """Nobody decides on his own request: the page offers no decision."""
    assert page.get_by_role("button", name="通过", exact=True).count() == 0
