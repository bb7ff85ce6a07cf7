"""Small schools (C.8): steps give way, persons do not; who can do each step is named before, and nobody gets stuck."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actions import end_appointment
from accounts.models import Appointment, User
from accounts.roles import Role
from enrollment import actions
from enrollment.actions.submission import Submitted, submit_drafts
from enrollment.models import Applicant, IntakeBatch
from enrollment.steps import ACCEPTANCE, HEAD_REVIEW, steps_of
from tests.cast import Cast
from tests.enrollment.intake import draft, id_number, submitted
from tests.factories import appoint, make_user, set_rule

State = Applicant.State


@pytest.fixture
def small(cast: Cast, batch: IntakeBatch) -> IntakeBatch:
    """The batch of a school whose scheme is the small one."""
    set_rule(cast.school, "duty_scheme", "small")
    return batch


def dismiss(cast: Cast, *people: User) -> None:
    """End what these hold."""
    for appointment in Appointment.objects.filter(user__in=people, withdrawn_at=None):
        end_appointment(actor=cast.security_admin, appointment=appointment, reason="调离")


def state(row: Applicant) -> str:
    return Applicant.objects.get(pk=row.pk).state


@pytest.mark.requirement("S3-3.3-1")
def test_the_initial_review_merges_and_the_pages_say_so(
    cast: Cast, small: IntakeBatch, client: Client
) -> None:
    assert steps_of("small") == (HEAD_REVIEW, ACCEPTANCE)
    row = draft(cast.clerk, small)
    client.force_login(cast.clerk)
    form = client.get(reverse("enrollment:applicant_form", args=[row.public_id]), HTTP_ACCEPT_LANGUAGE="en")
    assert [names for _label, names in form.context["ahead"]] == ["张伟", "冯兰、刘敏、陈静"]
    merged = "small scheme; merged: initial review"
    assert merged in form.content.decode()
    actions.self_check(actor=cast.clerk, applicant=row)
    actions.approve_as_head(actor=cast.head, applicant=row)
    client.force_login(cast.archivist)
    review = client.get(reverse("enrollment:review", args=[row.public_id]), HTTP_ACCEPT_LANGUAGE="en")
    assert merged in review.content.decode()
    student = actions.accept(actor=cast.archivist, applicant=row).student
    assert student is not None
    part = reverse("records:student_section", args=[student.public_id, "process"])
    assert merged in client.get(part, HTTP_ACCEPT_LANGUAGE="en").content.decode()


def test_nothing_is_submitted_that_would_get_stuck(cast: Cast, small: IntakeBatch, client: Client) -> None:
    row = draft(cast.clerk, small)
    dismiss(cast, cast.head)
    client.force_login(cast.clerk)
    address = reverse("enrollment:applicant_form", args=[row.public_id])
    assert "nobody can" in client.get(address, HTTP_ACCEPT_LANGUAGE="en").content.decode()
    with pytest.raises(actions.NobodyCan):
        actions.self_check(actor=cast.clerk, applicant=row)
    with pytest.raises(actions.NobodyCan):
        submit_drafts(actor=cast.clerk, batch=small, classes=["2026101"], compared=True)
    assert state(row) == State.DRAFT


def test_a_person_is_borrowed_from_the_unit_above(cast: Cast, small: IntakeBatch) -> None:
    row = draft(cast.clerk, small)
    dismiss(cast, cast.head, cast.archivist, cast.archive_head)
    lent = make_user("冯玉兰", cast.bureau)
    appoint(lent, Role.ARCHIVIST, cast.bureau)
    with pytest.raises(actions.NobodyCan):
        actions.self_check(actor=cast.clerk, applicant=row)
    second = make_user("唐山", cast.bureau)
    appoint(second, Role.ADMISSIONS_HEAD, cast.bureau)
    actions.self_check(actor=cast.clerk, applicant=row)
    actions.approve_as_head(actor=second, applicant=row)
    assert actions.accept(actor=lent, applicant=row).state == State.ACCEPTED


def test_one_person_with_two_duties_is_still_one_person(cast: Cast, small: IntakeBatch) -> None:
    row = draft(cast.clerk, small)
    dismiss(cast, cast.archivist, cast.second_archivist, cast.archive_head)
    appoint(cast.head, Role.ARCHIVIST, cast.school)
    with pytest.raises(actions.NobodyCan):
        actions.self_check(actor=cast.clerk, applicant=row)
    appoint(cast.clerk, Role.ADMISSIONS_HEAD, cast.school)
    with pytest.raises(actions.NobodyCan):
        actions.self_check(actor=cast.clerk, applicant=row)
    appoint(cast.second_clerk, Role.ADMISSIONS_HEAD, cast.school)
    assert actions.self_check(actor=cast.clerk, applicant=row).state == State.SELF_CHECKED


def test_the_only_heads_own_child_waits_for_another_and_the_class_does_not(
    cast: Cast, small: IntakeBatch
) -> None:
    from core.crypto import blind_index
    from tests.factories import saved

    mother = id_number(7, "19890304")
    cast.head.id_number, cast.head.id_number_index = mother, blind_index("id_number", mother)
    saved(cast.head)
    child = draft(cast.clerk, small, 1, member2__id_type="1", member2__id_number=mother)
    other = draft(cast.clerk, small, 2, name="赵小红")
    done = submit_drafts(actor=cast.clerk, batch=small, classes=["2026101"], compared=True)
    assert done == Submitted(1, 1, 0)
    assert [state(child), state(other)] == [State.DRAFT, State.SELF_CHECKED]


def test_under_the_standard_scheme_three_others_are_asked_for(cast: Cast, batch: IntakeBatch) -> None:
    row = draft(cast.clerk, batch)
    dismiss(cast, cast.second_clerk)
    with pytest.raises(actions.NobodyCan):
        actions.self_check(actor=cast.clerk, applicant=row)


def test_a_return_asks_for_the_steps_that_are_left(cast: Cast, batch: IntakeBatch) -> None:
    row = submitted(cast.clerk, batch)
    actions.review_initially(actor=cast.second_clerk, applicant=row)
    actions.send_back(actor=cast.head, applicant=row, reason="differs_from_hukou", fields=["postcode"])
    dismiss(cast, cast.second_clerk)
    actions.save_draft(actor=cast.clerk, applicant=row, cells={"postcode": "430079"})
    assert actions.self_check(actor=cast.clerk, applicant=row).state == State.INITIAL_REVIEWED
