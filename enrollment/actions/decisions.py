"""What is decided on an applicant: submitted, reviewed, approved, sent back, recalled, given up.

Each act locks the row, asks again whether it may be done, writes a decision and an event. The inner functions
(``refusal``, ``advance``, ``decision``) work on rows that the caller has locked, one or thousands.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import role_for, units_with
from approvals.deadlines import due_after
from approvals.reasons import ReturnReason
from enrollment.actions.drafts import demand_own_draft, locked, save_draft
from enrollment.actions.notify import tell_of_approval
from enrollment.actions.refusals import (
    AlreadyDone,
    IntakeRefused,
    NobodyCan,
    NotReady,
    Opened,
    SamePerson,
    StaleVersion,
    WrongState,
)
from enrollment.actions.sampling import note_opened
from enrollment.actions.scans import DOCUMENTS
from enrollment.models import Applicant, IntakeDecision
from enrollment.relations import RELATED, candidates, related_among, unfilled, why_barred
from enrollment.selectors import examine, missing_documents, shown_cells, typed_cells
from enrollment.steps import (
    ACCEPTANCE,
    BUREAU,
    BUREAU_FIRST,
    HEAD_REVIEW,
    INITIAL_REVIEW,
    UNDER_REVIEW,
    Step,
    last_step,
    opened_after,
    steps_ahead,
    waiting_step,
)
from ledger import events
from ledger.context import acting
from records.faults import Fault
from school.rules import rule

State = Applicant.State
Outcome = IntakeDecision.Outcome
STEP_FIELDS = ("initial_reviewer", "initial_reviewed_at", "head_reviewer", "head_reviewed_at")
OPENING = ("opened_by", "opened_at")


def refusal(step: Step, applicant: Applicant, actor: User) -> IntakeRefused | None:
    """What keeps ``actor`` from taking ``step``: a lost race, another state, the same person; None if nothing does."""
    waiting = waiting_step(applicant)
    if step == ACCEPTANCE and waiting == BUREAU:
        return WrongState(str(BUREAU_FIRST))
    if waiting != step:
        return lost_race(applicant, actor)
    return same_person(applicant, actor)


def same_person(applicant: Applicant, actor: User) -> SamePerson | None:
    """Whether ``actor`` has a part in this applicant already, is related or stepped aside: no further step then."""
    barred = why_barred(actor, applicant)
    return SamePerson(barred) if barred else None


def lost_race(applicant: Applicant, actor: User) -> IntakeRefused:
    """Who came first, when somebody else's act moved the applicant on; else that the state does not fit."""
    last = IntakeDecision.objects.filter(applicant=applicant).select_related("actor").order_by("-pk").first()
    own = last is None or last.actor_id == actor.pk
    if own or (last.step == IntakeDecision.Step.SELF_CHECK and last.outcome == Outcome.PASSED):
        return WrongState(_("This step is not due: %(state)s.") % {"state": applicant.get_state_display()})
    what = _("%(step)s: %(outcome)s") % {
        "step": last.get_step_display(),
        "outcome": last.get_outcome_display(),
    }
    return AlreadyDone(last.actor, last.at, what)


def due_at(row: Applicant) -> date | None:
    """The day on which the step that the applicant waits for is due."""
    step = waiting_step(row)
    if step is None:
        return None
    school = row.batch.school
    return due_after(school, int(rule(school, step.days))).date


def due_dates() -> Callable[[Applicant], date | None]:
    """`due_at` for many of one school, each day reckoned once."""
    days: dict[Step | None, date | None] = {}

    def due(row: Applicant) -> date | None:
        step = waiting_step(row)
        if step not in days:
            days[step] = due_at(row)
        return days[step]

    return due


def advance(
    step: Step,
    applicant: Applicant,
    actor: User,
    *,
    now: datetime,
    due: Callable[[Applicant], date | None] = due_at,
) -> tuple[str, ...]:
    """Put a locked row into the state after ``step``; gives the names of the fields to save."""
    applicant.state = step.target
    setattr(applicant, step.person, actor)
    names = ["state", step.person, "due_on", *OPENING, "returned_by", "returned_from"]
    if step == BUREAU:
        applicant.bureau_state = Applicant.BureauState.APPROVED
        names.append("bureau_state")
    else:
        setattr(applicant, step.at, now)
        names.append(step.at)
    applicant.due_on = due(applicant)
    applicant.opened_by = applicant.opened_at = applicant.returned_by = None
    applicant.returned_from = ""
    return tuple(names)


def decision(
    applicant: Applicant,
    step: str,
    outcome: str,
    actor: User,
    role: str,
    *,
    reason: str = "",
    fields: Sequence[str] = (),
    comment: str = "",
) -> IntakeDecision:
    """An unsaved decision row."""
    return IntakeDecision(
        applicant=applicant,
        step=step,
        outcome=outcome,
        actor=actor,
        role=role,
        reason=reason,
        fields=list(fields),
        comment=comment,
    )


def check_version(applicant: Applicant, version: int | None) -> None:
    """Raise StaleVersion unless the reader saw the row as it stands (None: whatever stands is meant)."""
    if version is not None and version != applicant.version:
        raise StaleVersion(applicant.version, shown_cells(applicant))


def take_step(step: Step, actor: User, applicant: Applicant, version: int | None) -> tuple[Applicant, str]:
    """Lock, ask again, and give the row with the role in which ``actor`` decides."""
    row = locked(applicant)
    role = role_for(actor, step.perm, row.unit_id)
    stands_in_the_way = refusal(step, row, actor)
    if stands_in_the_way:
        raise stands_in_the_way
    check_version(row, version)
    return row, role


@transaction.atomic
def self_check(*, actor: User, applicant: Applicant, version: int | None = None) -> Applicant:
    """Submit (自查并提交). A returned one in which only the marked fields were mended goes straight to who returned it.

    Raises NotReady (errors, missing documents, open points), NotOwner, WrongState, StaleVersion, NotPermitted.
    """
    row = locked(applicant)
    role = demand_own_draft(actor, row)
    check_version(row, version)
    unread: Sequence[Fault] = ()
    if typed := typed_cells(row):
        saved = save_draft(actor=actor, applicant=row, cells=typed)
        row, unread = saved.applicant, saved.refused
    faults = examine(row)
    known = {(fault.field, fault.code) for fault in faults}
    faults += [fault for fault in unread if (fault.field, fault.code) not in known]
    demand_ready(row, faults)
    if lacking := lacking_step([row])[row.pk]:
        raise NobodyCan(lacking)
    with acting(actor, role=role):
        fields = submit(row, faults)
        row.save(update_fields=fields)
        decision(row, IntakeDecision.Step.SELF_CHECK, Outcome.PASSED, actor, role).save()
        events.record(
            "applicant.self_checked",
            actor=actor,
            obj=row,
            detail={"to": row.state, "warnings": row.warning_count},
        )
    return row


def lacking_step(rows: Sequence[Applicant]) -> dict[int, str]:
    """By applicant, the label of a step ahead that nobody could take today; "" when each has a person of its own."""
    ahead = {row.pk: steps_ahead(row) for row in rows}
    steps = {step.key: step for one in ahead.values() for step in one}
    able = candidates(rows, list(steps.values()))
    found = {}
    for row in rows:
        key = unfilled({step.key: able[row.pk][step.key] for step in ahead[row.pk]})
        found[row.pk] = str(IntakeDecision.Step(key).label) if key else ""
    return found


def demand_ready(row: Applicant, faults: list[Fault]) -> None:
    """Raise NotReady while errors, missing documents or open points stand."""
    errors = [fault for fault in faults if fault.level == "error"]
    points = []
    if not row.checked_with_original:
        points.append("checked_with_original")
    if not row.age_reason and any(fault.code in {"age_unusual", "under_age"} for fault in faults):
        points.append("age_reason")
    documents = missing_documents(row)
    if errors or documents or points:
        raise NotReady(errors, documents, points)


def submit(
    row: Applicant, faults: list[Fault], due: Callable[[Applicant], date | None] = due_at
) -> list[str]:
    """Put a locked draft into the state after the self-check; gives the names of the fields to save."""
    straight = row.state == State.RETURNED and _only_marked_changed(row)
    row.warning_count = sum(fault.level == "warning" for fault in faults)
    row.self_checked_at = timezone.now()
    row.opened_by = row.opened_at = None
    row.state = State(row.returned_from) if straight else State.SELF_CHECKED
    if not straight:
        for name in STEP_FIELDS:
            setattr(row, name, None)
        row.returned_by, row.returned_from = None, ""
    if row.no_hukou and row.bureau_state != Applicant.BureauState.APPROVED:
        row.bureau_state = Applicant.BureauState.WAITING
    elif not row.no_hukou:
        row.bureau_state = Applicant.BureauState.NOT_NEEDED
    row.changed_fields = []
    row.due_on = due(row)
    return [
        "warning_count", "self_checked_at", *OPENING, "state", *STEP_FIELDS, "returned_by", "returned_from",
        "bureau_state", "changed_fields", "due_on",
    ]  # fmt: skip


def _only_marked_changed(row: Applicant) -> bool:
    returned = row.decisions.filter(outcome__in=[Outcome.RETURNED, Outcome.REFUSED]).order_by("-pk").first()
    if returned is None:
        return False
    about_scans = returned.reason in _ABOUT_SCANS or returned.outcome == Outcome.REFUSED
    marked = {*returned.fields, *_ALWAYS_MENDED, *([DOCUMENTS] if about_scans else [])}
    return set(row.changed_fields) <= marked


_ABOUT_SCANS = {ReturnReason.SCAN_UNCLEAR, ReturnReason.DOCUMENT_MISSING}
_ALWAYS_MENDED = {"age_reason", "checked_with_original"}


@transaction.atomic
def review_initially(
    *, actor: User, applicant: Applicant, version: int | None = None, comment: str = ""
) -> Applicant:
    """Pass the initial review (初审). Raises AlreadyDone, SamePerson, WrongState, StaleVersion, NotPermitted."""
    return pass_step(INITIAL_REVIEW, actor, applicant, version, comment)


@transaction.atomic
def approve_as_head(
    *, actor: User, applicant: Applicant, version: int | None = None, comment: str = ""
) -> Applicant:
    """Approve as head of department; teaching and student affairs are told. Raises as `review_initially`."""
    row = pass_step(HEAD_REVIEW, actor, applicant, version, comment)
    tell_of_approval(row.batch)
    return row


def pass_step(step: Step, actor: User, applicant: Applicant, version: int | None, comment: str) -> Applicant:
    """Take ``step``, in the transaction of the caller, with a decision and an event."""
    row, role = take_step(step, actor, applicant, version)
    with acting(actor, role=role):
        row.save(update_fields=advance(step, row, actor, now=timezone.now()))
        decision(row, step.key, Outcome.PASSED, actor, role, comment=comment).save()
        events.record(step.event, actor=actor, obj=row)
    return row


@transaction.atomic
def send_back(
    *,
    actor: User,
    applicant: Applicant,
    reason: str,
    fields: Sequence[str] = (),
    comment: str = "",
    version: int | None = None,
) -> Applicant:
    """Return (退回) to the one who entered it, with a reason of the list and marks on fields.

    Raises ValueError for an unknown reason or ``other`` without a comment; else as `review_initially`.
    """
    if reason not in ReturnReason.values or (reason == ReturnReason.OTHER and not comment.strip()):
        raise ValueError("A return needs a reason of the list, and words for the reason 'other'")
    step = _step_to_return(actor, applicant)
    row, role = take_step(step, actor, applicant, version)
    with acting(actor, role=role, reason=reason):
        names = mark_returned(row, actor)
        row.save(update_fields=names)
        decision(
            row,
            step.key,
            Outcome.RETURNED,
            actor,
            role,
            reason=reason,
            fields=fields,
            comment=comment.strip(),
        ).save()
        events.record("applicant.returned", actor=actor, obj=row, detail={"fields": list(fields)})
    return row


def _step_to_return(actor: User, applicant: Applicant) -> Step:
    row = locked(applicant)
    step, seen = _own_step(row), _own_step(applicant)
    if step is not None and (seen is None or row.unit_id in units_with(actor, step.perm)):
        return step
    if seen is None:
        raise lost_race(row, actor)
    return seen


def _own_step(applicant: Applicant) -> Step | None:
    """The school's step that waits: the bureau says no by an act of its own (`bureau.refuse_no_hukou`)."""
    step = waiting_step(applicant)
    return ACCEPTANCE if step == BUREAU else step


def mark_returned(row: Applicant, actor: User) -> tuple[str, ...]:
    """Put a locked row into the returned state; gives the names of the fields to save."""
    row.returned_from, row.returned_by, row.state = row.state, actor, State.RETURNED
    row.changed_fields = []
    row.opened_by = row.opened_at = None
    school = row.batch.school
    row.due_on = due_after(school, int(rule(school, "return_days"))).date
    return ("state", "returned_from", "returned_by", "changed_fields", "due_on", *OPENING)


@transaction.atomic
def open_for_review(*, actor: User, applicant: Applicant) -> Applicant:
    """Note that ``actor`` has the applicant open, with all fields readable; an event whoever opens it.

    Only somebody who could take the waiting step counts as the next person, so that a look does not stop a recall.
    """
    row = locked(applicant)
    step = waiting_step(row)
    role = role_for(actor, "view_applicant", row.unit_id)
    if step and refusal(step, row, actor) is None and _holds(actor, step.perm, row):
        row.opened_by, row.opened_at = actor, timezone.now()
        row.save(update_fields=list(OPENING))
        note_opened(actor, row)
    events.record("applicant.opened", actor=actor, obj=row, role=role)
    return row


def _holds(actor: User, perm: str, row: Applicant) -> bool:
    return row.unit_id in units_with(actor, perm)


@transaction.atomic
def recall(*, actor: User, applicant: Applicant) -> Applicant:
    """Take back one's own last step (撤回) until the next person has opened it.

    Raises Opened, AlreadyDone, WrongState, NotPermitted.
    """
    row = locked(applicant)
    last = last_step(row)
    if last is None:
        raise lost_race(row, actor)
    role = role_for(actor, last.perm, row.unit_id)
    if getattr(row, f"{last.person}_id") != actor.pk:
        raise WrongState(_("Only the one who passed it on can take it back."))
    opener = opened_after(row)
    if opener is not None and opener.pk != actor.pk:
        raise Opened(_("%(name)s has opened it already; ask for a return.") % {"name": opener.name})
    names = ["state", "due_on"]
    row.state = last.before
    if last.at:
        setattr(row, last.person, None)
        setattr(row, last.at, None)
        names += [last.person, last.at]
    row.due_on = _mend_by(row) if row.state == State.RETURNED else due_at(row)
    with acting(actor, role=role):
        row.save(update_fields=names)
        decision(row, last.step, Outcome.RECALLED, actor, role).save()
        events.record("applicant.recalled", actor=actor, obj=row, detail={"to": row.state})
    return row


def _mend_by(row: Applicant) -> date | None:
    """The day by which a return was to be mended; taking the answer back gives no more time."""
    returned = row.decisions.filter(outcome__in=[Outcome.RETURNED, Outcome.REFUSED]).order_by("-pk").first()
    school = row.batch.school
    start = timezone.localdate(returned.at) if returned else None
    return due_after(school, int(rule(school, "return_days")), start=start).date


@transaction.atomic
def withdraw(*, actor: User, applicant: Applicant, reason: str) -> Applicant:
    """Give an applicant up: the clerk while it is open to him, the head at any time before acceptance.

    Raises WrongState, NotOwner, NotPermitted; ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("Giving up needs a reason")
    row = locked(applicant)
    if row.state in {State.ACCEPTED, State.WITHDRAWN}:
        raise lost_race(row, actor)
    if row.state in UNDER_REVIEW or row.entered_by_id != actor.pk:
        step, role = HEAD_REVIEW.key, role_for(actor, HEAD_REVIEW.perm, row.unit_id)
        if related_among(actor, [row.pk]):
            raise SamePerson(str(RELATED))
    else:
        step, role = IntakeDecision.Step.SELF_CHECK, demand_own_draft(actor, row)
    row.state, row.due_on = State.WITHDRAWN, None
    with acting(actor, role=role, reason=reason.strip()):
        row.save(update_fields=["state", "due_on"])
        decision(row, step, Outcome.GIVEN_UP, actor, role, comment=reason.strip()).save()
        events.record("applicant.withdrawn", actor=actor, obj=row)
    return row
