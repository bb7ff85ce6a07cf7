"""The clocks of a penalty: its term, the days for a statement, for an appeal and for its answer."""

from calendar import monthrange
from datetime import date, timedelta

from approvals.deadlines import due_after
from records.penalty_models import EXPULSION, Penalty
from school.models import COMPULSORY_STAGES, K12_STAGES, Unit
from school.rules import rule

SEVERITY = {"1": 1, "2": 2, "3": 3, "4": 4, EXPULSION: 5}
"""The penalties of the code list by weight; whatever else a school gives has none."""

FULL_AGE = 18


def add_months(day: date, months: int) -> date:
    """The same day of a later month, its last day where the month is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    last = monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))


def last_day(decided_on: date, months: int) -> date:
    """The last day of a term: six months from 1 March end with 31 August."""
    return add_months(decided_on, months) - timedelta(days=1)


def step_due(unit: Unit, key: str = "penalty_step_days", *, start: date | None = None) -> date:
    """The day by which a step is due that may take the rule's working days."""
    return due_after(unit, int(rule(unit, key)), start=start).date


def appeal_until(unit: Unit, stage: str, delivered_on: date, *, told: bool) -> date:
    """The last day for an appeal against a decision that was delivered on a day."""
    if not told:
        return add_months(delivered_on, int(rule(unit, "penalty_appeal_untold_months", on=delivered_on)))
    if stage in K12_STAGES:
        days = int(rule(unit, "penalty_appeal_days_k12", on=delivered_on))
        return due_after(unit, days, start=delivered_on).date
    return delivered_on + timedelta(days=int(rule(unit, "penalty_appeal_days", on=delivered_on)))


def answer_due(unit: Unit, appealed_on: date) -> date:
    """The day by which an appeal is answered."""
    return appealed_on + timedelta(days=int(rule(unit, "penalty_answer_days", on=appealed_on)))


def may_lift_early(unit: Unit) -> bool:
    """Whether the school lifts penalties before their term is over."""
    return bool(rule(unit, "penalty_lifted_early"))


def due_in_force(row: Penalty) -> date | None:
    """What counts next for a delivered penalty: the answer to an appeal, else the lifting, else the end of the term."""
    if row.appeal == Penalty.Appeal.OPEN:
        return row.appeal_answer_due
    if row.lifting_asked_on is None:
        return row.ends_on
    due = step_due(row.unit, start=row.lifting_asked_on)
    return due if row.ends_on is None or may_lift_early(row.unit) else max(due, row.ends_on)


def months_allowed(unit: Unit, on: date) -> tuple[int, int]:
    """The shortest and the longest term of a penalty, in months."""
    return int(rule(unit, "penalty_months_least", on=on)), int(rule(unit, "penalty_months_most", on=on))


def heavier(kind: str, months: int | None, proposed_kind: str, proposed_months: int | None) -> bool:
    """Whether a decision is harder on the student than what he was told of and heard about."""
    if kind == proposed_kind:
        return (months or 0) > (proposed_months or 0)
    if kind not in SEVERITY or proposed_kind not in SEVERITY:
        return True
    return SEVERITY[kind] > SEVERITY[proposed_kind]


def may_expel(stage: str) -> bool:
    """Whether the law lets a school of this stage expel: never in compulsory education."""
    return stage not in COMPULSORY_STAGES


def is_minor(birth_date: date | None, stage: str, on: date) -> bool:
    """Whether a guardian must be told; without a birth date whoever is at a primary or middle school is a minor."""
    if birth_date is None:
        return stage in K12_STAGES
    return on < add_months(birth_date, FULL_AGE * 12)
