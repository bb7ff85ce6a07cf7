"""Edit requests for tests, and the way through their steps."""

from typing import Any

from approvals import actions as requests
from archive.edits import actions
from archive.edits.checking import asked
from archive.models import EditRequest, EvidenceKind
from records.models import Enrolment, Student
from tests.cast import Cast
from tests.enrollment.intake import picture

PROOF = (EvidenceKind.POLICE_PROOF, "proof.png")
WAY = ("academic_head", "archivist", "archive_head", "second_registrar", "second_archivist")
"""Who takes the steps of the full procedure in the tests: head, review, execution, both verifications."""


def proof(kind: str = EvidenceKind.POLICE_PROOF) -> actions.Proof:
    """A scan as evidence."""
    return actions.Proof(kind, "proof.png", picture())


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
    enrolment = Enrolment.objects.select_related("school").get(student=student)
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
