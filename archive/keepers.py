"""Which school keeps a file: what requests read and write goes by this one rule.

A file belongs to the school of its newest stretch (`Enrolment.objects.current`), as long as it is in use there. A
request that was drafted before the student went on finds nothing any more.
"""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import NotPermitted, demand, units_with
from approvals.refusals import RequestRefused, WrongState
from archive.models import DestroyedFile
from records.models import Enrolment, Student
from school.models import Unit


class UnknownNumbers(RequestRefused):
    """Student numbers that no student has whose file the school keeps."""


def school_of(user: User, perm: str) -> Unit:
    """The school in which ``user`` works and holds ``perm``, asked before anything is compared. Raises NotPermitted."""
    if user.unit is None:
        raise NotPermitted(perm)
    school = user.unit.employer
    demand(user, perm, school.pk)
    return school


def holds_at_school(user: User, perm: str) -> bool:
    """Whether `school_of` finds one: an act is offered only then. Who holds it on a department alone does not."""
    return user.unit is not None and user.unit.employer.pk in units_with(user, perm)


def kept_at(school: Unit) -> QuerySet[Enrolment]:
    """The stretches on which files hang that ``school`` keeps and that are in use."""
    rows: QuerySet[Enrolment] = Enrolment.objects.current().filter(school=school, shelved_on__isnull=True)
    return rows.select_related("school")


def named(school: Unit, numbers: Sequence[str]) -> dict[Student, str]:
    """Students whose files ``school`` keeps, with the number that named each: his present one or an earlier one.

    Raises UnknownNumbers.
    """
    kept = kept_at(school).values("student")
    found = Enrolment.objects.filter(school=school, student_no__in=numbers, student__in=kept)
    known = {row.student_no: row.student for row in found.select_related("student")}
    if missing := [one for one in numbers if one not in known]:
        words = _("Nobody at this school has these student numbers: %(numbers)s")
        raise UnknownNumbers(words % {"numbers": _(", ").join(missing)})
    return {known[one]: one for one in numbers}


def files_kept(students: Iterable[Student], school: Unit) -> dict[int, Enrolment]:
    """Those of these students whose files ``school`` keeps, by id, for a page; each with the student as given."""
    given = {one.pk: one for one in students}
    found = {row.student_id: row for row in kept_at(school).filter(student__in=given)}
    for pk, row in found.items():
        row.student = given[pk]
    return found


def not_kept(student_ids: Collection[int], school: Unit) -> str:
    """Why the files of these students are not in use at ``school``, in words; "" when all of them are."""
    newest = Enrolment.objects.current().filter(student__in=student_ids, school=school)
    shelved = list(newest.values_list("shelved_on", flat=True))
    if len(shelved) < len(student_ids):
        return _("The student went on to another school, which keeps the file now.")
    return _("The file is in the inactive archive already.") if any(shelved) else ""


def demand_kept(students: Iterable[Student], school: Unit) -> dict[int, Enrolment]:
    """Lock these students; their stretches by id, each with the locked student. Raises WrongState.

    Nobody begins another stretch and nobody shelves the file until the transaction ends.
    """
    ids = {one.pk for one in students}
    locked = {one.pk: one for one in Student.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
    if words := not_kept(ids, school):
        raise WrongState(words)
    return files_kept(locked.values(), school)


def destroyed_number(subject: UUID | None) -> str:
    """The archive number of a file that was destroyed, all that is left of it; "" while it stands."""
    line = DestroyedFile.objects.filter(subject=subject).first() if subject else None
    return line.archive_no if line else ""
