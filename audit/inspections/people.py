"""Who takes which part in supervision. Nobody of the inspected department asks, and who asks never answers."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import NotPermitted, holders, role_for, units_with
from approvals.authority import belongs_to
from approvals.refusals import SamePerson
from school.models import Unit

PLAN, INSPECT, ANSWER = "plan_inspections", "inspect_departments", "answer_inspection"
SUPERVISORS = (PLAN, INSPECT)
READERS = (*SUPERVISORS, ANSWER)
WORK = "execute_change"
"""Held by the archives' people, also by those whose account stands on the school itself."""


def chain(user: User) -> list[int]:
    """Ids of the unit in which ``user`` works and those above it."""
    return [user.unit.pk, *user.unit.ancestors] if user.unit is not None else []


def works_in(user: User, unit: Unit) -> bool:
    """Whether ``user`` is one of a unit's own people; whoever carries out the archives' work is of the archives."""
    ours = unit.duty == Unit.Duty.ARCHIVES and unit.parent_id in units_with(user, WORK)
    return ours or unit.pk in chain(user)


def _own(user: User) -> Q:
    """The same as a condition on rows with ``unit``."""
    ours = Q(unit__duty=Unit.Duty.ARCHIVES, unit__parent_id__in=units_with(user, WORK))
    return Q(unit_id__in=chain(user)) | ours


def demand_supervisor(actor: User, perm: str, school: Unit, unit: Unit | None) -> str:
    """The role under which ``actor`` supervises this unit. Raises NotPermitted; SamePerson for its own people."""
    role = role_for(actor, perm, school.pk)
    if unit is not None and works_in(actor, unit):
        raise SamePerson(_("Nobody inspects his own department."))
    return role


def may_supervise(user: User, perm: str, school_id: int, unit: Unit | None) -> bool:
    """The same as a question."""
    own = unit is not None and works_in(user, unit)
    return bool(user.is_active) and school_id in units_with(user, perm) and not own


def may_answer(user: User, school_id: int, unit: Unit) -> bool:
    """Whether ``user`` answers for this unit: a head of its own, or of the unit above that lends its people.

    Who inspects at that school answers for no department but his own.
    """
    if school_id not in units_with(user, ANSWER):
        return False
    return works_in(user, unit) or (
        belongs_to(user, unit) and not any(school_id in units_with(user, one) for one in SUPERVISORS)
    )


def demand_answerer(actor: User, school: Unit, unit: Unit) -> str:
    """The role under which ``actor`` answers for this unit. Raises NotPermitted."""
    role = role_for(actor, ANSWER, school.pk)
    if not may_answer(actor, school.pk, unit):
        raise NotPermitted(f"{ANSWER} for unit {unit.pk}", unit_id=unit.pk)
    return role


def supervised(user: User, *perms: str) -> Q:
    """Condition on rows with ``school`` and ``unit``: those that ``user`` supervises, none of his own department."""
    schools = {unit for perm in perms or SUPERVISORS for unit in units_with(user, perm)}
    return Q(school_id__in=schools) & (Q(unit__isnull=True) | ~_own(user))


def answered_for(user: User) -> Q:
    """Condition on the same rows: those of departments for which ``user`` answers."""
    schools = set(units_with(user, ANSWER))
    own = Q(school_id__in=schools) & _own(user)
    asked = {unit for perm in SUPERVISORS for unit in units_with(user, perm)}
    if user.unit is None or not schools - asked:
        return own
    return own | Q(school_id__in=schools - asked, unit__ancestors__contains=[user.unit.pk])


def departments(user: User, perm: str = PLAN) -> QuerySet[Unit]:
    """Departments in use that ``user`` may supervise."""
    rows: QuerySet[Any] = Unit.objects.filter(
        pk__in=units_with(user, perm), parent_id__in=units_with(user, perm), kind=Unit.Kind.DEPARTMENT
    )
    rows = rows.filter(is_active=True).exclude(pk__in=chain(user))
    rows = rows.exclude(duty=Unit.Duty.ARCHIVES, parent_id__in=units_with(user, WORK))
    return rows.select_related("parent").order_by("parent__order", "parent_id", "order", "name")


def inspectors(user: User) -> QuerySet[User]:
    """People who inspect at one of the schools where ``user`` plans."""
    schools = Unit.objects.filter(pk__in=units_with(user, PLAN)).exclude(kind=Unit.Kind.DEPARTMENT)
    people = {pk for school in schools for pk in holders(INSPECT, school).values_list("pk", flat=True)}
    found: QuerySet[User] = User.objects.filter(pk__in=people).select_related("unit")
    return found.order_by("name", "pk")
