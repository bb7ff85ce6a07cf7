"""Who may not decide on an applicant: who had a part in it, the applicant himself, his family, who stepped aside.

Own file and family are known by the identity number that the system administrator recorded in the account; what no
number tells is declared by hand (回避).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.grants import in_force
from accounts.models import Appointment, Training, User
from accounts.roles import ENTRY_ROLES, ROLE_PERMISSIONS, Role
from enrollment.models import Applicant, ApplicantMember, StepAside
from enrollment.steps import PERSONS, Step, part_of
from school.models import Unit

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


def decided_on(user: User, applicant: UUID) -> bool:
    """Whether ``user`` entered the applicant, took a step, or accepted it."""
    part = had_part(user) | Q(acceptor=user)
    return Applicant.objects.filter(part, public_id=applicant).exists()


def is_related(user: User) -> Q:
    """Condition on applicants: the own file, the family's, or one from which ``user`` stepped aside."""
    found = Q(Exists(StepAside.objects.filter(applicant=OuterRef("pk"), user=user)))
    own = user.id_number_index
    if own is not None:
        family = ApplicantMember.objects.filter(applicant=OuterRef("pk"), id_number_index=own)
        found |= Q(id_number_index__isnull=False, id_number_index=own) | Q(Exists(family))
    return found


def stepped_aside(user: User, subjects: Collection[UUID]) -> Collection[UUID]:
    """Those of the students from whose application ``user`` has stepped aside; it holds for their files too."""
    rows = StepAside.objects.filter(user=user, applicant__student__public_id__in=subjects)
    return set(rows.values_list("applicant__student__public_id", flat=True))


def related_among(user: User, ids: Iterable[int]) -> set[int]:
    """Those of the applicants with these ids on whom ``user`` does not decide because he is related."""
    rows = Applicant.objects.filter(is_related(user), pk__in=list(ids))
    return set(rows.values_list("pk", flat=True))


def deciders(applicant: Applicant, step: Step) -> list[User]:
    """Everybody who could take ``step`` on this applicant today, by name."""
    return candidates([applicant], [step])[applicant.pk][step.key]


Candidates = dict[int, dict[str, list[User]]]


def candidates(applicants: Sequence[Applicant], steps: Sequence[Step]) -> Candidates:
    """Who could take each of ``steps`` today, by applicant and step; as many queries for many as for one."""
    held = {unit: holders(unit, {step.perm for step in steps}) for unit in {one.unit for one in applicants}}
    keys = [one.pk for one in applicants]
    aside = set(StepAside.objects.filter(applicant__in=keys).values_list("applicant_id", "user_id"))
    family = ApplicantMember.objects.filter(applicant__in=keys, id_number_index__isnull=False)
    kin = {(pk, bytes(index)) for pk, index in family.values_list("applicant_id", "id_number_index")}
    kin |= {(one.pk, bytes(one.id_number_index)) for one in applicants if one.id_number_index}

    def is_free(one: Applicant, user: User) -> bool:
        own = user.id_number_index
        return not (part_of(one, user) or (one.pk, user.pk) in aside or (own and (one.pk, bytes(own)) in kin))

    return {
        one.pk: {
            step.key: [user for user in held[one.unit][step.perm] if is_free(one, user)] for step in steps
        }
        for one in applicants
    }


def holders(unit: Unit, perms: Iterable[str]) -> dict[str, list[User]]:
    """Everybody who holds each of ``perms`` at ``unit`` or above it today, trained where the role asks for it."""
    wanted = set(perms)
    roles = [role for role, given in ROLE_PERMISSIONS.items() if wanted & set(given)]
    today = timezone.localdate()
    valid = Q(valid_until__isnull=True) | Q(valid_until__gte=today)
    trained = Training.objects.filter(valid, user=OuterRef("user"), passed_on__lte=today)
    held = Appointment.objects.filter(
        in_force(), role__in=roles, unit_id__in=[*unit.ancestors, unit.pk], user__is_active=True
    )
    held = held.filter(~Q(role__in=ENTRY_ROLES) | Q(Exists(trained))).select_related("user")
    found: dict[str, dict[int, User]] = {perm: {} for perm in wanted}
    for row in held.order_by("user__name", "user"):
        for perm in wanted & set(ROLE_PERMISSIONS[Role(row.role)]):
            found[perm][row.user_id] = row.user
    return {perm: list(people.values()) for perm, people in found.items()}


def unfilled(people: Mapping[str, Sequence[User]], taken: frozenset[int] = frozenset()) -> str:
    """The key of a step for which no person of its own is left when each step needs another one; "" when all have."""
    if not people:
        return ""
    key, *rest = people
    lacking = key
    for user in people[key]:
        if user.pk not in taken:
            below = unfilled({one: people[one] for one in rest}, taken | {user.pk})
            if not below:
                return ""
            lacking = below
    return lacking
