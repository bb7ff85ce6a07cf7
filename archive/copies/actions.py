"""Writes of copies: printed for the office, handed to the student or his guardian, or refused with a reason."""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import role_for
from approvals.refusals import RequestRefused
from archive.consents.selectors import ADULT, age, is_child
from archive.copies.making import as_json, as_pdf
from archive.eep.actions import PERM, demand_no_relation, demand_whole
from archive.models import FileCopy
from core.chinese import clean_name
from ledger import events
from ledger.context import acting
from ledger.seals.header import canonical
from ledger.seals.proving import proof_of
from records import reading
from records.models import FamilyMember, Student
from records.selectors import StudentFile

PRINT = "print_student"
Asker, Form = FileCopy.Asker, FileCopy.Form
MAKERS = {Form.PDF: lambda file: as_pdf(file, whole=True), Form.JSON: as_json}


class NotEntitled(RequestRefused):
    """Who asks may not have a copy of this file."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for a copy: the student, or somebody else by name and relation; how his identity was seen; the form."""

    asker: str
    proof: str
    form: str
    name: str = ""
    relation: str = ""


@transaction.atomic
def print_file(*, actor: User, file: StudentFile, purpose: str) -> bytes:
    """The file on paper, numbers masked, with the printer's name on each page.

    Raises RequestRefused, PdfFailed, NotPermitted.
    """
    role = role_for(actor, PRINT, file.enrolment.unit_id)
    _locked(file)
    content = as_pdf(file, purpose=purpose)
    events.record(
        "student.printed", actor=actor, obj=file.student, unit_id=file.enrolment.unit_id, role=role, purpose=purpose,
        detail={"form": "student_file"},
    )  # fmt: skip
    reading.count(actor=actor, file=file)
    return content


@transaction.atomic
def hand_out(*, actor: User, file: StudentFile, asked: Asked) -> bytes:
    """The student's own copy, made for this one download; the register keeps its digest.

    Raises RequestRefused, NotEntitled, OwnFile for a file of the actor's own family, PdfFailed, NotPermitted.
    """
    role = role_for(actor, PERM, file.enrolment.unit_id)
    student = _locked(file)
    demand_no_relation(actor, student)
    _demand_entitled(student, asked)
    content: bytes = MAKERS[Form(asked.form)](file)
    row = _row(actor, file, student, asked, sha256=hashlib.sha256(content).hexdigest())
    _keep("student.copied", actor, role, file, row)
    reading.count(actor=actor, file=file)
    return content


def _locked(file: StudentFile) -> Student:
    """The student, locked, so that no destruction comes between. Raises RequestRefused when one has."""
    student: Student = Student.objects.select_for_update().get(pk=file.student.pk)
    if student.destroyed_on:
        raise RequestRefused(_("The file of this student is destroyed."))
    return student


def _demand_entitled(student: Student, asked: Asked) -> None:
    today = timezone.localdate()
    if asked.asker == Asker.STUDENT:
        if is_child(student, today):
            raise NotEntitled(_("The student is under 14: a guardian asks for the copy."))
        return
    if student.birth_date and age(student.birth_date, today) >= ADULT:
        raise NotEntitled(_("The student is of age and asks for the copy himself."))
    guardians = FamilyMember.objects.filter(student=student, is_guardian=True)
    if clean_name(asked.name) not in {clean_name(one.name) for one in guardians}:
        words = _(
            "Nobody of this name stands in the file as a guardian. Refuse, or have the file changed first."
        )
        raise NotEntitled(words)


@transaction.atomic
def refuse(*, actor: User, file: StudentFile, asked: Asked, reason: str) -> FileCopy:
    """Refuse a copy, with the reason that whoever asked is told (PIPL art. 50). Raises RequestRefused, NotPermitted."""
    role = role_for(actor, PERM, file.enrolment.unit_id)
    if not reason.strip():
        raise RequestRefused(_("A copy is refused with a reason."))
    row = _row(actor, file, _locked(file), asked, refusal=reason.strip())
    return _keep("student.copy_refused", actor, role, file, row)


def _row(actor: User, file: StudentFile, student: Student, asked: Asked, **outcome: Any) -> FileCopy:
    is_student = asked.asker == Asker.STUDENT
    return FileCopy(
        subject=student.public_id,
        school=file.enrolment.school,
        archive_no=student.archive_no,
        asker=asked.asker,
        asker_name=student.name if is_student else asked.name.strip(),
        relation="" if is_student else asked.relation.strip(),
        under_14=is_child(student, timezone.localdate()),
        proof=asked.proof,
        form=asked.form,
        handled_by=actor,
        **outcome,
    )


def _keep(action: str, actor: User, role: str, file: StudentFile, row: FileCopy) -> FileCopy:
    with acting(actor, role=role):
        row.save()
        events.record(
            action, actor=actor, obj=row, subject=row.subject, unit_id=file.enrolment.unit_id, role=role,
            detail={"form": row.form, "asker": row.asker},
        )  # fmt: skip
    return row


@transaction.atomic
def prove(*, actor: User, file: StudentFile, purpose: str) -> bytes:
    """The ledger of a file as a proof that an outsider can check, as JSON. Raises NotPermitted, OwnFile."""
    role = demand_whole(actor, file)
    _locked(file)
    proof = proof_of(file.student.public_id)
    events.record(
        "student.proved", actor=actor, obj=file.student, unit_id=file.enrolment.unit_id, role=role, purpose=purpose,
        detail={"rows": len(proof["rows"]), "seals": len(proof["seals"])},
    )  # fmt: skip
    reading.count(actor=actor, file=file)
    return canonical(proof).encode()
