"""A request as a page shows it: the way with persons and dates, the timeline, in which role one acts."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.roles import Role
from approvals import selectors
from approvals.authority import authority
from approvals.kinds import Step, kind_of
from approvals.models import Decision, Request
from approvals.reasons import ReturnReason
from core.formatting import moment
from core.ui import Step as ShownStep
from core.ui import TimelineRow

Outcome, State = Decision.Outcome, Request.State
_LOOKS: dict[str, tuple[Any, str]] = {
    Outcome.SUBMITTED: ("blue", "upload"),
    Outcome.PASSED: ("green", "check"),
    Outcome.RETURNED: ("orange", "arrow-back-up"),
    Outcome.REFUSED: ("red", "x"),
    Outcome.RECALLED: ("grey", "arrow-back"),
    Outcome.REOPENED: ("orange", "arrow-back-up"),
    Outcome.STOPPED: ("grey", "clock"),
    Outcome.RESUMED: ("grey", "clock"),
    Outcome.LAPSED: ("grey", "clock"),
}


def role_name(role: str) -> str:
    """The name of a role in the language of the moment."""
    return str(Role(role).label) if role in Role.values else _("Service") if role == "service" else ""


def acting_words(user: User, step: Step, request: Request) -> str:
    """In which role ``user`` would take the step, and for whom."""
    found = authority(user, step, request)
    if found is None:
        return ""
    if found.delegation:
        words = _("%(role)s, for %(name)s")
        return words % {"role": role_name(found.role), "name": found.delegation.principal.name}
    return role_name(found.role)


def steps(request: Request, typed: Any) -> list[ShownStep]:
    """The request's way: who took each step and when, what waits and until when."""
    with_requester = request.state in (State.DRAFT, State.RETURNED)
    taken = {one.step: one.at for one in selectors.decisions(request) if one.outcome == Outcome.PASSED}
    first = ShownStep(
        gettext_lazy("Request"),
        "returned" if request.state == State.RETURNED else "current" if with_requester else "done",
        request.requester.name,
        due=request.due_on if with_requester else None,
        at=None if with_requester else request.submitted_at,
    )
    shown = [first]
    for step in kind_of(request).steps(typed):
        person = getattr(typed, step.person)
        current = step.key == request.step
        shown.append(
            ShownStep(
                step.label,
                "current" if current else "done" if person and not with_requester else "waiting",
                person.name if person and not with_requester else "",
                due=request.due_on if current else None,
                at=taken.get(step.key) if person and not current else None,
                note=gettext_lazy("Clock stopped") if current and request.stopped_on else "",
            )
        )
    return shown


def timeline(request: Request) -> list[TimelineRow]:
    """Every act on the request, newest first."""
    labels = {step.key: str(step.label) for step in kind_of(request).every_step}
    rows = []
    for one in reversed(selectors.decisions(request)):
        kind, icon = _LOOKS[one.outcome]
        words = [ReturnReason(one.reason).label if one.reason else "", one.comment]
        what = labels.get(one.step, "") if one.outcome != Outcome.SUBMITTED else ""
        sentence = " · ".join(part for part in (what, str(Outcome(one.outcome).label)) if part)
        actor = one.actor.name
        if one.delegation:
            actor = _("%(deputy)s for %(name)s") % {"deputy": actor, "name": one.delegation.principal.name}
        rows.append(
            TimelineRow(
                one.at,
                sentence,
                actor,
                role_name(one.role),
                kind,
                icon,
                request_no=request.number or "",
                note=" · ".join(str(word) for word in words if word),
            )
        )
    return rows


def course(request: Request) -> list[tuple[str, str, str, str]]:
    """The same for a printed form, oldest first: the act, the person with the role, the time, the words."""
    return [
        (
            str(row.sentence),
            " · ".join(filter(None, (row.actor, str(row.role)))),
            moment(row.at),
            str(row.note),
        )
        for row in reversed(timeline(request))
    ]
