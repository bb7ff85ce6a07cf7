"""Writes of the student file: opening it when the archives accept somebody, adding documents."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.scope import role_for, units_with
from files.actions import store
from ledger import events
from ledger.context import acting
from ledger.history import update_rows, write_rows
from records.documents.filing import of_acceptance
from records.documents.filing import place as file_document
from records.models import (
    Document,
    Enrolment,
    EnrolmentData,
    FamilyData,
    FamilyMember,
    PersonalData,
    Student,
)
from records.numbers import archive_numbers, student_numbers
from records.search import fill
from school.models import TERTIARY_STAGES, Programme, Unit
from school.rules import rule


def _names(model: type[Any]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.local_fields)


PERSON_FIELDS = _names(PersonalData)
ENTRY_FIELDS = _names(EnrolmentData)
FAMILY_FIELDS = _names(FamilyData)
NOT_SUPPLEMENTED = {"id_number_index", "phone_index"}


class AlreadyEnrolled(Exception):
    """Somebody with this identity number has an open enrolment; ``public_ids`` name the admissions concerned."""

    def __init__(self, public_ids: Sequence[UUID]) -> None:
        super().__init__(f"{len(public_ids)} with an open enrolment")
        self.public_ids = public_ids


class HasLeft(Exception):
    """The file belongs to another school by now."""


class OnFile(Exception):
    """The file has a document of this kind already."""


@dataclass(frozen=True, slots=True)
class Admission:
    """What a file is opened from. ``person`` and ``entry`` may be one row; ``documents``: kinds with ids of blobs.

    ``student_no`` and ``national_no`` are kept when they are given. ``is_present``: somebody who has arrived long ago.
    """

    public_id: UUID
    person: Any
    entry: Any
    school: Unit
    unit: Unit
    school_class_id: int | None = None
    members: Sequence[Any] = ()
    documents: Sequence[tuple[str, int]] = ()
    no_hukou: bool = False
    student_no: str = ""
    national_no: str = ""
    is_present: bool = False

    @property
    def started_on(self) -> date:
        """The first day at the school: the date of entry, else the first of the month of entry, else today."""
        month = self.entry.enrol_month
        if self.entry.enrol_date:
            return date.fromisoformat(str(self.entry.enrol_date))
        return date(int(month[:4]), int(month[4:]), 1) if month else timezone.localdate()


@transaction.atomic
def open_files(
    *, actor: User, admissions: Sequence[Admission], role: str = "", reserved: Collection[str] = ()
) -> list[Student]:
    """Open a file for each admission (建档): person, enrolment with 学号, family, documents; in the order given.

    Somebody who has a file by his identity number gets a new enrolment in it; fields that are blank there are filled,
    others stay (a filled field changes by request only). ``reserved`` student numbers are not given anew. Raises
    AlreadyEnrolled when an enrolment is still open, then nothing was written; NumbersExhausted when the school's rule
    leaves no student number.
    """
    known = _known_students(admissions)
    students = [known.get(bytes(one.person.id_number_index or b"")) for one in admissions]
    new = [pair for pair in zip(admissions, students, strict=True) if pair[1] is None]
    made = iter(_new_students([admission for admission, _none in new]))
    complete = [student if student is not None else next(made) for student in students]
    pairs = list(zip(admissions, complete, strict=True))
    with acting(actor, role=role):
        write_rows([student for student in complete if student.pk is None], actor=actor, role=role)
        _supplement([(one, old) for (one, _), old in zip(pairs, students, strict=True) if old], actor, role)
        enrolments = write_rows(_enrolments(pairs, reserved), actor=actor, role=role)
        write_rows(_family(pairs), actor=actor, role=role)
        admitted = [(student, admission.documents) for admission, student in pairs]
        write_rows(of_acceptance(admitted, actor=actor, role=role), actor=actor, role=role)
        events.record_many("student.opened", enrolments, actor=actor, role=role)
    return complete


def _known_students(admissions: Iterable[Admission]) -> dict[bytes, Student]:
    by_index = {bytes(one.person.id_number_index): one for one in admissions if one.person.id_number_index}
    found = Student.objects.select_for_update().filter(id_number_index__in=list(by_index))
    known = {bytes(student.id_number_index): student for student in found}
    busy = Enrolment.objects.filter(student__in=list(known.values()), ended_on__isnull=True)
    enrolled = set(busy.values_list("student_id", flat=True))
    clashing = [by_index[index].public_id for index, student in known.items() if student.pk in enrolled]
    if clashing:
        raise AlreadyEnrolled(clashing)
    return known


def _new_students(admissions: Sequence[Admission]) -> list[Student]:
    by_school: dict[int, list[int]] = defaultdict(list)
    for place, admission in enumerate(admissions):
        by_school[admission.school.pk].append(place)
    numbers: dict[int, str] = {}
    today = timezone.localdate()
    for places in by_school.values():
        fonds = str(rule(admissions[places[0]].school, "fonds_code"))
        given = archive_numbers(fonds=fonds, year=today.year, count=len(places))
        numbers.update(zip(places, given, strict=True))
    return [_new_student(admission, numbers[place]) for place, admission in enumerate(admissions)]


def _new_student(admission: Admission, archive_no: str) -> Student:
    values = {name: getattr(admission.person, name) for name in PERSON_FIELDS}
    student = Student(
        public_id=admission.public_id,
        archive_no=archive_no,
        no_hukou=admission.no_hukou,
        national_no=admission.national_no,
        **values,
    )
    fill(student)
    return student


def _supplement(pairs: Sequence[tuple[Admission, Student]], actor: User, role: str) -> None:
    groups: dict[tuple[str, ...], list[Student]] = defaultdict(list)
    for admission, student in pairs:
        if changed := _filled(admission, student):
            fields = dict.fromkeys([*changed, *fill(student)])
            groups[tuple(Student._meta.get_field(name).name for name in fields)].append(student)
    for names, students in groups.items():
        update_rows(students, names, actor=actor, role=role)


def _filled(admission: Admission, student: Student) -> list[str]:
    """Fill what is blank in the file; the fields that were."""
    values = {name: getattr(admission.person, name) for name in PERSON_FIELDS if name not in NOT_SUPPLEMENTED}
    values["national_no"] = admission.national_no
    changed = [
        name
        for name, value in values.items()
        if getattr(student, name) in ("", None) and value not in ("", None)
    ]
    for name in changed:
        setattr(student, name, values[name])
    return changed


def _code_of(admission: Admission, programmes: dict[int, str]) -> str:
    site = admission.unit.code if admission.unit.pk != admission.school.pk else ""
    return site + programmes.get(admission.entry.programme_id, "")


def _enrolments(pairs: Sequence[tuple[Admission, Student]], reserved: Collection[str]) -> list[Enrolment]:
    wanted = {admission.entry.programme_id for admission, _student in pairs} - {None}
    programmes = dict(Programme.objects.filter(pk__in=wanted).values_list("pk", "code"))
    groups: dict[tuple[int, int, str], list[int]] = defaultdict(list)
    for place, (admission, _student) in enumerate(pairs):
        if admission.student_no:
            continue
        key = (admission.school.pk, admission.started_on.year, _code_of(admission, programmes))
        groups[key].append(place)
    reserved = {*reserved, *(admission.student_no for admission, _student in pairs)}
    numbers: dict[int, str] = {}
    for (school_id, year, code), places in groups.items():
        digits = int(rule(pairs[places[0]][0].school, "student_no_form"))
        given = student_numbers(
            school_id=school_id,
            entry_year=year,
            code=code,
            digits=digits,
            count=len(places),
            reserved=reserved,
        )
        numbers.update(zip(places, given, strict=True))
    return [_enrolment(*pair, pair[0].student_no or numbers[place]) for place, pair in enumerate(pairs)]


def _enrolment(admission: Admission, student: Student, student_no: str) -> Enrolment:
    status = Student.Status.ENROLLED
    if admission.school.stage in TERTIARY_STAGES and not admission.is_present:
        status = Student.Status.PENDING_ADMISSION
    return Enrolment(
        student=student,
        school=admission.school,
        unit=admission.unit,
        school_class_id=admission.school_class_id,
        student_no=student_no,
        status=status,
        started_on=admission.started_on,
        **{name: getattr(admission.entry, name) for name in ENTRY_FIELDS},
    )


def _family(pairs: Sequence[tuple[Admission, Student]]) -> list[FamilyMember]:
    ids = [student.pk for _one, student in pairs]
    having = set(FamilyMember.objects.filter(student_id__in=ids).values_list("student_id", flat=True))
    rows = []
    for admission, student in pairs:
        members = () if student.pk in having else admission.members
        for member in members:
            row = FamilyMember(student=student, **{name: getattr(member, name) for name in FAMILY_FIELDS})
            fill(row)
            rows.append(row)
    return rows


@transaction.atomic
def add_document(
    *,
    actor: User,
    student: Student,
    perm: str,
    kind: str,
    content: bytes,
    filename: str,
    allowed: Collection[str],
) -> Document:
    """Add a document of a kind that the file lacks, by the right ``perm`` where the student is, or was last.

    Raises HasLeft when ``actor`` holds it elsewhere only, OnFile, FileRefused.
    """
    row = Student.objects.select_for_update().get(pk=student.pk)
    unit_id = Enrolment.objects.current().get(student=row).unit_id
    if unit_id not in units_with(actor, perm):
        raise HasLeft
    standing = Document.objects.filter(student=row, kind=kind, is_current=True)
    if standing.exclude(review=Document.Review.UNFIT).exists():
        raise OnFile
    role = role_for(actor, perm, unit_id)
    blob = store(actor=actor, content=content, filename=filename, allowed=allowed)
    with acting(actor, role=role):
        document = file_document(row, kind, blob, actor=actor)
        events.record("scan.filed", actor=actor, obj=row, unit_id=unit_id, detail={"kind": kind})
    return document
