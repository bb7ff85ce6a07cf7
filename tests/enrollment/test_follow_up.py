"""Pupils without household registration: the bureau's list, and who has no number after acceptance."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from enrollment import actions, follow_up
from enrollment.actions import scans
from enrollment.models import Applicant, IntakeBatch
from ledger.context import acting
from tests.cast import Cast
from tests.enrollment.intake import draft, id_number, picture
from tests.factories import saved

PARENT = id_number(1, born="19900101")


def no_hukou(cast: Cast, batch: IntakeBatch, **cells: str) -> Applicant:
    """Approved by the school's head, waits for the bureau."""
    row = draft(
        cast.clerk,
        batch,
        id_type="Z",
        id_number="",
        **{"member1.id_type": "1", "member1.id_number": PARENT, **cells},
    )
    scans.attach(actor=cast.clerk, applicant=row, kind="no_id_proof", content=picture(), filename="a.jpg")
    row = actions.self_check(actor=cast.clerk, applicant=row)
    actions.review_initially(actor=cast.second_clerk, applicant=row)
    return actions.approve_as_head(actor=cast.head, applicant=row)


def pages(user: Any, name: str) -> str:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client.get(reverse(f"enrollment:{name}")).content.decode()


@pytest.mark.requirement("S1-10-1", "S1-10-2", "S1-10-4")
def test_the_bureau_decides_and_the_follow_up_lasts_until_the_number_is_there(
    cast: Cast, batch: IntakeBatch
) -> None:
    row = no_hukou(cast, batch, parents_case="one_dead")
    assert row.number in pages(cast.bureau_officer, "bureau")
    assert "One parent has died" in pages(cast.bureau_officer, "bureau")
    with pytest.raises(actions.IntakeRefused):
        actions.accept(actor=cast.archivist, applicant=row)
    actions.approve_no_hukou(actor=cast.bureau_officer, applicant=row)
    assert not follow_up.without_number(cast.archivist).exists()
    accepted = actions.accept(actor=cast.archivist, applicant=row)

    stored = Applicant.objects.get(pk=accepted.pk)
    stored.accepted_at = timezone.now() - timedelta(days=40)
    with acting(cast.archivist):
        stored.save(update_fields=["accepted_at"])
    assert "40 days" in pages(cast.archivist, "without_number")
    assert row.public_id in {one.public_id for one in follow_up.without_number(cast.bureau_officer)}
    assert not follow_up.without_number(cast.outsider).exists()
    student = stored.student
    assert student is not None
    student.id_type, student.id_number = "1", id_number(7)
    from records.search import fill

    fill(student)
    saved(student, by=cast.archivist)
    assert not follow_up.without_number(cast.archivist).exists()


@pytest.mark.requirement("S1-10-1")
def test_a_refusal_comes_back_to_the_clerk_with_its_reason(cast: Cast, batch: IntakeBatch) -> None:
    row = no_hukou(cast, batch)
    actions.refuse_no_hukou(actor=cast.bureau_officer, applicant=row, comment="缺少盖章证明")
    shown = follow_up.bureau_cases(cast.bureau_officer).get()
    assert (shown.state, shown.bureau_state) == (Applicant.State.RETURNED, Applicant.BureauState.REFUSED)
    assert not follow_up.bureau_cases(cast.archivist).exists()
