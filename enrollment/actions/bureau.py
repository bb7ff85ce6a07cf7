"""The bureau's word on pupils without household registration (无户籍学生): the school enters, the county approves."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import role_for
from enrollment.actions.decisions import (
    Outcome,
    check_version,
    decision,
    lost_race,
    mark_returned,
    same_person,
)
from enrollment.actions.drafts import locked
from enrollment.actions.refusals import WrongState
from enrollment.models import Applicant, IntakeDecision
from enrollment.steps import BUREAU
from ledger import events
from ledger.context import acting


def _locked_case(actor: User, applicant: Applicant, version: int | None) -> tuple[Applicant, str]:
    row = locked(applicant)
    role = role_for(actor, BUREAU.perm, row.unit_id)
    if row.bureau_state != Applicant.BureauState.WAITING:
        raise lost_race(row, actor)
    if row.state != Applicant.State.HEAD_APPROVED:
        raise WrongState(_("The school's own reviews come first."))
    forbidden = same_person(row, actor)
    if forbidden:
        raise forbidden
    check_version(row, version)
    return row, role


@transaction.atomic
def approve_no_hukou(
    *, actor: User, applicant: Applicant, version: int | None = None, comment: str = ""
) -> Applicant:
    """Agree that this pupil is taken in without an identity number. Raises as the reviews do."""
    row, role = _locked_case(actor, applicant, version)
    row.bureau_state, row.bureau_officer = Applicant.BureauState.APPROVED, actor
    with acting(actor, role=role):
        row.save(update_fields=["bureau_state", "bureau_officer"])
        decision(row, IntakeDecision.Step.BUREAU, Outcome.PASSED, actor, role, comment=comment).save()
        events.record("applicant.no_hukou_approved", actor=actor, obj=row)
    return row


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
    row, role = _locked_case(actor, applicant, version)
    with acting(actor, role=role):
        names = mark_returned(row, actor)
        row.bureau_state = Applicant.BureauState.REFUSED
        row.save(update_fields=[*names, "bureau_state"])
        step = IntakeDecision.Step.BUREAU
        decision(row, step, Outcome.REFUSED, actor, role, fields=fields, comment=comment.strip()).save()
        events.record("applicant.no_hukou_refused", actor=actor, obj=row, detail={"fields": list(fields)})
    return row
