"""Reads of problem records: lists and rows within reach, figures, what waits."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from accounts.scope import holds, units_with_any, visible_or_404
from approvals.models import NOT_BEGUN, Request
from archive.models import DeletionRequest, EditChange, ProblemList, ProblemRow
from core.lookups import AnyOf
from records.models import Enrolment
from school.class_numbers import LONGEST_STAGE
from school.models import SchoolClass, Stage, Unit

WORK, CONFIRM = "request_change", "review_change"
READERS = (WORK, CONFIRM)
State = ProblemRow.State
TO_DO = ((WORK, State.OPEN), (CONFIRM, State.ANSWERED))


def _stretches() -> QuerySet[Enrolment]:
    """The stretches of a row's student at the school of its list."""
    rows: QuerySet[Enrolment] = Enrolment.objects.filter(
        student=OuterRef("student"), school=OuterRef("problem_list__school")
    )
    return rows


def rows(user: User, *perms: str) -> QuerySet[ProblemRow]:
    """Rows of students in the units where ``user`` holds one of ``perms`` (any of `READERS` without them).

    Rows that name nobody are for those who hold it on the whole school. A row stays with its unit when the file goes to
    the inactive archive, since the deletion may be what the list wants.
    """
    units = units_with_any(user, perms or READERS)
    here = Enrolment.objects.filter(
        AnyOf(F("unit_id"), units), student=OuterRef("student"), school=OuterRef("problem_list__school")
    )
    nobody = Q(student__isnull=True) & Q(AnyOf(F("problem_list__school_id"), units))
    found: QuerySet[ProblemRow] = ProblemRow.objects.filter(nobody | Exists(here))
    return found


def lists(user: User) -> QuerySet[ProblemList]:
    """Lists of the schools where ``user`` works them off, and those that name students of his units, with counts."""
    mine = rows(user).filter(problem_list=OuterRef("pk"))
    whole = AnyOf(F("school_id"), units_with_any(user, READERS))
    found: QuerySet[ProblemList] = ProblemList.objects.filter(Q(whole) | Exists(mine))
    counts = {
        key: Coalesce(Subquery(_count(mine.filter(**chosen)), output_field=IntegerField()), Value(0))
        for key, chosen in {"listed": {}, **{str(one): {"state": one} for one in State}}.items()
    }
    return found.select_related("school", "brought_by").annotate(**counts)


def _count(found: QuerySet[ProblemRow]) -> Any:
    return found.order_by().values("problem_list").annotate(count=Count("pk")).values("count")


def list_for(user: User, list_id: UUID) -> ProblemList:
    """One of these lists. Raises OutOfScope, Http404."""
    every = ProblemList.objects.select_related("school", "brought_by")
    found: ProblemList = visible_or_404(every, lists(user), public_id=list_id)
    return found


def rows_of(user: User, one: ProblemList) -> QuerySet[ProblemRow]:
    """The rows of a list that ``user`` may see, nothing decrypted.

    ``turn`` is 0 for the graduating grade, ``student_no`` the number at the school.
    """
    open_now = _stretches().filter(ended_on__isnull=True)
    newest = _stretches().order_by(F("ended_on").desc(nulls_first=True), "-started_on")
    last = Case(When(Exists(open_now.filter(_last_grade(one.school))), then=Value(0)), default=Value(1))
    found = rows(user).filter(problem_list=one).select_related("student", "request", "answered_by")
    found = found.annotate(turn=last, student_no=Subquery(newest.values("student_no")[:1]))
    return found.only(
        "public_id", "row_no", "match", "kind", "listed_name", "state", "answer", "student__name",
        "student__public_id", "request__number", "request__state", "answered_by__name",
    )  # fmt: skip


def _last_grade(school: Unit) -> Q:
    """Stretches that end with this school year: by the grade of the class, else by the day of graduation."""
    soon = Q(expected_end_on__lte=timezone.localdate() + timedelta(days=365))
    if school.stage not in LONGEST_STAGE:
        return soon
    last = LONGEST_STAGE[Stage(school.stage)]
    if school.stage == Stage.JUNIOR and not _has_grade(school, last):
        last -= 1
    return soon | Q(school_class__grade_level__gte=last)


def _has_grade(school: Unit, grade: int) -> bool:
    return bool(SchoolClass.objects.filter(school=school, is_active=True, grade_level=grade).exists())


def figures(user: User, one: ProblemList) -> dict[str, Any]:
    """How many rows that ``user`` may see are in which state, of which kind, and name nobody."""
    by_kind = {f"kind_{key}": Count("pk", filter=Q(kind=key)) for key in ProblemRow.Kind.values}
    states = {key: Count("pk", filter=Q(state=key)) for key in State.values}
    unmatched = Count("pk", filter=Q(student__isnull=True))
    found = rows(user).filter(problem_list=one).order_by()
    counted = found.aggregate(**states, **by_kind, unmatched=unmatched)
    kinds = [(label, counted[f"kind_{key}"]) for key, label in ProblemRow.Kind.choices]
    counted["kinds"] = [(label, count) for label, count in kinds if count]
    return counted


def row_for(user: User, row_id: UUID) -> ProblemRow:
    """A row. Raises OutOfScope, Http404."""
    every = ProblemRow.objects.all()
    joined = ("problem_list__school", "student", "request", "answered_by", "confirmed_by")
    found: ProblemRow = visible_or_404(every, rows(user).select_related(*joined), public_id=row_id)
    return found


def stretch_of(row: ProblemRow) -> Enrolment | None:
    """The newest stretch of the row's student at the school."""
    found = Enrolment.objects.filter(student=row.student_id, school=row.problem_list.school_id)
    return found.order_by(F("ended_on").desc(nulls_first=True), "-started_on").first()


def unit_of(row: ProblemRow) -> int:
    """The unit on which a right over the row is held: that of the student, of nobody the school."""
    stretch = stretch_of(row) if row.student_id else None
    return int(stretch.unit_id if stretch else row.problem_list.school_id)


def requests_for(row: ProblemRow) -> list[Request]:
    """Changes and deletions of the student's file that were asked for since the list came, the newest first."""
    edits = EditChange.objects.filter(student=row.student_id).values("edit__request")
    deletions = DeletionRequest.objects.filter(student=row.student_id).values("request")
    found = Request.objects.filter(
        Q(pk__in=edits) | Q(pk__in=deletions),
        school=row.problem_list.school_id,
        created_at__gte=row.problem_list.brought_at,
    )
    return list(found.exclude(state__in=NOT_BEGUN).order_by("-pk")) if row.student_id else []


def _waits_for(user: User, state: str) -> Q:
    return Q(state=state) & (~Q(answered_by=user) if state == State.ANSWERED else Q())


def waiting(user: User) -> list[tuple[str, dict[str, Any]]]:
    """By list what ``user`` has to work off and to confirm: the permission, and the list with ``count``."""
    return [
        (perm, line)
        for perm, state in TO_DO
        if holds(user, perm)
        for line in _by_list(rows(user, perm).filter(_waits_for(user, state)))
    ]


def work_item(user: User, subject: UUID) -> str:
    """A row about the student that waits for ``user``, as the ledger names it (`approvals.work_items`).

    Of lists that somebody else brought in: nobody gives himself work that leads to every file.
    """
    for perm, state in TO_DO:
        if holds(user, perm):
            found = rows(user, perm).filter(_waits_for(user, state), student__public_id=subject)
            found = found.exclude(problem_list__brought_by=user).order_by("pk")
            if row := found.first():
                return f"problem-{row}"
    return ""


def _by_list(found: QuerySet[ProblemRow]) -> list[dict[str, Any]]:
    names = ("public_id", "title", "due_on", "school_id")
    groups: Any = found.order_by().values(*(f"problem_list__{name}" for name in names))
    return list(groups.annotate(count=Count("pk")).order_by("problem_list__due_on"))
