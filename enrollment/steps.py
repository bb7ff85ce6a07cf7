"""The steps from self-check to acceptance as data: who takes each, from where to where, who must differ."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from enrollment.models import Applicant, IntakeDecision, Scheme

State = Applicant.State
Key = IntakeDecision.Step


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the permission that it needs, the state that it leads to, the columns that name who took it and when.

    ``days`` is the rule that gives it its working days.
    """

    key: Key
    perm: str
    target: State
    person: str
    at: str
    days: str
    event: str


INITIAL_REVIEW = Step(
    Key.INITIAL_REVIEW,
    "review_applicant",
    State.INITIAL_REVIEWED,
    "initial_reviewer",
    "initial_reviewed_at",
    "initial_review_days",
    "applicant.initially_reviewed",
)
HEAD_REVIEW = Step(
    Key.HEAD_REVIEW,
    "approve_applicant",
    State.HEAD_APPROVED,
    "head_reviewer",
    "head_reviewed_at",
    "head_review_days",
    "applicant.head_approved",
)
ACCEPTANCE = Step(
    Key.ACCEPTANCE,
    "accept_applicant",
    State.ACCEPTED,
    "acceptor",
    "accepted_at",
    "acceptance_days",
    "applicant.accepted",
)
BUREAU = Step(
    Key.BUREAU,
    "approve_no_hukou",
    State.HEAD_APPROVED,
    "bureau_officer",
    "",
    "acceptance_days",
    "applicant.no_hukou_approved",
)
"""The bureau's approval lies beside the way: the state stays, acceptance waits for it."""

BUREAU_FIRST = _("Without household registration: the bureau has not approved yet")
STEPS = {step.key: step for step in (INITIAL_REVIEW, HEAD_REVIEW, ACCEPTANCE)}

UNDER_REVIEW = (State.SELF_CHECKED, State.INITIAL_REVIEWED, State.HEAD_APPROVED)
"""States in which somebody else than the clerk has the applicant in hand."""

OPEN_TO_CLERK = (State.DRAFT, State.RETURNED)

PERSONS: dict[str, Promise] = {
    "entered_by": _("The one who entered an applicant cannot also decide on it"),
    "initial_reviewer": _("The initial reviewer cannot take another step on the same applicant"),
    "head_reviewer": _("The one who approved as head cannot take another step on the same applicant"),
    "bureau_officer": _("The officer of the bureau cannot take another step on the same applicant"),
}
"""Columns whose persons may take no further step, with the reason that a page shows beside the button."""

FORMER_CLERK = _("Whoever entered an applicant before it was handed over cannot decide on it")


def part_of(applicant: Applicant, user: User) -> Promise | None:
    """Why ``user``, who has a part in this applicant already, may take no further step; None without a part."""
    for column, reason in PERSONS.items():
        if getattr(applicant, f"{column}_id") == user.pk:
            return reason
    return FORMER_CLERK if user.pk in applicant.former_clerk_ids else None


def has_decided(applicant: Applicant, user: User) -> bool:
    """Whether ``user`` took a step that stands, other than entering."""
    return any(getattr(applicant, f"{column}_id") == user.pk for column in PERSONS if column != "entered_by")


def waiting_step(applicant: Applicant) -> Step | None:
    """The step that an applicant waits for; None for a draft and when all is over."""
    if applicant.state == State.SELF_CHECKED:
        return HEAD_REVIEW if applicant.scheme == Scheme.SMALL else INITIAL_REVIEW
    if applicant.state == State.HEAD_APPROVED:
        return BUREAU if applicant.bureau_state == Applicant.BureauState.WAITING else ACCEPTANCE
    return HEAD_REVIEW if applicant.state == State.INITIAL_REVIEWED else None


def steps_of(scheme: str) -> tuple[Step, ...]:
    """The steps of a scheme of duties, in order."""
    return (HEAD_REVIEW, ACCEPTANCE) if scheme == Scheme.SMALL else (INITIAL_REVIEW, HEAD_REVIEW, ACCEPTANCE)


def with_bureau(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The same steps with the bureau's before acceptance."""
    return (*steps[:-1], BUREAU, steps[-1])


def steps_ahead(applicant: Applicant) -> tuple[Step, ...]:
    """The steps that others must take after the clerk has submitted: all, or those from who returned it on."""
    steps = steps_of(applicant.scheme)
    if applicant.state == State.RETURNED:
        done = [place for place, step in enumerate(steps) if step.target == applicant.returned_from]
        steps = steps[done[0] + 1 :] if done else steps
    bureau = applicant.no_hukou and applicant.bureau_state != Applicant.BureauState.APPROVED
    return with_bureau(steps) if bureau else steps


@dataclass(frozen=True, slots=True)
class LastStep:
    """The step taken last: who took it, by which permission, and the state that a recall leads back to."""

    step: Key
    perm: str
    person: str
    at: str
    before: State


def went_straight(applicant: Applicant) -> bool:
    """Whether the clerk mended a return and it went straight to who returned it, who has not decided since."""
    return applicant.state in UNDER_REVIEW and applicant.returned_by_id is not None


def last_step(applicant: Applicant) -> LastStep | None:
    """The step that a recall would take back; None where nobody waits for the next one."""
    state = State(applicant.state)
    if went_straight(applicant):
        return LastStep(Key.SELF_CHECK, "enter_applicant", "entered_by", "", State.RETURNED)
    if state == State.SELF_CHECKED:
        return LastStep(Key.SELF_CHECK, "enter_applicant", "entered_by", "", State.DRAFT)
    if state == State.INITIAL_REVIEWED:
        return _reviewed(INITIAL_REVIEW, State.SELF_CHECKED)
    if state == State.HEAD_APPROVED:
        reviewed = applicant.initial_reviewer_id is not None
        return _reviewed(HEAD_REVIEW, State.INITIAL_REVIEWED if reviewed else State.SELF_CHECKED)
    return None


def _reviewed(step: Step, before: State) -> LastStep:
    return LastStep(step.key, step.perm, step.person, step.at, before)


def opened_after(applicant: Applicant) -> User | None:
    """Who has opened the applicant, or decided beside the way, since the last step was taken."""
    beside = applicant.state == State.HEAD_APPROVED and not went_straight(applicant)
    return (applicant.bureau_officer if beside else None) or applicant.opened_by
