"""What the intake room puts into the inbox: applicants that wait, grouped by batch, step and class."""

from collections.abc import Sequence
from datetime import timedelta
from typing import cast
from urllib.parse import urlencode

from django.db.models import Case, Count, F, Max, Min, Q, When
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from approvals.inbox import MOST_ROWS, InboxRow, Tab
from enrollment.bulk_chosen import pick_of
from enrollment.models import Applicant, IntakeDecision
from enrollment.selectors import waiting_for
from enrollment.steps import STEPS, Step, waiting_step

State = Applicant.State
DONE_DAYS = timedelta(days=30)
SENDERS = {
    State.SELF_CHECKED: "entered_by__name",
    State.INITIAL_REVIEWED: "initial_reviewer__name",
    State.HEAD_APPROVED: "head_reviewer__name",
}


def rows(user: User, tab: Tab) -> Sequence[InboxRow]:
    """The inbox rows of ``user``: what waits, what he began, what he did in the last 30 days."""
    return {"waiting": _waiting, "started": _started, "done": _done}[tab](user)


def _waiting(user: User) -> list[InboxRow]:
    return [*_returned(user), *_to_decide(user)]


def _returned(user: User) -> list[InboxRow]:
    mine = Applicant.objects.filter(entered_by=user, state=State.RETURNED)
    groups = mine.values("batch__public_id", "batch__name", "batch__school_id").annotate(
        count=Count("pk"), due=Min("due_on"), first=Min("returned_by__name"), last=Max("returned_by__name"),
        only=Min("number"),
    )  # fmt: skip
    found = []
    for group in groups.order_by("due")[:MOST_ROWS]:
        url = reverse("enrollment:applicants", args=[group["batch__public_id"]])
        query = urlencode({"state": State.RETURNED, "mine": "1"})
        found.append(
            InboxRow(
                kind=_("Returned to you"),
                title=f"{group['batch__name']} · {people(group['count'])}",
                url=f"{url}?{query}",
                count=group["count"],
                due=group["due"],
                sender=group["first"] if group["first"] == group["last"] else "",
                returned=True,
                unit_id=group["batch__school_id"],
            )
        )
    return found


def _to_decide(user: User) -> list[InboxRow]:
    keys = (
        "batch__public_id",
        "batch__name",
        "batch__school_id",
        "state",
        "scheme",
        "bureau_state",
        "class_no",
    )
    sender = Case(*(When(state=state, then=F(path)) for state, path in SENDERS.items()))
    groups = (
        waiting_for(user)
        .values(*keys)
        .annotate(
            count=Count("pk"),
            due=Min("due_on"),
            returned=Count("pk", filter=Q(returned_by=user)),
            first=Min(sender),
            last=Max(sender),
        )
    )
    found = []
    for group in groups.order_by("due", *keys)[:MOST_ROWS]:
        waiting = Applicant(**{name: group[name] for name in ("state", "scheme", "bureau_state")})
        step = cast("Step", waiting_step(waiting))
        url = reverse("enrollment:review_next", args=[group["batch__public_id"]])
        query = urlencode({"state": group["state"], "class": group["class_no"]})
        first, last = group["first"], group["last"]
        words = [group["batch__name"], group["class_no"], people(group["count"])]
        found.append(
            InboxRow(
                kind=str(step.key.label),
                pick=pick_of(group["batch__public_id"], step.key, group["class_no"])
                if step.key in STEPS
                else "",
                title=" · ".join(word for word in words if word),
                url=f"{url}?{query}",
                count=group["count"],
                due=group["due"],
                sender=first if first and first == last else "",
                returned=bool(group["returned"]),
                unit_id=group["batch__school_id"],
            )
        )
    return found


def people(count: int) -> str:
    """45 人, or 45 applicants."""
    return ngettext("%(count)s applicant", "%(count)s applicants", count) % {"count": count}


def _started(user: User) -> list[InboxRow]:
    under_review = [State.SELF_CHECKED, State.INITIAL_REVIEWED, State.HEAD_APPROVED]
    mine = Applicant.objects.filter(entered_by=user, state__in=under_review)
    groups = mine.values("batch__public_id", "batch__name", "batch__school_id", "state").annotate(
        count=Count("pk"), due=Min("due_on")
    )
    found = []
    for group in groups.order_by("due", "state")[:MOST_ROWS]:
        url = reverse("enrollment:applicants", args=[group["batch__public_id"]])
        query = urlencode({"state": group["state"], "mine": "1"})
        found.append(
            InboxRow(
                kind=str(State(group["state"]).label),
                title=f"{group['batch__name']} · {people(group['count'])}",
                url=f"{url}?{query}",
                count=group["count"],
                due=group["due"],
                unit_id=group["batch__school_id"],
            )
        )
    return found


def _done(user: User) -> list[InboxRow]:
    recent = IntakeDecision.objects.filter(actor=user, at__gte=timezone.now() - DONE_DAYS)
    groups = recent.values(
        "applicant__batch__public_id", "applicant__batch__name", "step", "outcome"
    ).annotate(count=Count("pk"), last=Max("at"))
    return [
        InboxRow(
            kind=str(IntakeDecision.Step(group["step"]).label),
            title=" · ".join(
                [
                    group["applicant__batch__name"],
                    str(IntakeDecision.Outcome(group["outcome"]).label),
                    people(group["count"]),
                ]
            ),
            url=reverse("enrollment:applicants", args=[group["applicant__batch__public_id"]]),
            count=group["count"],
        )
        for group in groups.order_by("-last")[:MOST_ROWS]
    ]
