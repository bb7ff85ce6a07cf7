"""Asking whether an identity number is known: what is told of other schools, how often, and what is written down."""

import html
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from enrollment import actions
from enrollment.duplicates import ELSEWHERE
from enrollment.forms import fault_text
from enrollment.models import Applicant, IntakeBatch
from ledger.models import Event
from records.faults import Fault
from tests.cast import Cast
from tests.enrollment.intake import GOOD, draft, id_number, make_batch
from tests.factories import set_rule

ASKED = "applicant.known_elsewhere"


@pytest.fixture
def foreign(cast: Cast) -> IntakeBatch:
    """A batch of the school next door, with one applicant."""
    batch = make_batch(cast.other_school, code="OTHER-2026")
    draft(cast.outsider, batch, 1, class_no="2026101")
    return batch


def asked(client: Client, row: Applicant, number: str) -> list[dict[str, Any]]:
    """What the check tells beside the number while it is typed."""
    address = reverse("enrollment:applicant_check", args=[row.public_id])
    answer = client.post(address, {**GOOD, "id_number": number, "version": row.version})
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["faults"].get("id_number", [])
    return found


@pytest.mark.usefixtures("foreign")
def test_a_number_of_another_school_is_told_without_its_place_and_written_down_once(
    cast: Cast, batch: IntakeBatch, client: Client
) -> None:
    row = draft(cast.clerk, batch, 2)
    client.force_login(cast.clerk)
    for _time in range(3):
        (told,) = asked(client, row, id_number(1))
        assert (told["code"], told["level"]) == ("id_elsewhere", "error")
    assert "青山" not in told["text"]
    assert "王小明" not in told["text"]
    event = Event.objects.get(action=ASKED)
    assert (event.actor, event.subject, event.role) == (cast.clerk, row.public_id, "admissions_clerk")
    saved = actions.save_draft(actor=cast.clerk, applicant=row, cells={"id_number": id_number(1)})
    assert [fault.code for fault in saved.refused] == ["id_elsewhere"]
    with pytest.raises(actions.NotReady) as open_points:
        actions.self_check(actor=cast.clerk, applicant=row)
    assert [fault.code for fault in open_points.value.faults] == ["id_elsewhere"]
    assert Event.objects.filter(action=ASKED).count() == 1


@pytest.mark.usefixtures("foreign")
def test_saving_asks_too(cast: Cast, batch: IntakeBatch) -> None:
    row = draft(cast.clerk, batch, 2)
    assert not Event.objects.filter(action=ASKED).exists()
    actions.save_draft(actor=cast.clerk, applicant=row, cells={"id_number": id_number(1)})
    assert Event.objects.filter(action=ASKED, actor=cast.clerk).count() == 1


@pytest.mark.usefixtures("foreign")
def test_a_question_that_got_no_answer_is_written_down_when_it_gets_one(
    cast: Cast, batch: IntakeBatch
) -> None:
    row = draft(cast.clerk, batch, 2)
    with pytest.raises(actions.StaleVersion):
        actions.save_draft(actor=cast.clerk, applicant=row, cells={"id_number": id_number(1)}, version=0)
    assert not Event.objects.filter(action=ASKED).exists()
    actions.save_draft(actor=cast.clerk, applicant=row, cells={"id_number": id_number(1)})
    assert Event.objects.get(action=ASKED).unit_id == cast.school.pk


@pytest.mark.usefixtures("foreign")
def test_after_the_hours_numbers_nothing_is_told_and_nothing_typed_is_lost(
    cast: Cast, batch: IntakeBatch, client: Client
) -> None:
    set_rule(cast.school, "number_lookups", "10")
    row = draft(cast.clerk, batch, 2)
    client.force_login(cast.clerk)
    for serial in range(20, 29):
        assert asked(client, row, id_number(serial)) == []
    assert asked(client, row, id_number(20)) == [], "one that was asked already costs nothing"
    for _time in range(2):
        assert [one["code"] for one in asked(client, row, id_number(1))] == ["lookups_spent"]
    saved = actions.save_draft(actor=cast.clerk, applicant=row, cells={"id_number": id_number(1)})
    assert [fault.code for fault in saved.refused] == ["lookups_spent"]
    assert row.typed_cells.get().text == id_number(1)
    page = client.get(reverse("enrollment:applicant_form", args=[row.public_id])).content.decode()
    assert id_number(1) in page
    elsewhere = fault_text(Fault("id_number", ELSEWHERE))
    assert elsewhere
    assert elsewhere not in html.unescape(page)
    client.get(reverse("enrollment:review", args=[row.public_id]))
    with pytest.raises(actions.NotReady) as told:
        actions.self_check(actor=cast.clerk, applicant=row)
    assert [fault.code for fault in told.value.faults] == ["lookups_spent"]
    assert not Event.objects.filter(action=ASKED).exists()
    other = draft(cast.second_clerk, batch, 3)
    client.force_login(cast.second_clerk)
    (told_to_other,) = asked(client, other, id_number(1))
    assert (told_to_other["code"], told_to_other["text"]) == (ELSEWHERE, elsewhere)


def test_a_number_whose_act_is_refused_again_and_again_counts_once(
    cast: Cast, batch: IntakeBatch, client: Client
) -> None:
    set_rule(cast.school, "number_lookups", "10")
    row = draft(cast.clerk, batch, 2)
    for _time in range(15):
        with pytest.raises(actions.StaleVersion):
            actions.save_draft(actor=cast.clerk, applicant=row, cells={"id_number": id_number(20)}, version=0)
    client.force_login(cast.clerk)
    for serial in range(20, 29):
        assert asked(client, row, id_number(serial)) == []
    for _time in range(2):
        assert [one["code"] for one in asked(client, row, id_number(30))] == ["lookups_spent"]


def test_within_the_own_school_the_other_record_can_be_opened(
    cast: Cast, batch: IntakeBatch, client: Client
) -> None:
    draft(cast.second_clerk, batch, 1)
    row = draft(cast.clerk, batch, 2)
    client.force_login(cast.clerk)
    assert [one["code"] for one in asked(client, row, id_number(1))] == ["id_duplicate"]
    assert not Event.objects.filter(action=ASKED).exists()
