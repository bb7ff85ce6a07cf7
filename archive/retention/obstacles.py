"""What keeps a file from being appraised or destroyed. Rooms above name what they know of when they start:

    register("incident", _("Not to be destroyed for the present. Ask the security administrator."), rows)

Whoever appraises and executes reads the words, so that they may not tell what its readers alone may know.
The database itself refuses to destroy what they name: the room adds its trigger to the register of destruction.
"""

from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from approvals.models import Request
from approvals.refusals import RequestRefused
from archive.deletions.actions import OPEN_CASE
from archive.models import (
    DeletionRequest,
    EditChange,
    InquiryStudent,
    LegalHold,
    PaperLoan,
    RetentionTerm,
    SharingRequest,
    SharingStudent,
)
from records.models import Enrolment
from records.penalty_models import Penalty
from school.models import Unit
from school.rules import PERMANENT, rule

State = Request.State
RUNNING = (State.UNDER_REVIEW, State.APPROVED, State.RETURNED)


_further: dict[str, tuple[Any, Callable[[], QuerySet[Any]]]] = {}


def register(key: str, words: Any, rows: Callable[[], QuerySet[Any]]) -> None:
    """Add a reason with the rows that give it; each has a ``student``. The same key again replaces it."""
    _further[key] = (words, rows)


class InTheWay(RequestRefused):
    """Something stands in the way of destroying files; the words name their archive numbers."""


def years_after(day: date, years: int) -> date:
    """The same day so many years later; of 29 February the last of that month."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _not_over(school: Unit, today: date) -> QuerySet[Enrolment]:
    """Newest stretches that ended less than the school's period ago; all that ended when it keeps files for ever."""
    ended: QuerySet[Enrolment] = Enrolment.objects.current().filter(ended_on__isnull=False)
    years = rule(school, "retention_years")
    return ended if years == PERMANENT else ended.filter(ended_on__gte=years_after(today, -int(years)))


def _reasons(school: Unit) -> list[tuple[Any, QuerySet[Any]]]:
    """Each reason with the rows that give it; all of them have a ``student``."""
    newest, today = Enrolment.objects.current(), timezone.localdate()
    marked = Q(until__isnull=True) | Q(until__gte=today)
    in_force = Q(sharing__released_at__isnull=False, sharing__ended_on__isnull=True)
    sharings = SharingStudent.objects.filter(
        in_force | Q(sharing__in=SharingRequest.objects.filter(request__state__in=RUNNING))
    )
    return [
        (_("The student is enrolled."), Enrolment.objects.filter(ended_on__isnull=True)),
        (_("The retention period of the file has not ended."), _not_over(school, today)),
        (_("The file is marked to be kept longer."), RetentionTerm.objects.filter(marked)),
        (_("Another school keeps the file now."), newest.exclude(school=school)),
        (_("The file is under a hold."), LegalHold.objects.filter(lifted_at__isnull=True)),
        (_("The paper file is lent out."), PaperLoan.objects.filter(returned_on__isnull=True)),
        (_("A penalty case of this student is open."), Penalty.objects.filter(OPEN_CASE)),
        (
            _("A change of this file is asked for."),
            EditChange.objects.filter(edit__request__state__in=RUNNING),
        ),
        (
            _("The deletion of this file is asked for."),
            DeletionRequest.objects.filter(request__state__in=RUNNING),
        ),
        (
            _("An inquiry into this file is under way."),
            InquiryStudent.objects.filter(inquiry__request__state__in=RUNNING),
        ),
        (_("Data of this file is being shared."), sharings),
        *((words, rows()) for words, rows in _further.values()),
    ]


def in_the_way(students: Collection[int], school: Unit) -> dict[int, list[str]]:
    """What stands in the way of destroying these students' files, by id; free ones are not named."""
    found: dict[int, list[str]] = defaultdict(list)
    for words, rows in _reasons(school):
        for pk in rows.filter(student__in=students).values_list("student_id", flat=True).distinct():
            found[pk].append(str(words))
    return dict(found)


def free(rows: QuerySet[Enrolment], school: Unit) -> QuerySet[Enrolment]:
    """Those of these stretches on whose files nothing stands in the way."""
    for _words, others in _reasons(school):
        rows = rows.exclude(student__in=others.values("student"))
    return rows
