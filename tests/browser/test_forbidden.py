"""What nobody may do, tried in the browser for each kind of request: not offered, refused when posted, refused by the
database."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from accounts.roles import Role
from approvals import actions as requests
from approvals import delegations
from approvals.models import Decision, Request, TypedRequest
from archive.inquiries import actions as inquiries
from records.models import Enrolment
from tests.archive import test_deletions, test_sharing
from tests.archive.asking import submitted_edit, walk
from tests.browser.test_cohort import at_work
from tests.cast import Cast, make_cast
from tests.factories import PASSWORD, appoint, saved
from tests.records.files import make_student


@pytest.fixture
def people(committed_db: str) -> Cast:
    return make_cast()


def edit(cast: Cast) -> TypedRequest:
    return submitted_edit(cast, make_student("王小明", cast), {"name": "王晓明"})


def deletion(cast: Cast) -> TypedRequest:
    return test_deletions.submitted(cast, make_student("王小明", cast))


def inquiry(cast: Cast) -> TypedRequest:
    number = Enrolment.objects.get(student=make_student("王小明", cast)).student_no
    whole = {"actor": cast.registrar, "school": cast.school, "sections": ["basic"], "purpose": "核对资助"}
    typed = inquiries.draft(numbers=[number], **whole)
    requests.submit(actor=cast.registrar, request=typed.request)
    return typed


def sharing(cast: Cast) -> TypedRequest:
    typed = test_sharing.drafted(cast, [make_student("王小明", cast)])
    requests.submit(actor=cast.registrar, request=typed.request)
    return typed


SECOND = {edit: (Role.ARCHIVIST, "archive_reviewer")}
"""The role that takes the second step, and its column; elsewhere the head of archives."""


@pytest.mark.requirement("S0-6.1-1", "S0-6.3-2", "S0-5.1-3", "S0-5.3-2")
@pytest.mark.parametrize("made", [edit, deletion, inquiry, sharing])
def test_nobody_takes_two_parts_in_one_request(
    browser: Browser, live_server: Any, people: Cast, made: Callable[[Cast], TypedRequest]
) -> None:
    typed = made(people)
    url = live_server.url
    delegation = lent(people, people.academic_head, people.registrar)
    with at_work(browser, url, people.registrar) as page:
        barred(page, typed, "department_head", "申请人不能审核自己的申请")
    delegations.end(actor=people.academic_head, delegation=delegation)

    appoint(people.registrar, Role.ACADEMIC_HEAD, people.school)
    with at_work(browser, url, people.registrar) as page:
        barred(page, typed, "department_head", "申请人不能审核自己的申请")
    refused_by_the_database(typed, "department_head", people.registrar)

    requests.take_step(actor=people.academic_head, request=typed.request)
    role, column = SECOND.get(made, (Role.ARCHIVE_HEAD, "archive_head"))
    appoint(people.academic_head, role, people.school)
    with at_work(browser, url, people.academic_head) as page:
        barred(page, typed, Request.objects.get().step, "您已办理")
    refused_by_the_database(typed, column, people.academic_head)
    assert Decision.objects.filter(outcome="passed").count() == 1


@pytest.mark.requirement("S0-6.2-4")
def test_a_stale_value_is_shown_and_refused(browser: Browser, live_server: Any, people: Cast) -> None:
    typed = submitted_edit(people, make_student("王小明", people), {"name": "王晓明"})
    typed = walk(people, typed, "academic_head", "archivist")
    change = typed.changes.select_related("student").get()
    change.student.name = "王大明"
    saved(change.student)
    with at_work(browser, live_server.url, people.archive_head) as page:
        page.goto(reverse("approvals:request", args=[typed.request.public_id]))
        expect(page.locator("main")).to_contain_text("当前值已变")
        page.get_by_role("button", name="按批准内容修改档案", exact=True).click()
        expect(page.locator("#messages")).to_contain_text("须退回重报")
    change.student.refresh_from_db()
    assert change.student.name == "王大明"
    change.found_digest = change.new_digest
    with pytest.raises(IntegrityError), transaction.atomic():
        saved(change)


@pytest.mark.requirement("S0-6.3-1")
def test_a_hold_stops_a_deletion_that_both_heads_approved(
    browser: Browser, live_server: Any, people: Cast
) -> None:
    student = make_student("王小明", people)
    typed = test_deletions.walk(
        people, test_deletions.submitted(people, student), "academic_head", "archive_head"
    )
    with at_work(browser, live_server.url, people.second_archivist) as page:
        page.goto(reverse("archive:keeping", args=[student.public_id]))
        page.locator("[name=hold-reason]").fill("法院调查")
        page.locator("[name=hold-basis]").fill("法院函 2026-11-02")
        page.get_by_role("button", name="封存档案", exact=True).click()
        expect(page.locator("main")).to_contain_text("法院函 2026-11-02")
    with at_work(browser, live_server.url, people.archivist) as page:
        page.goto(reverse("approvals:request", args=[typed.request.public_id]))
        page.locator("#sure-password").fill(PASSWORD)
        page.locator("form.xj-decision button[type=submit]").click()
        expect(page.locator("#messages")).to_contain_text("封存")
    assert not Enrolment.objects.filter(shelved_on__isnull=False).exists()
    typed.executed_at, typed.obstacles = timezone.now(), 1
    with pytest.raises(IntegrityError), transaction.atomic():
        saved(typed)


def lent(cast: Cast, principal: User, deputy: User) -> Any:
    """A delegation that holds today."""
    today = timezone.localdate()
    row = delegations.propose(
        actor=principal, deputy=deputy, unit=cast.school, valid_from=today,
        valid_until=today + timedelta(days=8), reason="出差",
    )  # fmt: skip
    return delegations.approve(actor=cast.security_admin, delegation=row)


def barred(page: Page, typed: TypedRequest, step: str, words: str) -> None:
    """The page offers no decision and says why; the same form posted by hand is refused."""
    page.goto(reverse("approvals:request", args=[typed.request.public_id]))
    expect(page.locator("main")).to_contain_text("您不能办理此步骤")
    expect(page.locator("main")).to_contain_text(words)
    assert page.locator("form.xj-decision").count() == 0
    row = Request.objects.get(pk=typed.request_id)
    page.evaluate(
        """([action, values]) => {
            const form = Object.assign(document.createElement("form"), {method: "post", action});
            values.csrfmiddlewaretoken = document.querySelector("[name=csrfmiddlewaretoken]").value;
            for (const [name, value] of Object.entries(values))
                form.append(Object.assign(document.createElement("input"), {name, value}));
            document.body.append(form);
            form.submit();
        }""",
        [reverse("approvals:take_step", args=[row.public_id]), {"step": step, "version": str(row.version)}],
    )
    expect(page.locator("#messages")).to_contain_text(words)
    after = Request.objects.get(pk=typed.request_id)
    assert (after.step, after.version) == (row.step, row.version)


def refused_by_the_database(typed: TypedRequest, column: str, person: User) -> None:
    """Even code that forgets to ask cannot write it."""
    row = type(typed)._default_manager.get(pk=typed.pk)
    setattr(row, column, person)
    with pytest.raises(IntegrityError), transaction.atomic():
        saved(row)
