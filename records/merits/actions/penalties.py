"""The steps of a penalty up to its delivery: prepared, told, heard, decided by another person, delivered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import OutOfScope, role_for
from approvals.relation import is_related
from core.formatting import day, moment
from files.actions import Scan, keep_scan
from ledger import events
from ledger.context import acting
from records.merits import terms
from records.merits.actions.entries import lock_students
from records.merits.codes import PENALTY_CODES, demand_codes
from records.merits.refusals import AlreadyEntered, EntryRefused, NotAllowedHere, SamePerson, WrongState
from records.models import Enrolment
from records.penalty_models import EXPULSION, Penalty, PenaltyStep

PREPARE, DECIDE = "record_merit", "decide_penalty"
State = Penalty.State
Step = PenaltyStep.Kind
CASE = ("violation", "violation_on", "facts", "basis", "proposed_kind", "proposed_months")
UNTOLD: dict[str, Any] = {
    "notice_on": None, "statement_due_on": None, "statement": "", "heard_on": None, "heard_by": None,
}  # fmt: skip
"""What a mended case loses: the student was told of another one."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What one step leaves: its day, how it reached whom, number and words, and the scan."""

    on: date | None = None
    way: str = ""
    told: str = ""
    document_no: str = ""
    text: str = ""
    scan: Scan | None = None


def locked(actor: User, penalty: Penalty, perm: str, *states: str) -> tuple[Penalty, str]:
    """The penalty as it stands, its student locked before it, and the role of ``actor``.

    Raises OutOfScope, NotPermitted, WrongState unless it is in one of ``states``, and SamePerson for whoever would
    decide on himself or his family.
    """
    if not Enrolment.objects.visible_to(actor).filter(pk=penalty.enrolment_id).exists():
        raise OutOfScope("penalty", obj=penalty)
    role = role_for(actor, perm, penalty.unit_id)
    student = lock_students([penalty.student_id])[penalty.student_id]
    rows = Penalty.objects.select_for_update(of=("self",)).select_related("unit")
    row: Penalty = rows.get(pk=penalty.pk)
    row.student = student
    if row.state not in states:
        raise WrongState(_moved_on(row))
    if perm == DECIDE:
        demand_unrelated(actor, row)
    return row, role


def _moved_on(row: Penalty) -> str:
    last = row.steps.select_related("actor").latest("pk")
    text = _(
        "This step is not open: %(state)s. Last act by %(name)s at %(time)s; the page shows the new state."
    )
    return text % {"state": row.get_state_display(), "name": last.actor.name, "time": moment(last.at)}


def take_step(
    actor: User,
    role: str,
    row: Penalty,
    kind: str,
    paper: Paper,
    names: Sequence[str] | None,
    /,
    **detail: Any,
) -> Penalty:
    """Save what changed, write the step and its event. ``names``: the changed fields, None for a new case."""
    with acting(actor, role=role):
        row.save(update_fields=names)
        step = PenaltyStep(
            penalty=row, kind=kind, actor=actor, role=role, on=paper.on, way=paper.way, told=paper.told,
            document_no=paper.document_no, text=paper.text, evidence=keep_scan(actor, paper.scan),
        )  # fmt: skip
        step.save()
        events.record(f"penalty.{kind}", actor=actor, obj=row, detail=detail)
    return row


def changed(row: Penalty, **values: Any) -> list[str]:
    """Set the values on the row; their names."""
    for name, value in values.items():
        setattr(row, name, value)
    return list(values)


def changed_in_force(row: Penalty, **values: Any) -> list[str]:
    """The same for a delivered penalty, with the day that counts next."""
    return changed(row, **values) + changed(row, due_on=terms.due_in_force(row))


def demand_day(on: date | None, *, after: date | None, what: str) -> date:
    """The day of a step: not ahead, and not before ``after``. Raises NotAllowedHere."""
    if on is None or on > timezone.localdate():
        raise NotAllowedHere(_("The date lies ahead: what has not happened is not entered."))
    if after is not None and on < after:
        raise NotAllowedHere(
            _("%(what)s on %(day)s: this date lies before it.") % {"what": what, "day": day(after)}
        )
    return on


def demand_words(text: str, why: str) -> str:
    """The words without spaces around. Raises EntryRefused with ``why`` when there are none."""
    if not text.strip():
        raise EntryRefused(why)
    return text.strip()


def demand_another(actor: User, row: Penalty, *columns: str) -> None:
    """Raise SamePerson when one of the columns names ``actor``."""
    if any(getattr(row, f"{one}_id") == actor.pk for one in columns):
        raise SamePerson(_("You had a part in an earlier step of this case: another person takes this one."))


def demand_unrelated(actor: User, row: Penalty) -> None:
    """Raise SamePerson when the student is ``actor`` or of his family."""
    if is_related(actor, [row.student.public_id]):
        raise SamePerson(_("Nobody decides on his own file or on that of his family"))


def _demand_lawful(row: Penalty, kind: str, months: int | None, on: date) -> None:
    if kind == EXPULSION:
        if not terms.may_expel(row.stage):
            raise NotAllowedHere(_("Nobody is expelled from compulsory education."))
        if months is not None:
            raise NotAllowedHere(_("An expulsion has no term."))
        return
    least, most = terms.months_allowed(row.unit, on)
    if months is None or not least <= months <= most:
        text = _("The term is from %(least)s to %(most)s months by the school's rule.")
        raise NotAllowedHere(text % {"least": least, "most": most})


def _demand_told(row: Penalty, paper: Paper) -> None:
    if paper.way not in PenaltyStep.Way.values or paper.told not in PenaltyStep.Told.values:
        raise ValueError("a paper reaches somebody in some way")
    minor = terms.is_minor(row.student.birth_date, row.stage, paper.on or timezone.localdate())
    if minor and paper.told == PenaltyStep.Told.STUDENT:
        raise NotAllowedHere(_("The student is under age: the guardian is told as well."))


# The case


@transaction.atomic
def prepare(
    *,
    actor: User,
    enrolment: Enrolment,
    case: Mapping[str, Any],
    scan: Scan | None = None,
    form_key: UUID | None = None,
) -> Penalty:
    """Begin a case. ``case``: the fields of `CASE`.

    Raises NotAllowedHere (law or rule), AlreadyEntered, UnknownCode, FileRefused, NotPermitted, OutOfScope.
    """
    if not Enrolment.objects.visible_to(actor).filter(pk=enrolment.pk).exists():
        raise OutOfScope("penalty", obj=enrolment)
    role = role_for(actor, PREPARE, enrolment.unit_id)
    if enrolment.ended_on is not None:
        raise NotAllowedHere(_("The student is no longer at this school."))
    student = lock_students([enrolment.student_id])[enrolment.student_id]
    row = Penalty(
        form_key=form_key or uuid4(), student=student, enrolment=enrolment, unit=enrolment.unit,
        stage=enrolment.school.stage, prepared_by=actor,
    )  # fmt: skip
    if Penalty.objects.filter(student=student, form_key=row.form_key).exists():
        raise AlreadyEntered(_("This case was entered already."))
    _take_case(row, case)
    row.due_on = terms.step_due(row.unit)
    return take_step(actor, role, row, Step.PREPARED, Paper(on=timezone.localdate(), scan=scan), None)


def _take_case(row: Penalty, case: Mapping[str, Any]) -> list[str]:
    demand_codes(case, PENALTY_CODES)
    demand_day(case["violation_on"], after=row.enrolment.started_on, what=_("Enrolled"))
    _demand_lawful(row, case["proposed_kind"], case["proposed_months"], timezone.localdate())
    demand_words(case["facts"], _("Write down the facts and the evidence."))
    demand_words(case["basis"], _("Name the rule that was broken."))
    return changed(row, **{name: case[name] for name in CASE})


@transaction.atomic
def mend(*, actor: User, penalty: Penalty, case: Mapping[str, Any], scan: Scan | None = None) -> Penalty:
    """Change a case that was returned or not yet told; notice and hearing begin anew. Raises SamePerson for others."""
    row, role = locked(actor, penalty, PREPARE, State.PREPARING, State.RETURNED)
    if row.prepared_by_id != actor.pk:
        raise SamePerson(_("Only who prepared the case changes it."))
    names = _take_case(row, case)
    names += changed(row, state=State.PREPARING, due_on=terms.step_due(row.unit), **UNTOLD)
    return take_step(actor, role, row, Step.MENDED, Paper(on=timezone.localdate(), scan=scan), names)


# Told and heard


@transaction.atomic
def give_notice(*, actor: User, penalty: Penalty, paper: Paper) -> Penalty:
    """The student, and the guardian of a minor, were told what is intended and why, and that they may be heard."""
    row, role = locked(actor, penalty, PREPARE, State.PREPARING)
    on = demand_day(paper.on, after=row.violation_on, what=_("Violation"))
    _demand_told(row, paper)
    until = terms.step_due(row.unit, "penalty_statement_days", start=on)
    names = changed(row, state=State.NOTICED, notice_on=on, statement_due_on=until, due_on=until)
    return take_step(actor, role, row, Step.NOTICED, paper, names)


@transaction.atomic
def hear(*, actor: User, penalty: Penalty, statement: str, paper: Paper) -> Penalty:
    """Write down statement and defence, a waiver, or that the last day went by without a word."""
    row, role = locked(actor, penalty, PREPARE, State.NOTICED)
    if statement not in Penalty.Statement.values:
        raise ValueError(f"no statement is called {statement!r}")
    on = demand_day(paper.on, after=row.notice_on, what=_("Notice given"))
    if statement == Penalty.Statement.ABSENT and on <= (row.statement_due_on or on):
        raise NotAllowedHere(
            _("The student may be heard until %(day)s; only then silence counts.")
            % {"day": day(row.statement_due_on)}
        )
    if statement == Penalty.Statement.GIVEN:
        demand_words(paper.text, _("Write down what the student said."))
    if statement == Penalty.Statement.WAIVED and paper.scan is None:
        raise EntryRefused(_("A waiver is proved by its scan."))
    names = changed(
        row,
        state=State.HEARD,
        statement=statement,
        heard_on=on,
        heard_by=actor,
        due_on=terms.step_due(row.unit),
    )
    return take_step(actor, role, row, Step.HEARD, paper, names, statement=statement)


# Decided


@transaction.atomic
def send_back(*, actor: User, penalty: Penalty, reason: str) -> Penalty:
    """Return a case to its preparer, with the reason."""
    row, role = locked(actor, penalty, DECIDE, State.HEARD)
    demand_another(actor, row, "prepared_by")
    words = demand_words(reason, _("Say why it goes back."))
    names = changed(row, state=State.RETURNED, due_on=terms.step_due(row.unit))
    return take_step(actor, role, row, Step.RETURNED, Paper(on=timezone.localdate(), text=words), names)


@transaction.atomic
def drop(*, actor: User, penalty: Penalty, reason: str) -> Penalty:
    """Decide that there is no penalty."""
    row, role = locked(actor, penalty, DECIDE, State.PREPARING, State.NOTICED, State.HEARD, State.RETURNED)
    demand_another(actor, row, "prepared_by", "heard_by")
    words = demand_words(reason, _("Say why there is no penalty."))
    names = changed(row, state=State.DROPPED, decided_by=actor, due_on=None)
    return take_step(actor, role, row, Step.DROPPED, Paper(on=timezone.localdate(), text=words), names)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the decision document says (Order 41 art. 53, 56)."""

    kind: str
    months: int | None
    appeal_told: bool
    meeting_on: date | None = None
    legality_review: str = ""


@transaction.atomic
def decide(*, actor: User, penalty: Penalty, decision: Decision, paper: Paper) -> Penalty:
    """Decide on a case that was heard; never harder than what the student was heard about.

    An expulsion needs the meeting and the legality review. Raises SamePerson for who prepared or heard it,
    NotAllowedHere, EntryRefused without document number or scan, UnknownCode, WrongState, NotPermitted.
    """
    row, role = locked(actor, penalty, DECIDE, State.HEARD)
    demand_another(actor, row, "prepared_by", "heard_by")
    on = demand_day(paper.on, after=row.heard_on, what=_("Heard"))
    demand_codes({"kind": decision.kind}, PENALTY_CODES)
    _demand_lawful(row, decision.kind, decision.months, on)
    if terms.heavier(decision.kind, decision.months, row.proposed_kind, row.proposed_months):
        raise NotAllowedHere(
            _("Heavier than what the student was heard about: return the case and tell him anew.")
        )
    number = demand_words(paper.document_no, _("The decision has a document number."))
    if paper.scan is None:
        raise EntryRefused(_("Add the scan of the decision."))
    _demand_meeting(decision, on)
    ends = terms.last_day(on, decision.months) if decision.months else None
    names = changed(
        row, state=State.DECIDED, kind=decision.kind, months=decision.months, decided_on=on, document_no=number,
        meeting_on=decision.meeting_on, legality_review=decision.legality_review, appeal_told=decision.appeal_told,
        decided_by=actor, ends_on=ends, due_on=terms.step_due(row.unit),
    )  # fmt: skip
    return take_step(actor, role, row, Step.DECIDED, paper, names, kind=decision.kind)


def _demand_meeting(decision: Decision, on: date) -> None:
    if decision.kind != EXPULSION:
        return
    if decision.meeting_on is None or decision.meeting_on > on or not decision.legality_review.strip():
        raise NotAllowedHere(
            _("An expulsion is decided by the school's meeting, after a legality review: name both.")
        )


@transaction.atomic
def deliver(*, actor: User, penalty: Penalty, paper: Paper) -> Penalty:
    """The decision has reached the student: it is in force, and the appeal clock runs. The receipt is a scan."""
    row, role = locked(actor, penalty, PREPARE, State.DECIDED)
    on = demand_day(paper.on, after=row.decided_on, what=_("Decided"))
    _demand_told(row, paper)
    if paper.scan is None:
        raise EntryRefused(_("Add the scan of the receipt, the witnesses' note or the notice."))
    until = terms.appeal_until(row.unit, row.stage, on, told=row.appeal_told)
    names = changed_in_force(row, state=State.IN_FORCE, delivered_on=on, appeal_until=until)
    return take_step(actor, role, row, Step.DELIVERED, paper, names, way=paper.way)
