"""The request for a role as a kind of request: its steps, and how it is shown."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.grants import is_trained
from accounts.models import User
from accounts.roles import ENTRY_ROLES, ROLE_PERMISSIONS, Role
from accounts.selectors import PERMISSION_LABELS, paths_of
from approvals.kinds import Kind, Step
from approvals.models import Request
from audit.letters.selectors import letters_for
from audit.models import RoleRequest
from audit.rights import actions

STEPS = (
    Step(
        "department_head", _("Head of department"), "approve_rights", "head", where="department",
        act=actions.still_possible,
    ),
    Step(
        "grant", _("Security administrator"), "manage_grants", "granter", act=actions.grant,
        button=_("Grant the role"),
    ),
)  # fmt: skip


def steps_of(typed: RoleRequest) -> Sequence[Step]:
    """The same way in every school."""
    return STEPS


def read(user: User, request: Request, typed: RoleRequest) -> dict[str, Any]:
    """What the role allows, which letters come with it, and what the requester holds today."""
    role = Role(typed.role)
    return {
        "permissions": [PERMISSION_LABELS[perm] for perm in ROLE_PERMISSIONS[role]],
        "held": paths_of(typed.requester),
        "letters": letters_for(typed.requester, role, typed.unit),
        "untrained": role in ENTRY_ROLES and not is_trained(typed.requester),
    }


def title_of(request: Request, typed: RoleRequest) -> str:
    """The role."""
    return str(Role(typed.role).label)


def form_url(request: Request) -> str:
    """The form of every request for a role."""
    return reverse("audit:role_new")


KIND = Kind(
    actions.KIND,
    "QX",
    _("Request for a role"),
    RoleRequest,
    steps_of,
    STEPS,
    "",
    "audit/role_request.html",
    read,
    title_of,
    check=actions.check_ready,
    form_url=form_url,
    print_url="audit:role_print",
    readers=("view_grants",),
    bulk=False,
)
