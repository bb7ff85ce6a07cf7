"""Handing over the open work of a clerk who leaves: drafts and returned applicants go to a colleague in one act."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import role_for, units_with
from core.row_locks import locked_rows
from enrollment.actions.refusals import IntakeRefused
from enrollment.models import Applicant
from enrollment.steps import OPEN_TO_CLERK, has_decided
from ledger import events
from ledger.context import acting
from ledger.history import update_rows
from school.models import Unit

PERM = "manage_intake"


@dataclass(frozen=True, slots=True)
class HandedOver:
    """How many went to the colleague, and how many stayed because he had a part in them or may not enter there."""

    count: int
    left: int


@transaction.atomic
def hand_over(*, actor: User, giver: User, taker: User, reason: str) -> HandedOver:
    """Give the drafts and returned applicants of ``giver`` to ``taker``, in the schools whose intake ``actor`` heads.

    Whoever entered them before stays among those who may not decide. Raises IntakeRefused when nothing can be handed
    over, NotPermitted; ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("Handing over needs a reason")
    if giver.pk == taker.pk or not taker.is_active:
        raise IntakeRefused(_("Choose a colleague whose account is open."))
    rows = Applicant.objects.filter(
        entered_by=giver, state__in=OPEN_TO_CLERK, unit_id__in=list(units_with(actor, PERM))
    )
    found = list(locked_rows(rows).select_related("unit").defer("name_tokens").order_by("pk"))
    entering = set(units_with(taker, "enter_applicant"))
    passing = [row for row in found if row.unit_id in entering and not has_decided(row, taker)]
    if not passing:
        raise IntakeRefused(_("There is nothing that this colleague could take over."))
    for row in passing:
        row.entered_by = taker
        row.former_clerk_ids = sorted({*row.former_clerk_ids, giver.pk} - {taker.pk})
    _write(actor, giver, taker, reason.strip(), passing)
    return HandedOver(len(passing), len(found) - len(passing))


def _write(actor: User, giver: User, taker: User, reason: str, rows: list[Applicant]) -> None:
    groups: dict[Unit, list[Applicant]] = {}
    for row in rows:
        groups.setdefault(row.unit, []).append(row)
    persons = {"giver": giver.pk, "taker": taker.pk}
    for unit, group in groups.items():
        role = role_for(actor, PERM, unit.pk)
        with acting(actor, role=role, reason=reason):
            update_rows(group, ["entered_by", "former_clerk_ids"], actor=actor, reason=reason, role=role)
            events.record_many(
                "applicant.handed_over", group, actor=actor, role=role, reason=reason, detail=persons
            )
            events.record(
                "clerk.handed_over",
                actor=actor,
                obj=giver,
                unit_id=unit.pk,
                detail={**persons, "count": len(group)},
            )
