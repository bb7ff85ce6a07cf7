"""Several classes chosen in the inbox for one bulk approval: all at the same step, each with its own sample."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import Http404

from accounts.models import User
from enrollment.bulk_plan import Plan, plan
from enrollment.selectors import batch_for
from enrollment.steps import STEPS

MOST_CHOSEN = 20
"""More classes than these are not looked at together."""

_BETWEEN = "~"


class NotOneKind(Exception):
    """Classes at different steps were chosen together."""


def pick_of(batch_id: UUID, step: str, class_no: str) -> str:
    """One class of a batch at one step, as the inbox hands it over."""
    return _BETWEEN.join((str(batch_id), step, class_no))


@dataclass(frozen=True, slots=True)
class Chosen:
    """One of the chosen classes: what was handed over, and what a bulk act would do now."""

    pick: str
    plan: Plan

    @property
    def may_draw(self) -> bool:
        """Whether a sample can be drawn: nobody looks at one, no fault waits, somebody would pass."""
        return not (self.plan.sample or self.plan.unhandled) and bool(self.plan.passing)

    @property
    def may_pass(self) -> bool:
        """Whether its sample was looked at without fault, so that the others can pass."""
        made = self.plan
        clean = made.sample is not None and made.sample.is_clean and not self.is_running
        return clean and bool(made.passing) and not made.unhandled

    @property
    def is_running(self) -> bool:
        """Whether a job is passing the class."""
        job = self.plan.sample and self.plan.sample.sample.job
        return bool(job and job.is_open)


def chosen(user: User, picks: Iterable[str]) -> Sequence[Chosen]:
    """The chosen classes in the order given, each once.

    Raises NotOneKind, Http404 for what is no class at a step, OutOfScope for a batch of others.
    """
    found = []
    for pick in list(dict.fromkeys(picks))[:MOST_CHOSEN]:
        batch_id, step, class_no = _parts(pick)
        found.append(Chosen(pick, plan(user, batch_for(user, batch_id), class_no, STEPS[step])))  # type: ignore[index]  # a step's key, checked
    if len({one.plan.step.key for one in found}) > 1:
        raise NotOneKind
    return found


def _parts(pick: str) -> tuple[UUID, str, str]:
    batch_id, _, rest = pick.partition(_BETWEEN)
    step, _, class_no = rest.partition(_BETWEEN)
    if step not in STEPS:
        raise Http404
    try:
        return UUID(batch_id), step, class_no
    except ValueError:
        raise Http404 from None
