"""Reading for a purpose, alerts, certificates and incidents from desk to desk in the browser (E.4, E.16)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from archive.models import Certificate
from audit.models import Alert, Incident
from ledger.models import Event
from tests.cast import Cast, make_cast
from tests.factories import set_rule
from tests.records.files import make_student
from tests.support.browser import sign_in
from tests.support.worker import worker


@pytest.fixture
def people(committed_db: str) -> Cast:
    return make_cast()


@contextmanager
def at_desk(browser: Browser, url: str, user: User) -> Iterator[Page]:
    """A person's own browser profile, signed in; administrators have no search box to wait for."""
    context = browser.new_context(base_url=url, locale="zh-CN", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(30_000)
    page = context.new_page()
    sign_in(page, user)
    page.goto("/")
    yield page
    context.close()


@pytest.mark.requirement("S0-5.1-1", "S0-5.1-5")
def test_a_file_is_read_for_a_purpose_and_much_reading_is_answered(
    browser: Browser, live_server: Any, people: Cast, purpose_is_asked: None
) -> None:
    set_rule(people.school, "bulk_view_limit", "10")
    students = [make_student(f"李{one}", people) for one in "一二三四五六七八九十百"]
    url = live_server.url
    with at_desk(browser, url, people.registrar) as page:
        page.goto(reverse("records:students"))
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.locator(".xj-purposes")).to_be_visible()
        assert not Event.objects.filter(action="student.viewed").exists()
        page.locator("button[value=counter]").click()
        expect(page.locator(".xj-file-name")).to_be_visible()
        page.locator("#file-tabs a").nth(1).click()
        expect(page.locator("#tab-panel")).to_contain_text("赵丽")
        page.locator(".xj-facts a").click()
        expect(page.locator("button[value=counter]")).to_have_attribute("aria-current", "true")
        page.locator("button[value=check]").click()
        expect(page.locator(".xj-facts")).to_be_visible()
        for one in students:
            page.goto(reverse("records:student", args=[one.public_id]))
            expect(page.locator(".xj-file-name")).to_be_visible()
    codes = [one.detail["purpose"] for one in Event.objects.filter(action="student.viewed").order_by("pk")]
    assert codes[0] == "counter"
    assert set(codes[1:]) == {"check"}
    assert Alert.objects.get().person == people.registrar
    with at_desk(browser, url, people.system_admin) as page:
        assert page.locator("a[href^='/security/alerts/']").count() == 0
    with at_desk(browser, url, people.security_admin) as page:
        page.locator("main a[href^='/security/alerts/']").first.click()
        expect(page.locator("main")).to_contain_text("杨丽")
        expect(page.locator("main")).to_contain_text("11")
        page.locator("[name=conclusion]").select_option("in_order")
        page.locator("[name=finding]").fill("已核实：新生核对")
        page.locator("main form [type=submit]").last.click()
        expect(page.locator("main")).to_contain_text("已核实：新生核对")
        assert page.locator("[name=finding]").count() == 0
    assert Alert.objects.get().answered_by == people.security_admin


@pytest.mark.requirement("S2-9-6")
def test_certificates_are_issued_copied_voided_and_checked(
    browser: Browser, live_server: Any, people: Cast
) -> None:
    student = make_student("王小明", people, school_class=people.school_class)
    url = live_server.url
    new = reverse("archive:certificate_new", args=[student.public_id])
    with at_desk(browser, url, people.registrar) as page:
        page.goto(reverse("records:student", args=[student.public_id]))
        page.locator(".xj-file-acts [data-bs-toggle=dropdown]").click()
        page.locator(f".xj-file-acts a[href='{new}']").click()
        page.locator("main button[type=submit]").first.click()
        expect(page.locator("[name=purpose]")).to_have_attribute("aria-invalid", "true")
        page.locator("[name=purpose]").fill("办理居住证")
        answer = submitted(page, "main form")
        assert answer["content-type"] == "application/pdf"
    row = Certificate.objects.get()
    with at_desk(browser, url, people.archivist) as page:
        page.goto(reverse("archive:certificates"))
        page.get_by_role("link", name=row.number).click()
        expect(page.locator("main")).to_contain_text(row.check_code)
        assert submitted(page, "form[action$='/copy/']")["content-type"] == "application/pdf"
    with at_desk(browser, url, people.archive_head) as page:
        page.goto(reverse("archive:certificate", args=[row.public_id]))
        page.locator("[name=reason]").fill("姓名有误")
        page.locator("form[action$='/void/'] button").click()
        expect(page.locator("main")).to_contain_text("姓名有误")
        assert page.locator("form[action$='/copy/']").count() == 0
        page.goto(reverse("archive:certificate_check"))
        page.locator("[name=number]").fill(row.number)
        page.locator("main button[type=submit]").click()
        expect(page.locator("main")).to_contain_text("姓名有误")
    with at_desk(browser, url, people.head) as page:
        assert page.request.get(reverse("archive:certificates")).status == 403


def test_a_class_gets_its_certificates_by_a_job(
    browser: Browser, live_server: Any, people: Cast, tmp_path: Path
) -> None:
    for name in ("王小明", "李明"):
        make_student(name, people, school_class=people.school_class)
    with worker(tmp_path / "worker.log"), at_desk(browser, live_server.url, people.registrar) as page:
        page.goto(reverse("archive:certificate_class"))
        page.locator("[name=school_class]").select_option(str(people.school_class.public_id))
        page.locator("[name=purpose]").fill("社保")
        page.locator("main button[type=submit]").click()
        with page.expect_download() as saved_file:
            page.locator("a[href$='/result/'], a[download], main a.btn-primary").first.click(timeout=60_000)
        assert saved_file.value.suggested_filename.endswith(".pdf")
    assert sorted(Certificate.objects.values_list("serial", flat=True)) == [1, 2]


@pytest.mark.requirement("S0-5.2-2", "S0-7.3-1", "S0-7.3-2")
def test_an_incident_goes_from_the_report_to_its_end(
    browser: Browser, live_server: Any, people: Cast
) -> None:
    make_student("王小明", people, school_class=people.school_class)
    url = live_server.url
    with at_desk(browser, url, people.teacher) as page:
        page.goto(reverse("audit:incident_report"))
        page.locator("[name=what]").fill("名单发到了家长群")
        page.locator("main form button[type=submit]").click()
        expect(page.locator("main")).to_contain_text("AQ-")
    incident = Incident.objects.get()
    case = reverse("audit:incident", args=[incident.public_id])
    with at_desk(browser, url, people.security_admin) as page:
        page.locator(f"main a[href='{case}']").click()
        expect(page.locator("main")).to_contain_text("名单发到了家长群")
        account(page, people.clerk.staff_no, "suspect")
        account(page, people.clerk.staff_no, "freeze")
        take(page, "isolated")
        page.locator("[name=step-step]").select_option("authority")
        page.locator("[name=step-note]").fill("已报告")
        page.locator("form[action$='/step/'] button").click()
        expect(page.locator("[name=step-authority]")).to_have_attribute("aria-invalid", "true")
        page.locator("[name=step-authority]").fill("区网信办")
        page.locator("[name=step-told_at]").fill(f"{timezone.localtime():%Y-%m-%dT%H:%M}")
        page.locator("form[action$='/step/'] button").click()
        expect(page.locator("main")).to_contain_text("区网信办")
        page.locator("[name=extent-school_class]").select_option(str(people.school_class.public_id))
        page.locator("form[action$='/extent/'] button").click()
        expect(page.locator("main td.num")).to_have_text("1")
        page.locator("[name=letter-data_kinds][value=contact]").check()
        for name in ("cause", "harm", "measures", "contact"):
            page.locator(f"[name=letter-{name}]").fill(f"说明{name}")
        page.locator("form[action$='/letter/'] button").click()
        take(page, "assessed")
        expect(page.locator("main")).not_to_contain_text("王小明")
    assert not User.objects.get(pk=people.clerk.pk).is_active
    with at_desk(browser, url, people.archive_head) as page:
        page.locator("main a[href$='/letters/']").click()
        expect(page.locator("main")).to_contain_text("说明harm")
        assert submitted(page, "main form")["content-type"] == "application/pdf"
    with at_desk(browser, url, people.security_admin) as page:
        page.goto(case)
        for step in ("students", "remedied", "accountability", "lessons"):
            take(page, step)
        assert page.locator("[name=step-step]").count() == 0
    with at_desk(browser, url, people.leader) as page:
        page.locator(f"main a[href='{case}']").click()
        assert page.locator("form[action$='/account/']").count() == 0
        take(page, "closed")
        assert page.locator("[name=step-step]").count() == 0
    incident.refresh_from_db()
    assert (incident.state, incident.closer) == ("closed", people.leader)
    with at_desk(browser, url, people.registrar) as page:
        assert page.request.get(case).status == 403


def submitted(page: Page, form: str) -> dict[str, str]:
    """Send a form as its page would, and give the headers of the answer: the browser shows a PDF in its own viewer."""
    script = """form => {
        const sent = new URLSearchParams(new FormData(form));
        return fetch(form.action, {method: "POST", body: sent}).then(answer =>
            ({"content-type": answer.headers.get("content-type"), "status": String(answer.status)}));
    }"""
    found: dict[str, str] = page.locator(form).first.evaluate(script)
    return found


def account(page: Page, staff_no: str, act: str) -> None:
    page.locator("[name=account-staff_no]").fill(staff_no)
    page.locator("[name=account-act]").select_option(act)
    page.locator("form[action$='/account/'] button").click()
    expect(page.locator("[name=account-staff_no]")).to_have_value("")


def take(page: Page, step: str) -> None:
    """Take a step with a note."""
    page.locator("[name=step-step]").select_option(step)
    page.locator("[name=step-note]").fill(f"已办理 {step}")
    page.locator("form[action$='/step/'] button").click()
    expect(page.locator("main")).to_contain_text(f"已办理 {step}")
