"""Who may not decide on an applicant: who had a part in it, the applicant himself, his family, who stepped aside.

Own file and family are known by the identity number that the system administrator recorded in the account; what no
number tells is declared by hand (回避).
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.grants import in_force
from accounts.models import Appointment, Training, User
from accounts.roles import ENTRY_ROLES, ROLE_PERMISSIONS
from enrollment.models import Applicant, ApplicantMember, StepAside
from enrollment.steps import PERSONS, Step, part_of

RELATED = _("This is your own file or your family's: another person decides")
ASIDE = _("You have stepped aside from this applicant: another person decides")


def why_barred(user: User, applicant: Applicant) -> str:
    """Why ``user`` may not decide on this applicant, in words; "" when nothing bars him."""
    part = part_of(applicant, user)
    if part:
        return str(part)
    if _numbers_match(user, applicant):
        return str(RELATED)
    return str(ASIDE) if StepAside.objects.filter(applicant=applicant, user=user).exists() else ""


def _numbers_match(user: User, applicant: Applicant) -> bool:
    own = user.id_number_index
    if own is None:
        return False
    return applicant.id_number_index == own or applicant.members.filter(id_number_index=own).exists()


def had_part(user: User) -> Q:
    """Condition on applicants: ``user`` entered them, or took a step."""
    found = Q(former_clerk_ids__contains=[user.pk])
    for column in PERSONS:
        found |= Q(**{f"{column}__isnull": False, column: user})
    return found


def is_related(user: User) -> Q:
    """Condition on applicants: the own file, the family's, or one from which ``user`` stepped aside."""
    found = Q(Exists(StepAside.objects.filter(applicant=OuterRef("pk"), user=user)))
    own = user.id_number_index
    if own is not None:
        family = ApplicantMember.objects.filter(applicant=OuterRef("pk"), id_number_index=own)
        found |= Q(id_number_index__isnull=False, id_number_index=own) | Q(Exists(family))
    return found


def related_among(user: User, ids: Iterable[int]) -> set[int]:
    """Those of the applicants with these ids on whom ``user`` does not decide because he is related."""
    rows = Applicant.objects.filter(is_related(user), pk__in=list(ids))
    return set(rows.values_list("pk", flat=True))


def deciders(applicant: Applicant, step: Step) -> list[User]:
    """Everybody who could take ``step`` on this applicant today, by name."""
    return [user for user in holders(applicant.unit, step.perm) if not why_barred(user, applicant)]


def holders(unit: Any, perm: str) -> list[User]:
    """Everybody who holds ``perm`` at ``unit`` or above it today, trained where the role asks for it."""
    roles = [role for role, perms in ROLE_PERMISSIONS.items() if perm in perms]
    held = Appointment.objects.filter(
        in_force(), user=OuterRef("pk"), role__in=roles, unit_id__in=[*unit.ancestors, unit.pk]
    )
    today = timezone.localdate()
    valid = Q(valid_until__isnull=True) | Q(valid_until__gte=today)
    trained = Training.objects.filter(valid, user=OuterRef("user"), passed_on__lte=today)
    free = held.filter(~Q(role__in=ENTRY_ROLES) | Q(Exists(trained)))
    found = User.objects.filter(Exists(free), is_active=True, kind=User.Kind.STAFF)
    return list(found.order_by("name", "pk"))
