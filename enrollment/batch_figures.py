"""Reads of intake batches: numbers by state and class, the quota, late ones, the deadline."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.scope import units_with
from approvals.deadlines import days_left
from enrollment.models import Applicant, ImportJob, IntakeBatch, Layout, ScanUpload
from enrollment.selectors import batches
from records.labels import code_labels
from records.models import DocumentKind
from school.labels import label_of
from school.models import Unit
from school.rules import rule

State = Applicant.State
SHOWN_STATES = (
    State.DRAFT,
    State.RETURNED,
    State.SELF_CHECKED,
    State.INITIAL_REVIEWED,
    State.HEAD_APPROVED,
    State.ACCEPTED,
)
TALENT_WAYS = {Layout.NATIONAL: ("22", "23"), Layout.VOCATIONAL: ("05", "06"), Layout.HIGHER: ("05", "06")}
FEW_DAYS = 3
MOST_IMPORTS = 5


@dataclass(frozen=True, slots=True)
class Quota:
    """How much of a batch's quota is used; ``over`` is by how many it is exceeded."""

    quota: int | None
    used: int

    @property
    def over(self) -> int:
        """By how many the quota is exceeded."""
        return max(0, self.used - self.quota) if self.quota is not None else 0

    @property
    def percent(self) -> int:
        """Share of the quota that is used."""
        return self.used * 100 // self.quota if self.quota else 0


@dataclass(frozen=True, slots=True)
class Deadline:
    """The entry deadline of a batch: ``days`` working days are left, negative when it has passed."""

    day: date
    days: int
    late: int
    certain: bool = True

    @property
    def is_past(self) -> bool:
        """Whether whoever is entered now is late."""
        return self.day < timezone.localdate()

    @property
    def is_near(self) -> bool:
        """Whether it deserves a banner."""
        return self.is_past or self.days <= FEW_DAYS


@dataclass(slots=True)
class Figures:
    """What the page of a batch shows."""

    total: int
    by_state: list[tuple[State, int]]
    by_class: list[dict[str, Any]]
    quota: Quota
    deadline: Deadline
    no_hukou: int
    warned: int
    ways: list[tuple[str, int, int]] = field(default_factory=list)
    talent_percent: float = 0
    talent_limit: int = 0

    @property
    def too_many_talents(self) -> bool:
        """Whether talent pupils exceed the share that the rule allows."""
        return self.talent_percent > self.talent_limit


def listed(user: User) -> QuerySet[IntakeBatch]:
    """Batches in scope with how many stand in each, given-up ones left out."""
    seen = Q(applicants__unit_id__in=list(units_with(user, "view_applicant")))
    return batches(user).annotate(
        entered=Count("applicants", filter=seen & ~Q(applicants__state=State.WITHDRAWN)),
        accepted=Count("applicants", filter=seen & Q(applicants__state=State.ACCEPTED)),
    )


def deadline_of(batch: IntakeBatch, late: int) -> Deadline:
    """The batch's deadline as a banner tells it."""
    span = days_left(batch.school, batch.entry_deadline)
    return Deadline(batch.entry_deadline, span.days, late, span.certain)


def banner(user: User, batch: IntakeBatch) -> Deadline:
    """The deadline with the number of late ones that ``user`` may see."""
    late = Applicant.objects.of_units(user).filter(batch=batch, entered_late=True)
    return deadline_of(batch, late.exclude(state=State.WITHDRAWN).count())


def quota_of(user: User, batch: IntakeBatch) -> Quota:
    """The quota with everybody who has not given up; who sees a college alone is told its number without a quota."""
    used = Applicant.objects.of_units(user).filter(batch=batch).exclude(state=State.WITHDRAWN).count()
    return Quota(batch.quota if batch.school_id in units_with(user, "view_applicant") else None, used)


def figures(user: User, batch: IntakeBatch) -> Figures:
    """The numbers of a batch within the reader's scope."""
    rows = Applicant.objects.of_units(user).filter(batch=batch).exclude(state=State.WITHDRAWN)
    per_state: dict[str, int] = dict(rows.order_by().values_list("state").annotate(Count("pk")))
    total = sum(per_state.values())
    counts = rows.aggregate(
        late=Count("pk", filter=Q(entered_late=True)),
        no_hukou=Count("pk", filter=Q(no_hukou=True)),
        warned=Count("pk", filter=Q(warning_count__gt=0)),
    )
    made = Figures(
        total=total,
        by_state=[(state, per_state.get(state, 0)) for state in SHOWN_STATES],
        by_class=_by_class(rows),
        quota=quota_of(user, batch),
        deadline=deadline_of(batch, counts["late"]),
        no_hukou=counts["no_hukou"],
        warned=counts["warned"],
    )
    _add_ways(made, batch, rows)
    return made


def _by_class(rows: QuerySet[Applicant]) -> list[dict[str, Any]]:
    counted = {f"in_{state}": Count("pk", filter=Q(state=state)) for state in SHOWN_STATES}
    groups: Any = rows.order_by().values("class_no").annotate(
        name=Max(label_of("school_class")), total=Count("pk"), late=Count("pk", filter=Q(entered_late=True)), **counted
    )  # fmt: skip
    return [
        {**group, "counts": [(state, group[f"in_{state}"]) for state in SHOWN_STATES]}
        for group in groups.order_by("class_no")
    ]


def _add_ways(made: Figures, batch: IntakeBatch, rows: QuerySet[Applicant]) -> None:
    key = "admission_way" if batch.layout == Layout.NATIONAL else "admission_way_tertiary"
    labels = code_labels({key})[key]
    counts = rows.exclude(admission_way="").order_by().values_list("admission_way").annotate(Count("pk"))
    talents = 0
    for code, count in sorted(counts, key=lambda pair: -pair[1]):
        made.ways.append((str(labels.get(code, code)), count, count * 100 // made.total))
        talents += count if code in TALENT_WAYS[Layout(batch.layout)] else 0
    made.talent_limit = int(rule(batch.school, "talent_percent"))
    made.talent_percent = round(talents * 100 / made.total, 1) if made.total else 0


def required_labels(batch: IntakeBatch) -> list[Any]:
    """The documents that the batch asks for, in words."""
    return [DocumentKind(kind).label for kind in batch.required_documents]


def recent_imports(user: User, batch: IntakeBatch) -> list[ImportJob]:
    """The newest imports into the batch that ``user`` may see."""
    rows = ImportJob.objects.visible_to(user).filter(batch=batch).select_related("created_by", "blob")
    return list(rows.order_by("-pk")[:MOST_IMPORTS])


def recent_uploads(user: User, batch: IntakeBatch) -> list[ScanUpload]:
    """The newest files of scans of the batch, where ``user`` enters applicants or accepts them."""
    units = {*units_with(user, "enter_applicant"), *units_with(user, "accept_applicant")}
    if batch.school_id not in units:
        return []
    rows = ScanUpload.objects.filter(batch=batch).select_related("created_by", "job")
    counted = rows.annotate(
        matched=Count("files", filter=Q(files__reason="")),
        unmatched=Count("files", filter=~Q(files__reason="")),
    )
    return list(counted.order_by("-pk")[:MOST_IMPORTS])


def schools_for(user: User) -> QuerySet[Unit]:
    """Schools at which ``user`` opens batches."""
    kinds = [Unit.Kind.SCHOOL, Unit.Kind.CENTRAL_SCHOOL]
    found: QuerySet[Unit] = Unit.objects.filter(
        pk__in=list(units_with(user, "manage_intake")), kind__in=kinds, is_active=True
    )
    return found.order_by("name")
