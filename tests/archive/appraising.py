"""Files whose retention is over, and their way through appraisal to destruction."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from approvals import actions as requests
from archive.models import AppraisalRound, DestructionRequest
from archive.retention import actions, destroying
from records.models import Student
from tests.cast import Cast
from tests.factories import saved, set_rule
from tests.records.files import make_student

MEMBERS = ("head", "academic_head", "student_affairs_head")
"""Three members of three departments."""

WAY = ("leader", "second_archivist", "archive_head")
"""Who approves, who begins, who confirms."""


def leaver(cast: Cast, name: str = "王小明", *, left: date = date(2011, 6, 30), **values: Any) -> Student:
    """A student who left so long ago that a period of ten years is over."""
    student = make_student(name, cast, **values)
    stay = student.enrolments.get()
    stay.started_on, stay.ended_on, stay.status = date(2005, 9, 1), left, Student.Status.GRADUATED
    saved(stay)
    return student


def ten_years(cast: Cast) -> None:
    """The school keeps files for ten years after leaving."""
    set_rule(cast.school, "retention_years", "10")


def opened(cast: Cast, *people: str) -> AppraisalRound:
    """A round with its members."""
    row = actions.open_round(actor=cast.archivist, school=cast.school)
    for name in people or MEMBERS:
        actions.name_appraiser(actor=cast.archivist, row=row, user=getattr(cast, name))
    return row


def voted(cast: Cast, row: AppraisalRound, verdict: str = "destroy", people: Sequence[str] = MEMBERS) -> None:
    """These members vote alike on every file."""
    files = list(row.files.values_list("pk", flat=True))
    for name in people:
        actions.vote(
            actor=getattr(cast, name), row=row, files=files, verdict=verdict, reason="保管期满，无续存价值"
        )


def closed(cast: Cast, verdict: str = "destroy") -> AppraisalRound:
    """A round that was closed with these votes."""
    row = opened(cast)
    voted(cast, row, verdict)
    return actions.close_round(actor=cast.archivist, row=row, kept_years=10)


def applied(cast: Cast) -> DestructionRequest:
    """The application to destroy what such a round decided, submitted."""
    typed = destroying.apply(actor=cast.archivist, row=closed(cast), reason="保管期限届满")
    requests.submit(actor=cast.archivist, request=typed.request)
    return fresh(typed)


def fresh(typed: DestructionRequest) -> DestructionRequest:
    """The request as the database holds it."""
    return DestructionRequest.objects.select_related("request__school", "round__school").get(pk=typed.pk)


def walk(cast: Cast, typed: DestructionRequest, *people: str) -> DestructionRequest:
    """Let these people take the steps one after the other."""
    for name in people:
        requests.take_step(actor=getattr(cast, name), request=typed.request)
    return fresh(typed)
