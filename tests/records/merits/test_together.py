"""Two people at the same moment: one wins, one is told who was faster; nothing is done twice."""

from datetime import date

from accounts.roles import Role
from ledger.models import Event
from records.entry_models import Reward
from records.merits.actions import entries, penalties
from records.merits.actions.penalties import Decision
from records.merits.refusals import AlreadyEntered, WrongState
from records.penalty_models import Penalty, PenaltyStep
from tests.cast import make_cast
from tests.factories import appoint, make_user
from tests.records.files import make_student
from tests.records.merits.people import enrolment_of, heard, officer, paper, scan
from tests.records.merits.test_entries import reward, trouble
from tests.support.behind import behind
from tests.support.together import at_once


def test_two_decide_and_two_enter_at_the_same_moment(committed_db: str) -> None:
    cast = make_cast()
    clerk, second = officer(cast), make_user("郑华", cast.student_affairs)
    appoint(second, Role.STUDENT_AFFAIRS_HEAD, cast.school)
    li = enrolment_of(make_student("李明", cast, school_class=cast.school_class), since=date(2022, 9, 1))
    row = heard(clerk, li)
    verdict, note = Decision("1", 6, appeal_told=True), paper(1, document_no="1 号", scan=scan())
    results = at_once(
        *(
            lambda head=head: penalties.decide(actor=head, penalty=row, decision=verdict, paper=note)
            for head in (cast.student_affairs_head, second)
        )
    )
    (won,) = [one for one in results if isinstance(one, Penalty)]
    (lost,) = [one for one in results if isinstance(one, WrongState)]
    assert won.decided_by is not None
    assert won.decided_by.name in str(lost)
    assert PenaltyStep.objects.filter(kind="decided").count() == 1
    assert Event.objects.filter(action="penalty.decided").count() == 1

    wang = enrolment_of(make_student("王芳", cast, school_class=cast.school_class))
    results = at_once(
        *(
            lambda actor=actor: entries.enter_rewards(actor=actor, enrolments=[wang], values=reward())
            for actor in (clerk, cast.student_affairs_head)
        )
    )
    assert sum(isinstance(one, AlreadyEntered) for one in results) == 1
    assert Reward.objects.count() == 1


def test_who_waits_for_another_is_told_who_was_faster(committed_db: str) -> None:
    cast = make_cast()
    clerk, third, head = officer(cast), officer(cast, "第三人"), cast.student_affairs_head
    li = enrolment_of(make_student("李明", cast, school_class=cast.school_class))
    (row,) = entries.enter_rewards(actor=clerk, enrolments=[li], values=reward())
    (asked,) = entries.report_problem(actor=cast.teacher, enrolments=[li], values=trouble())
    late = behind(
        lambda: entries.make_void(actor=third, entry=row, reason="录错"),
        lambda: entries.make_void(actor=head, entry=row, reason="录错"),
    )
    assert isinstance(late, WrongState)
    assert third.name in str(late)
    late = behind(
        lambda: entries.answer_problem(actor=third, problem=asked, answer="辅导"),
        lambda: entries.answer_problem(actor=head, problem=asked, answer="辅导"),
    )
    assert isinstance(late, WrongState)
    assert third.name in str(late)
