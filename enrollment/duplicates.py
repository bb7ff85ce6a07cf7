"""Whether somebody is entered twice: by identity number, exam number, or name and birth date; for one or hundreds."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from core.chinese import name_sort_key
from core.crypto import blind_index
from enrollment.kept_numbers import kept_number_faults
from enrollment.models import Applicant
from records.faults import Fault
from records.models import Enrolment, Student
from records.search import SORT_LENGTH

Values = Mapping[str, Any]
Person = tuple[str, date]
ELSEWHERE = "id_elsewhere"
"""The code of a number that another school knows: which one, and whose it is, stays untold."""


@dataclass(slots=True)
class _Known:
    """What the database knows of the numbers and names asked about: who has them."""

    numbers: dict[bytes, list[tuple[int, int, str, int]]] = field(default_factory=lambda: defaultdict(list))
    enrolled: dict[bytes, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    exam_nos: dict[tuple[int, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    applicants: dict[Person, set[int]] = field(default_factory=lambda: defaultdict(set))
    students: dict[Person, set[int]] = field(default_factory=lambda: defaultdict(set))


def duplicates(applicant: Applicant, values: Values) -> list[Fault]:
    """Others with the same identity number (error), exam number (error), or name and birth date (warning)."""
    return duplicates_of([(applicant, values)])[0]


def duplicates_of(asked: Sequence[tuple[Applicant, Values]]) -> list[list[Fault]]:
    """`duplicates` of each in the order given, in as many queries as for one."""
    known = _Known()
    indexes = [_index(values) for _applicant, values in asked]
    _read_numbers(known, {index for index in indexes if index})
    _read_exam_nos(
        known, [(one.batch_id, values["exam_no"]) for one, values in asked if values.get("exam_no")]
    )
    _read_names(known, {person for _one, values in asked if (person := _person(values))})
    kept = _kept(asked)
    return [
        [*_faults(known, applicant, values, index), *kept[applicant.pk]]
        for (applicant, values), index in zip(asked, indexes, strict=True)
    ]


def _kept(asked: Sequence[tuple[Applicant, Values]]) -> dict[int, list[Fault]]:
    batches: dict[int, list[tuple[Applicant, Values]]] = defaultdict(list)
    for applicant, values in asked:
        batches[applicant.batch_id].append((applicant, values))
    found: dict[int, list[Fault]] = {}
    for rows in batches.values():
        faults = kept_number_faults(rows[0][0].batch, [(one.pk, values) for one, values in rows])
        found |= {one.pk: faulty for (one, _values), faulty in zip(rows, faults, strict=True)}
    return found


def _index(values: Values) -> bytes | None:
    return blind_index("id_number", values["id_number"]) if values.get("id_number") else None


def _person(values: Values) -> Person | None:
    name, born = values.get("name"), values.get("birth_date")
    return (name, born) if name and born else None


def _standing() -> Any:
    return Applicant.objects.exclude(state=Applicant.State.WITHDRAWN)


def _read_numbers(known: _Known, indexes: set[bytes]) -> None:
    if not indexes:
        return
    rows = _standing().filter(id_number_index__in=list(indexes))
    for index, *row in rows.values_list("id_number_index", "pk", "batch_id", "state", "batch__school_id"):
        known.numbers[bytes(index)].append(tuple(row))
    open_ones = Enrolment.objects.filter(ended_on__isnull=True, student__id_number_index__in=list(indexes))
    for index, *row in open_ones.values_list("student__id_number_index", "student_id", "school_id"):
        known.enrolled[bytes(index)].append(tuple(row))


def _read_exam_nos(known: _Known, asked: Sequence[tuple[int, str]]) -> None:
    if not asked:
        return
    rows = _standing().filter(
        batch__in={batch for batch, _no in asked}, exam_no__in={no for _batch, no in asked}
    )
    for pk, batch, number in rows.values_list("pk", "batch_id", "exam_no"):
        known.exam_nos[batch, number].add(pk)


def _read_names(known: _Known, people: set[Person]) -> None:
    if not people:
        return
    keys = {name_sort_key(name)[:SORT_LENGTH] for name, _born in people}
    same = {"name_sort__in": list(keys), "birth_date__in": list({born for _name, born in people})}
    for found, rows in ((known.applicants, _standing()), (known.students, Student.objects.all())):
        for pk, name, born in rows.filter(**same).values_list("pk", "name", "birth_date"):
            found[name, born].add(pk)


def _faults(known: _Known, applicant: Applicant, values: Values, index: bytes | None) -> list[Fault]:
    found = []
    if index and (schools := _schools(known, applicant, index)):
        code = "id_duplicate" if applicant.batch.school_id in schools else ELSEWHERE
        found.append(Fault("id_number", code, value=values["id_number"]))
    exam_no = values.get("exam_no")
    if exam_no and known.exam_nos[applicant.batch_id, exam_no] - {applicant.pk}:
        found.append(Fault("exam_no", "exam_no_duplicate", value=exam_no))
    person = _person(values)
    namesakes = person and (
        known.applicants[person] - {applicant.pk} or known.students[person] - {applicant.student_id}
    )
    if namesakes and not found:
        found.append(Fault("name", "possible_duplicate", "warning"))
    return found


def _schools(known: _Known, applicant: Applicant, index: bytes) -> set[int]:
    """Schools with another applicant on the way, or a student with an open enrolment, who has this number."""
    on_the_way = {
        school
        for pk, batch, state, school in known.numbers[index]
        if pk != applicant.pk and (batch == applicant.batch_id or state != Applicant.State.ACCEPTED)
    }
    enrolled = {school for student, school in known.enrolled[index] if student != applicant.student_id}
    return on_the_way | enrolled
