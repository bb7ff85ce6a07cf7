"""The bureau's word on pupils without household registration (无户籍学生): the school enters, the county approves."""

from collections.abc import Sequence

from django.db import transaction

from accounts.models import User
from enrollment.actions.decisions import Outcome, decision, mark_returned, pass_step, take_step
from enrollment.models import Applicant
from enrollment.steps import BUREAU
from ledger import events
from ledger.context import acting


@transaction.atomic
def approve_no_hukou(
    *, actor: User, applicant: Applicant, version: int | None = None, comment: str = ""
) -> Applicant:
    """Agree that this pupil is taken in without an identity number. Raises as the reviews do."""
    return pass_step(BUREAU, actor, applicant, version, comment)


@transaction.atomic
def refuse_no_hukou(
    *,
    actor: User,
    applicant: Applicant,
    comment: str,
    fields: Sequence[str] = (),
    version: int | None = None,
) -> Applicant:
    """Disagree: back to the clerk, who adds the number or the proof. Raises ValueError without a comment."""
    if not comment.strip():
        raise ValueError("A refusal needs words")
    row, role = take_step(BUREAU, actor, applicant, version)
    with acting(actor, role=role):
        names = mark_returned(row, actor)
        row.bureau_state = Applicant.BureauState.REFUSED
        row.save(update_fields=[*names, "bureau_state"])
        decision(row, BUREAU.key, Outcome.REFUSED, actor, role, fields=fields, comment=comment.strip()).save()
        events.record("applicant.no_hukou_refused", actor=actor, obj=row, detail={"fields": list(fields)})
    return row
