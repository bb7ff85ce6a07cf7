"""Bulk approval of a class: the sample, who is left out, what is written, two at once, many at once."""

import threading
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.roles import Role
from accounts.scope import NotPermitted
from approvals.models import Notice
from enrollment import actions, batch_figures, bulk_plan
from enrollment.actions import IntakeRefused, bulk
from enrollment.models import (
    Applicant,
    ApplicantDocument,
    BulkSkip,
    IntakeBatch,
    IntakeDecision,
    IntakeSample,
    SampleItem,
)
from enrollment.steps import ACCEPTANCE, HEAD_REVIEW, INITIAL_REVIEW, Step
from files.actions import store
from jobs.models import Job
from jobs.tasks import run
from ledger.context import acting
from ledger.models import Event
from records.models import Enrolment, Student
from school.sampling import sample_size
from tests.cast import Cast, make_cast
from tests.enrollment import intake
from tests.enrollment.intake import id_number, make_batch
from tests.factories import appoint, make_unit, make_user, saved, set_rule
from tests.records.files import make_student
from tests.support import hostile_files as hostile

State = Applicant.State
CLASS = "2026101"
GIVEN = "一二三四五六七八九十"


def submitted(clerk: Any, batch: IntakeBatch, serial: int = 1, **cells: str) -> Applicant:
    """A submitted applicant of his own name, so that he has no namesake and no warning."""
    return intake.submitted(clerk, batch, serial, **{"name": f"陈明{GIVEN[serial % 10]}", **cells})


def approved(cast: Cast, batch: IntakeBatch, serial: int = 1) -> Applicant:
    return intake.approved(cast, batch, serial, name=f"陈明{GIVEN[serial % 10]}")


def look(actor: Any, sample: IntakeSample) -> None:
    for item in sample.items.select_related("applicant"):
        actions.open_for_review(actor=actor, applicant=item.applicant)


def seen_sample(actor: Any, batch: IntakeBatch, step: Step = INITIAL_REVIEW) -> IntakeSample:
    sample = bulk.draw_sample(actor=actor, batch=batch, class_no=CLASS, step=step)
    look(actor, sample)
    return sample


def accepted(cast: Cast, sample: IntakeSample) -> IntakeSample:
    """The sample after its class was accepted, which is always a job's work."""
    started = bulk.start_bulk(actor=cast.archivist, sample=sample)
    assert started.job_id
    assert started.closed_at is None
    run(started.job_id)
    started.refresh_from_db()
    return started


@pytest.mark.parametrize(("language", "name"), [("zh-hans", "一年级（1）班"), ("en", "Grade 1, class 1")])
def test_classes_that_wait_are_named_in_the_readers_language(
    cast: Cast, batch: IntakeBatch, language: str, name: str
) -> None:
    submitted(cast.clerk, batch)
    with translation.override(language):
        assert [line.class_name for line in bulk_plan.class_lines(cast.second_clerk, batch)] == [name]
        shown = batch_figures.figures(cast.head, batch).by_class
        assert [row["name"] for row in shown] == [name]


@pytest.mark.requirement("S0-3.3-5", "S0-3.3-6")
def test_a_class_passes_after_its_sample_with_a_decision_and_an_event_each(
    cast: Cast, batch: IntakeBatch
) -> None:
    rows = [submitted(cast.clerk, batch, serial) for serial in range(5)]
    warned = submitted(cast.clerk, batch, 6, name="陈明一")
    own = submitted(cast.second_clerk, batch, 7)
    elsewhere = approved(cast, batch, 8)
    assert warned.warning_count

    plan = bulk_plan.plan(cast.second_clerk, batch, CLASS, INITIAL_REVIEW)
    assert {row.pk for row in plan.passing} == {row.pk for row in rows}
    assert {one.applicant.pk: one.reason for one in plan.left_out} == {warned.pk: "warned", own.pk: "own"}
    assert sum(plan.elsewhere.values()) == 1

    sample = bulk.draw_sample(actor=cast.second_clerk, batch=batch, class_no=CLASS, step=INITIAL_REVIEW)
    assert (sample.population, sample.items.count()) == (5, 3)
    assert {item.applicant_id for item in sample.items.all()} <= {row.pk for row in rows}
    with pytest.raises(bulk.SampleNotSeen):
        bulk.start_bulk(actor=cast.second_clerk, sample=sample)
    assert not IntakeDecision.objects.filter(step="initial_review", sample=sample).exists()
    look(cast.second_clerk, sample)
    history = Applicant.history.count()
    done = bulk.start_bulk(actor=cast.second_clerk, sample=sample)

    assert (done.passed_count, done.faults_found, done.job) == (5, 0, None)
    assert set(done.items.values_list("outcome", flat=True)) == {SampleItem.Outcome.FINE}
    passed = Applicant.objects.filter(state=State.INITIAL_REVIEWED)
    assert {row.pk for row in passed} == {row.pk for row in rows}
    assert all(row.initial_reviewer == cast.second_clerk and row.due_on for row in passed)
    decisions = IntakeDecision.objects.filter(sample=sample)
    assert {(one.applicant_id, one.step, one.outcome, one.role) for one in decisions} == {
        (row.pk, "initial_review", "passed", "admissions_clerk") for row in rows
    }
    assert Applicant.history.count() == history + 5
    named = Event.objects.filter(action="applicant.initially_reviewed", actor=cast.second_clerk)
    assert {one.subject for one in named} >= {row.public_id for row in rows}
    assert Event.objects.get(action="applicant.bulk_passed").detail["passed"] == 5
    about_samples = Event.objects.filter(
        action__in=["sample.drawn", "sample.closed", "applicant.bulk_passed"]
    )
    assert [one.role for one in about_samples] == ["admissions_clerk"] * 3
    skipped = {one.applicant_id: one.reason for one in BulkSkip.objects.filter(sample=sample)}
    assert skipped == {warned.pk: "warned", own.pk: "own"}
    assert Applicant.objects.get(pk=elsewhere.pk).state == State.HEAD_APPROVED


def test_the_sample_is_as_large_as_the_rule_says(cast: Cast) -> None:
    assert sample_size(cast.school, 2) == 2
    assert sample_size(cast.school, 45) == 5
    set_rule(cast.school, "sample_percent", "50")
    assert sample_size(cast.school, 45) == 23
    set_rule(cast.school, "sample_minimum", "40")
    assert sample_size(cast.school, 45) == 40


def test_samples_are_drawn_at_random(cast: Cast, batch: IntakeBatch) -> None:
    rows = [submitted(cast.clerk, batch, serial).pk for serial in range(8)]
    drawn = set()
    for _time in range(12):
        sample = bulk.draw_sample(actor=cast.second_clerk, batch=batch, class_no=CLASS, step=INITIAL_REVIEW)
        drawn.add(frozenset(sample.items.values_list("applicant_id", flat=True)))
    assert len(drawn) > 3
    assert set().union(*drawn) <= set(rows)
    assert IntakeSample.objects.filter(closed_at=None).count() == 1, "an older sample is given up"


def test_a_fault_in_the_sample_stops_the_class_until_it_is_handled(cast: Cast, batch: IntakeBatch) -> None:
    for serial in range(5):
        submitted(cast.clerk, batch, serial)
    sample = seen_sample(cast.second_clerk, batch)
    faulty = sample.items.first()
    assert faulty is not None
    actions.send_back(
        actor=cast.second_clerk, applicant=faulty.applicant, reason="scan_unclear", fields=["postcode"]
    )
    with pytest.raises(bulk.SampleFaulty):
        bulk.start_bulk(actor=cast.second_clerk, sample=sample)
    with pytest.raises(bulk.SampleFaulty):
        bulk.draw_sample(actor=cast.second_clerk, batch=batch, class_no=CLASS, step=INITIAL_REVIEW)
    assert not Applicant.objects.filter(state=State.INITIAL_REVIEWED).exists()

    row = Applicant.objects.get(pk=faulty.applicant_id)
    actions.save_draft(actor=cast.clerk, applicant=row, cells={"postcode": "430071"})
    actions.self_check(actor=cast.clerk, applicant=row)
    with pytest.raises(bulk.SampleFaulty):
        bulk.start_bulk(actor=cast.second_clerk, sample=sample)
    again = seen_sample(cast.second_clerk, batch)
    old = IntakeSample.objects.get(pk=sample.pk)
    assert (old.faults_found, old.passed_count) == (1, None)
    assert old.items.get(pk=faulty.pk).outcome == SampleItem.Outcome.FAULT
    assert bulk.start_bulk(actor=cast.second_clerk, sample=again).passed_count == 5


def test_whoever_comes_after_the_draw_waits_for_the_next_sample(cast: Cast, batch: IntakeBatch) -> None:
    for serial in range(3):
        submitted(cast.clerk, batch, serial)
    sample = seen_sample(cast.second_clerk, batch)
    late = submitted(cast.clerk, batch, 9)
    done = bulk.start_bulk(actor=cast.second_clerk, sample=sample)
    assert done.passed_count == 3
    assert BulkSkip.objects.get(sample=sample, applicant=late).reason == "newer"
    with pytest.raises(bulk.SampleClosed):
        bulk.start_bulk(actor=cast.second_clerk, sample=sample)


def test_what_somebody_has_open_and_what_exceeds_the_limit_is_left_out(
    cast: Cast, batch: IntakeBatch
) -> None:
    set_rule(cast.school, "bulk_limit", "3")
    rows = [submitted(cast.clerk, batch, serial) for serial in range(5)]
    busy = rows[0]
    busy.opened_by, busy.opened_at = cast.head, timezone.now()
    with acting(cast.head):
        busy.save(update_fields=["opened_by", "opened_at"])
    plan = bulk_plan.plan(cast.second_clerk, batch, CLASS, INITIAL_REVIEW)
    reasons = sorted(one.reason for one in plan.left_out)
    assert (len(plan.passing), reasons) == (3, ["limit", "open"])
    Applicant.objects.get(pk=busy.pk)
    busy.opened_at = timezone.now() - timedelta(hours=1)
    with acting(cast.head):
        busy.save(update_fields=["opened_at"])
    plan = bulk_plan.plan(cast.second_clerk, batch, CLASS, INITIAL_REVIEW)
    assert [one.reason for one in plan.left_out] == ["limit", "limit"]


def test_another_school_and_another_role_draw_nothing(cast: Cast, batch: IntakeBatch) -> None:
    submitted(cast.clerk, batch)
    for stranger in (cast.outsider, cast.head):
        with pytest.raises(NotPermitted):
            bulk.draw_sample(actor=stranger, batch=batch, class_no=CLASS, step=INITIAL_REVIEW)
    foreign = make_batch(cast.other_school, code="OTHER-2026")
    assert bulk_plan.class_lines(cast.second_clerk, foreign) == []
    sample = bulk.draw_sample(actor=cast.second_clerk, batch=batch, class_no=CLASS, step=INITIAL_REVIEW)
    with pytest.raises(bulk.SampleClosed):
        bulk.start_bulk(actor=cast.clerk, sample=sample)


@pytest.mark.requirement("S0-2.1-5")
def test_head_and_archives_pass_a_class_and_the_files_exist(cast: Cast, batch: IntakeBatch) -> None:
    for serial in range(4):
        row = submitted(cast.clerk, batch, serial)
        actions.review_initially(actor=cast.second_clerk, applicant=row)
    head = bulk.start_bulk(actor=cast.head, sample=seen_sample(cast.head, batch, HEAD_REVIEW))
    assert head.passed_count == 4
    archive = accepted(cast, seen_sample(cast.archivist, batch, ACCEPTANCE))
    assert archive.passed_count == 4
    assert Student.objects.count() == Enrolment.objects.count() == 4
    assert not Applicant.objects.exclude(state=State.ACCEPTED, acceptor=cast.archivist).exists()
    assert Event.objects.filter(action="applicant.accepted", result="done").count() == 4
    counts = {one.kind: one.count for one in Notice.objects.visible_to(cast.registrar)}
    assert counts == {"intake.head_approved": 4, "intake.accepted": 4}


def test_acceptance_leaves_out_who_is_enrolled_or_fails_a_check(cast: Cast, batch: IntakeBatch) -> None:
    for serial in range(4):
        approved(cast, batch, serial)
    sample = seen_sample(cast.archivist, batch, ACCEPTANCE)
    row = Applicant.objects.order_by("pk").first()
    assert row is not None
    row.postcode = ""
    with acting(cast.clerk):
        row.save(update_fields=["postcode"])
    done = accepted(cast, sample)
    assert done.passed_count == 3
    assert BulkSkip.objects.get(sample=sample).reason == "checks"
    failed = Event.objects.get(action="applicant.accepted", result="failed")
    assert (failed.subject, failed.detail["integrity"], failed.role) == (row.public_id, "failed", "archivist")


def test_a_scan_that_cannot_be_tried_now_is_no_failed_check(
    cast: Cast, batch: IntakeBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [approved(cast, batch, serial) for serial in range(2)]
    sample = seen_sample(cast.archivist, batch, ACCEPTANCE)
    scan = store(
        actor=cast.clerk, content=hostile.pdf(hostile.stream(b"")), filename="户口.pdf", allowed=("pdf",)
    )
    saved(ApplicantDocument(applicant=rows[0], kind="hukou_book", blob=scan), by=cast.clerk)
    with monkeypatch.context() as patch:
        patch.setattr("files.pdf.TRIAL_SECONDS", 0.01)
        with pytest.raises(IntakeRefused):
            actions.accept(actor=cast.archivist, applicant=rows[0])
        done = accepted(cast, sample)
    assert done.passed_count == 1
    assert BulkSkip.objects.get(sample=sample).reason == "not_checked"
    assert not Event.objects.filter(action="applicant.accepted", result="failed").exists()
    assert actions.accept(actor=cast.archivist, applicant=rows[0]).state == State.ACCEPTED


def test_whom_the_database_refuses_is_named_and_the_others_pass(
    cast: Cast, batch: IntakeBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file with the number of one of them is opened between the look and the write."""
    rows = [approved(cast, batch, serial) for serial in range(5)]
    sample = seen_sample(cast.archivist, batch, ACCEPTANCE)
    wanted = Applicant.objects.get(pk=rows[2].pk).id_number
    checked = bulk.four_checks

    def meanwhile(row: Applicant, book: Any) -> Any:
        if row.pk == rows[-1].pk:
            make_student("陈明三", cast, id_number=wanted)
        return checked(row, book)

    monkeypatch.setattr(bulk, "four_checks", meanwhile)
    monkeypatch.setattr("records.actions._known_students", lambda admissions: {})
    done = accepted(cast, sample)
    assert done.passed_count == 4
    skip = BulkSkip.objects.get(sample=sample)
    assert (skip.applicant_id, skip.reason) == (rows[2].pk, "clash")
    assert Applicant.objects.get(pk=rows[2].pk).state == State.HEAD_APPROVED
    assert Applicant.objects.filter(state=State.ACCEPTED).count() == 4
    assert Event.objects.filter(action="applicant.accepted", result="done").count() == 4
    client = Client()
    client.force_login(cast.archivist)
    page = client.get(reverse("enrollment:bulk_report", args=[sample.public_id]), HTTP_ACCEPT_LANGUAGE="en")
    assert "A file with the same number was opened meanwhile" in page.content.decode()
    assert "陈明三" in page.content.decode()
    with pytest.raises(actions.WrongState, match=r"号|number"):
        actions.accept(actor=cast.archivist, applicant=rows[2])


def test_who_is_appointed_on_a_college_passes_its_class(cast: Cast, batch: IntakeBatch) -> None:
    college = make_unit("信息工程学院", cast.school, kind="college")
    dean = make_user("潘岳", college)
    appoint(dean, Role.ADMISSIONS_CLERK, college)
    rows = [submitted(cast.clerk, batch, serial) for serial in range(4)]
    for row in rows[:3]:
        row.unit = college
        saved(row, by=cast.clerk)
    client = Client()
    client.force_login(dean)
    assert "TEST-2026" in client.get(reverse("enrollment:batches")).content.decode()
    listed = client.get(reverse("enrollment:batch", args=[batch.public_id]))
    assert (listed.context["figures"].total, listed.context["figures"].quota.used) == (3, 3)
    assert client.get(reverse("enrollment:review_next", args=[batch.public_id])).status_code == 302
    sample = seen_sample(dean, batch)
    actions.review_initially(actor=cast.second_clerk, applicant=rows[0])
    done = bulk.start_bulk(actor=dean, sample=sample)
    assert done.passed_count == 2
    assert set(IntakeDecision.objects.filter(sample=done).values_list("role", flat=True)) == {
        "admissions_clerk"
    }
    assert client.get(reverse("enrollment:bulk_report", args=[sample.public_id])).status_code == 200
    with pytest.raises(IntakeRefused):
        bulk.draw_sample(actor=dean, batch=batch, class_no=CLASS, step=INITIAL_REVIEW)
    nobody = make_user("曾巩", college)
    appoint(nobody, Role.ADMISSIONS_HEAD, make_unit("护理学院", cast.school, kind="college"))
    client.force_login(nobody)
    assert client.get(reverse("enrollment:batch", args=[batch.public_id])).status_code == 404


def test_faults_of_one_college_do_not_stop_another(cast: Cast, batch: IntakeBatch) -> None:
    deans = []
    for serial, (name, dean) in enumerate((("信息工程学院", "潘岳"), ("护理学院", "曾巩"))):
        college = make_unit(name, cast.school, kind="college")
        deans.append(make_user(dean, college))
        appoint(deans[-1], Role.ADMISSIONS_CLERK, college)
        row = submitted(cast.clerk, batch, serial)
        row.unit = college
        saved(row, by=cast.clerk)
    sample = seen_sample(deans[0], batch)
    actions.send_back(actor=deans[0], applicant=sample.items.get().applicant, reason="scan_unclear")
    assert len(bulk_plan.plan(deans[0], batch, CLASS, INITIAL_REVIEW).unhandled) == 1
    assert bulk_plan.plan(deans[1], batch, CLASS, INITIAL_REVIEW).unhandled == []
    assert bulk.start_bulk(actor=deans[1], sample=seen_sample(deans[1], batch)).passed_count == 1


def test_the_pages_lead_from_the_class_to_the_report(cast: Cast, batch: IntakeBatch) -> None:
    for serial in range(4):
        submitted(cast.clerk, batch, serial)
    submitted(cast.second_clerk, batch, 9)
    client = Client()
    client.force_login(cast.second_clerk)
    lines = client.get(reverse("enrollment:bulk", args=[batch.public_id]))
    assert [(line.waiting, line.clean, line.own) for line in lines.context["lines"]] == [(5, 4, 1)]
    url = reverse("enrollment:bulk_plan", args=[batch.public_id, "initial_review"]) + f"?class={CLASS}"
    assert "4 applicants would pass" in client.get(url, HTTP_ACCEPT_LANGUAGE="en").content.decode()
    client.post(reverse("enrollment:bulk_draw", args=[batch.public_id, "initial_review"]), {"class": CLASS})
    sample = IntakeSample.objects.get()
    refused = client.post(reverse("enrollment:bulk_pass", args=[sample.public_id]), follow=True)
    assert not IntakeDecision.objects.filter(sample=sample).exists()
    assert refused.redirect_chain[-1][0] == url
    drawn = [one.applicant.public_id for one in bulk_plan.view_of(sample).items]
    for before, this, after in zip([None, *drawn], drawn, [*drawn[1:], None], strict=False):
        shown = client.get(reverse("enrollment:review", args=[this])).context
        assert (shown["before"], shown["after"], shown["sample_url"]) == (before, after, url)
    assert not sample.items.filter(opened_at=None).exists()
    report = client.post(
        reverse("enrollment:bulk_pass", args=[sample.public_id]), follow=True, HTTP_ACCEPT_LANGUAGE="en"
    )
    assert report.context["headline"] == "Passed 4, skipped 1: Entered or decided by yourself 1"
    client.force_login(cast.head)
    later = client.get(reverse("enrollment:bulk", args=[batch.public_id]))
    ((_label, kept),) = later.context["samples"]
    assert (kept, kept.drawn, kept.population, kept.faults_found, kept.passed_count) == (sample, 3, 4, 0, 4)
    assert reverse("enrollment:bulk_report", args=[sample.public_id]) in later.content.decode()
    client.force_login(cast.outsider)
    assert client.get(reverse("enrollment:bulk_report", args=[sample.public_id])).status_code == 404


def many(cast: Cast, batch: IntakeBatch, count: int) -> None:
    """``count`` self-checked applicants, copied from one that was really entered."""
    from ledger.history import write_rows
    from records.search import fill

    first = submitted(cast.clerk, batch)
    members = list(first.members.all())
    rows = []
    for serial in range(1, count):
        row = Applicant.objects.get(pk=first.pk)
        row.pk = None
        row._state.adding = True
        row.public_id = uuid4()
        row.number = f"BM2026X{serial:06}"
        row.id_number = id_number(
            serial % 400, born=f"2019{1 + serial // 400 % 8:02}{1 + serial // 3200 % 28:02}"
        )
        row.birth_date = row.birth_date.replace(month=1 + serial // 400 % 8, day=1 + serial // 3200 % 28)
        fill(row)
        rows.append(row)
    write_rows(rows, actor=cast.clerk)
    copies = []
    for row in rows:
        for member in members:
            copy = type(member)(
                **{
                    f.attname: getattr(member, f.attname)
                    for f in member._meta.concrete_fields
                    if f.name != "id"
                }
            )
            copy.applicant = row
            copies.append(copy)
    write_rows(copies, actor=cast.clerk)


def test_two_thousand_pass_and_are_accepted_by_jobs_in_seconds(committed_db: str) -> None:
    cast = make_cast()
    set_rule(cast.school, "bulk_limit", "5000")
    set_rule(cast.school, "sample_percent", "1")
    batch = make_batch(cast.school)
    many(cast, batch, 2000)
    spent = {}
    for actor, step in (
        (cast.second_clerk, INITIAL_REVIEW),
        (cast.head, HEAD_REVIEW),
        (cast.archivist, ACCEPTANCE),
    ):
        sample = bulk.start_bulk(actor=actor, sample=seen_sample(actor, batch, step))
        assert sample.job is not None
        assert sample.passed_count is None
        with pytest.raises(bulk.SampleClosed):
            bulk.start_bulk(actor=actor, sample=sample)
        began = time.monotonic()
        run(sample.job_id)
        spent[step.key] = time.monotonic() - began
        sample.refresh_from_db()
        job = Job.objects.get(pk=sample.job_id)
        assert (job.state, job.done, sample.passed_count) == (Job.State.DONE, 2000, 2000)
    assert Student.objects.count() == 2000
    assert IntakeDecision.objects.filter(outcome="passed").count() == 6001
    assert Applicant.history.filter(history_type="~").count() >= 6000
    for action in ("applicant.initially_reviewed", "applicant.head_approved", "applicant.accepted"):
        assert Event.objects.filter(action=action).count() == 2000
    assert spent["initial_review"] < 15
    assert spent["acceptance"] < 60


def test_of_two_at_once_each_applicant_passes_once(committed_db: str) -> None:
    cast = make_cast()
    batch = make_batch(cast.school)
    for serial in range(6):
        submitted(cast.clerk, batch, serial)
    other = make_user("周琴", cast.admissions)
    appoint(other, Role.ADMISSIONS_CLERK, cast.school)
    people = (cast.second_clerk, other)
    samples = {}
    for person in people:
        samples[person.pk] = bulk.draw_sample(actor=person, batch=batch, class_no=CLASS, step=INITIAL_REVIEW)
    SampleItem.objects.update(opened_at=timezone.now())
    gate, counts = threading.Barrier(2), {}

    def go(person: Any) -> None:
        try:
            gate.wait()
            counts[person.pk] = bulk.start_bulk(actor=person, sample=samples[person.pk]).passed_count
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts.values()) == [0, 6]
    assert IntakeDecision.objects.filter(step="initial_review", outcome="passed").count() == 6
    assert set(BulkSkip.objects.values_list("reason", flat=True)) == {"moved"}
