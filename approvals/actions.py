"""Writes of requests: opened, submitted, decided, sent back, refused, recalled, with their clock.

Each act locks the request and its typed row, asks again who may do it, writes a decision and an event, and moves the
request on. What a step does beyond deciding is the room's (`approvals.kinds.Step.act`), in the same transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import NotPermitted, held_by, role_for
from approvals.authority import Authority, authority, belongs_to, nobody_for, refusal, staffed
from approvals.deadlines import days_left, due_after
from approvals.kinds import Doing, Kind, Step, kind_of, step_of
from approvals.models import Decision, Request, TypedRequest
from approvals.reasons import ReturnReason
from approvals.refusals import (
    AlreadyDecided,
    NobodyCan,
    Opened,
    RequestRefused,
    SamePerson,
    StaleVersion,
    WrongState,
)
from approvals.selectors import OPEN_TO_REQUESTER
from ledger import events
from ledger.context import acting
from school.models import Unit
from school.rules import rule

State, Outcome = Request.State, Decision.Outcome
OPEN = (State.UNDER_REVIEW, State.APPROVED)

_TAKE = """
    INSERT INTO approvals_numberseries AS series (key, last) VALUES (%s, 1)
    ON CONFLICT (key) DO UPDATE SET last = series.last + 1 RETURNING last
"""


def new_number(prefix: str) -> str:
    """The next request number: ``XG-2026-000031``."""
    year = timezone.localdate().year
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [f"{prefix}-{year}"])
        (last,) = cursor.fetchone()
    return f"{prefix}-{year}-{last:06d}"


@transaction.atomic
def open_request(
    *,
    actor: User,
    kind: Kind,
    school: Unit,
    subject: UUID | None = None,
    department: Unit | None = None,
    instead_of: TypedRequest | None = None,
    **values: Any,
) -> TypedRequest:
    """Begin a request as a draft; ``values`` are fields of the typed row.

    The department is the requester's own unit unless another one is named. ``instead_of``: his own draft or returned
    request about the same matter, which is taken back. Raises NotPermitted, WrongState.
    """
    role = _asking_role(actor, kind, school)
    own = department or actor.unit or school
    if not belongs_to(actor, own):
        raise NotPermitted(f"{kind.request_perm} for unit {own.pk}", unit_id=own.pk)
    if instead_of is not None:
        _take_back(actor, instead_of.request, kind, school, subject)
    with acting(actor, role=role):
        request = Request.objects.create(
            instead_of=instead_of and instead_of.request,
            kind=kind.key,
            school=school,
            department=own,
            subject=subject,
            requester=actor,
            requester_role=role,
            scheme=str(rule(school, "duty_scheme")),
        )
        typed: TypedRequest = kind.model._default_manager.create(request=request, requester=actor, **values)
        _record("approval.opened", actor, role, request)
    return typed


def _asking_role(actor: User, kind: Kind, school: Unit) -> str:
    if kind.request_perm:
        return role_for(actor, kind.request_perm, school.pk)
    if actor.unit is None or school.pk not in (actor.unit.pk, *actor.unit.ancestors):
        raise NotPermitted("no staff of this school", unit_id=school.pk)
    held = held_by(actor)
    return held[0].role.value if held else ""


def _take_back(actor: User, request: Request, kind: Kind, school: Unit, subject: UUID | None) -> None:
    row, typed = locked(request)
    if row.requester_id != actor.pk or row.state not in OPEN_TO_REQUESTER:
        words = _("The earlier request is no longer yours to change: %(state)s.")
        raise WrongState(words % {"state": row.get_state_display()})
    other = (row.kind, row.school_id) != (kind.key, school.pk) or row.subject not in (None, subject)
    if other or (subject != row.subject and subject not in typed.subjects()):
        raise WrongState(_("The earlier request was about something else."))
    recall(actor=actor, request=row)


def _record(
    action: str, actor: User, role: str, request: Request, *, detail: Mapping[str, Any] | None = None
) -> None:
    events.record(
        action,
        actor=actor,
        obj=request,
        subject=request.subject,
        unit_id=request.school_id,
        role=role,
        detail={"kind": request.kind, "step": request.step, **(detail or {})},
    )


def locked(request: Request) -> tuple[Request, Any]:
    """Request and typed row as they stand, locked until the transaction ends."""
    rows = Request.objects.select_for_update(of=("self",)).select_related("school", "department", "requester")
    row = rows.get(pk=request.pk)
    typed = kind_of(row).typed(row, lock=True)
    typed.request = row
    return row, typed


def lost_race(request: Request, actor: User) -> RequestRefused:
    """Who came first, when somebody else's act moved the request on; else that the state does not fit."""
    last = Decision.objects.filter(request=request).select_related("actor").order_by("-pk").first()
    if last is None or last.actor_id == actor.pk:
        return WrongState(_("This step is not due: %(state)s.") % {"state": request.get_state_display()})
    return AlreadyDecided(last.actor, last.at, str(Outcome(last.outcome).label))


def _check_version(request: Request, version: int | None, actor: User) -> None:
    if version is not None and version != request.version:
        race = lost_race(request, actor)
        raise (
            race
            if isinstance(race, AlreadyDecided)
            else StaleVersion(_("This request was changed meanwhile."))
        )


@transaction.atomic
def submit(*, actor: User, request: Request, version: int | None = None) -> Request:
    """Submit a draft or a returned request: its number is given, the first step waits.

    Raises WrongState, NobodyCan, StaleVersion, NotPermitted, and what the kind's own check raises.
    """
    row, typed = locked(request)
    kind = kind_of(row)
    role = _asking_role(actor, kind, row.school)
    if row.requester_id != actor.pk or row.state not in OPEN_TO_REQUESTER:
        raise lost_race(row, actor)
    _check_version(row, version, actor)
    kind.check(typed)
    staff = staffed(kind, row, typed)
    if missing := nobody_for(staff, typed):
        names = _(", ").join(str(step.label) for step in missing)
        raise NobodyCan(
            _("Nobody can take these steps: %(steps)s. Ask the unit above to lend somebody.")
            % {"steps": names}
        )
    first = staff[0][0]
    row.number = row.number or new_number(kind.prefix)
    row.submitted_at = timezone.now()
    with acting(actor, role=role, request_no=row.number):
        _clear_persons(kind, typed)
        _wait_for(row, first)
        _save(row, "number", "submitted_at")
        _decide(row, first.key, Outcome.SUBMITTED, actor, Authority(role))
        _record("approval.submitted", actor, role, row)
    return row


def _clear_persons(kind: Kind, typed: Any) -> None:
    columns = [step.person for step in kind.every_step if getattr(typed, f"{step.person}_id") is not None]
    columns = [name for name in dict.fromkeys(columns) if name != "requester"]
    for name in columns:
        setattr(typed, name, None)
    if columns:
        typed.save(update_fields=columns)


def _wait_for(row: Request, step: Step) -> None:
    row.state = State.UNDER_REVIEW if step.phase == "review" else State.APPROVED
    row.step = step.key
    row.due_on = due_after(row.school, int(rule(row.school, step.days))).date
    _start_clock(row)


def _start_clock(row: Request) -> None:
    row.stopped_on = row.days_left = row.escalated_at = None
    row.opened_by = None


def _save(row: Request, *also: str) -> None:
    row.version += 1
    clock = ("due_on", "stopped_on", "days_left", "escalated_at", "opened_by")
    row.save(update_fields=["state", "step", "version", *clock, *also])


def _decide(
    row: Request,
    step: str,
    outcome: str,
    actor: User,
    found: Authority,
    *,
    reason: str = "",
    fields: Sequence[str] = (),
    comment: str = "",
) -> Decision:
    made = Decision(
        request=row,
        step=step,
        outcome=outcome,
        actor=actor,
        role=found.role,
        delegation=found.delegation,
        reason=reason,
        fields=list(fields),
        comment=comment.strip(),
    )
    made.save()
    return made


@dataclass(frozen=True, slots=True)
class _Turn:
    """A step that is being taken: locked rows, the step, and by what right."""

    row: Request
    typed: Any
    step: Step
    found: Authority


def _turn(actor: User, request: Request, step_key: str, version: int | None) -> _Turn:
    row, typed = locked(request)
    step = step_of(row, typed)
    if step is None or (step_key and step.key != step_key):
        raise lost_race(row, actor)
    _check_version(row, version, actor)
    found = authority(actor, step, row)
    if found is None:
        raise NotPermitted(f"{step.perm} on request {row.public_id}", unit_id=row.school_id, obj=row)
    if forbidden := refusal(actor, step, typed, found):
        raise forbidden
    return _Turn(row, typed, step, found)


@transaction.atomic
def take_step(
    *,
    actor: User,
    request: Request,
    step: str = "",
    version: int | None = None,
    comment: str = "",
    data: Mapping[str, Any] | None = None,
) -> Request:
    """Take the waiting step: pass it, or do what was approved. The next step waits, or the request is done.

    ``step`` and ``version`` are what the page showed. Raises AlreadyDecided, SamePerson, OwnFile, WrongState,
    StaleVersion, NotPermitted, and what the step itself raises; then nothing was written.
    """
    turn = _turn(actor, request, step, version)
    row, typed, now_at = turn.row, turn.typed, turn.step
    role = turn.found.role
    with acting(actor, role=role, request_no=row.number):
        _put_person(typed, now_at, actor)
        now_at.act(Doing(row, typed, actor, role, data or {}))
        following = _after(kind_of(row).steps(typed), now_at)
        if following is None:
            _end(row, State.CLOSED)
        else:
            _wait_for(row, following)
        _save(row, "closed_at")
        _decide(row, now_at.key, Outcome.PASSED, actor, turn.found, comment=comment)
        _record("approval.step_taken", actor, role, row, detail={"taken": now_at.key})
        if following is None:
            kind_of(row).ended(row, typed)
    return row


def _put_person(typed: Any, step: Step, actor: User) -> None:
    setattr(typed, step.person, actor)
    try:
        with transaction.atomic():
            typed.save(update_fields=[step.person])
    except IntegrityError as error:
        raise SamePerson(_("Another person must take this step")) from error


def _after(steps: Sequence[Step], taken: Step) -> Step | None:
    keys = [step.key for step in steps]
    place = keys.index(taken.key) + 1
    return steps[place] if place < len(steps) else None


def _end(row: Request, state: str) -> None:
    row.state, row.step, row.due_on, row.closed_at = state, "", None, timezone.now()
    _start_clock(row)


def _demand_reason(reason: str, comment: str) -> None:
    if reason not in ReturnReason.values or (reason == ReturnReason.OTHER and not comment.strip()):
        raise ValueError("This needs a reason of the list, and words for the reason 'other'")


@transaction.atomic
def send_back(
    *,
    actor: User,
    request: Request,
    reason: str,
    comment: str = "",
    fields: Sequence[str] = (),
    step: str = "",
    version: int | None = None,
) -> Request:
    """Return (退回) to the requester with a reason; what was carried out is reopened at an earlier step instead.

    Raises ValueError for a missing reason; else as `take_step`.
    """
    _demand_reason(reason, comment)
    turn = _turn(actor, request, step, version)
    row, now_at, role = turn.row, turn.step, turn.found.role
    with acting(actor, role=role, request_no=row.number, reason=reason):
        if goes_back(row, turn.typed):
            row.state, row.step = State.RETURNED, ""
            row.due_on = due_after(row.school, int(rule(row.school, "return_days"))).date
            _start_clock(row)
            outcome = Outcome.RETURNED
        else:
            _wait_for(row, _reopened(turn))
            outcome = Outcome.REOPENED
        _save(row)
        _decide(row, now_at.key, outcome, actor, turn.found, reason=reason, fields=fields, comment=comment)
        _record("approval.returned", actor, role, row, detail={"from_step": now_at.key, "reason": reason})
    return row


def goes_back(request: Request, typed: Any) -> bool:
    """Whether the waiting step sends back to the requester: a review does, and so does the step that begins to carry
    out, since what was approved may no longer be possible."""
    step, steps = step_of(request, typed), kind_of(request).steps(typed)
    begins = next((one for one in steps if one.phase == "carry_out"), None)
    return step is not None and (step.phase == "review" or (step == begins and not step.reopens))


def _reopened(turn: _Turn) -> Step:
    """The step that a mismatch leads back to; whoever took it and those after it is no longer noted."""
    steps = list(kind_of(turn.row).steps(turn.typed))
    wanted = next((one for one in steps if one.key == turn.step.reopens), None)
    if wanted is None:
        raise WrongState(_("This step cannot be sent back."))
    later = {one.person for one in steps[steps.index(wanted) :]} - {"requester"}
    for name in later:
        setattr(turn.typed, name, None)
    turn.typed.save(update_fields=sorted(later))
    return wanted


@transaction.atomic
def refuse(
    *,
    actor: User,
    request: Request,
    reason: str,
    comment: str = "",
    step: str = "",
    version: int | None = None,
) -> Request:
    """Refuse for good (不予通过). Raises ValueError for a missing reason, WrongState; else as `take_step`."""
    _demand_reason(reason, comment)
    turn = _turn(actor, request, step, version)
    row, now_at, role = turn.row, turn.step, turn.found.role
    if now_at.phase != "review":
        raise WrongState(_("What was approved can no longer be refused."))
    with acting(actor, role=role, request_no=row.number, reason=reason):
        _end(row, State.REFUSED)
        _save(row, "closed_at")
        _decide(row, now_at.key, Outcome.REFUSED, actor, turn.found, reason=reason, comment=comment)
        _record("approval.refused", actor, role, row, detail={"from_step": now_at.key, "reason": reason})
        kind_of(row).ended(row, turn.typed)
    return row


@transaction.atomic
def recall(*, actor: User, request: Request) -> Request:
    """Take a request back (撤回): a draft at any time, a submitted one until the next person has opened it.

    Raises Opened, WrongState.
    """
    row, typed = locked(request)
    if row.requester_id != actor.pk or row.state not in (*OPEN_TO_REQUESTER, State.UNDER_REVIEW):
        raise lost_race(row, actor)
    if row.state == State.UNDER_REVIEW:
        if any(
            getattr(typed, f"{one.person}_id") for one in kind_of(row).every_step if one.person != "requester"
        ):
            raise Opened(_("A step has been taken already; ask for a return."))
        if row.opened_by is not None:
            raise Opened(
                _("%(name)s has opened it already; ask for a return.") % {"name": row.opened_by.name}
            )
    role = row.requester_role
    with acting(actor, role=role, request_no=row.number):
        _end(row, State.RECALLED)
        _save(row, "closed_at")
        _decide(row, "", Outcome.RECALLED, actor, Authority(role))
        _record("approval.recalled", actor, role, row)
        kind_of(row).ended(row, typed)
    return row


@transaction.atomic
def note_opened(*, actor: User, request: Request) -> None:
    """Note that somebody who could take the waiting step has it open, so that it can no longer be recalled."""
    row, typed = locked(request)
    step = step_of(row, typed)
    if step is None or row.opened_by_id is not None:
        return
    found = authority(actor, step, row)
    if found and refusal(actor, step, typed, found) is None:
        row.opened_by = actor
        row.save(update_fields=["opened_by"])


@transaction.atomic
def stop_clock(*, actor: User, request: Request, comment: str) -> Request:
    """Stop the deadline while the office waits for somebody outside (the parents, an authority).

    Raises ValueError without words, WrongState; else as `take_step`.
    """
    if not comment.strip():
        raise ValueError("Stopping the clock needs words")
    turn = _turn(actor, request, "", None)
    row = turn.row
    if row.due_on is None:
        raise WrongState(_("The clock of this request stands already."))
    today = timezone.localdate()
    left = days_left(row.school, row.due_on, today=today).days
    row.stopped_on, row.days_left, row.due_on = today, left, None
    with acting(actor, role=turn.found.role, request_no=row.number):
        _save(row)
        _decide(row, row.step, Outcome.STOPPED, actor, turn.found, comment=comment)
        _record("approval.clock_stopped", actor, turn.found.role, row)
    return row


@transaction.atomic
def resume_clock(*, actor: User, request: Request) -> Request:
    """Let the deadline run on with the working days that were left. Raises WrongState; else as `take_step`."""
    turn = _turn(actor, request, "", None)
    row = turn.row
    if row.stopped_on is None or row.days_left is None:
        raise WrongState(_("The clock of this request is running."))
    row.due_on = due_after(row.school, max(row.days_left, 0)).date
    row.stopped_on = row.days_left = None
    with acting(actor, role=turn.found.role, request_no=row.number):
        _save(row)
        _decide(row, row.step, Outcome.RESUMED, actor, turn.found)
        _record("approval.clock_resumed", actor, turn.found.role, row)
    return row


@transaction.atomic
def lapse(*, actor: User, request: Request) -> Request:
    """End an approved request whose time is over without having been carried out. Raises WrongState."""
    row, typed = locked(request)
    if row.state != State.APPROVED:
        raise WrongState(_("This step is not due: %(state)s.") % {"state": row.get_state_display()})
    with acting(actor, role="service", request_no=row.number):
        step = row.step
        _end(row, State.LAPSED)
        _save(row, "closed_at")
        _decide(row, step, Outcome.LAPSED, actor, Authority("service"))
        _record("approval.lapsed", actor, "service", row)
        kind_of(row).ended(row, typed)
    return row


def note_many(*, actor: User, done: int, refused: int) -> None:
    """Write down that requests were decided in bulk; each decision has its own event besides."""
    events.record("approval.decided_many", actor=actor, detail={"done": done, "refused": refused})
