"""Nobody decides on his own file or his child's: by the numbers in account and family, and by his own word."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.actions import change_user, open_user
from accounts.models import User
from accounts.roles import Role
from accounts.scope import NotPermitted
from core.crypto import blind_index
from enrollment import actions, bulk_plan, selectors
from enrollment.actions import aside, bulk
from enrollment.models import Applicant, BulkSkip, IntakeBatch, StepAside
from enrollment.steps import INITIAL_REVIEW
from ledger.models import Event
from tests.cast import Cast
from tests.enrollment.intake import id_number, submitted
from tests.enrollment.test_follow_up import PARENT, no_hukou
from tests.factories import appoint, make_user, saved

MOTHER = id_number(7, "19890304")
State = Applicant.State


def number_of(cast: Cast, person: User, number: str) -> User:
    """Record the identity number of an account, as the system administrator does."""
    return change_user(
        actor=cast.system_admin, user=person, unit=person.unit, name=person.name, id_number=number
    )


def child_of(cast: Cast, batch: IntakeBatch, serial: int = 1, **cells: str) -> Applicant:
    """A submitted applicant whose mother has the number `MOTHER`."""
    return submitted(cast.clerk, batch, serial, member2__id_type="1", member2__id_number=MOTHER, **cells)


@pytest.mark.requirement("S2-6.2-3")
def test_the_mother_takes_no_step_on_her_child(cast: Cast, batch: IntakeBatch, client: Client) -> None:
    second, head, archivist = (
        number_of(cast, person, number)
        for person, number in (
            (cast.second_clerk, MOTHER),
            (cast.head, id_number(8, "19890304")),
            (cast.archivist, id_number(9, "19890304")),
        )
    )
    third = make_user("钱进", cast.admissions)
    appoint(third, Role.ADMISSIONS_CLERK, cast.school)
    row = child_of(cast, batch)
    other = submitted(cast.clerk, batch, 2, name="赵小红")
    assert set(selectors.waiting_for(second)) == {other}
    with pytest.raises(actions.SamePerson, match=r"家人|family"):
        actions.review_initially(actor=second, applicant=row)
    with pytest.raises(actions.SamePerson):
        actions.send_back(actor=second, applicant=row, reason="scan_unclear")
    client.force_login(second)
    page = client.get(reverse("enrollment:review", args=[row.public_id]), HTTP_ACCEPT_LANGUAGE="en")
    assert page.context["step"] is None
    assert "your own file or your family" in page.content.decode()
    actions.review_initially(actor=third, applicant=row)
    assert actions.approve_as_head(actor=head, applicant=row).state == State.HEAD_APPROVED
    assert actions.accept(actor=archivist, applicant=row).state == State.ACCEPTED


@pytest.mark.parametrize("step", ["head", "archive", "withdraw", "own"])
def test_head_and_archives_are_held_to_it_as_well(cast: Cast, batch: IntakeBatch, step: str) -> None:
    row = child_of(cast, batch)
    actions.review_initially(actor=cast.second_clerk, applicant=row)
    if step == "head":
        with pytest.raises(actions.SamePerson):
            actions.approve_as_head(actor=number_of(cast, cast.head, MOTHER), applicant=row)
    elif step == "withdraw":
        with pytest.raises(actions.SamePerson):
            actions.withdraw(actor=number_of(cast, cast.head, MOTHER), applicant=row, reason="不读了")
    elif step == "own":
        with pytest.raises(actions.SamePerson):
            actions.approve_as_head(actor=number_of(cast, cast.head, id_number(1)), applicant=row)
    else:
        actions.approve_as_head(actor=cast.head, applicant=row)
        with pytest.raises(actions.SamePerson):
            actions.accept(actor=number_of(cast, cast.archivist, MOTHER), applicant=row)
    assert row.decisions.exclude(outcome="passed").count() == 0


def test_the_bureaus_officer_too(cast: Cast, batch: IntakeBatch) -> None:
    row = no_hukou(cast, batch)
    officer = cast.bureau_officer
    officer.id_number, officer.id_number_index = PARENT, blind_index("id_number", PARENT)
    saved(officer)
    assert not selectors.waiting_for(officer).exists()
    with pytest.raises(actions.SamePerson):
        actions.approve_no_hukou(actor=officer, applicant=row)
    with pytest.raises(actions.SamePerson):
        actions.refuse_no_hukou(actor=officer, applicant=row, comment="缺少证明")


def test_a_class_passes_without_the_own_child(cast: Cast, batch: IntakeBatch, client: Client) -> None:
    second = number_of(cast, cast.second_clerk, MOTHER)
    appoint(make_user("钱进", cast.admissions), Role.ADMISSIONS_CLERK, cast.school)
    child = child_of(cast, batch, 1, name="陈明一")
    far = submitted(cast.clerk, batch, 2, name="陈明二")
    others = [
        submitted(cast.clerk, batch, serial, name=f"陈明{'甲乙丙'[serial - 3]}") for serial in (3, 4, 5)
    ]
    aside.step_aside(actor=second, applicant=far, reason="外甥")
    (line,) = bulk_plan.class_lines(second, batch)
    assert (line.waiting, line.clean, line.own) == (5, 3, 2)
    made = bulk_plan.plan(second, batch, "2026101", INITIAL_REVIEW)
    assert {one.applicant.pk: one.reason for one in made.left_out} == {child.pk: "related", far.pk: "related"}
    sample = bulk.draw_sample(actor=second, batch=batch, class_no="2026101", step=INITIAL_REVIEW)
    for item in sample.items.all():
        actions.open_for_review(actor=second, applicant=item.applicant)
    done = bulk.start_bulk(actor=second, sample=sample)
    assert done.passed_count == len(others)
    assert set(BulkSkip.objects.values_list("applicant_id", "reason")) == {
        (child.pk, "related"),
        (far.pk, "related"),
    }


def test_stepping_aside_hands_the_decision_to_another(cast: Cast, batch: IntakeBatch, client: Client) -> None:
    third = make_user("钱进", cast.admissions)
    appoint(third, Role.ADMISSIONS_CLERK, cast.school)
    row = submitted(cast.clerk, batch)
    client.force_login(cast.second_clerk)
    client.get(reverse("enrollment:review", args=[row.public_id]))
    address = reverse("enrollment:step_aside", args=[row.public_id])
    assert client.post(address, {"aside-reason": " "}).status_code == 422
    answer = client.post(address, {"aside-reason": "外甥"}, follow=True, HTTP_ACCEPT_LANGUAGE="en")
    assert "Who can decide: 钱进" in answer.content.decode()
    kept = StepAside.objects.get()
    assert (kept.applicant, kept.user, kept.role, kept.reason) == (
        row,
        cast.second_clerk,
        "admissions_clerk",
        "外甥",
    )
    event = Event.objects.get(action="applicant.stepped_aside")
    assert (event.actor, event.subject, event.reason) == (cast.second_clerk, row.public_id, "外甥")
    assert Applicant.objects.get(pk=row.pk).opened_by is None
    with pytest.raises(actions.SamePerson):
        actions.review_initially(actor=cast.second_clerk, applicant=row)
    with pytest.raises(actions.IntakeRefused):
        aside.step_aside(actor=cast.second_clerk, applicant=row, reason="外甥")
    assert actions.review_initially(actor=third, applicant=row).state == State.INITIAL_REVIEWED
    with pytest.raises(NotPermitted):
        aside.step_aside(actor=cast.outsider, applicant=row, reason="外甥")
    assert aside.step_aside(actor=cast.head, applicant=row, reason="外甥") == []
    assert bulk_plan.class_lines(cast.head, batch)[0].own == 1


def test_an_account_keeps_its_number_unseen_and_to_itself(cast: Cast, client: Client) -> None:
    client.force_login(cast.system_admin)
    address = reverse("accounts:change_user", args=[cast.head.public_id])
    kept = {"name": cast.head.name, "unit": cast.head.unit_id}
    wrong = MOTHER[:-1] + ("1" if MOTHER[-1] != "1" else "2")
    assert client.post(address, {**kept, "id_number": wrong}).status_code == 200
    assert User.objects.get(pk=cast.head.pk).id_number == ""
    assert client.post(address, {**kept, "id_number": MOTHER}).status_code == 302
    assert User.objects.get(pk=cast.head.pk).id_number == MOTHER
    for page in (address, reverse("accounts:user", args=[cast.head.public_id])):
        assert MOTHER not in client.get(page).content.decode()
    client.post(address, {**kept, "id_number": ""})
    assert User.objects.get(pk=cast.head.pk).id_number == MOTHER
    told = Event.objects.filter(action="account.changed").latest("id")
    assert told.detail == {"fields": ["id_number", "id_number_index"]}
    with pytest.raises(ValidationError):
        number_of(cast, cast.archivist, MOTHER)
    with pytest.raises(ValidationError):
        open_user(actor=cast.system_admin, staff_no="N1", name="新人", unit=cast.school, id_number=MOTHER)
    client.post(address, {**kept, "remove_id_number": "on"})
    assert User.objects.get(pk=cast.head.pk).id_number_index is None
