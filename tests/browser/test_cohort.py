"""The main job from end to end: the template's file becomes 1,960 student files, by four persons, found again at once.

A real browser against a live server and a real worker; nothing is done behind the pages.
"""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from accounts.models import User
from core.chinese import name_pinyin
from enrollment.models import (
    Applicant,
    ApplicantDocument,
    ApplicantMember,
    ImportJob,
    IntakeBatch,
    IntakeDecision,
    IntakeSample,
)
from ledger.models import Event
from records.models import DocumentKind, Enrolment, FamilyMember, Student
from tests.cast import Cast, make_cast
from tests.enrollment.importing import EXPECTED, SAMPLE, make_classes
from tests.enrollment.intake import make_batch, picture
from tests.factories import PASSWORD, set_rule
from tests.support.worker import worker

GOOD, BAD, WITHOUT_NUMBER = 1960, 40, 10
PROOF = DocumentKind.NO_ID_PROOF.value
LINK = re.compile(r'href="(/intake/applicants/[0-9a-f-]{36}/review/)"')
PASS = re.compile(r'action="(/intake/samples/[0-9a-f-]{36}/pass/)"')
LONG = 120_000


@pytest.fixture
def people(committed_db: str) -> Cast:
    cast = make_cast()
    make_classes(cast.school)
    set_rule(cast.school, "sample_minimum", "1")
    set_rule(cast.school, "sample_percent", "1")
    return cast


@contextmanager
def at_work(browser: Browser, url: str, user: User) -> Iterator[Page]:
    """A person's own browser profile, signed in through the form."""
    context = browser.new_context(base_url=url, locale="zh-CN", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.goto("/")
    page.locator("[name=login], [name=staff_no], [name=username]").first.fill(user.staff_no)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form[data-sign-in-form] button[type=submit]").click()
    expect(page.locator("#xj-menu")).to_be_visible()
    yield page
    context.close()


def test_a_cohort_goes_from_the_file_to_the_archives(
    browser: Browser, live_server: Any, people: Cast, tmp_path: Path
) -> None:
    batch = make_batch(people.school, code="DEMO-2026", quota=2400)
    url = live_server.url
    with worker(tmp_path / "worker.log"):
        with at_work(browser, url, people.clerk) as page:
            the_clerk_imports(page)
            the_clerk_attaches_proofs(page)
            the_clerk_self_checks(page, batch)
        with at_work(browser, url, people.second_clerk) as page:
            pass_all_classes(page, batch, "initial_review")
        with at_work(browser, url, people.head) as page:
            pass_all_classes(page, batch, "head_review")
        with at_work(browser, url, people.bureau_officer) as page:
            pass_one_by_one(page, batch)
        with at_work(browser, url, people.archivist) as page:
            pass_all_classes(page, batch, "acceptance")
            the_archivist_finds(page)
    the_database_holds_it(people)


def the_clerk_imports(page: Page) -> None:
    """Upload, progress, every bad row, import of the good ones."""
    page.goto("/intake/batches/")
    page.get_by_role("link", name="2026 级新生").click()
    page.locator("a[href*='/intake/imports/new/']").first.click()
    page.locator("input[type=file]").set_input_files(SAMPLE)
    page.locator("form[enctype] button[type=submit]").click()
    expect(page.locator("form[action$='/start/']")).to_be_visible(timeout=LONG)
    bad = [(one["row"], one["column"]) for one in json.loads(EXPECTED.read_text())["bad"]]
    assert len(bad) == BAD
    page.locator("a[href$='?level=error']").click()
    assert sorted(read_faults(page)) == sorted(bad)
    assert not Applicant.objects.exists()
    page.locator("form[action$='/start/'] button.btn-primary").click()
    expect(page.locator(".xj-alert.xj-green")).to_contain_text("1,960", timeout=LONG)
    assert Applicant.objects.filter(state=Applicant.State.DRAFT).count() == GOOD


def read_faults(page: Page) -> list[tuple[int, str]]:
    """Row and column of every line of the table, over all its pages."""
    found: list[tuple[int, str]] = []
    while True:
        cells = page.locator("#list-results tbody tr").evaluate_all(
            "rows => rows.map((row) => [...row.cells].slice(0, 2).map((cell) => cell.innerText.trim()))"
        )
        found += [(int(row.replace(",", "")), column) for row, column in cells]
        following = page.locator("a[rel=next]")
        if not following.count():
            return found
        shown = page.locator(".xj-paging .xj-num").inner_text()
        following.click()
        expect(page.locator(".xj-paging .xj-num")).not_to_have_text(shown)


def the_clerk_attaches_proofs(page: Page) -> None:
    """Pupils without a number need the stamped proof: one on the screen, the others by the same request."""
    first, *others = Applicant.objects.filter(no_hukou=True).order_by("pk")
    assert len(others) == WITHOUT_NUMBER - 1
    page.goto(f"/intake/applicants/{first.public_id}/")
    form = page.locator("form.xj-scan-add")
    form.locator("[name=kind]").select_option(PROOF)
    form.locator("[name=file]").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    )
    form.locator("button[type=submit]").click()
    expect(page.locator("#scans [data-scan]")).to_have_count(1)
    token = page.locator("meta[name=csrf-token]").get_attribute("content") or ""
    for one in others:
        scan = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture()}
        posted: Any = {"csrfmiddlewaretoken": token, "kind": PROOF, "file": scan}
        assert page.request.post(f"/intake/applicants/{one.public_id}/scans/", multipart=posted).ok
    assert ApplicantDocument.objects.filter(kind=PROOF).count() == WITHOUT_NUMBER


def the_clerk_self_checks(page: Page, batch: IntakeBatch) -> None:
    """All classes in as many goes as the school's limit asks for."""
    page.goto(f"/intake/batches/{batch.public_id}/")
    page.locator(f"a[href='/intake/batches/{batch.public_id}/self-check/']").click()
    while (boxes := page.locator("[data-bulk-all]")).count():
        boxes.check()
        page.locator("[name=compared]").check()
        page.locator("form[data-bulk] button.btn-primary").click()
        expect(page.locator("#messages .xj-alert")).to_be_visible(timeout=LONG)
    assert Applicant.objects.filter(state=Applicant.State.SELF_CHECKED).count() == GOOD


def pass_all_classes(page: Page, batch: IntakeBatch, step: str) -> None:
    """One class on the screen; the others by the same requests, which spares the drawing of some 500 pages."""
    home = f"/intake/batches/{batch.public_id}/bulk/"
    page.goto(home)
    links = page.locator(f"table a[href*='/bulk/{step}/']")
    plans = links.evaluate_all("all => all.map((one) => one.getAttribute('href'))")
    assert len(plans) == 40
    links.first.click()
    pass_on_screen(page)
    token = page.locator("meta[name=csrf-token]").get_attribute("content") or ""
    for plan in plans[1:]:
        pass_by_request(page, plan, token)
    pass_one_by_one(page, batch)
    wait_for_jobs(page)
    page.goto(home)
    expect(page.locator("table a[href*='/bulk/']")).to_have_count(0)


def wait_for_jobs(page: Page) -> None:
    """Until the worker has passed every class."""
    ends = time.monotonic() + LONG / 1000
    while IntakeSample.objects.filter(closed_at=None).exists():
        assert time.monotonic() < ends
        page.wait_for_timeout(500)


def pass_one_by_one(page: Page, batch: IntakeBatch) -> None:
    """Continuous review by the keyboard of those who do not pass with their class: they have warnings."""
    page.goto(f"/intake/batches/{batch.public_id}/review/")
    for _pupil in range(WITHOUT_NUMBER):
        here = page.url
        expect(page.locator(".xj-decision")).to_be_visible()
        page.keyboard.press("a")
        page.wait_for_url(lambda address, left=here: address != left)  # type: ignore[misc]  # a default binds it
    page.wait_for_url(f"**/intake/batches/{batch.public_id}/applicants/")


def pass_on_screen(page: Page) -> None:
    plan = page.url
    page.locator("form[action$='/draw/'] button").click()
    sample = page.locator("[data-rows] a[href$='/review/']")
    expect(page.locator("form[action$='/pass/']")).to_have_count(0)
    for address in sample.evaluate_all("all => all.map((one) => one.getAttribute('href'))"):
        page.locator(f"[data-rows] a[href='{address}']").first.click()
        expect(page.locator(".xj-decision")).to_be_visible()
        page.goto(plan)
    page.locator("form[action$='/pass/'] button").click()
    expect(page.locator(".xj-alert.xj-green")).to_be_visible(timeout=LONG)


def pass_by_request(page: Page, plan: str, token: str) -> None:
    address, _mark, class_no = plan.partition("?class=")
    posted = {"csrfmiddlewaretoken": token, "class": class_no}
    shown = page.request.post(f"{address}draw/", form=posted).text()
    for one in dict.fromkeys(LINK.findall(shown)):
        assert page.request.get(one).ok
    ready = PASS.search(page.request.get(plan).text())
    assert ready, plan
    assert page.request.post(ready[1], form=posted, timeout=LONG, max_redirects=0).status == 302


def the_archivist_finds(page: Page) -> None:
    """One student by a character of the name, by the initials of its pinyin, by the identity number."""
    student, character, initials = somebody_rare()
    name = student.name
    address = f"/students/{student.public_id}/"
    hit = page.locator(f"#xj-found a[href='{address}']")
    for words in (character, initials):
        page.goto("/")
        type_into_search(page, words)
        expect(hit).to_contain_text(name)
    hit.click()
    expect(page.locator("h1, .xj-file-name").first).to_contain_text(name)
    page.goto("/")
    box = type_into_search(page, student.id_number)
    box.press("Enter")
    page.wait_for_url(f"**{address}")
    expect(page.locator("h1, .xj-file-name").first).to_contain_text(name)
    assert student.id_number not in page.content()


def type_into_search(page: Page, words: str) -> Locator:
    page.keyboard.press("/")
    box = page.locator("#xj-search")
    expect(box).to_be_focused()
    box.press_sequentially(words)
    return box


def somebody_rare() -> tuple[Student, str, str]:
    """A student with the character and the initials that fewest others share."""
    students = list(Student.objects.all())
    characters = Counter(character for one in students for character in set(one.name))
    initials = {one.pk: "".join(word[0] for word in name_pinyin(one.name).split()) for one in students}
    shared = Counter(initials.values())

    def rareness(one: Student) -> tuple[int, int]:
        fewest = min(characters[character] for character in one.name)
        return max(fewest, shared[initials[one.pk]]), one.pk

    found = min(students, key=rareness)
    return found, min(found.name, key=characters.__getitem__), initials[found.pk]


def the_database_holds_it(people: Cast) -> None:
    import_job = ImportJob.objects.get()
    assert (import_job.row_count, import_job.imported_count, import_job.error_count) == (2000, GOOD, BAD)
    rows = Applicant.objects.filter(state=Applicant.State.ACCEPTED)
    assert Applicant.objects.count() == rows.count() == GOOD
    persons = {(people.clerk.pk, people.second_clerk.pk, people.head.pk, people.archivist.pk)}
    assert set(rows.values_list("entered_by", "initial_reviewer", "head_reviewer", "acceptor")) == persons
    assert Student.objects.count() == Enrolment.objects.filter(ended_on=None).count() == GOOD
    assert len(set(Enrolment.objects.values_list("student_no", flat=True))) == GOOD
    assert not Enrolment.objects.filter(student_no="").exists()
    assert len(set(Student.objects.values_list("archive_no", flat=True))) == GOOD
    assert FamilyMember.objects.count() == ApplicantMember.objects.count() > GOOD
    by_step = {
        "self_check": people.clerk,
        "initial_review": people.second_clerk,
        "head_review": people.head,
        "acceptance": people.archivist,
    }
    for step, person in by_step.items():
        made = IntakeDecision.objects.filter(step=step, outcome="passed")
        assert set(made.values_list("actor", flat=True)) == {person.pk}
        assert made.values("applicant").distinct().count() == made.count() == GOOD
    bureau = IntakeDecision.objects.filter(step="bureau", outcome="passed", actor=people.bureau_officer)
    assert bureau.count() == rows.filter(bureau_state="approved").count() == WITHOUT_NUMBER
    assert IntakeSample.objects.filter(closed_at__isnull=False, passed_count__gt=0).count() == 3 * 40
    for action in ("imported", "self_checked", "initially_reviewed", "head_approved", "accepted"):
        assert Event.objects.filter(action=f"applicant.{action}").count() == GOOD, action
    assert Student.history.filter(history_type="+").count() == GOOD
    assert Enrolment.history.filter(history_type="+").count() == GOOD
    assert Applicant.history.filter(history_user=None).count() == 0
    assert Applicant.history.filter(state="accepted", history_user=people.archivist).count() == GOOD
