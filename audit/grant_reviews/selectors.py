"""Reads of reviews of roles, and who answers for whose."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.grants import in_force
from accounts.models import Appointment, User
from accounts.roles import ROLE_PERMISSIONS
from accounts.scope import units_with, units_with_any, visible_or_404
from audit.models import GrantReview, GrantReviewItem
from school.models import Unit

RUN, READ, HEAD = "manage_grants", "view_grants", "approve_rights"
READERS = (RUN, READ, HEAD)


def reviews(user: User) -> QuerySet[Any]:
    """Reviews of the schools where ``user`` runs, reads or answers them, with how far they are."""
    rows: QuerySet[GrantReview] = GrantReview.objects.filter(school_id__in=units_with_any(user, READERS))
    return rows.select_related("school", "opened_by", "closed_by").annotate(
        listed=Count("items"),
        kept=Count("items", filter=Q(items__outcome="keep")),
        marked=Count("items", filter=Q(items__outcome="end")),
        ended=Count("items", filter=Q(items__ended_by__isnull=False)),
        unanswered=Count("items", filter=Q(items__outcome="")),
    )


def review_for(user: User, public_id: UUID) -> Any:
    """One of them. Raises OutOfScope, Http404."""
    return visible_or_404(GrantReview.objects.all(), reviews(user), public_id=public_id)


def items(user: User, review: GrantReview) -> QuerySet[Any]:
    """The roles of a review: all for who runs or reads it, else those for which ``user`` answers."""
    rows: QuerySet[GrantReviewItem] = GrantReviewItem.objects.filter(review=review)
    rows = rows.select_related("review", "appointment__unit__parent", "person__unit__parent", "decided_by")
    if review.school_id in units_with_any(user, (RUN, READ)):
        return rows
    return rows.filter(person__in=answered_by(user, review))


def answered_by(user: User, review: GrantReview) -> set[int]:
    """Ids of the persons of a review for whose roles ``user`` answers, never his own.

    The head of the person's department does, or of a unit above it; where there is none, who grants roles does.
    """
    return _answered(user, [review])[review.pk]


def _answered(user: User, rows: Sequence[GrantReview]) -> dict[int, set[int]]:
    """The same for several reviews, as many queries for many as for one."""
    heads, runs = _heads(), units_with(user, RUN)
    schools = {one.pk: (one.school_id, *one.school.ancestors) for one in rows}
    people = GrantReviewItem.objects.filter(review__in=schools).exclude(person=user).order_by()
    found: dict[int, set[int]] = {pk: set() for pk in schools}
    columns = ("review_id", "person_id", "person__unit_id", "person__unit__ancestors")
    for review, person, unit, above in people.values_list(*columns).distinct():
        chain = {unit, *(above or ())}
        theirs = {pk for pk, own, on in heads if on in schools[review] and own in chain and pk != person}
        if user.pk in theirs or (not theirs and schools[review][0] in runs):
            found[review].add(person)
    return found


def _heads() -> list[tuple[int, int, int]]:
    """Who approves roles today: the person, the unit where he works, the unit on which he holds it."""
    roles = [role for role, perms in ROLE_PERMISSIONS.items() if HEAD in perms]
    held = Appointment.objects.filter(in_force(), role__in=roles, user__is_active=True)
    return list(held.values_list("user_id", "user__unit_id", "unit_id"))


def roles_of(school: Unit) -> QuerySet[Appointment]:
    """Roles in force, or to begin, on an employer and its departments; units below it review their own."""
    here = Q(unit=school) | Q(unit__parent=school, unit__kind=Unit.Kind.DEPARTMENT)
    later = Q(withdrawn_at__isnull=True, valid_from__gt=timezone.localdate())
    rows: QuerySet[Appointment] = Appointment.objects.filter(
        here & (in_force() | later), user__is_active=True
    )
    return rows.select_related("user").order_by("user__name", "pk")


def employers() -> QuerySet[Unit]:
    """Units in use that are no department of another one."""
    rows: QuerySet[Unit] = Unit.objects.filter(is_active=True).exclude(kind=Unit.Kind.DEPARTMENT)
    return rows.order_by("pk")


def waiting(user: User) -> list[tuple[Any, int]]:
    """Open reviews that wait for ``user`` with how many roles he has to answer for; 0 when he can finish it."""
    rows = list(reviews(user).filter(closed_at__isnull=True).order_by("due_on", "pk"))
    mine, runs = _answered(user, rows), units_with(user, RUN)
    left: Counter[int] = Counter()
    unanswered = GrantReviewItem.objects.filter(review__in=rows, outcome="")
    for review, person in unanswered.values_list("review_id", "person_id"):
        left[review] += person in mine[review]
    return [
        (one, left[one.pk]) for one in rows if left[one.pk] or (one.school_id in runs and may_finish(one))
    ]


def may_finish(review: Any) -> bool:
    """Whether every role of one of `reviews` was answered for, or the days for it are over."""
    return bool(review.due_on < timezone.localdate() or review.unanswered == 0)


def units_to_open(user: User) -> list[Unit]:
    """Employers whose roles ``user`` grants and that have no open review."""
    rows = employers().filter(pk__in=units_with(user, RUN))
    open_now = GrantReview.objects.filter(closed_at__isnull=True)
    return list(rows.exclude(pk__in=open_now.values("school")))


def rows_of(review: GrantReview) -> list[GrantReviewItem]:
    """Every role of a review with its outcome, by person, for the report."""
    rows = GrantReviewItem.objects.filter(review=review)
    rows = rows.select_related("review", "appointment__unit", "person__unit", "decided_by")
    return list(rows.order_by("person__name", "pk"))


def ended_by(appointment: Appointment, at: datetime) -> bool:
    """Whether a role had ended at that moment."""
    withdrawn, until = appointment.withdrawn_at, appointment.valid_until
    if withdrawn is not None:
        return withdrawn <= at
    return until is not None and until < timezone.localdate(at)


def outcome_of(item: GrantReviewItem) -> str:
    """What became of a role: "keep", "end" while its review runs, "" when nobody answered; at the end of a marked one

    "ended", "before" when it had ended meanwhile, "stays" when nobody else could end it.
    """
    if item.outcome != GrantReviewItem.Outcome.END or item.review.closed_at is None:
        return str(item.outcome)
    if item.ended_by_id is not None:
        return "ended"
    return "before" if ended_by(item.appointment, item.review.closed_at) else "stays"


def ending(user: User, review: GrantReview) -> tuple[int, bool]:
    """How many roles end when ``user`` finishes a review now, and whether his own is marked, which he cannot end."""
    marked = GrantReviewItem.objects.filter(review=review, outcome=GrantReviewItem.Outcome.END)
    now = timezone.now()
    left = [one for one in marked.select_related("appointment") if not ended_by(one.appointment, now)]
    own = sum(one.person_id == user.pk for one in left)
    return len(left) - own, bool(own)
