"""Reads of what the rooms share: requests that a user may see, what waits for him, notices."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import holds, units_with, visible_or_404
from approvals.authority import authority, delegations_to, refusal
from approvals.inbox import MOST_ROWS, InboxRow, Tab
from approvals.kinds import Step, kind_of, kinds, step_of
from approvals.models import Decision, Delegation, Notice, Request
from approvals.refusals import RequestRefused
from approvals.relation import related_among
from approvals.spot_checks.selectors import open_cases
from school.models import Unit
from school.rules import LEAST_BULK_VIEW

State = Request.State
WAITING = (State.UNDER_REVIEW, State.APPROVED)
OPEN_TO_REQUESTER = (State.DRAFT, State.RETURNED)


def notice_for(user: User, notice_id: int) -> Notice | None:
    """A notice to the department of ``user``; None for others'."""
    return Notice.objects.visible_to(user).filter(pk=notice_id).first()


def _departments(user: User) -> list[int]:
    """The unit in which ``user`` works and those below it."""
    if user.unit_id is None:
        return []
    below = Unit.objects.filter(Q(pk=user.unit_id) | Q(ancestors__contains=[user.unit_id]))
    return list(below.values_list("pk", flat=True))


def _of_steps(user: User, *, waiting: bool = False) -> Q:
    """Requests of which ``user`` could take a step, as far as his units go; ``waiting``: the one that they wait for."""
    departments: list[int] | None = None
    found = Q(pk__in=[])
    for kind in kinds():
        for step in kind.every_step:
            units = units_with(user, step.perm)
            if not units:
                continue
            part = Q(kind=kind.key, school_id__in=list(units))
            if step.where == "department":
                departments = _departments(user) if departments is None else departments
                part &= Q(department_id__in=departments)
            found |= part & Q(step=step.key) if waiting else part
    return found


def _of_delegations(lent: Sequence[Delegation], *, waiting: bool = False) -> Q:
    """The same for those for whom somebody acts, at the units of the delegations."""
    found = Q(pk__in=[])
    for one in lent:
        there = Q(school_id=one.unit_id) | Q(school__ancestors__contains=[one.unit_id])
        found |= _of_steps(one.principal, waiting=waiting) & there
    return found


def requests(user: User) -> QuerySet[Request]:
    """Requests that ``user`` may read: his own, those of which he takes a step, those that he decided."""
    scope = _of_steps(user) | _of_delegations(delegations_to(user))
    for kind in kinds():
        for perm in kind.readers:
            scope |= Q(kind=kind.key, school_id__in=list(units_with(user, perm)))
    scope |= Q(public_id__in=open_cases(user, "request").filter(opened_by=user).values("case"))
    decided = Exists(Decision.objects.filter(request=OuterRef("pk"), actor=user))
    seen = Q(submitted_at__isnull=False) & (scope | Q(decided))
    rows: QuerySet[Request] = Request.objects.filter(Q(requester=user) | seen)
    return rows.select_related("school", "department", "requester")


def request_for(user: User, public_id: UUID) -> Request:
    """One request. Raises OutOfScope for somebody else's, Http404 for none."""
    found: Request = visible_or_404(Request.objects.all(), requests(user), public_id=public_id)
    return found


def own_request(user: User, public_id: UUID) -> Request:
    """A request that ``user`` made. Raises OutOfScope for somebody else's, Http404 for none."""
    found: Request = visible_or_404(
        Request.objects.all(), Request.objects.filter(requester=user), public_id=public_id
    )
    return found


def to_replace(user: User, kind: str, school: Unit, text: str, *, sent: bool) -> Any:
    """The typed row of the user's own request in whose place a form asks; None when ``text`` names none.

    Values fill a form only while the request is open to him; a ``sent`` one is told why it is not by the act. Raises
    OutOfScope for somebody else's, Http404 for none of this kind and school.
    """
    if not text:
        return None
    try:
        row = own_request(user, UUID(text))
    except ValueError as error:
        raise Http404 from error
    if (row.kind, row.school_id) != (kind, school.pk) or (not sent and row.state not in OPEN_TO_REQUESTER):
        raise Http404
    return kind_of(row).typed(row)


def linked(user: User, request: Request) -> tuple[Request | None, Request | None]:
    """The request in whose place this one came, and the one that came in its place, where ``user`` may read them."""
    around = Q(instead_of=request.pk)
    if request.instead_of_id is not None:
        around |= Q(pk=request.instead_of_id)
    found = {row.instead_of_id == request.pk: row for row in requests(user).filter(around)}
    return found.get(False), found.get(True)


def waiting_for(user: User) -> list[tuple[Request, Any, Step]]:
    """Requests whose waiting step ``user`` may take now, with their typed rows; at most 200."""
    lent = delegations_to(user)
    mine = _of_steps(user, waiting=True) | _of_delegations(lent, waiting=True)
    rows = Request.objects.filter(mine, state__in=WAITING).select_related("school", "department", "requester")
    listed = with_typed(rows.order_by("due_on", "pk")[:MOST_ROWS])
    subjects = {one for _row, typed in listed for one in typed.subjects()}
    people = [user, *(one.principal for one in lent)]
    related = {person.pk: related_among(person, subjects) for person in people}
    found = []
    for row, typed in listed:
        step = step_of(row, typed)
        right = authority(user, step, row, lent) if step else None
        if not step or not right:
            continue
        barred = related[user.pk] | (related[right.delegation.principal_id] if right.delegation else set())
        if refusal(user, step, typed, right, barred) is None:
            found.append((row, typed, step))
    return found


def with_typed(rows: Iterable[Request]) -> list[tuple[Request, Any]]:
    """Requests with their typed rows, by as many queries for many as for one of each kind."""
    listed = list(rows)
    by_kind: dict[str, list[Request]] = defaultdict(list)
    for row in listed:
        by_kind[row.kind].append(row)
    typed: dict[int, Any] = {}
    for members in by_kind.values():
        kind = kind_of(members[0])
        held = kind.model._default_manager.filter(request__in=members).select_related("requester")
        for one in held.prefetch_related(*kind.prefetch):
            typed[one.request_id] = one
    for row in listed:
        typed[row.pk].request = row
    return [(row, typed[row.pk]) for row in listed]


def overdue(user: User) -> QuerySet[Request]:
    """Requests that are overdue for longer than the school's rule, where ``user`` reads figures. No personal data."""
    rows: QuerySet[Request] = Request.objects.filter(
        escalated_at__isnull=False, state__in=WAITING, school_id__in=list(units_with(user, "view_figures"))
    )
    return rows.select_related("school", "department", "requester")


def overdue_rows(user: User, tab: Tab) -> list[InboxRow]:
    """One line for each department in which requests stand too long."""
    if tab != "waiting":
        return []
    rows = overdue(user).values("school_id", "department_id").annotate(count=Count("pk"), due=Min("due_on"))
    groups = list(rows.order_by("due")[:MOST_ROWS])
    units = Unit.objects.in_bulk({group["department_id"] for group in groups})
    return [
        InboxRow(
            kind=_("Overdue too long"),
            title=units[group["department_id"]].label,
            url=reverse("approvals:overdue"),
            count=group["count"],
            due=group["due"],
            unit_id=group["school_id"],
            is_notice=True,
        )
        for group in groups
    ]


def may_take(user: User, request: Request, typed: Any) -> tuple[Step | None, str]:
    """The step that ``user`` may take now; else None with the reason, "" when it is simply not his."""
    step = step_of(request, typed)
    if step is None:
        return None, ""
    found = authority(user, step, request)
    if found is None:
        return None, ""
    forbidden: RequestRefused | None = refusal(user, step, typed, found)
    return (None, str(forbidden)) if forbidden else (step, "")


def work_about(user: User, about: Q) -> str:
    """The number of a request that waits for ``user`` among those that ``about`` names: to be decided, carried out or
    mended; or of a case of a spot check that he holds. "" for none.
    """
    rows = Request.objects.filter(about, state__in=(*WAITING, State.RETURNED))
    for row in rows.select_related("school", "department", "requester").order_by("pk"):
        if row.state == State.RETURNED:
            mine = row.requester_id == user.pk and _is_to_mend(user, row)
        else:
            typed = kind_of(row).typed(row)
            typed.request = row
            mine = may_take(user, row, typed)[0] is not None
        if mine:
            return str(row.number)
    return ""


def _is_to_mend(user: User, row: Request) -> bool:
    """Whether the returned request still leads its requester to files: he may ask for it, and its day is not over.

    Requests that came back to him name at most `LEAST_BULK_VIEW` students together; of more, no opening is excused.
    """
    perm = kind_of(row).request_perm
    if perm and row.school_id not in units_with(user, perm):
        return False
    in_time = Request.objects.filter(
        requester=user, state=State.RETURNED, due_on__gte=timezone.localdate()
    ).select_related("requester")
    held = with_typed(in_time.order_by("pk")[: LEAST_BULK_VIEW + 1])
    students = {one for _row, typed in held for one in typed.subjects()}
    return row.pk in {one.pk for one, _typed in held} and len(students) <= LEAST_BULK_VIEW


def work_item(user: User, subject: UUID) -> str:
    """The same for requests about one student, and a case about him that ``user`` looks at (`approvals.work_items`)."""
    number = work_about(user, Q(subject=subject))
    if number or not holds(user, "spot_check"):
        return number
    cases = open_cases(user, "request").filter(subject=subject, opened_by=user, outcome="")
    return cases.values_list("number", flat=True).first() or ""


def decisions(request: Request) -> list[Decision]:
    """The acts on a request, oldest first."""
    return list(request.decisions.select_related("actor", "delegation__principal").order_by("pk"))


def inbox_rows(user: User, tab: Tab) -> list[InboxRow]:
    """Requests as rows of the inbox (待办)."""
    if tab == "waiting":
        mine = Request.objects.filter(requester=user, state=State.RETURNED).select_related("requester")
        returned = [_row(row, typed, returned=True) for row, typed in with_typed(mine[:MOST_ROWS])]
        return returned + [_row(row, typed, step) for row, typed, step in waiting_for(user)]
    rows = Request.objects.select_related("requester")
    if tab == "started":
        rows = rows.filter(requester=user, state__in=WAITING)
    else:
        decided = Decision.objects.filter(request=OuterRef("pk"), actor=user).exclude(outcome="submitted")
        rows = rows.filter(Exists(decided))
    return [_row(row, typed) for row, typed in with_typed(rows.order_by("-pk")[:MOST_ROWS])]


def _row(request: Request, typed: Any, step: Step | None = None, *, returned: bool = False) -> InboxRow:
    kind = kind_of(request)
    label = f"{kind.label} · {step.label}" if step else kind.label
    return InboxRow(
        kind=label,
        title=f"{request.number or ''} {kind.title(request, typed)}".strip(),
        url=reverse("approvals:request", args=[request.public_id]),
        due=request.due_on,
        sender=request.requester.name,
        returned=returned,
    )


def delegations(user: User, *, approving: bool) -> QuerySet[Delegation]:
    """Delegations from or to ``user``; for who approves, those of his units too."""
    scope = Q(principal=user) | Q(deputy=user)
    if approving:
        scope |= Q(unit_id__in=list(units_with(user, "manage_grants")))
    rows: QuerySet[Delegation] = Delegation.objects.filter(scope)
    return rows.select_related("principal", "deputy", "unit", "approved_by", "ended_by").order_by("-pk")


def delegation_for(user: User, public_id: UUID) -> Delegation:
    """One delegation. Raises OutOfScope, Http404."""
    mine = delegations(user, approving=True)
    found: Delegation = visible_or_404(Delegation.objects.all(), mine, public_id=public_id)
    return found


def deputies(user: User) -> QuerySet[User]:
    """Who may act for ``user``: colleagues of his school in service."""
    school = user.unit and user.unit.employer
    near = Q(unit=school) | Q(unit__ancestors__contains=[school.pk]) if school else Q(pk__in=[])
    found: QuerySet[User] = User.objects.filter(near, is_active=True, kind=User.Kind.STAFF).exclude(
        pk=user.pk
    )
    return found.select_related("unit").order_by("name", "pk")
