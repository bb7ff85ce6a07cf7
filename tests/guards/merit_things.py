"""Entries and a penalty for the permission matrix: of the side's student, entered by nobody of the cast."""

from datetime import date
from typing import Any

from ledger.context import service_user
from records.entry_models import Conduct, Employment, Internship, LearningProblem, Reward
from records.penalty_models import Penalty
from tests.factories import saved
from tests.guards.world import World, kind

DAY = date(2026, 10, 12)


def _entry(world: World, model: type[Any], **values: Any) -> Any:
    enrolment = world.student.enrolments.get()
    whose = {"student": world.student, "enrolment": enrolment, "unit": world.unit}
    return saved(model(**whose, entered_by=service_user(), **values))


@kind
def reward(world: World) -> Reward:
    """A reward of that student."""
    values = {"name": "三好学生", "level": "60", "grade": "6", "category": "5", "school_year": 2026}
    row: Reward = _entry(world, Reward, **values, granted_on=DAY, granting_unit="某校")
    return row


@kind
def conduct(world: World) -> Conduct:
    """An observation of that student."""
    row: Conduct = _entry(world, Conduct, happened_on=DAY, kind="praise", area="labour", text="主动打扫教室")
    return row


@kind
def problem(world: World) -> LearningProblem:
    """A learning problem of that student, which waits for an answer."""
    row: LearningProblem = _entry(world, LearningProblem, noticed_on=DAY, kind="results", text="成绩下滑")
    return row


@kind
def internship(world: World) -> Internship:
    """A practice of that student."""
    values = {"kind": "social", "organisation": "社区", "starts_on": DAY, "planned_until": DAY}
    row: Internship = _entry(world, Internship, **values)
    return row


@kind
def employment(world: World) -> Employment:
    """Where that student goes."""
    row: Employment = _entry(world, Employment, destination="80", employer="某校")
    return row


@kind
def penalty(world: World) -> Penalty:
    """A case that was just begun."""
    row: Penalty = saved(
        Penalty(
            student=world.student, enrolment=world.student.enrolments.get(), unit=world.unit,
            stage=world.unit.stage, violation="09", violation_on=DAY, facts="某事", basis="某条",
            proposed_kind="1", proposed_months=6, prepared_by=service_user(),
        )
    )  # fmt: skip
    return row
