"""What stands in a student's way because of a penalty: awards, graduation, transfer.

A penalty holds from its delivery to its lifting; one that was revoked or made void never held. Graduation is barred
only while the term runs, awards and transfer until the penalty is lifted. A school switches each off by a rule.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from uuid import UUID

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.formatting import day
from records.merits.codes import label_of
from records.models import Student
from records.penalty_models import Penalty
from school.rules import rule


class Hindered(models.TextChoices):
    """An act that a penalty may bar."""

    AWARD = "award", gettext_lazy("Award")
    GRADUATION = "graduation", gettext_lazy("Graduation")
    TRANSFER = "transfer", gettext_lazy("School transfer")


@dataclass(frozen=True, slots=True)
class Bar:
    """A penalty in force and what it bars.

    ``until``: last day of its term, None for one without. ``overdue``: the term has ended and nobody has lifted it yet.
    """

    student_id: int
    penalty: UUID
    label: str
    acts: frozenset[Hindered]
    since: date
    until: date | None
    overdue: bool = False

    @property
    def in_order(self) -> list[Hindered]:
        """The barred acts, always in the same order."""
        return [one for one in Hindered if one in self.acts]

    @property
    def reason(self) -> str:
        """The bar in words, for whoever may know of the penalty."""
        words = {"penalty": self.label, "since": day(self.since), "until": day(self.until)}
        if self.until is None:
            return _("%(penalty)s since %(since)s") % words
        if self.overdue:
            return (
                _("%(penalty)s since %(since)s; its term ended on %(until)s, it must be lifted first") % words
            )
        return _("%(penalty)s since %(since)s, term until %(until)s") % words


def in_force(on: date) -> QuerySet[Penalty]:
    """Penalties that hold on a day."""
    held = Q(state=Penalty.State.IN_FORCE) | Q(state=Penalty.State.LIFTED, lifted_on__gt=on)
    rows: QuerySet[Penalty] = Penalty.objects.filter(held, delivered_on__lte=on)
    return rows.select_related("unit").annotate(kind_label=label_of("kind", "penalty_kind"))


def bars(student: Student, on: date | None = None, *, act: Hindered | None = None) -> list[Bar]:
    """What bars ``student`` on a day (today by default), of ``act`` alone when it is named. Empty: nothing does."""
    return bars_of([student.pk], on, act=act).get(student.pk, [])


def bars_of(
    students: Iterable[int], on: date | None = None, *, act: Hindered | None = None
) -> dict[int, list[Bar]]:
    """The same for many students by their ids; those whom nothing bars are left out. One query, and the rules."""
    day_ = on or timezone.localdate()
    holds = cache(lambda unit, what: bool(rule(unit, f"penalty_bars_{what}", on=day_)))
    found: dict[int, list[Bar]] = defaultdict(list)
    for row in in_force(day_).filter(student_id__in=list(students)).order_by("delivered_on", "pk"):
        acts = frozenset(one for one in Hindered if holds(row.unit, one.value) and _concerns(row, one, day_))
        if acts and (act is None or act in acts):
            found[row.student_id].append(_bar(row, acts, day_))
    return dict(found)


def _concerns(row: Penalty, act: Hindered, on: date) -> bool:
    return act != Hindered.GRADUATION or row.ends_on is None or on <= row.ends_on


def _bar(row: Penalty, acts: frozenset[Hindered], on: date) -> Bar:
    return Bar(
        student_id=row.student_id,
        penalty=row.public_id,
        label=getattr(row, "kind_label", "") or row.kind,
        acts=acts,
        since=row.delivered_on or on,
        until=row.ends_on,
        overdue=row.ends_on is not None and on > row.ends_on,
    )
