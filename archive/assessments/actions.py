"""Writes of impact assessments: written, confirmed by another person, refused or withdrawn."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import NotPermitted, role_for, units_with
from approvals.actions import new_number
from approvals.refusals import AlreadyDecided, RequestRefused, SamePerson, WrongState
from archive.assessments.selectors import CONFIRMERS, WRITERS
from archive.models import ImpactAssessment
from archive.retention.obstacles import years_after
from core.row_locks import locked_rows
from ledger import events
from ledger.context import acting
from school.models import Unit

PREFIX = "PG"
TEXTS = ("title", "kinds", "purpose", "necessity", "risk", "measures")


def last_day(made_on: date) -> date:
    """The last day on which an assessment of that day may be valid."""
    return years_after(made_on, 3)


def _role(actor: User, perms: Sequence[str], school: Unit) -> str:
    held = [perm for perm in perms if school.pk in units_with(actor, perm)]
    if not held:
        raise NotPermitted(perms[0], unit_id=school.pk)
    return role_for(actor, held[0], school.pk)


@transaction.atomic
def write(
    *, actor: User, key: UUID, school: Unit, conclusion: str, valid_until: date, **texts: Any
) -> ImpactAssessment:
    """Write an assessment of the school; ``texts``: what `TEXTS` names. ``key``: sent twice, it is written once.

    Raises NotPermitted, RequestRefused, also for a key that was used with other contents.
    """
    role = _role(actor, WRITERS, school)
    told: dict[str, Any] = {name: str(texts[name]).replace("\r\n", "\n").strip() for name in TEXTS}
    if not all(told.values()):
        raise RequestRefused(_("Write something under each heading."))
    today = timezone.localdate()
    if not today <= valid_until <= last_day(today):
        raise RequestRefused(_("Choose a day from today to three years from now."))
    told |= {"school": school, "conclusion": conclusion, "valid_until": valid_until, "made_by": actor}
    Unit.objects.select_for_update(no_key=True).get(pk=school.pk)
    before: ImpactAssessment | None = ImpactAssessment.objects.filter(public_id=key).first()
    if before is not None:
        if any(getattr(before, name) != value for name, value in told.items()):
            raise RequestRefused(
                _("This page has written %(number)s already. Open the form anew to write another assessment.")
                % {"number": before.number}
            )
        return before
    with acting(actor, role=role):
        made: ImpactAssessment = ImpactAssessment.objects.create(
            public_id=key, number=new_number(PREFIX), made_on=today, **told
        )
        events.record("assessment.written", actor=actor, obj=made, unit_id=school.pk, role=role)
    return made


@transaction.atomic
def confirm(*, actor: User, assessment: ImpactAssessment) -> ImpactAssessment:
    """Confirm what another person wrote. Raises NotPermitted, SamePerson, AlreadyDecided, WrongState."""
    role = _role(actor, CONFIRMERS, assessment.school)
    row = _locked(assessment)
    if row.confirmed_by is not None and row.confirmed_at is not None:
        raise AlreadyDecided(row.confirmed_by, row.confirmed_at, _("confirmed"))
    _demand_not_ended(row)
    if row.made_by_id == actor.pk:
        raise SamePerson(_("Another person than the one who wrote it confirms an assessment."))
    if row.valid_until < timezone.localdate():
        raise WrongState(_("Its last day lies in the past; write a new one."))
    row.confirmed_by, row.confirmed_at = actor, timezone.now()
    with acting(actor, role=role, request_no=row.number):
        row.save(update_fields=["confirmed_by", "confirmed_at"])
        events.record("assessment.confirmed", actor=actor, obj=row, unit_id=row.school_id, role=role)
    return row


@transaction.atomic
def end(*, actor: User, assessment: ImpactAssessment, reason: str) -> ImpactAssessment:
    """Let nothing rest on it any more: it is refused before it is confirmed, withdrawn afterwards.

    Who wrote it does this as well as who may confirm it. Raises NotPermitted, RequestRefused, AlreadyDecided.
    """
    role = _role(actor, CONFIRMERS, assessment.school)
    if not reason.strip():
        raise RequestRefused(_("Write the reason."))
    row = _locked(assessment)
    _demand_not_ended(row)
    row.ended_by, row.ended_at, row.end_reason = actor, timezone.now(), reason.strip()
    with acting(actor, role=role, reason=row.end_reason, request_no=row.number):
        row.save(update_fields=["ended_by", "ended_at", "end_reason"])
        events.record("assessment.ended", actor=actor, obj=row, unit_id=row.school_id, role=role)
    return row


def _locked(assessment: ImpactAssessment) -> ImpactAssessment:
    rows = locked_rows(ImpactAssessment.objects.filter(pk=assessment.pk))
    row: ImpactAssessment = rows.select_related("confirmed_by", "ended_by", "school").get()
    return row


def _demand_not_ended(row: ImpactAssessment) -> None:
    if row.ended_by is not None and row.ended_at is not None:
        raise AlreadyDecided(row.ended_by, row.ended_at, _("refused or withdrawn"))


def demand_valid(assessment: ImpactAssessment | None, school: Unit) -> None:
    """What rests on an assessment names one of the school that stands today, and keeps it so until it is written.

    Raises WrongState.
    """
    if assessment is None:
        raise WrongState(_("Name a confirmed impact assessment of your school, or have one written first."))
    row = _locked(assessment)
    if row.school_id != school.pk or not row.is_valid:
        words = _(
            "The impact assessment %(number)s does not stand: it is of another school, not confirmed, not"
            " acceptable, refused, withdrawn or over. Name another one."
        )
        raise WrongState(words % {"number": assessment.number})
