"""Intake batches: opened, changed, closed; their numbers, the quota, the deadline, late ones."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.scope import NotPermitted
from enrollment import actions, batch_figures
from enrollment.actions import batches
from enrollment.models import IntakeBatch
from ledger.context import acting
from ledger.models import Event
from tests.cast import Cast
from tests.enrollment.intake import approved, draft, make_batch, submitted

VALUES = {
    "name": "2026 级一年级新生",
    "code": "HH-2026-1",
    "kind": "new",
    "layout": "national",
    "school_year": "2026",
    "quota": "90",
    "opens_on": "2026-06-01",
    "entry_deadline": "20260831",
    "required_documents": ["hukou_book", "collection_form"],
}


def signed_in(user: Any) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


@pytest.mark.requirement("S0-2.1-1")
def test_the_head_opens_changes_and_closes_a_batch(cast: Cast) -> None:
    client = signed_in(cast.head)
    client.post(reverse("enrollment:batch_new"), {**VALUES, "school": cast.school.pk})
    batch = IntakeBatch.objects.get()
    assert (batch.school, batch.quota, str(batch.entry_deadline)) == (cast.school, 90, "2026-08-31")
    assert batch.required_documents == ["hukou_book", "collection_form"]
    page = client.get(reverse("enrollment:batch_change", args=[batch.public_id]))
    seen = page.context["form"].initial["seen"]
    url = reverse("enrollment:batch_change", args=[batch.public_id])
    client.post(url, {**VALUES, "quota": "100", "seen": seen})
    batch.refresh_from_db()
    assert batch.quota == 100
    stale = client.post(url, {**VALUES, "quota": "110", "seen": seen})
    assert stale.status_code == 409
    batch.refresh_from_db()
    assert batch.quota == 100
    close = reverse("enrollment:batch_set_open", args=[batch.public_id])
    client.post(close, {"open": "0", "reason": ""})
    assert IntakeBatch.objects.get().is_open
    client.post(close, {"open": "0", "reason": "录取结束"})
    assert not IntakeBatch.objects.get().is_open
    with pytest.raises(actions.BatchClosed):
        actions.start_applicant(actor=cast.clerk, batch=IntakeBatch.objects.get())
    names = list(
        Event.objects.filter(action__startswith="batch.").order_by("id").values_list("action", flat=True)
    )
    assert names == ["batch.opened", "batch.changed", "batch.closed"]
    history = IntakeBatch.history.order_by("history_id")
    assert [one.history_change_reason for one in history] == ["", "", "录取结束"]


def test_a_batch_with_people_keeps_its_layout_and_code(cast: Cast, batch: IntakeBatch) -> None:
    draft(cast.clerk, batch)
    values = {name: getattr(batch, name) for name in batches.FIELDS}
    with pytest.raises(actions.IntakeRefused):
        batches.change_batch(actor=cast.head, batch=batch, values={**values, "layout": "higher"}, seen=values)
    with pytest.raises(batches.BatchChanged):
        batches.change_batch(actor=cast.head, batch=batch, values=values, seen={**values, "name": "other"})
    with pytest.raises(NotPermitted):
        batches.set_open(actor=cast.clerk, batch=batch, is_open=False, reason="x")
    with pytest.raises(NotPermitted):
        batches.open_batch(actor=cast.head, school=cast.other_school, values=values)


def test_wrong_input_is_told_beside_its_field(cast: Cast, batch: IntakeBatch) -> None:
    client = signed_in(cast.head)
    wrong = {**VALUES, "school": cast.school.pk, "code": batch.code, "entry_deadline": "2026-01-01"}
    answer = client.post(reverse("enrollment:batch_new"), wrong)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"code", "entry_deadline"}
    foreign = client.post(reverse("enrollment:batch_new"), {**VALUES, "school": cast.other_school.pk})
    assert "school" in foreign.context["form"].errors
    assert IntakeBatch.objects.count() == 1


@pytest.mark.requirement("S2-8-2")
def test_the_page_counts_states_classes_quota_late_ones_and_talents(cast: Cast) -> None:
    today = timezone.localdate()
    batch = make_batch(cast.school, quota=3, entry_deadline=today - timedelta(days=1))
    draft(cast.clerk, batch, 1)
    submitted(cast.clerk, batch, 2)
    approved(cast, batch, 3)
    given_up = draft(cast.clerk, batch, 4)
    actions.withdraw(actor=cast.clerk, applicant=given_up, reason="去外校")
    talent = draft(cast.clerk, batch, 5)
    talent.admission_way = "22"
    with acting(cast.clerk):
        talent.save(update_fields=["admission_way"])
    found = batch_figures.figures(cast.head, batch)
    counts = {str(state): count for state, count in found.by_state}
    assert (found.total, counts["draft"], counts["self_checked"], counts["head_approved"]) == (4, 2, 1, 1)
    assert [(line["class_no"], line["total"], line["late"]) for line in found.by_class] == [("2026101", 4, 4)]
    assert (found.quota.used, found.quota.over, found.deadline.late) == (4, 1, 4)
    assert (found.talent_percent, found.talent_limit, found.too_many_talents) == (25.0, 4, True)
    page = signed_in(cast.head).get(reverse("enrollment:batch", args=[batch.public_id])).content.decode()
    for words in (
        "4 applicants were entered late.",
        "4 entered of 3, 1 too many",
        "Talent students are 25.0%",
    ):
        assert words in page
    listed = (
        signed_in(cast.clerk).get(reverse("enrollment:applicants", args=[batch.public_id])).content.decode()
    )
    assert "4 applicants were entered late." in listed


def test_figures_hold_only_what_the_reader_may_see(cast: Cast, batch: IntakeBatch) -> None:
    draft(cast.clerk, batch)
    assert batch_figures.figures(cast.outsider, batch).total == 0
    assert list(batch_figures.listed(cast.outsider)) == []
    assert [row.entered for row in batch_figures.listed(cast.clerk)] == [1]
    answer = signed_in(cast.outsider).get(reverse("enrollment:batch", args=[batch.public_id]))
    assert answer.status_code == 404


def test_the_list_costs_the_same_for_three_and_for_thirty(
    cast: Cast, batch: IntakeBatch, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(cast.head)
    client.get(reverse("enrollment:batches"))
    for number in range(12):
        make_batch(cast.school, code=f"MORE-{number}")
    with django_assert_max_num_queries(16):
        client.get(reverse("enrollment:batches"))
