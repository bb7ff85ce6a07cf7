"""Writes of reviews of roles: opened, each role confirmed or marked to end, the marked ones ended in one act."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.actions import end_appointment
from accounts.grants import in_force
from accounts.models import Appointment, User
from accounts.roles import ROLE_PERMISSIONS, Role
from accounts.scope import NotPermitted, reading_role, role_for, units_with_any
from approvals.actions import new_number
from approvals.deadlines import due_after
from approvals.refusals import RequestRefused, WrongState
from audit.grant_reviews import selectors
from audit.grant_reviews.selectors import HEAD, READ, RUN, ended_by, outcome_of
from audit.models import GrantReview, GrantReviewItem
from core.pdf import render_pdf
from core.row_locks import locked_rows
from ledger import events
from ledger.context import acting, acting_for_job, service_user
from ledger.history import write_rows
from school.models import Unit
from school.rules import rule

PREFIX = "QF"
Outcome = GrantReviewItem.Outcome


def open_due(today: date) -> int:
    """Open this year's review of each school in the month of its rule; how many were opened. Safe to run again."""
    done = GrantReview.objects.filter(opened_at__year=today.year).values("school")
    opened = 0
    for school in selectors.employers().exclude(pk__in=done):
        if (
            rule(school, "grant_review_month", on=today) == today.month
            and selectors.roles_of(school).exists()
        ):
            with acting_for_job():
                opened += _open(service_user(), "service", school) is not None
    return opened


@transaction.atomic
def open_review(*, actor: User, school: Unit) -> GrantReview:
    """Open a review out of turn. Raises WrongState while one is open or when nobody has a role, NotPermitted."""
    role = role_for(actor, RUN, school.pk)
    if not selectors.roles_of(school).exists():
        raise WrongState(_("Nobody has a role here."))
    with acting(actor, role=role):
        made = _open(actor, role, school)
    if made is None:
        raise WrongState(_("A review of this unit is open already."))
    return made


@transaction.atomic
def _open(actor: Any, role: str, school: Unit) -> GrantReview | None:
    """Open it with every role in force; None when one is open, or another run was first."""
    due = due_after(school, int(rule(school, "grant_review_days"))).date
    try:
        with transaction.atomic():
            made: GrantReview = GrantReview.objects.create(
                number=new_number(PREFIX),
                school=school,
                opened_by=actor,
                opened_at=timezone.now(),
                due_on=due,
            )
    except IntegrityError:
        return None
    rows = [
        GrantReviewItem(review=made, appointment=one, person=one.user) for one in selectors.roles_of(school)
    ]
    write_rows(rows, actor=actor, role=role)
    events.record("grant_review.opened", actor=actor, obj=made, role=role, detail={"roles": len(rows)})
    return made


def _locked(review: GrantReview) -> GrantReview:
    rows = locked_rows(GrantReview.objects.filter(pk=review.pk))
    row: GrantReview = rows.select_related("school").get()
    if row.closed_at is not None:
        raise WrongState(_("This review is finished."))
    return row


@transaction.atomic
def decide(
    *, actor: User, review: GrantReview, ids: Collection[UUID], outcome: str, reason: str = ""
) -> tuple[int, int]:
    """Confirm roles, or mark them to end with a reason; how many, and how many were left as they are.

    Left are one's own, those for which another one answers, and those that somebody else answered meanwhile. What one
    said oneself can be changed until the review is finished. Raises RequestRefused without a reason for an end, and for
    the end of the role of the last who could finish the review; WrongState, NotPermitted.
    """
    if review.school_id not in units_with_any(actor, (HEAD, RUN)):
        raise NotPermitted(HEAD, RUN, obj=review)
    row = _locked(review)
    if outcome == Outcome.END and not reason.strip():
        raise RequestRefused(_("Say why the role is to end."))
    mine = selectors.answered_by(actor, row)
    chosen = GrantReviewItem.objects.filter(review=row, public_id__in=list(ids)).order_by("pk")
    role = reading_role(actor, (HEAD, RUN), row.school_id)
    now, done, left = timezone.now(), 0, 0
    with acting(actor, role=role, request_no=row.number):
        for item in chosen.select_related("appointment", "person").select_for_update(of=("self",)):
            if item.person_id not in mine or item.decided_by_id not in (None, actor.pk):
                left += 1
                continue
            if outcome == Outcome.END and _runs(item) and not _others_run(row, item):
                words = _(
                    "Nobody but %(name)s grants roles here. Let somebody else get this role before it ends."
                )
                raise RequestRefused(words % {"name": item.person.name})
            item.outcome, item.reason = Outcome(outcome), reason.strip() if outcome == Outcome.END else ""
            item.decided_by, item.decided_at = actor, now
            item.save(update_fields=["outcome", "reason", "decided_by", "decided_at"])
            done += 1
        if done:
            detail = {"outcome": outcome, "roles": done}
            events.record("grant_review.answered", actor=actor, obj=row, role=role, detail=detail)
    return done, left


def _runs(item: GrantReviewItem) -> bool:
    return RUN in ROLE_PERMISSIONS[Role(item.appointment.role)] and not _has_ended(item.appointment)


def _others_run(review: GrantReview, item: GrantReviewItem) -> bool:
    """Whether somebody else has a role in force by which he grants roles there, and which the review does not end."""
    roles = [role for role, perms in ROLE_PERMISSIONS.items() if RUN in perms]
    chain = [review.school_id, *review.school.ancestors]
    held = Appointment.objects.filter(in_force(), role__in=roles, unit__in=chain, user__is_active=True)
    going = review.items.filter(outcome=Outcome.END).values("appointment")
    return bool(held.exclude(user=item.person_id).exclude(pk__in=going).exists())


@transaction.atomic
def finish(*, actor: User, review: GrantReview) -> tuple[int, int, int]:
    """End what was marked and finish the review; how many roles ended, nobody answered for, and stay though marked.

    A role that ended meanwhile stays as it ended; the actor's own stays when nobody is left who could end it. Raises
    WrongState before all is answered or due, RequestRefused when another can end a marked role of the actor's,
    NotPermitted.
    """
    role = role_for(actor, RUN, review.school_id)
    row = _locked(review)
    if row.due_on >= timezone.localdate() and row.items.filter(outcome="").exists():
        raise WrongState(_("Some roles are not answered for, and the days for it are not over."))
    marked = row.items.filter(outcome=Outcome.END).select_related("appointment").order_by("pk")
    ended = stay = 0
    with acting(actor, role=role, request_no=row.number):
        for item in marked.select_for_update(of=("self",)):
            if _has_ended(item.appointment):
                continue
            if item.person_id == actor.pk:
                _demand_last(row, item)
                stay += 1
                continue
            try:
                end_appointment(
                    actor=actor, appointment=item.appointment, reason=f"{row.number} {item.reason}"[:200]
                )
            except ValidationError as fault:
                raise RequestRefused(" ".join(fault.messages)) from fault
            item.ended_by = actor
            item.save(update_fields=["ended_by"])
            ended += 1
        unanswered = row.items.filter(outcome="").count()
        row.closed_by, row.closed_at = actor, timezone.now()
        row.save(update_fields=["closed_by", "closed_at"])
        detail = {"ended": ended, "unanswered": unanswered, "stay": stay}
        events.record("grant_review.finished", actor=actor, obj=row, role=role, detail=detail)
    return ended, unanswered, stay


def _demand_last(review: GrantReview, item: GrantReviewItem) -> None:
    """Raise RequestRefused when somebody else can end this marked role, whose holder finishes the review."""
    if _others_run(review, item):
        words = _(
            "Your own role is marked to end: %(role)s. Let another security administrator finish the review."
        )
        raise RequestRefused(words % {"role": item.appointment.get_role_display()})


def _has_ended(appointment: Appointment) -> bool:
    return ended_by(appointment, timezone.now())


@transaction.atomic
def print_report(*, actor: User, review: GrantReview) -> bytes:
    """The report of a finished review as PDF/A. Raises WrongState, PdfFailed, NotPermitted."""
    if review.closed_at is None or review.closed_by is None:
        raise WrongState(_("The report is made when the review is finished."))
    role = reading_role(actor, (RUN, READ), review.school_id)
    if not role:
        raise NotPermitted(RUN, READ, obj=review)
    rows = list(selectors.rows_of(review))
    content = render_pdf(
        "grant_review",
        {
            "lang": "en" if (get_language() or "").startswith("en") else "zh",
            "school": review.school.label,
            "printed_by": actor.name,
            "printed_at": f"{timezone.localtime():%Y-%m-%d %H:%M}",
            "review": {
                "number": review.number,
                "opened": timezone.localdate(review.opened_at),
                "due": review.due_on,
                "closed": timezone.localdate(review.closed_at),
                "closed_by": review.closed_by.name,
                "rows": [_line(one) for one in rows],
            },
        },
    )
    events.record("grant_review.printed", actor=actor, obj=review, role=role)
    return content


def _line(one: GrantReviewItem) -> dict[str, str]:
    return {
        "person": one.person.name,
        "department": one.person.unit.label if one.person.unit else "",
        "role": str(one.appointment.get_role_display()),
        "unit": one.appointment.unit.label,
        "outcome": outcome_of(one),
        "reason": one.reason,
        "decided_by": one.decided_by.name if one.decided_by else "",
    }
