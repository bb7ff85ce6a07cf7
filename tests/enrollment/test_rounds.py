"""Returns, recalls and the bureau: what a later change takes back, and what it does not."""

import io
import zipfile
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.scope import NotPermitted
from enrollment import actions
from enrollment.actions import scans
from enrollment.models import Applicant, IntakeBatch, ScanFile
from enrollment.selectors import book_of, code_choices, find_regions, may_decide, may_recall
from enrollment.views.common import shown_steps
from jobs.models import Job
from jobs.tasks import run
from ledger.models import Event
from records.checks import check
from records.columns import NATIONAL
from school.models import Code, Region
from tests.cast import Cast
from tests.enrollment.intake import draft, id_number, picture
from tests.factories import saved

State = Applicant.State
BureauState = Applicant.BureauState
NO_HUKOU = {
    "id_type": "Z",
    "id_number": "",
    "member1__id_type": "1",
    "member1__id_number": id_number(70, "19850603"),
    "member2__id_type": "1",
    "member2__id_number": id_number(71, "19860603"),
}


def agreed_by_bureau(cast: Cast, batch: IntakeBatch) -> Applicant:
    """A pupil without household registration whom head and bureau have approved."""
    row = draft(cast.clerk, batch, **NO_HUKOU)
    scans.attach(actor=cast.clerk, applicant=row, kind="no_id_proof", content=picture(), filename="proof.jpg")
    actions.self_check(actor=cast.clerk, applicant=row)
    actions.review_initially(actor=cast.second_clerk, applicant=row)
    actions.approve_as_head(actor=cast.head, applicant=row)
    return actions.approve_no_hukou(actor=cast.bureau_officer, applicant=row)


def test_another_proof_needs_the_bureau_again(cast: Cast, batch: IntakeBatch) -> None:
    row = agreed_by_bureau(cast, batch)
    row = actions.send_back(actor=cast.archivist, applicant=row, reason="scan_unclear", fields=["documents"])
    scans.remove(actor=cast.clerk, document=row.documents.get())
    scans.attach(
        actor=cast.clerk, applicant=row, kind="no_id_proof", content=picture("PNG"), filename="b.png"
    )
    row = actions.self_check(actor=cast.clerk, applicant=row)
    assert (row.state, row.bureau_state, row.bureau_officer) == (
        State.HEAD_APPROVED,
        BureauState.WAITING,
        None,
    )


def test_another_case_of_the_parents_needs_the_bureau_again(cast: Cast, batch: IntakeBatch) -> None:
    row = agreed_by_bureau(cast, batch)
    row = actions.send_back(actor=cast.archivist, applicant=row, reason="basis_weak", fields=["parents_case"])
    actions.save_draft(actor=cast.clerk, applicant=row, cells={"parents_case": "one_dead"})
    row = actions.self_check(actor=cast.clerk, applicant=row)
    assert (row.state, row.bureau_state) == (State.HEAD_APPROVED, BureauState.WAITING)


def test_the_head_cannot_recall_what_the_bureau_has_decided(cast: Cast, batch: IntakeBatch) -> None:
    row = agreed_by_bureau(cast, batch)
    assert not may_recall(cast.head, row)
    with pytest.raises(actions.Opened, match=cast.bureau_officer.name):
        actions.recall(actor=cast.head, applicant=row)


def test_the_clerk_reads_why_the_bureau_refused(cast: Cast, batch: IntakeBatch) -> None:
    row = draft(cast.clerk, batch, **NO_HUKOU)
    scans.attach(actor=cast.clerk, applicant=row, kind="no_id_proof", content=picture(), filename="p.jpg")
    actions.self_check(actor=cast.clerk, applicant=row)
    actions.review_initially(actor=cast.second_clerk, applicant=row)
    actions.approve_as_head(actor=cast.head, applicant=row)
    actions.refuse_no_hukou(
        actor=cast.bureau_officer, applicant=row, comment="证明未盖章", fields=["member1.id_number"]
    )
    client = Client()
    client.force_login(cast.clerk)
    page = client.get(reverse("enrollment:applicant_form", args=[row.public_id]))
    assert "证明未盖章" in page.content.decode()
    assert "member1.id_number" in page.context["returned"].fields


def mended_after_the_bureaus_refusal(cast: Cast, batch: IntakeBatch) -> Applicant:
    """A pupil whose clerk mended what the bureau marked, so that he waits for the bureau again."""
    row = draft(cast.clerk, batch, **NO_HUKOU)
    scans.attach(actor=cast.clerk, applicant=row, kind="no_id_proof", content=picture(), filename="p.jpg")
    actions.self_check(actor=cast.clerk, applicant=row)
    actions.review_initially(actor=cast.second_clerk, applicant=row)
    actions.approve_as_head(actor=cast.head, applicant=row)
    actions.refuse_no_hukou(
        actor=cast.bureau_officer, applicant=row, comment="证明未盖章", fields=["member1.id_number"]
    )
    return actions.self_check(actor=cast.clerk, applicant=row)


def test_what_the_bureau_approved_is_no_longer_the_clerks_to_recall(cast: Cast, batch: IntakeBatch) -> None:
    row = mended_after_the_bureaus_refusal(cast, batch)
    assert may_recall(cast.clerk, row)
    row.due_on = timezone.localdate() - timedelta(days=9)
    saved(row, by=cast.clerk)
    row = actions.approve_no_hukou(actor=cast.bureau_officer, applicant=row)
    row.refresh_from_db()
    assert (row.returned_by, row.returned_from) == (None, "")
    assert row.due_on is not None
    assert row.due_on > timezone.localdate(), "the archives get days of their own"
    assert not may_recall(cast.clerk, row)
    with pytest.raises((actions.IntakeRefused, NotPermitted)):
        actions.recall(actor=cast.clerk, applicant=row)
    assert actions.accept(actor=cast.archivist, applicant=row).state == State.ACCEPTED


def test_the_officers_look_is_noted_and_ends_the_recall(cast: Cast, batch: IntakeBatch) -> None:
    row = mended_after_the_bureaus_refusal(cast, batch)
    actions.open_for_review(actor=cast.archivist, applicant=row)
    row.refresh_from_db()
    assert row.opened_by is None, "the archives cannot decide yet"
    actions.open_for_review(actor=cast.bureau_officer, applicant=row)
    with pytest.raises(actions.Opened, match=cast.bureau_officer.name):
        actions.recall(actor=cast.clerk, applicant=row)


def test_the_bureau_stands_on_the_way_and_the_archives_wait_for_it(cast: Cast, batch: IntakeBatch) -> None:
    row = mended_after_the_bureaus_refusal(cast, batch)
    steps = {str(one.label): one.state for one in shown_steps(row)}
    with translation.override("en"):
        assert may_decide(cast.archivist, row) == (
            None,
            "Without household registration: the bureau has not approved yet",
        )
        for act in (actions.accept, partial(actions.send_back, reason="scan_unclear")):
            with pytest.raises(actions.WrongState, match="the bureau has not approved yet"):
                act(actor=cast.archivist, applicant=row)
    assert list(steps.values()) == ["done", "done", "done", "current", "waiting"]


def test_a_scan_and_the_note_of_it_stand_or_fall_together(
    cast: Cast, batch: IntakeBatch, monkeypatch: Any
) -> None:
    row = draft(cast.clerk, batch)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr(f"{row.number}-照片.jpg", picture())
    made = scans.upload(actor=cast.clerk, batch=batch, kind="photo", content=out.getvalue(), filename="a.zip")
    real = ScanFile.objects.create

    def killed(**values: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(ScanFile.objects, "create", killed)
    with pytest.raises(KeyboardInterrupt):
        run(made.job_id)
    monkeypatch.setattr(ScanFile.objects, "create", real)
    Job.objects.filter(pk=made.job_id).update(state=Job.State.QUEUED)
    run(made.job_id)
    assert [one.reason for one in made.files.all()] == [""]
    assert row.documents.count() == 1
    Job.objects.filter(pk=made.job_id).update(state=Job.State.QUEUED)
    run(made.job_id)
    assert Event.objects.filter(action="scans.matched").count() == 1


def test_what_ends_later_still_holds_today(cast: Cast, batch: IntakeBatch) -> None:
    today = timezone.localdate()
    last_day = today + timedelta(days=10)
    region = saved(Region(code="429999", level=3, name_zh="待撤县", valid_until=last_day))
    gone = saved(Region(code="429998", level=3, name_zh="已撤县", valid_until=today - timedelta(days=1)))
    book = book_of(batch)
    assert book.regions[region.code]
    assert not book.regions[gone.code]
    assert [code for code, _name in find_regions("42999")] == ["429999000000"]
    code = Code.objects.get(code_list__key="health", code="1")
    code.valid_until = last_day
    saved(code)
    assert "1" in dict(code_choices({"health"})["health"])


@pytest.mark.parametrize(
    ("kind", "number", "codes"),
    [
        ("A", "护照号码", {"id_type_mismatch"}),
        ("A", "E12345678", set()),
        ("6", "A123456(7)", set()),
        ("A", id_number(1), {"id_type_mismatch"}),
    ],
)
def test_the_number_fits_the_type_of_document(
    cast: Cast, batch: IntakeBatch, kind: str, number: str, codes: set[str]
) -> None:
    faults = check({"id_type": kind, "id_number": number}, NATIONAL, book_of(batch))
    assert {one.code for one in faults if one.field == "id_number" and one.level == "error"} == codes


@pytest.mark.parametrize(
    ("reason", "state"), [("scan_unclear", State.INITIAL_REVIEWED), ("class_wrong", State.SELF_CHECKED)]
)
def test_a_better_scan_goes_straight_to_who_asked_for_it(
    cast: Cast, batch: IntakeBatch, reason: str, state: str
) -> None:
    row = draft(cast.clerk, batch)
    scans.attach(actor=cast.clerk, applicant=row, kind="hukou_book", content=picture(), filename="a.jpg")
    actions.self_check(actor=cast.clerk, applicant=row)
    actions.review_initially(actor=cast.second_clerk, applicant=row)
    row = actions.send_back(actor=cast.head, applicant=row, reason=reason)
    scans.remove(actor=cast.clerk, document=row.documents.get())
    scans.attach(actor=cast.clerk, applicant=row, kind="hukou_book", content=picture("PNG"), filename="b.png")
    assert actions.self_check(actor=cast.clerk, applicant=row).state == state
