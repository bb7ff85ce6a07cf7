"""Edit requests for tests, and the way through their steps."""

from datetime import date
from typing import Any

from approvals import actions as requests
from archive.edits import actions
from archive.edits.checking import asked
from archive.models import EditRequest, EvidenceKind
from files.actions import Scan
from records.models import Enrolment, Student
from tests.cast import Cast
from tests.enrollment.intake import picture
from tests.factories import saved

PROOF = (EvidenceKind.POLICE_PROOF, "proof.png")
WAY = ("academic_head", "archivist", "archive_head", "second_registrar", "second_archivist")
"""Who takes the steps of the full procedure in the tests: head, review, execution, both verifications."""


def moves_on(cast: Cast, student: Student) -> Enrolment:
    """The student goes from the cast's school to the other one, which writes something down; his stretch there."""
    stay = student.enrolments.get(ended_on=None)
    stay.ended_on, stay.status = date(2026, 10, 31), Student.Status.TRANSFERRED_OUT
    saved(stay)
    here: Enrolment = saved(
        Enrolment(
            student=student, school=cast.other_school, unit=cast.other_school, student_no="2026880001",
            started_on=date(2026, 11, 1),
        )
    )  # fmt: skip
    student.native_place = "湖南长沙"
    saved(student)
    return here


def proof(kind: str = EvidenceKind.POLICE_PROOF) -> actions.Proof:
    """A scan as evidence."""
    return actions.Proof(kind, Scan("proof.png", picture()))


def draft_edit(
    cast: Cast,
    student: Student,
    values: dict[str, str],
    *,
    actor: Any = None,
    cause: str = "change",
    proofs: tuple[actions.Proof, ...] | None = None,
) -> EditRequest:
    """A drafted request of the registrar, with a proof of the police unless told otherwise."""
    enrolment = Enrolment.objects.current().select_related("school").get(student=student)
    return actions.draft(
        actor=actor or cast.registrar,
        school=enrolment.school,
        asked=[asked(student, enrolment, values)],
        cause=cause,
        reason="户口簿已变更",
        basis="派出所 2026-11-02 证明",
        proofs=(proof(),) if proofs is None else proofs,
    )


def submitted_edit(cast: Cast, student: Student, values: dict[str, str], **kwargs: Any) -> EditRequest:
    """The same, submitted."""
    typed = draft_edit(cast, student, values, **kwargs)
    requests.submit(actor=typed.requester, request=typed.request)
    return fresh(typed)


def fresh(typed: EditRequest) -> EditRequest:
    """The request as the database holds it."""
    return EditRequest.objects.select_related("request").get(pk=typed.pk)


def walk(cast: Cast, typed: EditRequest, *people: str) -> EditRequest:
    """Let these people take the steps one after the other."""
    for name in people:
        requests.take_step(actor=getattr(cast, name), request=typed.request)
    return fresh(typed)
