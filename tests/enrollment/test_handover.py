"""Handing over the open work of a clerk who leaves: what goes, what stays, who still decides on none of it."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.actions import lock_user
from accounts.models import User
from accounts.roles import Role
from accounts.scope import NotPermitted
from enrollment import actions, selectors
from enrollment.actions import IntakeRefused
from enrollment.actions.handover import HandedOver, hand_over
from enrollment.models import Applicant, IntakeBatch
from ledger.context import acting
from ledger.models import Event
from tests.cast import Cast
from tests.enrollment.intake import draft, make_batch, submitted
from tests.factories import appoint, make_user

State = Applicant.State


@pytest.fixture
def third(cast: Cast) -> User:
    """Another clerk of the school."""
    user = make_user("钱进", cast.admissions)
    appoint(user, Role.ADMISSIONS_CLERK, cast.school)
    return user


def fresh(row: Applicant) -> Applicant:
    return Applicant.objects.get(pk=row.pk)


@pytest.mark.requirement("S2-6.2-3")
def test_all_open_work_goes_in_one_act_and_the_colleague_goes_on(
    cast: Cast, batch: IntakeBatch, third: User
) -> None:
    open_one = draft(cast.clerk, batch, 1)
    returned = submitted(cast.clerk, batch, 2, name="赵小红")
    actions.review_initially(actor=cast.second_clerk, applicant=returned)
    actions.send_back(actor=cast.head, applicant=returned, reason="scan_unclear", fields=["postcode"])
    waiting = submitted(cast.clerk, batch, 3, name="钱小兰")
    foreign = draft(cast.outsider, make_batch(cast.other_school, code="OTHER"), 4)

    done = hand_over(actor=cast.head, giver=cast.clerk, taker=third, reason="调离招生办")

    assert done == HandedOver(2, 0)
    assert [fresh(row).entered_by for row in (open_one, returned, waiting)] == [third, third, cast.clerk]
    assert fresh(open_one).former_clerk_ids == [cast.clerk.pk]
    assert fresh(foreign).entered_by == cast.outsider
    told = Event.objects.get(action="clerk.handed_over")
    assert (told.actor, told.role, told.reason) == (cast.head, "admissions_head", "调离招生办")
    assert told.detail == {"giver": cast.clerk.pk, "taker": third.pk, "count": 2}
    assert Event.objects.filter(action="applicant.handed_over").count() == 2
    last = Applicant.history.filter(id=open_one.pk).latest("history_id")
    assert (last.history_user, last.entered_by) == (cast.head, third)
    with pytest.raises(actions.NotOwner):
        actions.save_draft(actor=cast.clerk, applicant=open_one, cells={"postcode": "430079"})
    actions.save_draft(actor=third, applicant=returned, cells={"postcode": "430079"})
    row = actions.self_check(actor=third, applicant=returned)
    assert (row.state, row.initial_reviewer) == (State.INITIAL_REVIEWED, cast.second_clerk)
    assert actions.approve_as_head(actor=cast.head, applicant=row).state == State.HEAD_APPROVED


def test_whoever_entered_before_still_decides_on_none_of_it(
    cast: Cast, batch: IntakeBatch, third: User
) -> None:
    row = draft(cast.clerk, batch, 1)
    hand_over(actor=cast.head, giver=cast.clerk, taker=third, reason="调离")
    actions.self_check(actor=third, applicant=row)
    for person in (cast.clerk, third):
        with pytest.raises(actions.SamePerson):
            actions.review_initially(actor=person, applicant=row)
        assert not selectors.waiting_for(person).filter(pk=row.pk).exists()
    for column in ("initial_reviewer", "head_reviewer", "acceptor", "bureau_officer"):
        broken = fresh(row)
        setattr(broken, column, cast.clerk)
        with pytest.raises(IntegrityError, match="former_clerks"), transaction.atomic(), acting(cast.head):
            broken.save(update_fields=[column])
    assert actions.review_initially(actor=cast.second_clerk, applicant=row).state == State.INITIAL_REVIEWED


def test_who_gave_it_away_can_take_it_back(cast: Cast, batch: IntakeBatch, third: User) -> None:
    row = draft(cast.clerk, batch, 1)
    hand_over(actor=cast.head, giver=cast.clerk, taker=third, reason="产假")
    assert hand_over(actor=cast.head, giver=third, taker=cast.clerk, reason="返岗") == HandedOver(1, 0)
    assert (fresh(row).entered_by, fresh(row).former_clerk_ids) == (cast.clerk, [third.pk])
    actions.self_check(actor=cast.clerk, applicant=row)
    with pytest.raises(actions.SamePerson):
        actions.review_initially(actor=third, applicant=row)


def test_a_staff_number_that_looks_like_a_phone_stands_in_no_event(cast: Cast, batch: IntakeBatch) -> None:
    colleague = make_user("钱进", cast.admissions, staff_no="13800138000")
    appoint(colleague, Role.ADMISSIONS_CLERK, cast.school)
    draft(cast.clerk, batch, 1)
    assert hand_over(actor=cast.head, giver=cast.clerk, taker=colleague, reason="调离").count == 1
    assert Event.objects.get(action="applicant.handed_over").detail["taker"] == colleague.pk


def test_who_decided_on_it_cannot_take_it_over(cast: Cast, batch: IntakeBatch) -> None:
    row = submitted(cast.clerk, batch, 1)
    actions.review_initially(actor=cast.second_clerk, applicant=row)
    actions.send_back(actor=cast.head, applicant=row, reason="scan_unclear")
    with pytest.raises(IntakeRefused):
        hand_over(actor=cast.head, giver=cast.clerk, taker=cast.second_clerk, reason="调离")
    other = draft(cast.clerk, batch, 2, name="赵小红")
    done = hand_over(actor=cast.head, giver=cast.clerk, taker=cast.second_clerk, reason="调离")
    assert done == HandedOver(1, 1)
    assert [fresh(row).entered_by, fresh(other).entered_by] == [cast.clerk, cast.second_clerk]


def test_nobody_else_hands_over(cast: Cast, batch: IntakeBatch, third: User) -> None:
    draft(cast.clerk, batch, 1)
    for actor in (cast.clerk, cast.outsider, cast.system_admin):
        with pytest.raises(IntakeRefused):
            hand_over(actor=actor, giver=cast.clerk, taker=third, reason="调离")
    with pytest.raises(ValueError, match="reason"):
        hand_over(actor=cast.head, giver=cast.clerk, taker=third, reason=" ")
    with pytest.raises(IntakeRefused):
        hand_over(actor=cast.head, giver=cast.clerk, taker=cast.outsider, reason="调离")
    assert not Event.objects.filter(action="clerk.handed_over").exists()


def test_a_locked_account_tells_its_open_work_and_the_page_hands_it_over(
    cast: Cast, batch: IntakeBatch, third: User, client: Client
) -> None:
    draft(cast.clerk, batch, 1)
    submitted(cast.clerk, batch, 2, name="赵小红")
    client.force_login(cast.system_admin)
    account = reverse("accounts:user", args=[cast.clerk.public_id])
    lock_user(actor=cast.system_admin, user=cast.clerk, reason="离职")
    page = client.get(account, HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "1 draft or returned applicant is in this person" in page
    client.force_login(cast.head)
    address = reverse("enrollment:hand_over")
    (line,) = client.get(address).context["lines"]
    assert (line.clerk, line.drafts, line.returned, line.under_review) == (cast.clerk, 1, 0, 1)
    assert client.post(address, {"giver": str(cast.clerk.public_id)}).status_code == 422
    assert fresh(Applicant.objects.get(state=State.DRAFT)).entered_by == cast.clerk
    given = {"giver": str(cast.clerk.public_id), "taker": str(third.public_id), "reason": "离职"}
    assert client.post(address, given).status_code == 302
    assert Applicant.objects.get(state=State.DRAFT).entered_by == third
    outside = {**given, "giver": str(third.public_id), "taker": str(cast.outsider.public_id)}
    assert client.post(address, outside).status_code == 422
    client.force_login(cast.system_admin)
    assert "in this person" not in client.get(account, HTTP_ACCEPT_LANGUAGE="en").content.decode()
    with pytest.raises(NotPermitted):
        actions.start_applicant(actor=User.objects.get(pk=cast.clerk.pk), batch=batch)
