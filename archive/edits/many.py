"""One field of many students in one request (批量修改): a line for each student, every value frozen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from approvals.refusals import RequestRefused
from archive.edits.checking import Asked, asked
from archive.edits.fields import book_for
from archive.keepers import files_kept, named
from school.models import Unit


@dataclass(frozen=True, slots=True)
class Many:
    """What is asked of those whose value would change, how many hold it already, and faults as (number, words)."""

    asked: Sequence[Asked]
    same: int
    faults: Sequence[tuple[str, str]]


def asked_of_many(school: Unit, field: str, values: Mapping[str, str]) -> Many:
    """What these values, by student number, would change. Raises UnknownNumbers; RequestRefused for one named twice."""
    students = named(school, list(values))
    if len(students) < len(values):
        raise RequestRefused(_("Two of these numbers are one student's: give each student one line."))
    files = files_kept(students, school)
    book = book_for(school)
    found = {
        number: asked(student, files[student.pk], {field: values[number]}, book)
        for student, number in students.items()
    }
    faults = [(number, words) for number, one in found.items() for words in one.faults.values()]
    changing = [one for one in found.values() if one.new]
    return Many(changing, len(found) - len(changing) - len(faults), faults)
