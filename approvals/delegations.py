"""Writes of delegations (代办授权): asked for by the principal, approved by somebody else, ended early."""

from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Appointment, User
from accounts.roles import ADMINISTRATORS
from accounts.scope import role_for
from approvals.models import Delegation
from approvals.refusals import RequestRefused
from ledger import events
from ledger.context import acting
from school.models import Unit

APPROVING = "manage_grants"
LONGEST_DAYS = 92


@transaction.atomic
def propose(
    *, actor: User, deputy: User, unit: Unit, valid_from: date, valid_until: date, reason: str
) -> Delegation:
    """Ask that ``deputy`` may act for ``actor`` at ``unit``; in force once somebody else has approved.

    Raises RequestRefused, ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("A delegation needs a reason")
    if deputy.pk == actor.pk or not deputy.is_active:
        raise RequestRefused(_("Choose another person who is in service."))
    _demand_no_administrator(actor, deputy, valid_from, valid_until)
    if not timezone.localdate() <= valid_until or valid_until < valid_from:
        raise RequestRefused(_("The dates are not in order."))
    if (valid_until - valid_from).days >= LONGEST_DAYS:
        raise RequestRefused(_("A delegation lasts at most %(days)s days.") % {"days": LONGEST_DAYS})
    with acting(actor, reason=reason.strip()):
        made: Delegation = Delegation.objects.create(
            principal=actor,
            deputy=deputy,
            unit=unit,
            valid_from=valid_from,
            valid_until=valid_until,
            reason=reason.strip()[:200],
        )
        events.record("delegation.proposed", actor=actor, obj=made, unit_id=unit.pk)
    return made


@transaction.atomic
def approve(*, actor: User, delegation: Delegation) -> Delegation:
    """Approve a delegation. Raises RequestRefused (own, an administrator, ended, approved already), NotPermitted."""
    row = _locked(delegation)
    role = role_for(actor, APPROVING, row.unit_id)
    if actor.pk in (row.principal_id, row.deputy_id):
        raise RequestRefused(_("Nobody approves his own delegation."))
    if row.approved_at or row.ended_at:
        raise RequestRefused(_("This delegation was settled already."))
    _demand_no_administrator(row.principal, row.deputy, row.valid_from, row.valid_until)
    row.approved_by, row.approved_at = actor, timezone.now()
    with acting(actor, role=role):
        row.save(update_fields=["approved_by", "approved_at"])
        events.record("delegation.approved", actor=actor, obj=row, unit_id=row.unit_id, role=role)
    return row


@transaction.atomic
def end(*, actor: User, delegation: Delegation) -> Delegation:
    """End a delegation: the principal, the deputy, or whoever approves. Raises RequestRefused, NotPermitted."""
    row = _locked(delegation)
    party = actor.pk in (row.principal_id, row.deputy_id)
    role = "" if party else role_for(actor, APPROVING, row.unit_id)
    if row.ended_at:
        raise RequestRefused(_("This delegation was settled already."))
    row.ended_by, row.ended_at = actor, timezone.now()
    with acting(actor, role=role):
        row.save(update_fields=["ended_by", "ended_at"])
        events.record("delegation.ended", actor=actor, obj=row, unit_id=row.unit_id, role=role)
    return row


def _demand_no_administrator(principal: User, deputy: User, first: date, last: date) -> None:
    """Administrators see no students and lend nothing: neither side holds such a duty on these days."""
    held = Appointment.objects.filter(
        user__in=[principal, deputy], role__in=ADMINISTRATORS, withdrawn_at__isnull=True, valid_from__lte=last
    )
    if held.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=first)).exists():
        raise RequestRefused(_("Nobody acts for an administrator, and no administrator acts for others."))


def _locked(delegation: Delegation) -> Delegation:
    found: Delegation = (
        Delegation.objects.select_for_update(of=("self",)).select_related("unit").get(pk=delegation.pk)
    )
    return found
