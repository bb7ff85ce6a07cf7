"""Who may take a step of a request: by an own role, or for somebody by a delegation in force."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import ADMINISTRATORS
from accounts.scope import held_by, holders, role_for, units_with
from approvals.kinds import Kind, Step, kind_of
from approvals.models import Delegation, Request, TypedRequest
from approvals.refusals import OwnFile, RequestRefused, SamePerson
from approvals.relation import related_among
from school.models import Unit


@dataclass(frozen=True, slots=True)
class Authority:
    """By what somebody may take a step: his role, or the role of the one for whom he acts."""

    role: str
    delegation: Delegation | None = None


def authority(
    user: User, step: Step, request: Request, lent: Sequence[Delegation] | None = None
) -> Authority | None:
    """By what ``user`` may take ``step``; None when nothing gives it. Says nothing about persons that must differ.

    ``lent``: his `delegations_to`, when the caller has read them.
    """
    if _reaches(user, step, request):
        return Authority(role_for(user, step.perm, request.school.pk))
    for delegation in delegations_to(user) if lent is None else lent:
        there = delegation.unit_id in (request.school_id, *request.school.ancestors)
        if there and _reaches(delegation.principal, step, request):
            return Authority(role_for(delegation.principal, step.perm, request.school.pk), delegation)
    return None


def _reaches(user: User, step: Step, request: Request) -> bool:
    if request.school_id not in units_with(user, step.perm):
        return False
    return step.where == "school" or belongs_to(user, request.department)


def belongs_to(user: User, department: Unit) -> bool:
    """Whether ``user`` works in the department, or in a unit above it that lends its people."""
    return user.unit_id is not None and user.unit_id in (department.pk, *department.ancestors)


def in_force(today: date) -> Q:
    """Delegations that are approved, not ended, and hold on this day."""
    return Q(approved_by__isnull=False, ended_at__isnull=True, valid_from__lte=today, valid_until__gte=today)


def delegations_to(user: User) -> list[Delegation]:
    """Delegations by which ``user`` acts for somebody today; none for who has become an administrator since."""
    rows = Delegation.objects.filter(in_force(timezone.localdate()), deputy=user, principal__is_active=True)
    found = list(rows.select_related("principal__unit").order_by("pk"))
    if found and any(held.role in ADMINISTRATORS for held in held_by(user)):
        return []
    return found


def refusal(
    user: User,
    step: Step,
    typed: TypedRequest,
    found: Authority | None,
    related: AbstractSet[UUID] | None = None,
) -> RequestRefused | None:
    """What forbids ``user`` this step though he has the right.

    He, or the one for whom he acts, took a step that another person must take; or the file is his own, or of one of
    them. ``related``: their `related_among`, when the caller has asked for many.
    """
    alone = getattr(typed, step.only) if step.only else None
    if alone is not None and alone.pk != user.pk:
        return SamePerson(_("Only %(name)s can take this step") % {"name": alone.name})
    persons = {user.pk} | ({found.delegation.principal_id} if found and found.delegation else set())
    if persons & typed.barred():
        return SamePerson(_("You had another part in this matter; another person must take this step"))
    for one, other in typed.pairs():
        across = other if one == step.person else one if other == step.person else ""
        if across and getattr(typed, f"{across}_id") in persons:
            return SamePerson(person_words(typed, across))
    subjects = typed.subjects()
    if related is None:
        people = [user, *([found.delegation.principal] if found and found.delegation else [])]
        related = {one for person in people for one in related_among(person, subjects)}
    if not related.isdisjoint(subjects):
        return OwnFile(_("Nobody decides on his own file or on that of his family"))
    return None


def person_words(typed: TypedRequest, column: str) -> str:
    """Why the one in this column cannot take the step."""
    if column == "requester":
        return _("The one who asked cannot also decide")
    steps = {step.person: step.label for step in kind_of(typed.request).every_step}
    return _("You took the step “%(step)s” already; another person must take this one") % {
        "step": steps.get(column, column)
    }


def eligible(step: Step, request: Request, typed: TypedRequest) -> list[User]:
    """The people who could take the step today, by an own role."""
    people = holders(step.perm, request.school).select_related("unit")
    return [
        user
        for user in people.order_by("name", "pk")
        if (step.where == "school" or belongs_to(user, request.department))
        and refusal(user, step, typed, None) is None
    ]


def staffed(kind: Kind, request: Request, typed: TypedRequest) -> list[tuple[Step, list[User]]]:
    """Each step of a request with who could take it, as named before it is submitted."""
    return [(step, eligible(step, request, typed)) for step in kind.steps(typed)]


def nobody_for(staff: list[tuple[Step, list[User]]], typed: TypedRequest) -> list[Step]:
    """Steps for which nobody is left when every other step that must differ has its person too."""
    return [step for step, _people in staff if not _assignable(staff, typed, step)]


def _assignable(staff: list[tuple[Step, list[User]]], typed: TypedRequest, wanted: Step) -> bool:
    """Whether one person can be found for each step up to ``wanted`` without breaking a pair."""
    upto = []
    for step, people in staff:
        upto.append((step, people))
        if step.key == wanted.key:
            break
    pairs = {frozenset(pair) for pair in typed.pairs()}

    def fill(index: int, taken: dict[str, int]) -> bool:
        if index == len(upto):
            return True
        step, people = upto[index]
        for user in people:
            clash = any(
                holder == user.pk and frozenset((column, step.person)) in pairs
                for column, holder in taken.items()
            )
            if not clash and fill(index + 1, {**taken, step.person: user.pk}):
                return True
        return False

    return fill(0, {"requester": typed.requester.pk})
