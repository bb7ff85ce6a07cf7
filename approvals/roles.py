"""In which role somebody acts: an act names its role (C.7)."""

from django.db.models import Q
from django.utils import timezone

from accounts.models import Appointment, User
from accounts.roles import ROLE_PERMISSIONS, Role
from accounts.scope import demand
from school.models import Unit


def acting_role(user: User, perm: str, unit: Unit) -> str:
    """The role by which ``user`` may do what ``perm`` names at ``unit``: the one held nearest to it.

    Raises NotPermitted when he may not; "" for a right that was given without an appointment.
    """
    demand(user, perm, unit.pk)
    today = timezone.localdate()
    held = Appointment.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=today),
        user=user,
        unit_id__in=[*unit.ancestors, unit.pk],
        valid_from__lte=today,
        withdrawn_at__isnull=True,
    )
    fitting = [one for one in held if perm in ROLE_PERMISSIONS.get(Role(one.role), ())]
    fitting.sort(key=lambda one: (one.unit_id != unit.pk, one.pk))
    return fitting[0].role if fitting else ""
