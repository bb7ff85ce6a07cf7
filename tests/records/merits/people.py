"""People and cases for tests of entries and penalties."""

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from files.actions import Scan
from records.merits.actions import afterwards, penalties
from records.merits.actions.penalties import Decision, Paper
from records.models import Enrolment, Student
from records.penalty_models import Penalty
from tests.cast import Cast
from tests.enrollment.intake import picture
from tests.factories import appoint, make_user, saved

DAY = timedelta(days=1)


def scan() -> Scan:
    """A small picture as evidence."""
    return Scan("scan.jpg", picture())


def officer(cast: Cast, name: str = "吴敏", school: Any = None) -> User:
    """Somebody of student affairs."""
    user = make_user(name, cast.student_affairs)
    appoint(user, Role.STUDENT_AFFAIRS, school or cast.school)
    return user


def enrolment_of(student: Student, *, since: date | None = None) -> Enrolment:
    """The student's enrolment, begun long enough ago for a case."""
    row: Enrolment = student.enrolments.get()
    if since is not None:
        row.started_on = since
        saved(row)
    return row


def case(**values: Any) -> dict[str, Any]:
    """A case that a school may bring."""
    usual = {
        "violation": "09", "violation_on": timezone.localdate() - 40 * DAY, "facts": "10 月 8 日课间打人，两人目击。",
        "basis": "学生守则第 12 条", "proposed_kind": "2", "proposed_months": 6,
    }  # fmt: skip
    return usual | values


def paper(days_ago: int = 0, **values: Any) -> Paper:
    """What a step leaves, so many days ago."""
    usual: dict[str, Any] = {"on": timezone.localdate() - days_ago * DAY, "way": "direct", "told": "both"}
    return Paper(**(usual | values))


def heard(by: User, enrolment: Enrolment, **values: Any) -> Penalty:
    """A case that waits for its decision."""
    row = penalties.prepare(actor=by, enrolment=enrolment, case=case(**values))
    penalties.give_notice(actor=by, penalty=row, paper=paper(30))
    return penalties.hear(
        actor=by, penalty=row, statement="given", paper=paper(25, text="承认打人，表示道歉。")
    )


def decided(by: User, head: User, enrolment: Enrolment, days_ago: int = 20, **values: Any) -> Penalty:
    """A decided penalty that was not yet delivered."""
    row = heard(by, enrolment, **values)
    what = Decision(
        kind=values.get("proposed_kind", "2"), months=values.get("proposed_months", 6), appeal_told=True
    )
    note = paper(days_ago, document_no="红花小学〔2026〕12 号", scan=scan())
    return penalties.decide(actor=head, penalty=row, decision=what, paper=note)


def delivered(by: User, head: User, enrolment: Enrolment, days_ago: int = 15, **values: Any) -> Penalty:
    """A penalty in force since ``days_ago``."""
    row = decided(by, head, enrolment, **values)
    return penalties.deliver(actor=by, penalty=row, paper=paper(days_ago, scan=scan()))


def term_over(row: Penalty) -> Penalty:
    """The same penalty, moved into the past until its term has ended."""
    for name in (
        "violation_on",
        "notice_on",
        "heard_on",
        "decided_on",
        "delivered_on",
        "ends_on",
        "appeal_until",
    ):
        setattr(row, name, getattr(row, name) - 400 * DAY)
    moved: Penalty = saved(row)
    return moved


def lifted(by: User, head: User, enrolment: Enrolment) -> Penalty:
    """A penalty that was lifted today."""
    row = term_over(delivered(by, head, enrolment))
    afterwards.ask_lifting(actor=by, penalty=row, asker="student", paper=paper(text="已改正", scan=scan()))
    return afterwards.lift(actor=head, penalty=row, paper=paper(document_no="红花小学〔2027〕3 号"))
