"""Checking rows: each by itself, against the rest of the file, and against the database, a thousand at a time."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any

from django.db.models import F, Q

from core.chinese import clean_text, name_sort_key
from core.crypto import blind_index_or_none
from core.lookups import AnyOf
from enrollment.cells import layout_of
from enrollment.duplicates import ELSEWHERE
from enrollment.importing.repeats import Repeats
from enrollment.importing.source import Source, SourceRow
from enrollment.kept_numbers import kept_number_faults
from enrollment.models import Applicant, ImportJob, IntakeBatch
from records.cells import CellFault, CodeBook, read_cell
from records.checks import assume, check
from records.columns import Column, Kind
from records.faults import Fault
from records.models import Enrolment, Student
from records.search import SORT_LENGTH

CHUNK = 1000
NAMED_ROWS = 12
NUMBERS = {
    "id_number": "id_duplicate_file",
    "exam_no": "exam_no_duplicate_file",
    "student_no": "student_no_duplicate_file",
    "national_no": "national_no_duplicate_file",
}
Namesake = tuple[str, date]
FEW_VALUED = {
    Kind.CODE,
    Kind.REGION,
    Kind.BOOLEAN,
    Kind.DATE,
    Kind.MONTH,
    Kind.CLASS_NO,
    Kind.SCHOOL_CODE,
    Kind.POSTCODE,
}
"""Kinds of columns with few different values: each value is read once."""


class Readings(dict[str, Any]):
    """The values of one column by their text, each read when it is first asked for; reading raises CellFault."""

    def __init__(self, column: Column, book: CodeBook, *, exact: bool) -> None:
        super().__init__({"": ""})
        self._column, self._book, self._exact = column, book, exact
        self._keeps = column.kind in FEW_VALUED

    def __missing__(self, text: str) -> Any:
        value = read_cell(text, self._column, self._book, exact=self._exact)
        if self._keeps:
            self[text] = value
        return value


@dataclass(slots=True)
class CheckedRow:
    """A row with its typed values and everything found; ``already`` when an earlier import of this batch brought it.

    ``index`` is the blind index of its identity number.
    """

    source: SourceRow
    values: dict[str, Any]
    faults: list[Fault]
    index: bytes | None = None
    already: bool = False

    @property
    def is_known_elsewhere(self) -> bool:
        """Whether another school knows the identity number."""
        return any(fault.code == ELSEWHERE for fault in self.faults)

    @property
    def is_good(self) -> bool:
        """Whether it may go in."""
        return not self.already and all(fault.level != "error" for fault in self.faults)

    @property
    def has_errors(self) -> bool:
        return not self.already and any(fault.level == "error" for fault in self.faults)

    @property
    def warnings(self) -> int:
        return sum(fault.level == "warning" for fault in self.faults)


@dataclass(slots=True)
class Repeated:
    """A number that stands in several rows. When all name the same person, the first of them is the right one."""

    person: str
    places: list[str] = field(default_factory=list)
    same_person: bool = True

    def add(self, place: str, person: str) -> None:
        self.places.append(place)
        self.same_person = self.same_person and person == self.person

    def blames(self, place: str) -> bool:
        """Whether the row at this place is one too many."""
        return not (self.same_person and place == self.places[0])


@dataclass(slots=True)
class Checker:
    """Checks the rows of one file for one batch.

    ``mends``: the import whose marked file came back, if it is one. ``own``: the import that is being written.
    ``exact`` holds dates to the template's form.
    """

    batch: IntakeBatch
    book: CodeBook
    source: Source
    mends: ImportJob | None = None
    own: ImportJob | None = None
    exact: bool = True
    _twice: dict[str, dict[str, Repeated]] = field(default_factory=dict)
    _without_number: set[Namesake] = field(default_factory=set)
    _columns: list[tuple[str, Readings]] = field(default_factory=list)
    _repeats: Repeats = field(init=False)

    def __post_init__(self) -> None:
        self._repeats = Repeats(self.batch, self.book, self.own)
        self._columns = [
            (column.field, Readings(column, self.book, exact=self.exact))
            for column in layout_of(self.batch).columns
        ]
        if self._comes_back:
            rows = Applicant.objects.filter(batch=self.batch, import_job__isnull=False)
            rows = rows.filter(id_number_index__isnull=True).exclude(state=Applicant.State.WITHDRAWN).in_use()
            self._without_number = set(rows.values_list("name", "birth_date"))

    @property
    def _comes_back(self) -> bool:
        return self.mends is not None or self.source.is_marked

    def chunks(self) -> Iterator[list[CheckedRow]]:
        """Every row of the file, checked, in chunks."""
        for rows in self.checked():
            self.compare(rows)
            yield rows

    def checked(self) -> Iterator[list[CheckedRow]]:
        """`chunks` before they are compared with the database, which is asked nothing."""
        self._twice = _repeated(self.source)
        rows = self.source.rows()
        while part := list(islice(rows, CHUNK)):
            yield [self.check_row(row) for row in part]

    def recalled(self, judged: Iterator[tuple[SourceRow, list[Fault]]]) -> Iterator[list[CheckedRow]]:
        """What `checked` gave when it found these faults in these rows."""
        while part := list(islice(judged, CHUNK)):
            yield [self._recalled(row, faults) for row, faults in part]

    def _recalled(self, row: SourceRow, faults: list[Fault]) -> CheckedRow:
        values = self._read(row)[0]
        assume(values, layout_of(self.batch))
        return self._checked(row, values, faults)

    def check_row(self, row: SourceRow) -> CheckedRow:
        """What the row and the file tell; `compare` adds what the database knows."""
        values, faults = self._read(row)
        checked = self._checked(row, values, check(values, layout_of(self.batch), self.book, faults))
        for name, code in NUMBERS.items():
            twice = self._twice.get(name)
            found = twice.get(_bare(row.cells.get(name, ""))) if twice else None
            if found and found.blames(row.place) and not _is_broken(checked, name):
                places = _listed(found.places)
                checked.faults.append(Fault(name, code, "error", places, row.cells[name]))
        return checked

    def _checked(self, row: SourceRow, values: dict[str, Any], faults: list[Fault]) -> CheckedRow:
        return CheckedRow(row, values, faults, blind_index_or_none("id_number", values.get("id_number")))

    def _read(self, row: SourceRow) -> tuple[dict[str, Any], list[Fault]]:
        if not row.faults:
            cell = row.cells.get
            try:
                return {name: readings[cell(name, "")] for name, readings in self._columns}, []
            except CellFault:
                pass
        return self._read_with_faults(row)

    def _read_with_faults(self, row: SourceRow) -> tuple[dict[str, Any], list[Fault]]:
        values: dict[str, Any] = {}
        faults: list[Fault] = []
        for name, readings in self._columns:
            text = row.cells.get(name, "")
            if name in row.faults:
                faults.append(Fault(name, row.faults[name], "error", "", text))
                continue
            try:
                values[name] = readings[text]
            except CellFault as fault:
                faults.append(Fault(name, fault.code, "error", fault.detail, text))
        return values, faults

    def compare(self, rows: list[CheckedRow]) -> None:
        """Add what the database knows of these people: numbers that are taken, namesakes, rows that are in already."""
        taken, own = self._numbers({row.index for row in rows if row.index})
        shelved = self._shelved(taken) if taken else set()
        own -= shelved
        exam_nos = self._exam_nos({row.values["exam_no"] for row in rows if row.values.get("exam_no")})
        if not self._comes_back:
            self._repeats.sort_out(rows, taken)
        for row in rows:
            if row.already or self._is_already_in(row, own):
                row.already = True
                continue
            if row.index in taken and not _is_broken(row, "id_number"):
                known_here = self.batch.school_id in taken[row.index]
                known = "file_shelved" if row.index in shelved else "id_duplicate"
                row.faults.append(_of(row, "id_number", known if known_here else ELSEWHERE))
            if row.values.get("exam_no") in exam_nos and not _is_broken(row, "exam_no"):
                row.faults.append(_of(row, "exam_no", "exam_no_duplicate"))
        new = [row for row in rows if not row.already]
        self._compare_kept_numbers(new)
        self._warn_of_namesakes(
            [row for row in new if row.index not in taken and not _is_broken(row, "name")]
        )

    def _compare_kept_numbers(self, rows: list[CheckedRow]) -> None:
        found = kept_number_faults(self.batch, [(None, row.values) for row in rows])
        for row, faults in zip(rows, found, strict=True):
            row.faults.extend(
                _of(row, one.field, one.code) for one in faults if not _is_broken(row, one.field)
            )

    def _is_already_in(self, row: CheckedRow, own: set[bytes]) -> bool:
        if not self._comes_back:
            return False
        if row.index:
            return row.index in own
        person = (row.values.get("name"), row.values.get("birth_date"))
        return person in self._without_number

    def _numbers(self, indexes: set[bytes]) -> tuple[dict[bytes, set[int]], set[bytes]]:
        """Numbers that others have, with their schools, and those that the mended import brought in."""
        taken: dict[bytes, set[int]] = defaultdict(set)
        own: set[bytes] = set()
        if not indexes:
            return taken, own
        others = Applicant.objects.filter(AnyOf(F("id_number_index"), indexes)).exclude(
            state=Applicant.State.WITHDRAWN
        )
        others = others.filter(Q(batch=self.batch) | ~Q(state=Applicant.State.ACCEPTED))
        columns = ("id_number_index", "import_job", "batch", "batch__school")
        for index, import_id, batch_id, school_id in others.values_list(*columns):
            taken[bytes(index)].add(school_id)
            if self._comes_back and import_id and batch_id == self.batch.pk:
                own.add(bytes(index))
        known = AnyOf(F("student__id_number_index"), indexes)
        enrolled = Enrolment.objects.filter(known, ended_on__isnull=True)
        for index, school_id in enrolled.values_list("student__id_number_index", "school_id"):
            taken[bytes(index)].add(school_id)
        return taken, own

    def _shelved(self, taken: Mapping[bytes, Any]) -> set[bytes]:
        """Numbers of this batch whose students' files were deleted since."""
        rows = Applicant.objects.filter(AnyOf(F("id_number_index"), set(taken)), batch=self.batch)
        gone = rows.filter(state=Applicant.State.ACCEPTED).exclude(pk__in=rows.in_use().values("pk"))
        return {bytes(index) for index in gone.values_list("id_number_index", flat=True)}

    def _exam_nos(self, numbers: set[str]) -> set[str]:
        if not numbers:
            return set()
        others = Applicant.objects.filter(AnyOf(F("exam_no"), numbers), batch=self.batch)
        return set(others.exclude(state=Applicant.State.WITHDRAWN).values_list("exam_no", flat=True))

    def _warn_of_namesakes(self, rows: list[CheckedRow]) -> None:
        people: dict[Namesake, list[CheckedRow]] = defaultdict(list)
        for row in rows:
            name, born = row.values.get("name"), row.values.get("birth_date")
            if name and born:
                people[name, born].append(row)
        for person in _known_people(people, self.own):
            for row in people[person]:
                row.faults.append(_of(row, "name", "possible_duplicate", "warning"))


def _known_people(people: Mapping[Namesake, Any], own: ImportJob | None) -> set[Namesake]:
    if not people:
        return set()
    keys = {name_sort_key(name)[:SORT_LENGTH] for name, _born in people}
    days = {born for _name, born in people}
    found: set[Namesake] = set()
    applicants = Applicant.objects.exclude(state=Applicant.State.WITHDRAWN)
    if own:
        applicants = applicants.exclude(import_job=own)
    for rows in (applicants, Student.objects.all()):
        same = rows.filter(AnyOf(F("name_sort"), keys), AnyOf(F("birth_date"), days))
        found |= set(same.values_list("name", "birth_date"))
    return found & set(people)


def _is_broken(row: CheckedRow, name: str) -> bool:
    return any(fault.field == name and fault.level == "error" for fault in row.faults)


def _of(row: CheckedRow, name: str, code: str, level: str = "error") -> Fault:
    return Fault(name, code, level, "", row.source.cells.get(name, ""))


def _bare(text: str) -> str:
    return clean_text(text).upper().replace(" ", "") if text else ""


def _repeated(source: Source) -> dict[str, dict[str, Repeated]]:
    found: dict[str, dict[str, Repeated]] = {name: {} for name in NUMBERS}
    for place, (person, *texts) in source.some_cells(("name", *NUMBERS)):
        for name, text in zip(NUMBERS, texts, strict=True):
            if text and (number := _bare(text)):
                found[name].setdefault(number, Repeated(_bare(person))).add(place, _bare(person))
    return {
        name: {text: one for text, one in numbers.items() if len(one.places) > 1}
        for name, numbers in found.items()
    }


def _listed(places: list[str]) -> str:
    return ("、".join(places[:NAMED_ROWS]) + ("…" if len(places) > NAMED_ROWS else ""))[:120]
