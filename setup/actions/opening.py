"""The first act in an empty installation: the top unit and the three who administer it."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import actions
from accounts.roles import Role
from ledger import events
from ledger.context import acting
from school.models import Unit
from setup.actions.common import clashes_told
from setup.actions.units import check_unit

TOP_KINDS = (Unit.Kind.BUREAU, Unit.Kind.CENTRAL_SCHOOL, Unit.Kind.SCHOOL)
"""What may stand at the top of the tree."""


@transaction.atomic
def open_installation(
    *, actor: Any, people: Mapping[Role, tuple[str, str]], reason: str, kind: str, **values: Any
) -> tuple[Unit, dict[Role, str]]:
    """Add the top unit and open its three administrators; the unit, and the first password of each.

    ``actor`` is the service account; ``values`` are the unit's name, code and stage. Raises ValidationError when there
    are units or administrators already, and for whatever does not fit.
    """
    type(actor).objects.select_for_update().get(pk=actor.pk)
    if Unit.objects.exists():
        raise ValidationError(_("There are units already; administrators add further ones on the pages."))
    if kind not in TOP_KINDS:
        raise ValidationError({"kind": _("A unit of this kind cannot stand at the top.")})
    unit = Unit(kind=kind, **values)
    check_unit(unit)
    with acting(actor, role="service", reason=reason), clashes_told():
        unit.save()
        events.record("unit.added", actor=actor, obj=unit)
        return unit, actions.open_administrators(actor=actor, unit=unit, people=people, reason=reason)
