"""What entries and penalties put into the inbox, grouped by what is to be done."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Max, Min, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.scope import holds
from approvals.inbox import InboxRow, Tab
from records.entry_models import LearningProblem
from records.merits import selectors
from records.merits.kinds import PROBLEM
from records.penalty_models import Penalty, PenaltyStep

State = Penalty.State
ENDING_DAYS = 14
"""How many days before its end the term of a penalty stands in the inbox."""

DONE_DAYS = timedelta(days=30)
S = LearningProblem.State


@dataclass(frozen=True)
class Waiting:
    """One line of work: whose it is by permission, which cases, what it is called, where it leads."""

    label: Any
    perm: str
    cases: Callable[[User], Q]
    query: tuple[tuple[str, str], ...]
    returned: bool = False


IN_FORCE = Q(state=State.IN_FORCE)

WAITING = (
    Waiting(_("Penalties to decide"), "decide_penalty",
            lambda user: Q(state=State.HEARD) & ~Q(prepared_by=user) & ~Q(heard_by=user), (("state", State.HEARD),)),
    Waiting(_("Liftings to decide"), "decide_penalty",
            lambda user: IN_FORCE & Q(lifting_asked_on__isnull=False) & ~Q(lifting_asked_by=user), (("asked", "1"),)),
    Waiting(_("Penalties returned to you"), "record_merit",
            lambda user: Q(state=State.RETURNED, prepared_by=user), (("state", State.RETURNED),), returned=True),
    Waiting(_("Notices to give"), "record_merit",
            lambda user: Q(state=State.PREPARING, prepared_by=user), (("state", State.PREPARING),)),
    Waiting(_("Statements due"), "record_merit",
            lambda user: Q(state=State.NOTICED), (("state", State.NOTICED),)),
    Waiting(_("Decisions to deliver"), "record_merit",
            lambda user: Q(state=State.DECIDED), (("state", State.DECIDED),)),
    Waiting(_("Appeals to answer"), "record_merit",
            lambda user: IN_FORCE & Q(appeal=Penalty.Appeal.OPEN) & ~Q(decided_by=user), (("appeal", "1"),)),
    Waiting(_("Terms of penalties ending"), "record_merit",
            lambda user: selectors.ending(ENDING_DAYS), (("state", State.IN_FORCE),)),
)  # fmt: skip


def rows(user: User, tab: Tab) -> Sequence[InboxRow]:
    """The inbox rows of ``user``."""
    if tab == "waiting":
        return [*_waiting(user), *_problems(user)]
    return _started(user) if tab == "started" else _done(user)


def _cases(count: int) -> str:
    return ngettext("%(count)s case", "%(count)s cases", count) % {"count": count}


def _problem_words(count: int) -> str:
    return ngettext("%(count)s problem", "%(count)s problems", count) % {"count": count}


def _waiting(user: User) -> list[InboxRow]:
    """One query for each permission that the user holds."""
    found = []
    for perm in selectors.CASE_WORKERS:
        if not holds(user, perm):
            continue
        lines = [one for one in WAITING if one.perm == perm]
        asked: dict[str, Any] = {}
        for place, one in enumerate(lines):
            cases = one.cases(user)
            asked |= {f"count{place}": Count("pk", filter=cases), f"due{place}": Min("due_on", filter=cases)}
        figures = selectors.open_cases(user, perm).order_by().aggregate(**asked)
        for place, one in enumerate(lines):
            count = figures[f"count{place}"]
            if count:
                url = f"{reverse('records:penalties')}?{urlencode(one.query)}"
                due = figures[f"due{place}"]
                found.append(InboxRow(one.label, _cases(count), url, count, due, returned=one.returned))
    return found


def _problems(user: User) -> list[InboxRow]:
    """Problems to answer for student affairs, answers to settle for whoever reported them."""
    if not (holds(user, PROBLEM.perm) or holds(user, "record_merit")):
        return []
    seen = selectors.entries(user, PROBLEM).filter(voided_at=None).order_by()
    counted = seen.aggregate(
        open=Count("pk", filter=Q(state=S.OPEN) & ~Q(entered_by=user)),
        due=Min("due_on", filter=Q(state=S.OPEN) & ~Q(entered_by=user)),
        answered=Count("pk", filter=Q(state=S.ANSWERED, entered_by=user)),
    )
    url, found = reverse("records:problems"), []
    if counted["open"] and holds(user, "record_merit"):
        words = _problem_words(counted["open"])
        found.append(
            InboxRow(
                _("Learning problems to answer"), words, f"{url}?state=open", counted["open"], counted["due"]
            )
        )
    if counted["answered"]:
        words = _problem_words(counted["answered"])
        found.append(InboxRow(_("Answers to settle"), words, f"{url}?state=answered", counted["answered"]))
    return found


def _started(user: User) -> list[InboxRow]:
    found = []
    if holds(user, "record_merit"):
        states = (State.NOTICED, State.HEARD, State.DECIDED)
        mine = selectors.open_cases(user, "record_merit").filter(prepared_by=user, state__in=states)
        for group in mine.order_by("state").values("state").annotate(count=Count("pk"), due=Min("due_on")):
            url = f"{reverse('records:penalties')}?{urlencode({'state': group['state']})}"
            label = str(State(group["state"]).label)
            found.append(InboxRow(label, _cases(group["count"]), url, group["count"], group["due"]))
    if holds(user, PROBLEM.perm):
        own = selectors.entries(user, PROBLEM).filter(voided_at=None, entered_by=user, state=S.OPEN)
        figures = own.order_by().aggregate(count=Count("pk"), due=Min("due_on"))
        if figures["count"]:
            url = f"{reverse('records:problems')}?state=open"
            words = _problem_words(figures["count"])
            found.append(InboxRow(_("Learning problems"), words, url, figures["count"], figures["due"]))
    return found


def _done(user: User) -> list[InboxRow]:
    if not any(holds(user, perm) for perm in selectors.CASE_WORKERS):
        return []
    recent = PenaltyStep.objects.filter(actor=user, at__gte=timezone.now() - DONE_DAYS)
    groups = recent.order_by().values("kind").annotate(count=Count("pk"), last=Max("at")).order_by("-last")
    return [
        InboxRow(
            str(PenaltyStep.Kind(group["kind"]).label), _cases(group["count"]), reverse("records:penalties"),
            group["count"],
        )
        for group in groups
    ]  # fmt: skip
