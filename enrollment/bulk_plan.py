"""Reads for bulk approval: which classes wait, who would pass, who is left out and why, how the sample stands."""

from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scope import units_with, visible_or_404
from enrollment.models import (
    Applicant,
    BulkSkip,
    IntakeBatch,
    IntakeDecision,
    IntakeSample,
    SampleItem,
    Scheme,
)
from enrollment.relations import had_part, is_related, related_among
from enrollment.selectors import ENCRYPTED, IN_USE
from enrollment.steps import ACCEPTANCE, BUREAU, HEAD_REVIEW, STEPS, Step, part_of, waiting_step
from records.models import Enrolment
from school.labels import label_of
from school.rules import rule

State = Applicant.State
NOT_DUE = (State.RETURNED, State.DRAFT)
REASONS = {
    "own": _("Entered or decided by yourself"),
    "related": _("Your own file or your family's, or you stepped aside"),
    "warned": _("Has warnings"),
    "open": _("Somebody else has it open"),
    "bureau": _("Waits for the bureau"),
    "newer": _("Came after the sample was drawn"),
    "limit": _("Beyond the most items of one act"),
    "moved": _("Is at another step by now"),
    "checks": _("Fails the four checks"),
    "not_checked": _("A scan could not be looked at just now: try again later"),
    "enrolled": _("Has an open enrolment"),
    "clash": _("A file with the same number was opened meanwhile"),
    "numbers": _("No student number could be given"),
}
"""Why somebody is left out of a bulk approval."""
SAMPLE_ORDER = ("applicant__name_sort", "pk")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Somebody who does not pass with the others."""

    applicant: Applicant
    reason: str

    @property
    def text(self) -> Any:
        """The reason in words."""
        return REASONS[self.reason]


@dataclass(slots=True)
class SampleView:
    """A sample with its items and what was found so far."""

    sample: IntakeSample
    items: list[SampleItem]
    faulty: set[int]

    @property
    def unopened(self) -> int:
        """How many are still to be looked at."""
        return sum(item.opened_at is None for item in self.items)

    @property
    def is_clean(self) -> bool:
        """Whether all were opened and none had a fault."""
        return not self.unopened and not self.faulty


@dataclass(slots=True)
class Plan:
    """What a bulk act on one class at one step would do now."""

    batch: IntakeBatch
    class_no: str
    class_name: str
    step: Step
    passing: list[Applicant] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    elsewhere: dict[str, int] = field(default_factory=dict)
    sample: SampleView | None = None
    unhandled: list[Applicant] = field(default_factory=list)

    @property
    def left_out_counts(self) -> list[tuple[Any, int]]:
        """Reasons with how many each, the most frequent first."""
        return counted(one.reason for one in self.left_out)


def counted(reasons: Iterable[str]) -> list[tuple[Any, int]]:
    """Reasons in words with how many each, the most frequent first."""
    return [(REASONS[code], count) for code, count in Counter(reasons).most_common()]


def at_step(step: Step) -> Q:
    """Applicants that wait for this step."""
    if step.key == HEAD_REVIEW.key:
        return Q(state=State.INITIAL_REVIEWED) | Q(state=State.SELF_CHECKED, scheme=Scheme.SMALL)
    if step.key == ACCEPTANCE.key:
        return Q(state=State.HEAD_APPROVED)
    return Q(state=State.SELF_CHECKED, scheme=Scheme.STANDARD)


def waiting_at(user: User, batch: IntakeBatch, step: Step) -> QuerySet[Applicant]:
    """Applicants of the batch at this step in units where ``user`` may take it."""
    rows: QuerySet[Applicant] = Applicant.objects.filter(
        at_step(step), batch=batch, unit_id__in=list(units_with(user, step.perm))
    )
    return rows


@dataclass(frozen=True, slots=True)
class ClassLine:
    """One class at one step: how many wait, how many of them without warnings."""

    class_no: str
    class_name: str
    step: Step
    waiting: int
    clean: int
    own: int


def class_lines(user: User, batch: IntakeBatch) -> list[ClassLine]:
    """The classes of a batch in which somebody waits for ``user``, by step."""
    found = []
    for step in STEPS.values():
        if not units_with(user, step.perm):
            continue
        barred = Applicant.objects.filter(had_part(user) | is_related(user), batch=batch)
        own = Q(pk__in=barred.values("pk"))
        rows = waiting_at(user, batch, step).values("class_no").annotate(
            name=Max(label_of("school_class")),
            count=Count("pk"),
            without_warning=Count("pk", filter=Q(warning_count=0) & ~own),
            own=Count("pk", filter=own),
        )  # fmt: skip
        found += [
            ClassLine(
                row["class_no"], row["name"] or "", step, row["count"], row["without_warning"], row["own"]
            )
            for row in rows.order_by("class_no")
        ]
    return found


def came_at(applicant: Applicant) -> Any:
    """When an applicant reached the step at which he waits."""
    times = (applicant.self_checked_at, applicant.initial_reviewed_at, applicant.head_reviewed_at)
    return max((time for time in times if time), default=applicant.entered_at)


def why_left_out(
    applicant: Applicant,
    user: User,
    step: Step,
    *,
    now: Any,
    related: Container[int],
    sample: IntakeSample | None = None,
) -> str:
    """The reason that keeps an applicant out, as a key of `REASONS`; "" when he passes.

    ``related``: ids of those on whom ``user`` does not decide (`relations.related_among`).
    """
    waiting = waiting_step(applicant)
    if step == ACCEPTANCE and waiting == BUREAU:
        return "bureau"
    if waiting != step:
        return "moved"
    if part_of(applicant, user):
        return "own"
    if applicant.pk in related:
        return "related"
    if applicant.warning_count:
        return "warned"
    opened_by, opened_at = applicant.opened_by_id, applicant.opened_at
    if opened_by not in {None, user.pk} and opened_at and now - opened_at < IN_USE:
        return "open"
    return "newer" if sample and came_at(applicant) > sample.drawn_at else ""


def open_sample(user: User, batch: IntakeBatch, class_no: str, step: str) -> IntakeSample | None:
    """The sample that ``user`` is looking at."""
    mine = IntakeSample.objects.filter(
        batch=batch, class_no=class_no, step=step, drawn_by=user, closed_at=None
    )
    found: IntakeSample | None = mine.select_related("job", "batch__school").order_by("-pk").first()
    return found


def faulty_ids(sample: IntakeSample) -> set[int]:
    """Applicants of the sample that were returned at its step since it was drawn."""
    returned = IntakeDecision.objects.filter(
        applicant__in=sample.items.values("applicant_id"),
        step=sample.step,
        outcome=IntakeDecision.Outcome.RETURNED,
        at__gte=sample.drawn_at,
    )
    return set(returned.values_list("applicant_id", flat=True))


def sample_with(user: User, applicant: Applicant) -> IntakeSample | None:
    """The open sample, drawn by ``user``, that holds this applicant."""
    held = IntakeSample.objects.filter(drawn_by=user, closed_at=None, items__applicant=applicant)
    return held.order_by("-drawn_at").first()


def beside_in(sample: IntakeSample, applicant: Applicant) -> tuple[UUID | None, UUID | None]:
    """Previous and next applicant of the sample, in the order of its list."""
    items = sample.items.order_by(*SAMPLE_ORDER).values_list("applicant", "applicant__public_id")
    ids = [None, *items, None]
    place = next(at for at, one in enumerate(ids) if one and one[0] == applicant.pk)
    before, after = ids[place - 1], ids[place + 1]
    return before and before[1], after and after[1]


def view_of(sample: IntakeSample) -> SampleView:
    """The sample with its items in the order of the list."""
    items = sample.items.select_related("applicant").defer(
        *(f"applicant__{name}" for name in (*ENCRYPTED, "name_tokens"))
    )
    return SampleView(sample, list(items.order_by(*SAMPLE_ORDER)), faulty_ids(sample))


def unhandled_faults(user: User, batch: IntakeBatch, class_no: str, step: Step) -> QuerySet[Applicant]:
    """Whom a sample of this class and step, anybody's, showed to be faulty, not mended yet, where ``user`` takes it."""
    sampled = SampleItem.objects.filter(
        sample__batch=batch, sample__class_no=class_no, sample__step=step.key
    ).values("applicant_id")
    returned: QuerySet[Applicant] = Applicant.objects.filter(
        pk__in=sampled,
        state__in=NOT_DUE,
        unit_id__in=list(units_with(user, step.perm)),
        decisions__step=step.key,
        decisions__outcome=IntakeDecision.Outcome.RETURNED,
    )
    return returned.distinct()


def plan(user: User, batch: IntakeBatch, class_no: str, step: Step) -> Plan:
    """What a bulk act of ``user`` on this class would do now."""
    rows = waiting_at(user, batch, step).filter(class_no=class_no)
    rows = rows.defer(*ENCRYPTED, "name_tokens").order_by("name_sort", "pk")
    name = rows.aggregate(name=Max(label_of("school_class")))["name"] or ""
    made = Plan(batch, class_no, name, step)
    sample = open_sample(user, batch, class_no, step.key)
    made.sample = view_of(sample) if sample else None
    now, limit = timezone.now(), int(rule(batch.school, "bulk_limit"))
    related = related_among(user, (row.pk for row in rows))
    for row in rows:
        reason = why_left_out(row, user, step, now=now, related=related, sample=sample)
        if not reason and len(made.passing) >= limit:
            reason = "limit"
        if reason:
            made.left_out.append(LeftOut(row, reason))
        else:
            made.passing.append(row)
    others = Applicant.objects.visible_to(user).filter(batch=batch, class_no=class_no).exclude(at_step(step))
    counts = others.values_list("state").annotate(Count("pk")).order_by("state")
    made.elsewhere = {str(State(state).label): count for state, count in counts}
    light = unhandled_faults(user, batch, class_no, step).defer(*ENCRYPTED, "name_tokens")
    made.unhandled = list(light.order_by("name_sort", "pk"))
    return made


def _samples_seen_by(user: User) -> QuerySet[IntakeSample]:
    """Samples of the user's schools, and those that he drew himself."""
    every = IntakeSample.objects.select_related("batch__school", "drawn_by", "job")
    return every.filter(Q(batch__school_id__in=list(units_with(user, "view_applicant"))) | Q(drawn_by=user))


def sample_for(user: User, public_id: object) -> IntakeSample:
    """A sample at one of the user's schools. Raises Http404 or OutOfScope."""
    every = IntakeSample.objects.select_related("batch__school", "drawn_by", "job")
    found: IntakeSample = visible_or_404(every, _samples_seen_by(user), public_id=public_id)
    return found


MOST_SAMPLES = 50


def closed_samples(user: User, batch: IntakeBatch) -> list[tuple[Any, IntakeSample]]:
    """The newest closed samples of a batch, whoever drew them: the step's label, the sample with ``drawn`` items."""
    rows = _samples_seen_by(user).filter(batch=batch, closed_at__isnull=False).annotate(drawn=Count("items"))
    newest = rows.order_by("-closed_at", "-pk")[:MOST_SAMPLES]
    return [(IntakeDecision.Step(one.step).label, one) for one in newest]


def hidden_ids(user: User, applicants: Iterable[Applicant]) -> set[int]:
    """Those of the applicants whom ``user`` may not see any more: their files lie in the inactive archive."""
    ids = {one.pk for one in applicants}
    return ids - set(Applicant.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))


def skips_of(sample: IntakeSample) -> list[LeftOut]:
    """Whom a finished bulk approval left out, with the reason."""
    rows = BulkSkip.objects.filter(sample=sample).select_related("applicant")
    rows = rows.defer(*(f"applicant__{name}" for name in (*ENCRYPTED, "name_tokens")))
    return [
        LeftOut(row.applicant, row.reason) for row in rows.order_by("reason", "applicant__name_sort", "pk")
    ]


def enrolled_already(rows: Iterable[Applicant]) -> set[int]:
    """Those of ``rows`` whose identity number has an open enrolment."""
    by_index = {bytes(row.id_number_index): row.pk for row in rows if row.id_number_index}
    busy = Enrolment.objects.filter(ended_on=None, student__id_number_index__in=list(by_index))
    return {by_index[bytes(index)] for index in busy.values_list("student__id_number_index", flat=True)}
