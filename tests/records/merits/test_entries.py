"""Rewards, conduct, problems, practice and employment: who enters them, for whom, and what becomes of a mistake."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.scope import NotPermitted, OutOfScope
from files.selectors import open_blob
from ledger.models import Event
from records.entry_models import Conduct, Employment, Internship, LearningProblem, Reward
from records.merits import sections
from records.merits.actions import entries
from records.merits.codes import UnknownCode
from records.merits.refusals import (
    AlreadyEntered,
    Barred,
    EntryRefused,
    NotAllowedHere,
    SamePerson,
    WrongState,
)
from records.models import Enrolment
from records.penalty_models import Penalty
from school.models import ClassStaff, Stage
from tests.cast import Cast
from tests.factories import appoint, give_class, make_class, make_unit, make_user, saved
from tests.records.files import make_student
from tests.records.merits.people import DAY, delivered, enrolment_of, heard, lifted, officer, scan


def reward(**values: Any) -> dict[str, Any]:
    usual = {
        "name": "三好学生", "level": "60", "grade": "6", "category": "5", "kind": "3", "way": "2",
        "school_year": 2026, "granted_on": timezone.localdate(), "granting_unit": "红花小学",
        "document_no": "红花小学〔2026〕5 号", "amount": None, "reason": "",
    }  # fmt: skip
    return usual | values


def note(**values: Any) -> dict[str, Any]:
    return {
        "happened_on": timezone.localdate(),
        "kind": "praise",
        "area": "labour",
        "text": "主动打扫",
    } | values


def trouble(**values: Any) -> dict[str, Any]:
    return {"noticed_on": timezone.localdate(), "kind": "results", "text": "数学连续三次不及格"} | values


@pytest.fixture
def clerk(cast: Cast) -> User:
    """Student affairs."""
    return officer(cast)


@pytest.fixture
def pupils(cast: Cast) -> list[Enrolment]:
    """Three pupils of the cast's class, at the school for years."""
    names = ("李明", "王芳", "张伟")
    return [
        enrolment_of(make_student(one, cast, school_class=cast.school_class), since=date(2022, 9, 1))
        for one in names
    ]


@pytest.mark.requirement("S0-3.1-5", "S0-2.3-1", "S3-2.5-1")
def test_one_reward_for_several_of_a_class(cast: Cast, clerk: User, pupils: list[Enrolment]) -> None:
    made = entries.enter_rewards(actor=clerk, enrolments=pupils, values=reward(), scan=scan())
    assert {one.student_id for one in made} == {one.student_id for one in pupils}
    assert len({one.evidence_id for one in made}) == 3
    assert len({open_blob(one.evidence) for one in made}) == 1
    for one in pupils:
        event = Event.objects.get(action="reward.entered", subject=one.student.public_id)
        assert (event.actor_id, event.role, event.unit_id) == (clerk.pk, "student_affairs", cast.school.pk)
    assert Reward.history.filter(history_user=clerk, history_type="+").count() == 3


def test_the_same_reward_stands_once(clerk: User, pupils: list[Enrolment]) -> None:
    entries.enter_rewards(actor=clerk, enrolments=pupils[:1], values=reward())
    with pytest.raises(AlreadyEntered, match="李明"):
        entries.enter_rewards(actor=clerk, enrolments=pupils, values=reward())
    assert Reward.objects.count() == 1
    twin = Reward.objects.get()
    twin.pk, twin.public_id, twin.form_key = None, uuid4(), uuid4()
    twin._state.adding = True
    with pytest.raises(IntegrityError, match="reward_once"), transaction.atomic():
        saved(twin)


def test_a_form_that_is_sent_twice_counts_once(cast: Cast, pupils: list[Enrolment]) -> None:
    key = uuid4()
    entries.record_conduct(actor=cast.teacher, enrolments=pupils, values=note(), form_key=key)
    with pytest.raises(AlreadyEntered):
        entries.record_conduct(actor=cast.teacher, enrolments=pupils, values=note(), form_key=key)
    assert Conduct.objects.count() == 3


def test_a_penalty_in_force_bars_the_award(cast: Cast, clerk: User, pupils: list[Enrolment]) -> None:
    head = cast.student_affairs_head
    delivered(clerk, head, pupils[0], days_ago=10)
    with pytest.raises(Barred, match="李明"):
        entries.enter_rewards(actor=clerk, enrolments=pupils, values=reward())
    assert not Reward.objects.exists()
    before = timezone.localdate() - 11 * DAY
    entries.enter_rewards(actor=clerk, enrolments=pupils, values=reward(granted_on=before))
    with pytest.raises(NotPermitted):
        entries.enter_rewards(actor=clerk, enrolments=pupils, values=reward(), exception="市赛获奖")
    made = entries.enter_rewards(actor=head, enrolments=pupils, values=reward(), exception="市赛获奖")
    assert {one.student.name: one.exception for one in made} == {"李明": "市赛获奖", "王芳": "", "张伟": ""}


def test_a_lifted_penalty_bars_no_award(cast: Cast, clerk: User, pupils: list[Enrolment]) -> None:
    lifted(clerk, cast.student_affairs_head, pupils[0])
    assert entries.enter_rewards(actor=clerk, enrolments=pupils[:1], values=reward())


def test_what_has_not_happened_and_unknown_codes_are_refused(clerk: User, pupils: list[Enrolment]) -> None:
    with pytest.raises(NotAllowedHere):
        entries.enter_rewards(
            actor=clerk, enrolments=pupils, values=reward(granted_on=timezone.localdate() + DAY)
        )
    with pytest.raises(UnknownCode):
        entries.enter_rewards(actor=clerk, enrolments=pupils, values=reward(level="77"))
    with pytest.raises(EntryRefused):
        entries.enter_rewards(actor=clerk, enrolments=[], values=reward())


def test_only_student_affairs_of_the_school_enter_rewards(cast: Cast, pupils: list[Enrolment]) -> None:
    for actor in (cast.registrar, cast.adviser, cast.archivist):
        with pytest.raises(NotPermitted):
            entries.enter_rewards(actor=actor, enrolments=pupils, values=reward())
    with pytest.raises(OutOfScope):
        entries.enter_rewards(
            actor=officer(cast, "外校", cast.other_school), enrolments=pupils, values=reward()
        )


def test_a_mistake_is_made_void_by_another_person(cast: Cast, clerk: User, pupils: list[Enrolment]) -> None:
    (row,) = entries.enter_rewards(actor=clerk, enrolments=pupils[:1], values=reward())
    with pytest.raises(SamePerson):
        entries.make_void(actor=clerk, entry=row, reason="录错")
    with pytest.raises(EntryRefused):
        entries.make_void(actor=cast.student_affairs_head, entry=row, reason=" ")
    entries.make_void(actor=cast.student_affairs_head, entry=row, reason="录错")
    with pytest.raises(WrongState, match=cast.student_affairs_head.name):
        entries.make_void(actor=cast.student_affairs_head, entry=row, reason="录错")
    assert entries.enter_rewards(actor=clerk, enrolments=pupils[:1], values=reward())
    row.refresh_from_db()
    assert (row.voided_by, row.void_reason) == (cast.student_affairs_head, "录错")
    row.voided_by = row.entered_by
    with pytest.raises(IntegrityError, match="reward_void_by_another"), transaction.atomic():
        saved(row)


@pytest.mark.requirement("S0-2.3-1")
def test_teachers_write_for_their_own_classes_only(cast: Cast, pupils: list[Enrolment]) -> None:
    other = enrolment_of(make_student("钱进", cast, school_class=make_class(cast.school, number=2)))
    entries.record_conduct(actor=cast.teacher, enrolments=pupils, values=note())
    with pytest.raises(OutOfScope):
        entries.record_conduct(actor=cast.teacher, enrolments=[other], values=note())
    with pytest.raises(OutOfScope):
        entries.report_problem(actor=cast.teacher, enrolments=[other], values=trouble())
    row = Conduct.objects.filter(student=pupils[0].student).get()
    stranger = make_user("别班老师", cast.teaching)
    appoint(stranger, Role.TEACHER, cast.school)
    give_class(other.school_class, stranger, ClassStaff.Duty.TEACHER)
    with pytest.raises(OutOfScope):
        entries.make_void(actor=stranger, entry=row, reason="错")


@pytest.mark.requirement("S0-2.2-5")
def test_a_learning_problem_is_answered_and_settled(cast: Cast, clerk: User, pupils: list[Enrolment]) -> None:
    (row,) = entries.report_problem(actor=cast.teacher, enrolments=pupils[:1], values=trouble())
    assert row.due_on > timezone.localdate()
    with pytest.raises(NotPermitted):
        entries.answer_problem(actor=cast.teacher, problem=row, answer="自己答")
    row = entries.answer_problem(actor=clerk, problem=row, answer="安排课后辅导")
    assert (row.state, row.answered_by, row.due_on) == ("answered", clerk, None)
    with pytest.raises(WrongState, match=clerk.name):
        entries.answer_problem(actor=cast.student_affairs_head, problem=row, answer="又答")
    with pytest.raises(SamePerson):
        entries.close_problem(actor=cast.adviser, problem=row)
    row = entries.ask_again(actor=cast.teacher, problem=row, text="仍无改善")
    assert row.state == "open"
    assert "仍无改善" in row.text
    entries.answer_problem(actor=cast.student_affairs_head, problem=row, answer="约谈家长")
    row = entries.close_problem(actor=cast.teacher, problem=row)
    assert row.state == "closed"
    said = [one.answer for one in row.history.order_by("history_id")]
    assert "安排课后辅导" in said
    assert said[-1] == "约谈家长"


def test_who_reported_a_problem_does_not_answer_it(cast: Cast, clerk: User, pupils: list[Enrolment]) -> None:
    (row,) = entries.report_problem(actor=clerk, enrolments=pupils[:1], values=trouble())
    with pytest.raises(SamePerson):
        entries.answer_problem(actor=clerk, problem=row, answer="自己答")
    row.refresh_from_db()
    row.state, row.answered_by, row.answered_at = "answered", clerk, timezone.now()
    with pytest.raises(IntegrityError, match="answered_by_another"), transaction.atomic():
        saved(row)


@pytest.mark.requirement("S0-3.1-6", "S1-7.3-1")
def test_practice_and_employment_after_compulsory_education(cast: Cast, pupils: list[Enrolment]) -> None:
    practice = {"kind": "post", "organisation": "东湖机械厂", "starts_on": date(2026, 3, 2),
                "planned_until": date(2026, 6, 30)}  # fmt: skip
    with pytest.raises(NotAllowedHere):
        entries.enter_internships(actor=cast.registrar, enrolments=pupils, values=practice)
    college = make_unit("东湖学院", cast.bureau, stage=Stage.HIGHER)
    registrar = make_user("学院教务", college)
    appoint(registrar, Role.REGISTRAR, college)
    row = enrolment_of(make_student("钱进", cast, school=college))
    (made,) = entries.enter_internships(actor=registrar, enrolments=[row], values=practice)
    with pytest.raises(NotAllowedHere):
        entries.finish_internship(actor=registrar, internship=made, ended_on=date(2026, 3, 1), result="good")
    done = entries.finish_internship(
        actor=registrar, internship=made, ended_on=date(2026, 6, 30), result="good", assessment="认真"
    )
    assert (done.result, done.finished_by) == ("good", registrar)
    with pytest.raises(WrongState):
        entries.finish_internship(actor=registrar, internship=made, ended_on=date(2026, 6, 30), result="good")
    values = {"destination": "10", "employer": "东湖机械厂", "industry": "C", "post_kind": "12"}
    row.ended_on = row.started_on + 30 * DAY
    saved(row)
    (job,) = entries.enter_employment(actor=registrar, enrolments=[row], values=values)
    data = sections.export_employment(row.student)
    assert data["employment"][0].items() >= {
        "destination": "10", "destination_label": "签就业协议形式就业", "employer": "东湖机械厂", "industry": "C",
        "industry_label": "制造业", "post_kind": "12", "post_kind_label": "工程技术人员", "entered_by": registrar.name,
        "unit": "东湖学院", "student_no": row.student_no,
    }.items()  # fmt: skip
    assert data["internships"][0]["assessment"] == "认真"
    assert isinstance(job, Employment)
    assert isinstance(made, Internship)


def test_export_tells_all_that_was_entered_and_erase_takes_all(
    cast: Cast, clerk: User, pupils: list[Enrolment]
) -> None:
    head, who = cast.student_affairs_head, pupils[0]
    wrong = entries.enter_rewards(actor=clerk, enrolments=[who], values=reward(name="录错的奖"))[0]
    entries.make_void(actor=head, entry=wrong, reason="录错")
    entries.enter_rewards(actor=clerk, enrolments=pupils, values=reward(), scan=scan())
    entries.record_conduct(actor=cast.teacher, enrolments=pupils, values=note())
    entries.report_problem(actor=cast.teacher, enrolments=[who], values=trouble())
    delivered(clerk, head, who, days_ago=0)
    heard(clerk, who)
    data = sections.export_merits(who.student)
    assert [(one["name"], one.get("void_reason")) for one in data["rewards"]] == [
        ("录错的奖", "录错"),
        ("三好学生", None),
    ]
    assert data["rewards"][1]["level_label"] == "学校级"
    assert data["rewards"][1]["evidence"]["sha256"]
    penalty, case = data["penalties"]
    assert (case["state"], [one["kind"] for one in case["steps"]]) == (
        "heard",
        ["prepared", "noticed", "heard"],
    )
    assert (penalty["kind"], penalty["kind_label"], penalty["months"]) == ("2", "严重警告", 6)
    assert [one["kind"] for one in penalty["steps"]] == [
        "prepared",
        "noticed",
        "heard",
        "decided",
        "delivered",
    ]
    assert sections.export_conduct(who.student)["conduct"][0]["text"] == "主动打扫"
    assert sections.evidence_of(who.student).count() == 3
    from ledger.context import acting

    with acting(cast.archivist, reason="销毁"):
        for section in sections.SECTIONS:
            assert section.erase is not None
            section.erase(who.student)
    for model in (Reward, Conduct, LearningProblem, Penalty):
        assert not model.objects.filter(student=who.student).exists()
    assert Reward.objects.count() == 2
    assert Conduct.objects.count() == 2
    assert Reward.history.filter(history_type="-", history_user=cast.archivist).count() == 2
