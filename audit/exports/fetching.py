"""Whether the file of an export can be fetched, and what keeps its requester from it when it cannot."""

from collections.abc import Sequence

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scope import units_with
from audit.exports.selectors import PERM, REVEAL, among, within
from audit.models import ExportRequest


class Bar(models.TextChoices):
    """What stands in the way, in the words of the list."""

    LAPSED = "lapsed", _("24 hours are over")
    DESTROYED = "destroyed", _("A student file in it was destroyed")
    RIGHT = "right", _("You may not export any more")
    STUDENTS = "students", _("It holds students who are no longer yours to export")


def bars(user: User, rows: Sequence[ExportRequest]) -> dict[int, Bar]:
    """Of those whose file was made and cannot be fetched any more, by key, why.

    Deleted files count for every reader, the rights of the requester when he reads himself: ``user``. As many queries
    for many rows as for two.
    """
    made = [row for row in rows if row.made_at is not None]
    found = {row.pk: _deleted(row) for row in made if not row.is_there}
    groups: dict[tuple[int, bool], list[ExportRequest]] = {}
    for row in made:
        if row.is_there and row.requester_id == user.pk:
            groups.setdefault((row.unit_id, row.whole), []).append(row)
    for (school_id, whole), held in groups.items():
        found |= _barred(user, school_id, whole, held)
    return found


def _deleted(row: ExportRequest) -> Bar:
    early = row.discarded_at is not None and row.lapses_at is not None and row.discarded_at < row.lapses_at
    return Bar.DESTROYED if early else Bar.LAPSED


def _barred(user: User, school_id: int, whole: bool, held: Sequence[ExportRequest]) -> dict[int, Bar]:
    if not all(school_id in units_with(user, perm) for perm in (PERM, *([REVEAL] if whole else []))):
        return {row.pk: Bar.RIGHT for row in held}
    keys = [row.pk for row in held]
    people = dict(ExportRequest.objects.filter(pk__in=keys).values_list("pk", "people"))
    asked = sorted({one for students in people.values() for one in students})
    rows = among(within(user, held[0].request.school, whole=whole), asked)
    here = set(rows.values_list("student_id", flat=True))
    return {key: Bar.STUDENTS for key, students in people.items() if not here.issuperset(students)}
