"""What lists of problem records say of students whose files are destroyed. Read once for all files of a destruction."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from archive.models import ProblemRow
from archive.retention.erasing import student_numbers
from core.row_locks import locked_rows
from files.models import Blob
from ledger.context import current_actor
from ledger.history import delete_rows
from records.models import Enrolment, Student

WORDS = ("text", "reason", "returned")
LONG_NUMBER = 7
"""Characters from which a number names somebody wherever it stands in a text."""


def erase_listed(students: Collection[Student]) -> dict[Blob, Student]:
    """Remove their rows of lists, those that name them and matched nobody, and the lists as they came.

    What other rows of these lists say loses its words where they name them. Their new history rows tell
    `archive_forget` of which rows the older history loses them too. Called before anything else of the students is
    erased, as whoever is acting.

    Returns the lists as they came, each with the first student that it named.
    """
    sought = _by_school(students)
    rows = ProblemRow.objects.filter(problem_list__school__in=list(sought))
    locked = locked_rows(rows.order_by("pk"))
    past = _past(rows)
    gone: list[ProblemRow] = []
    lists: dict[Blob, Student] = {}
    for row in locked.select_related("student", "problem_list__file"):
        here = sought[row.problem_list.school_id]
        named = next((one for one in here if one.owns(row)), None)
        if named is not None:
            gone.append(row)
        else:
            named = _cleared(row, here, past[row.pk])
        if named is not None:
            lists.setdefault(row.problem_list.file, named.student)
    delete_rows(gone, actor=current_actor())
    return lists


class _Sought:
    """A student, and everything that he was ever called."""

    def __init__(self, student: Student, names: Iterable[str], numbers: Iterable[str]) -> None:
        self.student = student
        self._names = {student.name, *names} - {""}
        self._numbers = {student.id_number, student.national_no, *numbers} - {""}
        self._words = self._names | {one for one in self._numbers if len(one) >= LONG_NUMBER}

    def owns(self, row: ProblemRow) -> bool:
        """Whether the row is his: it matched him, or nobody and names him."""
        if row.student_id is not None:
            return bool(row.student_id == self.student.pk)
        return row.listed_name in self._names or not self._numbers.isdisjoint(row.listed_number.split())

    def is_in(self, texts: Iterable[str]) -> bool:
        """Whether one of these texts names him."""
        return any(word in text for text in texts if text for word in self._words)


def _by_school(students: Collection[Student]) -> dict[int, list[_Sought]]:
    """These students by each school that they were at: what another school says of a namesake is not theirs."""
    keys = [one.pk for one in students]
    names, numbers = defaultdict(set), student_numbers(students)
    for key, name in Student.history.filter(id__in=keys).values_list("id", "name"):
        names[key].add(name)
    sought = {one.pk: _Sought(one, names[one.pk], numbers[one.pk]) for one in students}
    found: dict[int, list[_Sought]] = defaultdict(list)
    stays = Enrolment.objects.filter(student__in=keys).order_by("student").values_list("student", "school")
    for key, school in stays.distinct():
        found[school].append(sought[key])
    return found


def _past(rows: Any) -> dict[int, set[str]]:
    """What answers and returns of each row have said at some time."""
    found: dict[int, set[str]] = defaultdict(set)
    for one in ProblemRow.history.filter(id__in=rows.values("pk")).only("id", "reason", "returned"):
        found[one.id] |= {one.reason, one.returned}
    return found


def _cleared(row: ProblemRow, here: Sequence[_Sought], past: Collection[str]) -> _Sought | None:
    """Blank the words of somebody else's row that name one of these students; the first of those named, at any time.

    The text of a list keeps no history: blanking it alone leaves the row's answers as they were.
    """
    said = [getattr(row, name) for name in WORDS]
    named = [one for one in here if one.is_in([*said, *past])]
    if not named:
        return None
    worded = [name for name, text in zip(WORDS, said, strict=True) if any(one.is_in([text]) for one in named)]
    for name in worded:
        setattr(row, name, "")
    row.save(update_fields=WORDS if any(one.is_in(past) for one in named) else worded)
    return named[0]
