"""Stepping aside (回避): somebody related to an applicant, whatever numbers tell, decides nothing on him."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import demand, role_for, units_with
from enrollment.actions.decisions import lost_race
from enrollment.actions.drafts import locked
from enrollment.actions.refusals import IntakeRefused
from enrollment.models import Applicant, StepAside
from enrollment.relations import deciders
from enrollment.steps import BUREAU, STEPS, waiting_step
from ledger import events
from ledger.context import acting

DECIDING = (*(step.perm for step in STEPS.values()), BUREAU.perm)
OVER = (Applicant.State.ACCEPTED, Applicant.State.WITHDRAWN)


@transaction.atomic
def step_aside(*, actor: User, applicant: Applicant, reason: str) -> list[User]:
    """Decide nothing on this applicant any more; gives who can take the waiting step instead.

    Raises WrongState when all is over, IntakeRefused when done already, NotPermitted; ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("Stepping aside needs a reason")
    row = locked(applicant)
    held = [perm for perm in DECIDING if row.unit_id in units_with(actor, perm)]
    if not held:
        demand(actor, DECIDING[0], row.unit_id)
    if row.state in OVER:
        raise lost_race(row, actor)
    if row.asides.filter(user=actor).exists():
        raise IntakeRefused(_("You have stepped aside already."))
    role = role_for(actor, held[0], row.unit_id)
    with acting(actor, role=role, reason=reason.strip()):
        StepAside(applicant=row, user=actor, role=role, reason=reason.strip()).save()
        if row.opened_by_id == actor.pk:
            row.opened_by = row.opened_at = None
            row.save(update_fields=["opened_by", "opened_at"])
        events.record("applicant.stepped_aside", actor=actor, obj=row)
    step = waiting_step(row)
    return deciders(row, step) if step else []
