"""The way from draft to acceptance: what each act writes, and what each refuses."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.grants import sync_grants
from accounts.models import User
from accounts.roles import Role
from accounts.scope import NotPermitted
from approvals.models import Notice
from enrollment import actions, selectors
from enrollment.models import Applicant, IntakeBatch, IntakeDecision
from ledger.context import acting
from ledger.models import Event
from records.models import Enrolment, Student
from tests.cast import Cast
from tests.enrollment.intake import GOOD, approved, draft, id_number, make_batch, submitted
from tests.factories import appoint, make_user, saved, set_rule, train, yesterday

State = Applicant.State


def fresh(applicant: Applicant) -> Applicant:
    return Applicant.objects.get(pk=applicant.pk)


def event_names(applicant: Applicant) -> list[str]:
    found = Event.objects.filter(subject=applicant.public_id, result="done").order_by("id")
    return list(found.values_list("action", flat=True))


@pytest.mark.requirement("S0-2.1-4", "S0-2.1-5", "S0-3.3-5", "S0-3.3-6", "S0-3.3-7")
def test_four_persons_take_an_applicant_into_the_archives(cast: Cast, batch: IntakeBatch) -> None:
    row = submitted(cast.clerk, batch)
    assert (row.state, row.version) == (State.SELF_CHECKED, fresh(row).version)
    assert row.due_on is not None
    actions.review_initially(actor=cast.second_clerk, applicant=row)
    actions.approve_as_head(actor=cast.head, applicant=row)
    accepted = actions.accept(actor=cast.archivist, applicant=row)

    row = fresh(accepted)
    assert row.state == State.ACCEPTED
    assert [row.entered_by, row.initial_reviewer, row.head_reviewer, row.acceptor] == [
        cast.clerk,
        cast.second_clerk,
        cast.head,
        cast.archivist,
    ]
    student = row.student
    assert student is not None
    assert (student.public_id, student.name, student.id_number) == (row.public_id, "王小明", id_number(1))
    assert student.name_pinyin == "wang xiaoming"
    assert "明" in student.name_tokens
    enrolment = Enrolment.objects.get(student=student)
    assert (enrolment.student_no, enrolment.school_class) == ("20260001", cast.school_class)
    assert student.archive_no == f"XJ-XS-{timezone.localdate().year}-000001"
    assert [member.name for member in student.family.all()] == ["王大明", "赵丽"]

    steps = [(one.step, one.outcome, one.role) for one in IntakeDecision.objects.order_by("pk")]
    assert steps == [
        ("self_check", "passed", "admissions_clerk"),
        ("initial_review", "passed", "admissions_clerk"),
        ("head_review", "passed", "admissions_head"),
        ("acceptance", "passed", "archivist"),
    ]
    assert event_names(row) == [
        "applicant.started",
        "applicant.saved",
        "applicant.self_checked",
        "applicant.initially_reviewed",
        "applicant.head_approved",
        "student.opened",
        "applicant.accepted",
        "student.checked",
    ]
    told = Event.objects.get(action="applicant.accepted").detail
    assert {told[check] for check in ("authenticity", "integrity", "usability", "security")} == {"passed"}
    assert Applicant.history.filter(id=row.pk).count() == 6
    operators = (
        Applicant.history.filter(id=row.pk).order_by("history_id").values_list("history_user", flat=True)
    )
    assert list(operators)[-3:] == [cast.second_clerk.pk, cast.head.pk, cast.archivist.pk]
    assert Student.history.get(id=student.pk).history_user == cast.archivist


@pytest.mark.requirement("S0-2.1-5")
def test_teaching_and_student_affairs_are_told_of_approval_and_acceptance(
    cast: Cast, batch: IntakeBatch
) -> None:
    for serial in (1, 2):
        row = approved(cast, batch, serial)
    actions.accept(actor=cast.archivist, applicant=row)
    for reader in (cast.registrar, cast.student_affairs_head):
        notices = {one.kind: one.count for one in Notice.objects.visible_to(reader)}
        assert notices == {"intake.head_approved": 2, "intake.accepted": 1}
    assert not Notice.objects.visible_to(cast.archivist)
    assert not Notice.objects.visible_to(cast.outsider)


@pytest.mark.requirement("S0-3.3-6")
def test_whoever_entered_or_reviewed_takes_no_further_step(cast: Cast, batch: IntakeBatch) -> None:
    row = submitted(cast.clerk, batch)
    with pytest.raises(actions.SamePerson):
        actions.review_initially(actor=cast.clerk, applicant=row)
    with pytest.raises(actions.SamePerson):
        actions.send_back(actor=cast.clerk, applicant=row, reason="scan_unclear")
    assert fresh(row).state == State.SELF_CHECKED


def test_the_database_itself_keeps_the_persons_apart(cast: Cast, batch: IntakeBatch) -> None:
    row = approved(cast, batch)
    pairs = {
        "initial_reviewer": (cast.clerk, cast.head),
        "head_reviewer": (cast.clerk, cast.second_clerk),
        "acceptor": (cast.clerk, cast.second_clerk, cast.head),
        "bureau_officer": (cast.clerk, cast.second_clerk, cast.head),
    }
    for column, people in pairs.items():
        for person in people:
            broken = fresh(row)
            setattr(broken, column, person)
            with pytest.raises(IntegrityError), transaction.atomic(), acting(cast.head):
                broken.save(update_fields=[column])


def test_the_database_lets_no_step_be_skipped(cast: Cast, batch: IntakeBatch) -> None:
    row = submitted(cast.clerk, batch)
    for state in (State.INITIAL_REVIEWED, State.HEAD_APPROVED, State.ACCEPTED):
        broken = fresh(row)
        broken.state = state
        with pytest.raises(IntegrityError), transaction.atomic(), acting(cast.head):
            broken.save(update_fields=["state"])


def test_each_step_asks_for_its_own_right(cast: Cast, batch: IntakeBatch) -> None:
    row = submitted(cast.clerk, batch)
    with pytest.raises(NotPermitted):
        actions.review_initially(actor=cast.head, applicant=row)
    with pytest.raises(NotPermitted):
        actions.approve_as_head(actor=cast.second_clerk, applicant=row)
    with pytest.raises(NotPermitted):
        actions.accept(actor=cast.head, applicant=row)
    with pytest.raises(NotPermitted):
        actions.start_applicant(actor=cast.outsider, batch=batch)
    with pytest.raises(NotPermitted):
        actions.review_initially(actor=cast.outsider, applicant=row)


def test_an_act_names_the_nearest_role_that_does_not_rest(cast: Cast, batch: IntakeBatch) -> None:
    reader = make_user("钱进", cast.bureau)
    appoint(reader, Role.ADMISSIONS_CLERK, cast.school, trained=False)
    train(reader, valid_until=yesterday())
    appoint(reader, Role.ARCHIVIST, cast.bureau)
    row = submitted(cast.clerk, batch)
    actions.open_for_review(actor=User.objects.get(pk=reader.pk), applicant=row)
    assert Event.objects.get(action="applicant.opened").role == "archivist"
    train(reader)
    sync_grants(reader)
    actions.open_for_review(actor=User.objects.get(pk=reader.pk), applicant=row)
    assert Event.objects.filter(action="applicant.opened").latest("id").role == "admissions_clerk"


def test_a_step_out_of_turn_is_refused(cast: Cast, batch: IntakeBatch) -> None:
    row = draft(cast.clerk, batch)
    with pytest.raises(actions.WrongState):
        actions.review_initially(actor=cast.second_clerk, applicant=row)
    row = actions.self_check(actor=cast.clerk, applicant=row)
    with pytest.raises(actions.IntakeRefused):
        actions.approve_as_head(actor=cast.head, applicant=row)
    with pytest.raises(actions.WrongState):
        actions.save_draft(actor=cast.clerk, applicant=row, cells={"name": "王小红"})
    assert fresh(row).name == "王小明"


def test_the_second_of_two_is_told_who_came_first(cast: Cast, batch: IntakeBatch) -> None:
    row = submitted(cast.clerk, batch)
    actions.review_initially(actor=cast.second_clerk, applicant=row)
    actions.approve_as_head(actor=cast.head, applicant=row)
    third = cast.archive_head
    actions.accept(actor=cast.archivist, applicant=row)
    with pytest.raises(actions.AlreadyDone) as told:
        actions.accept(actor=third, applicant=row)
    assert told.value.by == cast.archivist
    assert "刘敏" in str(told.value)


def test_a_reviewer_decides_only_on_what_he_saw(cast: Cast, batch: IntakeBatch) -> None:
    row = submitted(cast.clerk, batch)
    seen = row.version
    actions.recall(actor=cast.clerk, applicant=row)
    actions.save_draft(actor=cast.clerk, applicant=row, cells={"postcode": "430071"})
    actions.self_check(actor=cast.clerk, applicant=row)
    with pytest.raises(actions.StaleVersion) as stale:
        actions.review_initially(actor=cast.second_clerk, applicant=row, version=seen)
    assert stale.value.current["postcode"] == "430071"
    assert fresh(row).state == State.SELF_CHECKED


def test_recall_ends_when_the_next_person_has_opened_it(cast: Cast, batch: IntakeBatch) -> None:
    row = submitted(cast.clerk, batch)
    assert actions.recall(actor=cast.clerk, applicant=row).state == State.DRAFT
    row = actions.self_check(actor=cast.clerk, applicant=row)
    actions.open_for_review(actor=cast.registrar, applicant=row)
    assert fresh(row).opened_by is None, "a look by somebody who does not decide does not count"
    before = Applicant.history.count()
    actions.open_for_review(actor=cast.second_clerk, applicant=row)
    assert Applicant.history.count() == before
    with pytest.raises(actions.Opened):
        actions.recall(actor=cast.clerk, applicant=row)
    assert Event.objects.filter(action="applicant.opened").count() == 2


def test_a_reviewer_too_may_take_back_what_nobody_opened(cast: Cast, batch: IntakeBatch) -> None:
    row = submitted(cast.clerk, batch)
    actions.review_initially(actor=cast.second_clerk, applicant=row)
    with pytest.raises(actions.WrongState):
        actions.recall(actor=cast.clerk, applicant=row)
    row = actions.recall(actor=cast.second_clerk, applicant=row)
    assert (row.state, row.initial_reviewer) == (State.SELF_CHECKED, None)
    actions.review_initially(actor=cast.second_clerk, applicant=row)
    actions.approve_as_head(actor=cast.head, applicant=row)
    row = actions.recall(actor=cast.head, applicant=row)
    assert (row.state, row.head_reviewer) == (State.INITIAL_REVIEWED, None)


def test_a_return_goes_to_the_clerk_and_straight_back_after_mending_the_marks(
    cast: Cast, batch: IntakeBatch
) -> None:
    row = submitted(cast.clerk, batch)
    actions.review_initially(actor=cast.second_clerk, applicant=row)
    row = actions.send_back(
        actor=cast.head, applicant=row, reason="differs_from_hukou", fields=["postcode"], comment="第 2 页"
    )
    assert (row.state, row.returned_by, row.returned_from) == (
        State.RETURNED,
        cast.head,
        State.INITIAL_REVIEWED,
    )
    last = IntakeDecision.objects.latest("pk")
    assert (last.outcome, last.reason, last.fields, last.comment) == (
        "returned", "differs_from_hukou", ["postcode"], "第 2 页",
    )  # fmt: skip
    with pytest.raises(actions.NotOwner):
        actions.save_draft(actor=cast.second_clerk, applicant=row, cells={"postcode": "430079"})
    actions.save_draft(actor=cast.clerk, applicant=row, cells={"postcode": "430079"})
    row = actions.self_check(actor=cast.clerk, applicant=row)
    assert (row.state, row.initial_reviewer) == (State.INITIAL_REVIEWED, cast.second_clerk)
    row = actions.approve_as_head(actor=cast.head, applicant=row)
    assert row.returned_by is None


def test_mending_another_field_too_begins_the_reviews_again(cast: Cast, batch: IntakeBatch) -> None:
    row = submitted(cast.clerk, batch)
    actions.review_initially(actor=cast.second_clerk, applicant=row)
    row = actions.send_back(actor=cast.head, applicant=row, reason="scan_unclear", fields=["postcode"])
    actions.save_draft(
        actor=cast.clerk, applicant=row, cells={"postcode": "430079", "member1.phone": "13900139000"}
    )
    row = actions.self_check(actor=cast.clerk, applicant=row)
    assert (row.state, row.initial_reviewer, row.returned_by) == (State.SELF_CHECKED, None, None)


@pytest.mark.parametrize("returned_by", ["second_clerk", "head", "archivist"])
def test_the_clerk_takes_back_what_went_straight_to_who_returned_it(
    cast: Cast, batch: IntakeBatch, returned_by: str
) -> None:
    row = submitted(cast.clerk, batch)
    if returned_by != "second_clerk":
        actions.review_initially(actor=cast.second_clerk, applicant=row)
    if returned_by == "archivist":
        actions.approve_as_head(actor=cast.head, applicant=row)
    by = getattr(cast, returned_by)
    row = actions.send_back(actor=by, applicant=row, reason="differs_from_hukou", fields=["postcode"])
    due, reviewers = row.due_on, (row.initial_reviewer, row.head_reviewer)
    actions.save_draft(actor=cast.clerk, applicant=row, cells={"postcode": "430079"})
    straight = actions.self_check(actor=cast.clerk, applicant=row)
    assert selectors.may_recall(cast.clerk, straight)
    for other in {cast.second_clerk, cast.head} - {by}:
        assert not selectors.may_recall(other, straight)
        with pytest.raises((actions.WrongState, NotPermitted)):
            actions.recall(actor=other, applicant=row)
    row = actions.recall(actor=cast.clerk, applicant=row)
    assert (row.state, row.returned_by, row.due_on) == (State.RETURNED, by, due)
    assert (row.initial_reviewer, row.head_reviewer) == reviewers
    again = actions.self_check(actor=cast.clerk, applicant=row)
    assert again.state == straight.state
    actions.open_for_review(actor=by, applicant=row)
    with pytest.raises(actions.Opened):
        actions.recall(actor=cast.clerk, applicant=row)


def test_a_return_needs_a_reason_of_the_list(cast: Cast, batch: IntakeBatch) -> None:
    row = submitted(cast.clerk, batch)
    for reason, comment in (("bad", ""), ("other", "  "), ("", "x")):
        with pytest.raises(ValueError, match="reason"):
            actions.send_back(actor=cast.second_clerk, applicant=row, reason=reason, comment=comment)
    assert fresh(row).state == State.SELF_CHECKED


@pytest.mark.requirement("S3-3.3-1")
def test_a_small_school_merges_the_initial_review_but_not_the_persons(cast: Cast, batch: IntakeBatch) -> None:
    set_rule(cast.school, "duty_scheme", "small")
    row = submitted(cast.clerk, batch)
    assert row.scheme == "small"
    set_rule(cast.school, "duty_scheme", "standard", valid_from=timezone.localdate())
    with pytest.raises(actions.WrongState):
        actions.review_initially(actor=cast.second_clerk, applicant=row)
    row = actions.approve_as_head(actor=cast.head, applicant=row)
    assert actions.accept(actor=cast.archivist, applicant=row).student is not None


@pytest.mark.requirement("S0-2.1-3")
def test_late_entry_is_let_in_noted_and_listed_a_closed_batch_is_not(cast: Cast, client: Client) -> None:
    today = timezone.localdate()
    late = make_batch(cast.school, code="LATE", entry_deadline=today - timedelta(days=1))
    assert actions.start_applicant(actor=cast.clerk, batch=late).entered_late
    client.force_login(cast.head)
    address = reverse("enrollment:applicants", args=[late.public_id])
    page = client.get(reverse("enrollment:batch", args=[late.public_id])).content.decode()
    assert f"{address}?late=1" in page
    assert Applicant.objects.get(batch=late).number in client.get(f"{address}?late=1").content.decode()
    closed = make_batch(cast.school, code="CLOSED", is_open=False)
    future = make_batch(cast.school, code="SOON", opens_on=today + timedelta(days=2))
    for batch in (closed, future):
        with pytest.raises(actions.BatchClosed):
            actions.start_applicant(actor=cast.clerk, batch=batch)


@pytest.mark.requirement("S0-3.3-3", "S0-3.3-2", "S0-2.1-2")
def test_self_check_names_every_error_document_and_open_point(cast: Cast) -> None:
    batch = make_batch(cast.school, required_documents=["registration_form"])
    row = draft(cast.clerk, batch, postcode="", checked_with_original="")
    with pytest.raises(actions.NotReady) as told:
        actions.self_check(actor=cast.clerk, applicant=row)
    assert [(fault.field, fault.code) for fault in told.value.faults] == [("postcode", "required")]
    assert told.value.documents == ["registration_form"]
    assert told.value.points == ["checked_with_original"]
    assert fresh(row).state == State.DRAFT


@pytest.mark.requirement("S2-9-2")
def test_an_unusual_age_wants_a_reason(cast: Cast, batch: IntakeBatch) -> None:
    row = draft(cast.clerk, batch, birth_date="20150603", id_number=id_number(5, "20150603"))
    with pytest.raises(actions.NotReady) as told:
        actions.self_check(actor=cast.clerk, applicant=row)
    assert told.value.points == ["age_reason"]
    actions.save_draft(actor=cast.clerk, applicant=row, cells={"age_reason": "随父母返乡，插班"})
    row = actions.self_check(actor=cast.clerk, applicant=row)
    assert (row.state, row.warning_count) == (State.SELF_CHECKED, 1)


def test_a_reason_that_is_too_long_is_refused_and_kept_as_typed(
    cast: Cast, batch: IntakeBatch, client: Client
) -> None:
    row = draft(cast.clerk, batch, birth_date="20150603", id_number=id_number(5, "20150603"))
    long = "随父母返乡，" * 40
    saved = actions.save_draft(actor=cast.clerk, applicant=row, cells={"age_reason": long})
    assert [(fault.field, fault.code, fault.detail) for fault in saved.refused] == [
        ("age_reason", "too_long", "200")
    ]
    assert fresh(row).age_reason == ""
    with pytest.raises(actions.NotReady) as told:
        actions.self_check(actor=cast.clerk, applicant=row)
    assert ("age_reason", "too_long") in [(fault.field, fault.code) for fault in told.value.faults]
    client.force_login(cast.clerk)
    address = reverse("enrollment:applicant_form", args=[row.public_id])
    page = client.get(address, HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert long in page
    assert "longer than 200 characters" in page
    actions.save_draft(actor=cast.clerk, applicant=row, cells={"age_reason": "随父母返乡，插班"})
    assert not row.typed_cells.exists()
    assert actions.self_check(actor=cast.clerk, applicant=row).state == State.SELF_CHECKED


def test_what_cannot_be_stored_is_kept_as_typed(cast: Cast, batch: IntakeBatch) -> None:
    row = draft(cast.clerk, batch)
    result = actions.save_draft(
        actor=cast.clerk, applicant=row, cells={"birth_date": "2019060", "native_place": "湖南省"}
    )
    assert [(fault.field, fault.code) for fault in result.refused] == [("birth_date", "date_form")]
    row = fresh(row)
    assert (row.native_place, row.birth_date.isoformat()) == ("湖南省", "2019-06-03")
    assert {cell.field: cell.text for cell in row.typed_cells.all()} == {"birth_date": "2019060"}
    with pytest.raises(actions.NotReady):
        actions.self_check(actor=cast.clerk, applicant=row)
    actions.save_draft(actor=cast.clerk, applicant=row, cells={"birth_date": "2019-06-03"})
    assert not row.typed_cells.exists()
    assert actions.self_check(actor=cast.clerk, applicant=row).state == State.SELF_CHECKED


def test_a_stale_save_shows_what_stands_and_writes_nothing(cast: Cast, batch: IntakeBatch) -> None:
    row = draft(cast.clerk, batch)
    seen = row.version
    actions.save_draft(actor=cast.clerk, applicant=row, cells={"talent": "围棋"}, version=seen)
    with pytest.raises(actions.StaleVersion) as stale:
        actions.save_draft(actor=cast.clerk, applicant=row, cells={"talent": "书法"}, version=seen)
    assert stale.value.current["talent"] == "围棋"
    assert fresh(row).talent == "围棋"


def test_saving_the_same_again_leaves_no_trace(cast: Cast, batch: IntakeBatch) -> None:
    row = draft(cast.clerk, batch)
    rows, events, version = Applicant.history.count(), Event.objects.count(), row.version
    actions.save_draft(actor=cast.clerk, applicant=row, cells={**GOOD, "id_number": id_number(1)})
    assert (Applicant.history.count(), Event.objects.count(), fresh(row).version) == (rows, events, version)


def test_the_same_identity_number_is_refused_for_that_field_only(cast: Cast, batch: IntakeBatch) -> None:
    draft(cast.clerk, batch, 1)
    other = actions.start_applicant(actor=cast.second_clerk, batch=batch)
    result = actions.save_draft(
        actor=cast.second_clerk, applicant=other, cells={**GOOD, "id_number": id_number(1)}
    )
    assert [(fault.field, fault.code) for fault in result.refused] == [("id_number", "id_duplicate")]
    assert fresh(other).name == "王小明"
    with pytest.raises(actions.NotReady):
        actions.self_check(actor=cast.second_clerk, applicant=other)


@pytest.mark.requirement("S1-10-1", "S1-10-2", "S1-10-3")
def test_a_pupil_without_number_waits_for_the_bureau(cast: Cast, batch: IntakeBatch) -> None:
    numbers = {"member1__id_type": "1", "member1__id_number": "11010519491231002X"}
    row = draft(cast.clerk, batch, id_type="Z", id_number="", **numbers)
    assert row.no_hukou
    with pytest.raises(actions.NotReady) as told:
        actions.self_check(actor=cast.clerk, applicant=row)
    assert told.value.documents == ["no_id_proof"]


def test_giving_up_needs_a_reason_and_the_right(cast: Cast, batch: IntakeBatch) -> None:
    row = submitted(cast.clerk, batch)
    with pytest.raises(ValueError, match="reason"):
        actions.withdraw(actor=cast.head, applicant=row, reason=" ")
    with pytest.raises(NotPermitted):
        actions.withdraw(actor=cast.clerk, applicant=row, reason="家长改报他校")
    row = actions.withdraw(actor=cast.head, applicant=row, reason="家长改报他校")
    assert row.state == State.WITHDRAWN
    last = IntakeDecision.objects.latest("pk")
    assert (last.applicant, last.actor, last.role) == (row, cast.head, "admissions_head")
    assert (last.step, last.outcome, last.comment) == ("head_review", "given_up", "家长改报他校")
    assert Event.objects.get(action="applicant.withdrawn").reason == "家长改报他校"
    assert draft(cast.clerk, batch, 1).id_number == id_number(1), "the number is free again"


def test_a_clerk_gives_up_his_own_draft_and_the_page_tells_it(
    cast: Cast, batch: IntakeBatch, client: Client
) -> None:
    row = draft(cast.clerk, batch)
    client.force_login(cast.clerk)
    client.post(reverse("enrollment:applicant_withdraw", args=[row.public_id]), {"reason": "重复录入"})
    last = IntakeDecision.objects.get(applicant=row)
    assert (last.step, last.outcome, last.role) == ("self_check", "given_up", "admissions_clerk")
    page = client.get(reverse("enrollment:review", args=[row.public_id])).content.decode()
    assert "重复录入" in page
    with pytest.raises(actions.AlreadyDone) as told:
        actions.withdraw(actor=cast.head, applicant=row, reason="家长改报他校")
    assert told.value.by == cast.clerk


def test_somebody_with_an_open_enrolment_needs_a_transfer(cast: Cast, batch: IntakeBatch) -> None:
    actions.accept(actor=cast.archivist, applicant=approved(cast, batch))
    second = make_batch(cast.school, code="NEXT")
    row = actions.start_applicant(actor=cast.clerk, batch=second)
    result = actions.save_draft(actor=cast.clerk, applicant=row, cells={**GOOD, "id_number": id_number(1)})
    assert [fault.code for fault in result.refused] == ["id_duplicate"]


def test_an_email_stands_encrypted_from_draft_to_file(cast: Cast, batch: IntakeBatch, client: Client) -> None:
    row = approved(cast, batch)
    row.email = "wangxm@example.cn"
    saved(row, by=cast.clerk)
    assert fresh(row).email == "wangxm@example.cn"
    student = actions.accept(actor=cast.archivist, applicant=row).student
    assert student is not None
    assert Student.objects.get().email == "wangxm@example.cn"
    assert {one.email for one in Student.history.all()} == {"wangxm@example.cn"}
    for table in (
        "enrollment_applicant",
        "enrollment_historicalapplicant",
        "records_student",
        "records_historicalstudent",
    ):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT email FROM {table} ORDER BY 1 DESC LIMIT 1")
            (stored,) = cursor.fetchone()
        assert len(stored) > 30
        assert b"example" not in bytes(stored)
    client.force_login(cast.registrar)
    page = client.get(reverse("records:student", args=[student.public_id])).content.decode()
    assert "wangxm@example.cn" not in page
    reveal = reverse("records:reveal", args=[student.public_id, "email"])
    assert "wangxm@example.cn" in client.post(reveal).content.decode()
