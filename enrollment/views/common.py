"""What the pages of the intake room share."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from core.ui import Step as ShownStep
from enrollment.models import Applicant, IntakeDecision
from enrollment.relations import candidates
from enrollment.steps import steps_ahead, steps_of, waiting_step, with_bureau

State = Applicant.State


def tell(request: HttpRequest, text: object, *, fault: bool = False) -> None:
    """A line above the next page."""
    (messages.error if fault else messages.success)(request, str(text))


def shown_steps(applicant: Applicant) -> list[ShownStep]:
    """The applicant's way with persons, times and the due date."""
    waiting = waiting_step(applicant)
    with_clerk = applicant.state in {State.DRAFT, State.RETURNED}
    first = ShownStep(
        IntakeDecision.Step.SELF_CHECK.label,
        "returned" if applicant.state == State.RETURNED else "current" if with_clerk else "done",
        applicant.entered_by.name,
        due=applicant.due_on if with_clerk else None,
        at=None if with_clerk else applicant.self_checked_at,
    )
    steps = [first]
    way = steps_of(applicant.scheme)
    for step in with_bureau(way) if applicant.no_hukou else way:
        person = getattr(applicant, step.person)
        current = waiting == step
        steps.append(
            ShownStep(
                step.key.label,
                "current" if current else "done" if person and not with_clerk else "waiting",
                person.name if person else "",
                due=applicant.due_on if current else None,
                at=getattr(applicant, step.at) if step.at else None,
            )
        )
    return steps


MOST_NAMES = 3


def people_ahead(applicant: Applicant) -> list[tuple[object, str]]:
    """The steps ahead with the names of some who could take each; "" where nobody could."""
    steps = steps_ahead(applicant)
    able = candidates([applicant], steps)[applicant.pk]
    return [(step.key.label, _names([user.name for user in able[step.key]])) for step in steps]


def _names(names: list[str]) -> str:
    shown = _("、").join(names[:MOST_NAMES])
    return f"{shown}…" if len(names) > MOST_NAMES else shown
