"""Penalties step by step: who may do what, in which order, and what the database refuses by itself."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.scope import NotPermitted, OutOfScope
from core.crypto import blind_index
from ledger.models import Event
from records.merits import Hindered, bars, terms
from records.merits.actions import afterwards, penalties
from records.merits.actions.penalties import Decision
from records.merits.refusals import EntryRefused, NotAllowedHere, SamePerson, WrongState
from records.models import Enrolment
from records.penalty_models import Penalty
from school.models import Stage
from tests.cast import Cast
from tests.enrollment.intake import id_number
from tests.factories import appoint, make_unit, make_user, saved, set_rule
from tests.records.files import make_student
from tests.records.merits.people import (
    DAY,
    case,
    decided,
    delivered,
    enrolment_of,
    heard,
    lifted,
    officer,
    paper,
    scan,
    term_over,
)  # fmt: skip

LONG_SINCE = date(2022, 9, 1)


@pytest.fixture
def clerk(cast: Cast) -> User:
    """Student affairs, who prepares."""
    return officer(cast)


@pytest.fixture
def li(cast: Cast) -> Enrolment:
    """The enrolment of a pupil of the cast's class."""
    return enrolment_of(make_student("李明", cast, school_class=cast.school_class), since=LONG_SINCE)


@pytest.mark.requirement("S0-3.1-5", "S0-2.3-1")
def test_a_penalty_goes_its_whole_way(cast: Cast, clerk: User, li: Enrolment) -> None:
    head = cast.student_affairs_head
    row = delivered(clerk, head, li)
    assert (row.state, row.kind, row.months) == ("in_force", "2", 6)
    assert row.ends_on == terms.last_day(row.decided_on, 6)
    term_over(row)
    with pytest.raises(EntryRefused):
        afterwards.ask_lifting(actor=clerk, penalty=row, asker="student", paper=paper(text="已改正"))
    afterwards.ask_lifting(actor=clerk, penalty=row, asker="student", paper=paper(text="已改正", scan=scan()))
    row = afterwards.lift(actor=head, penalty=row, paper=paper(document_no="〔2027〕3 号"))
    assert (row.state, row.lifted_on, row.due_on) == ("lifted", timezone.localdate(), None)
    kinds = list(row.steps.order_by("pk").values_list("kind", "actor__name"))
    assert kinds == [
        ("prepared", clerk.name), ("noticed", clerk.name), ("heard", clerk.name), ("decided", head.name),
        ("delivered", clerk.name), ("lifting_asked", clerk.name), ("lifted", head.name),
    ]  # fmt: skip
    events = Event.objects.filter(subject=li.student.public_id, action__startswith="penalty.").order_by("id")
    assert [one.action for one in events][-2:] == ["penalty.lifting_asked", "penalty.lifted"]
    assert {one.role for one in events} == {"student_affairs", "student_affairs_head"}
    assert row.history.count() == 8
    assert not bars(li.student)


def test_who_prepared_or_heard_does_not_decide(cast: Cast, li: Enrolment) -> None:
    head = cast.student_affairs_head
    own = heard(head, li)
    verdict = Decision(kind="2", months=6, appeal_told=True)
    note = paper(1, document_no="1 号", scan=scan())
    with pytest.raises(SamePerson):
        penalties.decide(actor=head, penalty=own, decision=verdict, paper=note)
    with pytest.raises(SamePerson):
        penalties.drop(actor=head, penalty=own, reason="无")
    with pytest.raises(SamePerson):
        penalties.send_back(actor=head, penalty=own, reason="无")
    own.refresh_from_db()
    own.decided_by = head
    with pytest.raises(IntegrityError, match="penalty_decided_by_another"), transaction.atomic():
        saved(own)


@pytest.fixture
def related(cast: Cast, li: Enrolment) -> User:
    """The head of student affairs, who is the pupil's mother."""
    head, mother = cast.student_affairs_head, li.student.family.get()
    head.id_number_index = mother.id_number_index = blind_index("id_number", id_number(31))
    saved(mother)
    saved(head)
    return head


def test_nobody_decides_on_himself_or_his_family(
    cast: Cast, clerk: User, li: Enrolment, related: User, client: Client
) -> None:
    other = make_user("郑华", cast.student_affairs)
    appoint(other, Role.STUDENT_AFFAIRS_HEAD, cast.school)
    row = heard(clerk, li)
    verdict = Decision(kind="2", months=6, appeal_told=True)
    note = paper(20, document_no="1 号", scan=scan())
    for act in (
        lambda: penalties.decide(actor=related, penalty=row, decision=verdict, paper=note),
        lambda: penalties.drop(actor=related, penalty=row, reason="无"),
        lambda: penalties.send_back(actor=related, penalty=row, reason="无"),
    ):
        with pytest.raises(SamePerson):
            act()
    client.force_login(related)
    url = reverse("records:penalty_act", args=[row.public_id, "decide"])
    assert client.get(url).status_code == 302
    row = penalties.decide(actor=other, penalty=row, decision=verdict, paper=note)
    row = penalties.deliver(actor=clerk, penalty=row, paper=paper(15, scan=scan()))
    row = afterwards.receive_appeal(actor=clerk, penalty=row, paper=paper(10, text="不服"))
    answer = paper(7, document_no="申〔2026〕1 号", scan=scan())
    with pytest.raises(SamePerson):
        afterwards.make_void(actor=related, penalty=row, reason="录错")
    with pytest.raises(SamePerson):
        afterwards.answer_appeal(actor=related, penalty=row, outcome="revoked", paper=answer)
    row = afterwards.answer_appeal(actor=clerk, penalty=row, outcome="upheld", paper=answer)
    row = afterwards.ask_lifting(actor=clerk, penalty=row, asker="office", paper=paper(text="已改正"))
    with pytest.raises(SamePerson):
        afterwards.lift(actor=related, penalty=term_over(row), paper=paper(document_no="3 号"))
    assert afterwards.keep(actor=other, penalty=row, reason="再看").lifting_asked_on is None


def test_nobody_is_decided_upon_unheard(cast: Cast, clerk: User, li: Enrolment) -> None:
    head = cast.student_affairs_head
    row = penalties.prepare(actor=clerk, enrolment=li, case=case())
    note = paper(document_no="1 号", scan=scan())
    verdict = Decision(kind="2", months=6, appeal_told=True)
    with pytest.raises(WrongState, match=clerk.name):
        penalties.decide(actor=head, penalty=row, decision=verdict, paper=note)
    penalties.give_notice(actor=clerk, penalty=row, paper=paper())
    with pytest.raises(NotAllowedHere):
        penalties.hear(actor=clerk, penalty=row, statement="absent", paper=paper())
    with pytest.raises(EntryRefused):
        penalties.hear(actor=clerk, penalty=row, statement="given", paper=paper())
    with pytest.raises(EntryRefused):
        penalties.hear(actor=clerk, penalty=row, statement="waived", paper=paper())
    row.refresh_from_db()
    row.state, row.kind, row.months = "decided", "2", 6
    row.decided_by, row.decided_on, row.document_no = head, timezone.localdate(), "1 号"
    row.ends_on = row.decided_on + 200 * DAY
    with pytest.raises(IntegrityError, match="penalty_heard_before_decided"), transaction.atomic():
        saved(row)


def test_a_minors_guardian_is_told(cast: Cast, clerk: User, li: Enrolment) -> None:
    row = penalties.prepare(actor=clerk, enrolment=li, case=case())
    with pytest.raises(NotAllowedHere):
        penalties.give_notice(actor=clerk, penalty=row, paper=paper(told="student"))
    told = penalties.give_notice(actor=clerk, penalty=row, paper=paper(told="guardian"))
    assert told.statement_due_on > told.notice_on


def test_the_decision_is_never_harder_than_what_was_heard(cast: Cast, clerk: User, li: Enrolment) -> None:
    head = cast.student_affairs_head
    row = heard(clerk, li)
    note = paper(document_no="1 号", scan=scan())
    for kind, months in (("3", 6), ("2", 7), ("9", 6), ("2", 5), ("2", None)):
        with pytest.raises(NotAllowedHere):
            penalties.decide(
                actor=head, penalty=row, decision=Decision(kind, months, appeal_told=True), paper=note
            )
    assert (
        penalties.decide(
            actor=head, penalty=row, decision=Decision("1", 6, appeal_told=True), paper=note
        ).kind
        == "1"
    )


def test_terms_follow_the_schools_dated_rule(cast: Cast, clerk: User, li: Enrolment) -> None:
    with pytest.raises(NotAllowedHere, match="6"):
        penalties.prepare(actor=clerk, enrolment=li, case=case(proposed_months=3))
    set_rule(cast.school, "penalty_months_least", "3")
    assert penalties.prepare(actor=clerk, enrolment=li, case=case(proposed_months=3)).proposed_months == 3


def test_a_mended_case_is_told_and_heard_again(cast: Cast, clerk: User, li: Enrolment) -> None:
    row = heard(clerk, li)
    row = penalties.send_back(actor=cast.student_affairs_head, penalty=row, reason="证据不足")
    assert row.state == "returned"
    with pytest.raises(SamePerson):
        penalties.mend(actor=officer(cast, "另一人"), penalty=row, case=case())
    row = penalties.mend(actor=clerk, penalty=row, case=case(facts="补充了两份证言。"))
    assert (row.state, row.notice_on, row.heard_by, row.statement) == ("preparing", None, None, "")
    assert row.steps.filter(kind="heard").get().text == "承认打人，表示道歉。"


@pytest.mark.requirement("S1-7.3-3")
def test_lifting_is_asked_for_and_decided_by_two(cast: Cast, clerk: User, li: Enrolment) -> None:
    head = cast.student_affairs_head
    row = delivered(clerk, head, li)
    with pytest.raises(WrongState):
        afterwards.lift(actor=head, penalty=row, paper=paper(document_no="2 号"))
    afterwards.ask_lifting(actor=head, penalty=row, asker="office", paper=paper(text="期满"))
    with pytest.raises(SamePerson):
        afterwards.lift(actor=head, penalty=row, paper=paper(document_no="2 号"))
    second = make_user("郑华", cast.student_affairs)
    appoint(second, Role.STUDENT_AFFAIRS_HEAD, cast.school)
    with pytest.raises(NotAllowedHere):
        afterwards.lift(actor=second, penalty=row, paper=paper(document_no="2 号"))
    kept = afterwards.keep(actor=second, penalty=row, reason="期限未满")
    assert (kept.state, kept.lifting_asked_on, kept.due_on) == ("in_force", None, kept.ends_on)
    set_rule(cast.school, "penalty_lifted_early", "yes")
    afterwards.ask_lifting(actor=clerk, penalty=row, asker="office", paper=paper(text="表现好"))
    assert afterwards.lift(actor=second, penalty=row, paper=paper(document_no="2 号")).state == "lifted"
    kept.refresh_from_db()
    kept.lifting_asked_by = kept.lifting_decided_by
    with pytest.raises(IntegrityError, match="penalty_lifted_by_another"), transaction.atomic():
        saved(kept)


def test_the_appeal_clock_and_a_revoked_decision(cast: Cast, clerk: User, li: Enrolment) -> None:
    head = cast.student_affairs_head
    row = delivered(clerk, head, li, days_ago=3)
    assert bars(li.student)
    with pytest.raises(NotAllowedHere):
        afterwards.receive_appeal(actor=clerk, penalty=row, paper=paper(-1, text="不服"))
    row = afterwards.receive_appeal(actor=clerk, penalty=row, paper=paper(1, text="不服"))
    assert row.appeal_answer_due == row.appealed_on + 15 * DAY == row.due_on
    answer = paper(document_no="申诉〔2026〕1 号", scan=scan())
    with pytest.raises(SamePerson):
        afterwards.answer_appeal(actor=head, penalty=row, outcome="revoked", paper=answer)
    row = afterwards.answer_appeal(actor=clerk, penalty=row, outcome="revoked", paper=answer)
    assert row.state == "revoked"
    assert not bars(li.student, row.delivered_on)


def test_appeal_terms_by_law_and_stage(cast: Cast) -> None:
    college = make_unit("东湖学院", cast.bureau, stage=Stage.HIGHER)
    friday = date(2026, 3, 6)
    assert terms.appeal_until(college, Stage.HIGHER, friday, told=True) == date(2026, 3, 16)
    assert terms.appeal_until(college, Stage.HIGHER, friday, told=False) == date(2026, 9, 6)
    assert terms.appeal_until(cast.school, Stage.PRIMARY, friday, told=True) == date(2026, 3, 27)
    set_rule(college, "penalty_appeal_days", "12", valid_from=date(2026, 4, 1))
    assert terms.appeal_until(college, Stage.HIGHER, friday, told=True) == date(2026, 3, 16)
    assert terms.appeal_until(college, Stage.HIGHER, date(2026, 4, 1), told=True) == date(2026, 4, 13)
    assert terms.last_day(date(2026, 8, 31), 6) == date(2027, 2, 27)
    assert terms.add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)


def test_nobody_is_expelled_from_compulsory_education(cast: Cast, clerk: User, li: Enrolment) -> None:
    expulsion = case(proposed_kind="6", proposed_months=None)
    with pytest.raises(NotAllowedHere):
        penalties.prepare(actor=clerk, enrolment=li, case=expulsion)
    row = penalties.prepare(actor=clerk, enrolment=li, case=case())
    row.proposed_kind, row.proposed_months = "6", None
    with pytest.raises(IntegrityError, match="penalty_no_expulsion"), transaction.atomic():
        saved(row)


def test_an_expulsion_needs_meeting_and_review(cast: Cast) -> None:
    senior = make_unit("东湖高中", cast.bureau, stage=Stage.SENIOR)
    by = officer(cast, "高敏", senior)
    head = make_user("高强", senior)
    appoint(head, Role.STUDENT_AFFAIRS_HEAD, senior)
    student = make_student("钱进", cast, school=senior, birth_date=date(2009, 1, 1))
    row = heard(by, enrolment_of(student, since=LONG_SINCE), proposed_kind="6", proposed_months=None)
    note = paper(document_no="1 号", scan=scan())
    with pytest.raises(NotAllowedHere):
        penalties.decide(actor=head, penalty=row, decision=Decision("6", None, appeal_told=True), paper=note)
    verdict = Decision("6", None, appeal_told=True, meeting_on=timezone.localdate(), legality_review="合法")
    row = penalties.decide(actor=head, penalty=row, decision=verdict, paper=note)
    row = penalties.deliver(actor=by, penalty=row, paper=paper(scan=scan()))
    assert (row.ends_on, row.state) == (None, "in_force")
    assert {one for bar in bars(student) for one in bar.acts} == set(Hindered)
    with pytest.raises(NotAllowedHere):
        afterwards.ask_lifting(actor=by, penalty=row, asker="office", paper=paper(text="期满"))


def test_bars_follow_delivery_term_lifting_and_rules(cast: Cast, clerk: User, li: Enrolment) -> None:
    head, today = cast.student_affairs_head, timezone.localdate()
    row = decided(clerk, head, li)
    assert not bars(li.student)
    row = penalties.deliver(actor=clerk, penalty=row, paper=paper(10, scan=scan()))
    assert not bars(li.student, today - 11 * DAY)
    (bar,) = bars(li.student, today - 10 * DAY)
    assert bar.acts == set(Hindered)
    assert bar.penalty == row.public_id
    (later,) = bars(li.student, row.ends_on + DAY)
    assert later.acts == {Hindered.AWARD, Hindered.TRANSFER}
    assert later.overdue
    set_rule(cast.school, "penalty_bars_transfer", "no")
    assert not bars(li.student, row.ends_on + DAY, act=Hindered.TRANSFER)
    assert bars(li.student, act=Hindered.AWARD)


def test_a_lifted_penalty_bars_nothing_from_that_day_on(cast: Cast, clerk: User, li: Enrolment) -> None:
    row = lifted(clerk, cast.student_affairs_head, li)
    assert bars(li.student, row.lifted_on - DAY)
    assert not bars(li.student, row.lifted_on)


def test_a_wrong_case_is_made_void_by_a_third_person(cast: Cast, clerk: User, li: Enrolment) -> None:
    row = delivered(clerk, cast.student_affairs_head, li)
    for actor in (clerk, cast.student_affairs_head):
        with pytest.raises(SamePerson):
            afterwards.make_void(actor=actor, penalty=row, reason="录错学生")
    row = afterwards.make_void(actor=officer(cast, "第三人"), penalty=row, reason="录错学生")
    assert row.state == "voided"
    assert not bars(li.student)
    with pytest.raises(WrongState):
        afterwards.ask_lifting(actor=clerk, penalty=row, asker="office", paper=paper(text="期满"))


def test_others_have_no_hand_in_it(cast: Cast, clerk: User, li: Enrolment) -> None:
    row = heard(clerk, li)
    verdict: dict[str, Any] = {
        "penalty": row, "decision": Decision("2", 6, appeal_told=True),
        "paper": paper(document_no="1 号", scan=scan()),
    }  # fmt: skip
    for name in ("registrar", "archivist", "adviser"):
        with pytest.raises(NotPermitted):
            penalties.decide(actor=getattr(cast, name), **verdict)
    stranger = officer(cast, "外校", cast.other_school)
    for act in (lambda: penalties.decide(actor=stranger, **verdict),
                lambda: penalties.prepare(actor=stranger, enrolment=li, case=case())):  # fmt: skip
        with pytest.raises(OutOfScope):
            act()
    assert Penalty.objects.count() == 1


def test_an_appeal_and_a_lifting_do_not_move_each_others_day(cast: Cast, clerk: User, li: Enrolment) -> None:
    head, third = cast.student_affairs_head, officer(cast, "第三人")
    set_rule(cast.school, "penalty_lifted_early", "yes")
    row = delivered(clerk, head, li)
    assert row.due_on == row.ends_on
    row = afterwards.receive_appeal(actor=clerk, penalty=row, paper=paper(10, text="不服"))
    answer_due = row.due_on
    assert answer_due == row.appeal_answer_due
    row = afterwards.ask_lifting(actor=clerk, penalty=row, asker="office", paper=paper(9, text="已改正"))
    assert row.due_on == answer_due
    row = afterwards.keep(actor=head, penalty=row, reason="再看")
    assert row.due_on == answer_due
    row = afterwards.ask_lifting(actor=clerk, penalty=row, asker="office", paper=paper(8, text="已改正"))
    note = paper(7, document_no="申〔2026〕1 号", scan=scan())
    row = afterwards.answer_appeal(actor=third, penalty=row, outcome="upheld", paper=note)
    assert row.due_on == terms.step_due(row.unit, start=row.lifting_asked_on)
    row = afterwards.keep(actor=head, penalty=row, reason="再看")
    assert row.due_on == row.ends_on
