"""Submitting whole classes of drafts: what goes, what stays, what is written."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.scope import NotPermitted
from enrollment.actions import IntakeRefused
from enrollment.actions.submission import Submitted, submit_drafts
from enrollment.models import Applicant, IntakeBatch, IntakeDecision
from ledger.models import Event
from records.search import fill
from tests.cast import Cast
from tests.enrollment.intake import draft, id_number, make_batch
from tests.factories import make_class, saved, set_rule

State = Applicant.State


def _states(*rows: Applicant) -> list[str]:
    return [Applicant.objects.get(pk=row.pk).state for row in rows]


@pytest.mark.requirement("S0-3.3-2")
def test_complete_drafts_of_the_ticked_classes_are_submitted(cast: Cast, batch: IntakeBatch) -> None:
    make_class(cast.school, number=2)
    ready = [draft(cast.clerk, batch, serial, checked_with_original="") for serial in (1, 2)]
    open_one = draft(cast.clerk, batch, 3, current_address="")
    elsewhere = draft(cast.clerk, batch, 4, class_no="2026102")
    another = draft(cast.second_clerk, batch, 5)
    history = Applicant.history.count()

    done = submit_drafts(actor=cast.clerk, batch=batch, classes=["2026101"], compared=True)

    assert done == Submitted(2, 1, 0)
    assert _states(*ready) == ["self_checked"] * 2
    assert _states(open_one, elsewhere, another) == ["draft"] * 3
    first = Applicant.objects.get(pk=ready[0].pk)
    assert first.checked_with_original
    assert first.due_on
    assert first.self_checked_at
    made = IntakeDecision.objects.filter(step="self_check", outcome="passed")
    assert set(made.values_list("applicant_id", "actor_id", "role")) == {
        (row.pk, cast.clerk.pk, "admissions_clerk") for row in ready
    }
    assert Event.objects.filter(action="applicant.self_checked", actor=cast.clerk).count() == 2
    assert Applicant.history.count() == history + 2


def test_nobody_goes_unless_compared_and_no_more_than_the_rule_allows(cast: Cast, batch: IntakeBatch) -> None:
    set_rule(cast.school, "bulk_limit", "2")
    rows = [draft(cast.clerk, batch, serial) for serial in (1, 2, 3)]
    with pytest.raises(IntakeRefused):
        submit_drafts(actor=cast.clerk, batch=batch, classes=["2026101"], compared=False)
    assert _states(*rows) == ["draft"] * 3
    with pytest.raises(NotPermitted):
        submit_drafts(actor=cast.head, batch=batch, classes=["2026101"], compared=True)
    done = submit_drafts(actor=cast.clerk, batch=batch, classes=["2026101"], compared=True)
    assert done == Submitted(2, 0, 1)
    assert sorted(_states(*rows)) == ["draft", "self_checked", "self_checked"]


def test_a_class_is_judged_like_each_of_its_drafts(cast: Cast, batch: IntakeBatch) -> None:
    """Namesakes, numbers of others, a fault of its own, an only child: the same faults one by one and together."""
    from enrollment.selectors import book_of, examine, examine_many

    next_door = make_batch(cast.other_school, code="OTHER-2026")
    draft(cast.outsider, next_door, 2)
    rows = [
        draft(cast.clerk, batch, 1),
        draft(cast.clerk, batch, 3, name="赵小红"),
        draft(cast.clerk, batch, 4, name="钱小兰", postcode=""),
        draft(cast.clerk, batch, 5, name="孙小强", is_only_child="是"),
    ]
    foreign, here = rows[1], rows[2]
    foreign.id_number, here.exam_no = id_number(2), "12345678901234"
    fill(foreign)
    for row in (foreign, here):
        saved(row, by=cast.clerk)
    twin = make_batch(cast.school, code="TWIN-2026")
    saved(Applicant(batch=twin, unit=cast.school, number="T1", entered_by=cast.clerk, exam_no=here.exam_no))
    book = book_of(batch)
    fresh = [Applicant.objects.get(pk=row.pk) for row in rows]
    together = examine_many(fresh, book)
    assert together == [examine(row, book) for row in fresh]
    assert [sorted(fault.code for fault in faults) for faults in together] == [
        ["possible_duplicate"],
        ["id_elsewhere"],
        ["required"],
        [],
    ]


def test_a_class_costs_as_many_queries_as_a_few(
    cast: Cast, batch: IntakeBatch, django_assert_max_num_queries: Any
) -> None:
    for serial in range(12):
        draft(cast.clerk, batch, serial, name=f"陈明{'一二三四五六七八九十甲乙'[serial]}", is_only_child="是")
    with django_assert_max_num_queries(45):
        done = submit_drafts(actor=cast.clerk, batch=batch, classes=["2026101"], compared=True)
    assert done.count == 12


def test_the_page_submits_what_is_ticked(cast: Cast, batch: IntakeBatch, client: Client) -> None:
    row = draft(cast.clerk, batch, 1)
    client.force_login(cast.clerk)
    address = reverse("enrollment:self_check", args=[batch.public_id])
    page = client.get(address).content.decode()
    assert "2026101" in page
    answer = client.post(address, {"ids": ["2026101"]}, follow=True)
    assert _states(row) == ["draft"]
    answer = client.post(address, {"ids": ["2026101"], "compared": "1"}, follow=True)
    assert _states(row) == ["self_checked"]
    assert "2026101" not in answer.content.decode()
