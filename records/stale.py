"""When a file was last changed, and which files nobody kept up (久未更新).

Both are asked of the histories, each of which is indexed by the student it is about: a few probes for each row that is
looked at, inside the one statement of the list.
"""

from typing import Any

from django.db.models import DateTimeField, F, Func, IntegerField, Max, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Greatest
from django.utils import timezone

from records.entry_models import Conduct, Employment, Internship, LearningProblem, Reward
from records.models import Document, Enrolment, FamilyMember, Student
from records.penalty_models import Penalty
from school.rules import rule_values

PARTS: tuple[type[Any], ...] = (
    Student, Enrolment, FamilyMember, Document, Reward, Penalty, Conduct, LearningProblem, Internship, Employment,
)  # fmt: skip
"""Whatever is written in one of these keeps the file up."""


def last_change() -> Greatest:
    """The moment of the last change of a file, over rows of enrolments."""
    return Greatest(*(_last_of(model) for model in PARTS))


def _last_of(model: type[Any]) -> Subquery:
    rows = model.history.filter(history_subject=OuterRef("student__public_id")).order_by()
    return Subquery(rows.values("history_subject").annotate(at=Max("history_date")).values("at"))


class _Before(Func):
    """A moment less a number of calendar months."""

    template = "(%(expressions)s))"
    arg_joiner = " - make_interval(months => "
    output_field = DateTimeField()


def stale_only(rows: QuerySet[Enrolment], _chosen: object) -> QuerySet[Enrolment]:
    """The open stretches whose file was not changed for the months of the rule at their unit (`stale_months`)."""
    months = Cast(rule_values("stale_months", "unit"), IntegerField())
    limit = _Before(Value(timezone.now(), output_field=DateTimeField()), months)
    kept_up = rows.filter(ended_on__isnull=True).alias(last_change=last_change(), stale_before=limit)
    return kept_up.filter(last_change__lt=F("stale_before"))
