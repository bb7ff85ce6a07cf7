"""The printed form of a request for a role (权限变更申请表)."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from accounts.roles import ROLE_PERMISSIONS, Role
from accounts.selectors import PERMISSION_LABELS
from approvals.models import Request
from approvals.showing import course
from audit.inspections.printing import supervision_pdf, table
from audit.models import RoleRequest
from core.formatting import day


def role_form(typed: RoleRequest, request: Request, actor: User) -> bytes:
    """Who asks for what, until when and why, who decided when. Raises PdfFailed."""
    person, given = typed.requester, typed.appointment
    facts = [
        (pgettext("request", "Number"), request.number or ""),
        (pgettext("request", "State"), str(request.get_state_display())),
        (_("Person"), person.name),
        (_("Staff number"), person.staff_no),
        (_("Department"), request.department.label),
        (_("Role"), str(typed.get_role_display())),
        (_("Unit"), typed.unit.full_label),
        (_("Days asked for"), f"{day(typed.valid_from)} – {day(typed.valid_until)}"),
        (_("Days granted"), f"{day(given.valid_from)} – {day(given.valid_until)}" if given else ""),
        (_("Ended early"), day(given.withdrawn_at) if given and given.withdrawn_at else ""),
    ]
    allowed = [str(PERMISSION_LABELS[perm]) for perm in ROLE_PERMISSIONS[Role(typed.role)]]
    heads = [
        (_("Step"), "1fr"),
        (_("Person"), "46mm"),
        (_("Time"), "34mm"),
        (pgettext("decision", "Words"), "1fr"),
    ]
    return supervision_pdf(
        actor=actor, school=request.school, number=request.number or "", name=_("Request for a role"), facts=facts,
        words=[(_("Reason"), typed.reason), (_("What the role allows"), " · ".join(allowed))],
        tables=[table(_("Course of the request"), heads, course(request))],
    )  # fmt: skip
