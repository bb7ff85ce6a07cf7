"""Several classes chosen in the inbox: their samples drawn together, passed together, told in one report."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from enrollment import actions
from enrollment.bulk_chosen import NotOneKind, chosen, pick_of
from enrollment.models import Applicant, IntakeBatch, IntakeDecision, IntakeSample
from ledger.context import acting
from ledger.models import Event
from tests.cast import Cast
from tests.enrollment import intake
from tests.enrollment.intake import make_batch
from tests.factories import make_class
from tests.support.inbox import inbox_rows

State = Applicant.State
PAGE = "enrollment:bulk_several"


def two_classes(cast: Cast, batch: IntakeBatch) -> list[Applicant]:
    """Three submitted applicants in the first class, two in the second."""
    make_class(cast.school, number=2)
    classes = ["2026101"] * 3 + ["2026102"] * 2
    return [
        intake.submitted(cast.clerk, batch, serial, name=f"陈明{'一二三四五'[serial]}", class_no=class_no)
        for serial, class_no in enumerate(classes)
    ]


def picks(user: Any) -> list[str]:
    return [row.pick for row in inbox_rows(user) if row.pick]


def look(user: Any) -> None:
    for sample in IntakeSample.objects.filter(closed_at=None):
        for item in sample.items.select_related("applicant"):
            actions.open_for_review(actor=user, applicant=item.applicant)


def test_lines_of_the_inbox_pass_together_after_their_samples(
    client: Client, cast: Cast, batch: IntakeBatch
) -> None:
    two_classes(cast, batch)
    client.force_login(cast.second_clerk)
    home = client.get("/").content.decode()
    assert re.findall(r'name="pick" value="([^"]+)"', home) == picks(cast.second_clerk)
    both = picks(cast.second_clerk)
    assert len(both) == 2
    url = reverse(PAGE)

    page = client.get(url, {"pick": both})
    assert [len(one.plan.passing) for one in page.context["lines"]] == [3, 2]
    client.post(url, {"pick": both, "act": "pass"})
    assert not IntakeDecision.objects.filter(step="initial_review").exists(), "no sample, no passing"
    client.post(url, {"pick": both, "act": "draw"})
    client.post(url, {"pick": both, "act": "draw"})
    assert IntakeSample.objects.count() == 2, "drawing twice keeps the samples"
    look(cast.second_clerk)

    report = client.post(url, {"pick": both, "act": "pass"}, follow=True)
    assert set(Applicant.objects.values_list("state", flat=True)) == {State.INITIAL_REVIEWED}
    assert IntakeDecision.objects.filter(step="initial_review", actor=cast.second_clerk).count() == 5
    assert Event.objects.filter(action="applicant.bulk_passed").count() == 2
    assert report.context["passed"] == 5
    assert len(report.context["reports"]) == 2
    again = client.post(url, {"pick": both, "act": "pass"}, follow=True)
    assert again.context["reports"] == []
    assert IntakeDecision.objects.filter(step="initial_review").count() == 5


def test_a_class_with_faults_does_not_stop_the_other(client: Client, cast: Cast, batch: IntakeBatch) -> None:
    two_classes(cast, batch)
    client.force_login(cast.second_clerk)
    both, url = picks(cast.second_clerk), reverse(PAGE)
    client.post(url, {"pick": both, "act": "draw"})
    look(cast.second_clerk)
    faulty = IntakeSample.objects.get(class_no="2026101").items.select_related("applicant")[0].applicant
    actions.send_back(
        actor=cast.second_clerk,
        applicant=Applicant.objects.get(pk=faulty.pk),
        reason="scan_unclear",
        fields=["name"],
    )
    page = client.post(url, {"pick": both, "act": "pass"}, follow=True)
    assert page.context["passed"] == 2
    reviewed = Applicant.objects.filter(state=State.INITIAL_REVIEWED)
    assert set(reviewed.values_list("class_no", flat=True)) == {"2026102"}


def test_lines_of_different_steps_or_of_nobody_are_refused(
    client: Client, cast: Cast, batch: IntakeBatch
) -> None:
    first = pick_of(batch.public_id, "initial_review", "2026101")
    second = pick_of(batch.public_id, "head_review", "2026101")
    with pytest.raises(NotOneKind):
        chosen(cast.head, [first, second])
    client.force_login(cast.head)
    url = reverse(PAGE)
    assert client.get(url, {"pick": [first, second]})["Location"] == "/"
    assert client.get(url)["Location"] == "/"
    for wrong in ("x", "~~", f"{batch.public_id}~bureau~2026101", f"{uuid4()}~head_review~2026101"):
        assert client.get(url, {"pick": wrong}).status_code == 404, wrong
    other = make_batch(cast.other_school, code="OTHER")
    theirs = pick_of(other.public_id, "head_review", "2026101")
    assert client.get(url, {"pick": [second, theirs]}).status_code == 404
    assert Event.objects.filter(action="request.out_of_scope", actor=cast.head).count() == 1


def test_what_waits_for_the_bureau_cannot_be_chosen(cast: Cast, batch: IntakeBatch) -> None:
    row = intake.approved(cast, batch)
    row.bureau_state = Applicant.BureauState.WAITING
    with acting(cast.head):
        row.save(update_fields=["bureau_state"])
    rows = [one for one in inbox_rows(cast.bureau_officer) if one.count]
    assert rows
    assert not any(one.pick for one in rows)
