"""In which role somebody acts: an act names its role (C.7)."""

from accounts.models import User
from accounts.scope import role_for
from school.models import Unit


def acting_role(user: User, perm: str, unit: Unit) -> str:
    """`accounts.scope.role_for` at ``unit``."""
    return role_for(user, perm, unit.pk)
