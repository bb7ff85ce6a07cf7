"""Writes of requests for a role: drafted by the one who wants it, granted by the security administrator."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import checks
from accounts.actions import appoint
from accounts.models import User
from accounts.roles import Role
from accounts.scope import NotPermitted
from approvals import actions as requests
from approvals.kinds import Doing, kind
from approvals.models import Request
from approvals.refusals import RequestRefused, WrongState
from audit.models import RoleRequest
from audit.rights.printing import role_form
from ledger import events
from ledger.context import acting, service_user
from school.models import Unit

KIND = "role"


class CannotHold(RequestRefused):
    """The role cannot be held by this person, on this unit or for these days."""


@transaction.atomic
def draft(
    *,
    actor: User,
    role: Role,
    unit: Unit,
    valid_from: date,
    valid_until: date,
    reason: str,
    instead_of: RoleRequest | None = None,
) -> RoleRequest:
    """Draft the request of ``actor`` for a role at his school. Raises CannotHold, WrongState, NotPermitted."""
    if actor.unit is None:
        raise NotPermitted("no unit")
    school = actor.unit.employer
    if school.pk not in (unit.pk, *unit.ancestors):
        raise CannotHold(_("Roles are asked for on one's own school and the units below it."))
    _demand_possible(actor, role, unit, valid_from, valid_until)
    typed: Any = requests.open_request(
        actor=actor, kind=kind(KIND), school=school, instead_of=instead_of, role=role.value, unit=unit,
        valid_from=valid_from, valid_until=valid_until, reason=reason.strip(),
    )  # fmt: skip
    made: RoleRequest = typed
    return made


def _demand_possible(user: User, role: Role, unit: Unit, valid_from: date, valid_until: date) -> None:
    giver: Any = service_user()
    try:
        checks.appointment(giver, user, role, unit, valid_from, valid_until)
    except ValidationError as fault:
        raise CannotHold(" ".join(fault.messages)) from fault


def _begins(typed: RoleRequest) -> date:
    """The day asked for, or today once it has passed."""
    today = timezone.localdate()
    if typed.valid_until < today:
        raise CannotHold(_("The days for which the role was asked are over."))
    return max(typed.valid_from, today)


def check_ready(typed: RoleRequest) -> None:
    """What is asked when the request is submitted. Raises CannotHold, also for a missing training."""
    _demand_possible(typed.requester, Role(typed.role), typed.unit, _begins(typed), typed.valid_until)


def still_possible(doing: Doing) -> None:
    """The same again when the head approves."""
    check_ready(doing.typed)


def grant(doing: Doing) -> None:
    """Make the appointment under the request's number. Raises CannotHold, NotPermitted."""
    typed: RoleRequest = doing.typed
    try:
        typed.appointment = appoint(
            actor=doing.actor, user=typed.requester, role=Role(typed.role), unit=typed.unit, valid_from=_begins(typed),
            valid_until=typed.valid_until, reason=typed.reason, request_no=doing.request.number,
        )  # fmt: skip
    except ValidationError as fault:
        raise CannotHold(" ".join(fault.messages)) from fault
    typed.save(update_fields=["appointment"])


@transaction.atomic
def print_form(*, actor: User, typed: RoleRequest, request: Request) -> bytes:
    """The form of a submitted request as PDF/A, for whoever may read it. Raises WrongState for a draft, PdfFailed."""
    if not request.number:
        raise WrongState(_("Submit the request first."))
    content = role_form(typed, request, actor)
    with acting(actor, request_no=request.number):
        events.record("role_request.printed", actor=actor, obj=typed, unit_id=request.school_id)
    return content
