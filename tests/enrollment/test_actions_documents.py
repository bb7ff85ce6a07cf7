"""Documents, the four checks, and pupils without household registration."""

from pathlib import Path

import pytest
from django.conf import settings

from accounts.scope import NotPermitted
from enrollment import actions
from enrollment.models import Applicant, ApplicantDocument, IntakeBatch, IntakeDecision
from files.actions import store
from ledger.context import acting
from ledger.models import Event
from records.models import Document
from tests.cast import Cast
from tests.enrollment.intake import approved, draft, make_batch, picture

State = Applicant.State
PARENTS = {"member1__id_type": "1", "member1__id_number": "11010519491231002X"}
PARENTS |= {"member2__id_type": "1", "member2__id_number": "110105194912310046"}


def attach(row: Applicant, kind: str, actor: object) -> ApplicantDocument:
    blob = store(actor=actor, content=picture(), filename=f"{kind}.jpg", allowed=("jpeg",))
    document = ApplicantDocument(applicant=row, kind=kind, blob=blob)
    with acting(actor):
        document.save()
    return document


def without_number(cast: Cast, batch: IntakeBatch) -> Applicant:
    row = draft(cast.clerk, batch, id_type="Z", id_number="", **PARENTS)
    attach(row, "no_id_proof", cast.clerk)
    row = actions.self_check(actor=cast.clerk, applicant=row)
    actions.review_initially(actor=cast.second_clerk, applicant=row)
    return actions.approve_as_head(actor=cast.head, applicant=row)


@pytest.mark.requirement("S0-2.1-1", "S0-2.1-2", "S0-3.2-1")
def test_required_documents_go_with_the_applicant_into_the_file(cast: Cast) -> None:
    batch = make_batch(cast.school, required_documents=["registration_form", "hukou_book"])
    row = draft(cast.clerk, batch)
    attach(row, "registration_form", cast.clerk)
    with pytest.raises(actions.NotReady) as told:
        actions.self_check(actor=cast.clerk, applicant=row)
    assert told.value.documents == ["hukou_book"]
    attach(row, "hukou_book", cast.clerk)
    row = actions.self_check(actor=cast.clerk, applicant=row)
    actions.review_initially(actor=cast.second_clerk, applicant=row)
    row = actions.approve_as_head(actor=cast.head, applicant=row)
    row = actions.accept(actor=cast.archivist, applicant=row)
    kept = Document.objects.filter(student=row.student)
    assert sorted(kept.values_list("kind", "version")) == [("hukou_book", 1), ("registration_form", 1)]
    assert Event.objects.get(action="applicant.accepted").detail["documents"] == 2


def test_a_document_that_was_changed_on_the_disk_is_not_accepted(cast: Cast, batch: IntakeBatch) -> None:
    row = approved(cast, batch)
    document = attach(row, "hukou_book", cast.clerk)
    stored = Path(settings.MEDIA_ROOT) / document.blob.storage_key
    content = bytearray(stored.read_bytes())
    content[-1] ^= 1
    stored.write_bytes(content)
    with pytest.raises(actions.ChecksFailed) as told:
        actions.accept(actor=cast.archivist, applicant=row)
    assert told.value.results.found["authenticity"] == ("hukou_book",)
    assert Applicant.objects.get(pk=row.pk).state == State.HEAD_APPROVED
    failed = Event.objects.get(action="applicant.accepted")
    assert (failed.result, failed.role, failed.detail["authenticity"], failed.detail["integrity"]) == (
        "failed", "archivist", "failed", "passed",
    )  # fmt: skip


@pytest.mark.requirement("S1-10-1", "S1-10-2")
def test_the_bureau_approves_a_pupil_without_number_before_the_archives_accept(
    cast: Cast, batch: IntakeBatch
) -> None:
    row = without_number(cast, batch)
    assert (row.no_hukou, row.bureau_state) == (True, "waiting")
    with pytest.raises(actions.WrongState):
        actions.accept(actor=cast.archivist, applicant=row)
    with pytest.raises(NotPermitted):
        actions.approve_no_hukou(actor=cast.head, applicant=row)
    row = actions.approve_no_hukou(actor=cast.bureau_officer, applicant=row)
    assert (row.bureau_officer, row.state) == (cast.bureau_officer, State.HEAD_APPROVED)
    student = actions.accept(actor=cast.archivist, applicant=row).student
    assert student is not None
    assert (student.no_hukou, student.id_number, student.id_number_index) == (True, "", None)


def test_a_refusal_of_the_bureau_goes_back_to_the_clerk(cast: Cast, batch: IntakeBatch) -> None:
    row = without_number(cast, batch)
    with pytest.raises(ValueError, match="words"):
        actions.refuse_no_hukou(actor=cast.bureau_officer, applicant=row, comment=" ")
    row = actions.refuse_no_hukou(
        actor=cast.bureau_officer, applicant=row, comment="请补父母户口", fields=["hukou_region_code"]
    )
    assert (row.state, row.bureau_state) == (State.RETURNED, "refused")
    assert IntakeDecision.objects.latest("pk").outcome == "refused"
    actions.save_draft(actor=cast.clerk, applicant=row, cells={"hukou_region_code": "420111000000"})
    row = actions.self_check(actor=cast.clerk, applicant=row)
    assert (row.state, row.bureau_state) == (State.HEAD_APPROVED, "waiting")


def test_the_bureaus_word_lapses_when_the_identity_changes(cast: Cast, batch: IntakeBatch) -> None:
    row = actions.approve_no_hukou(actor=cast.bureau_officer, applicant=without_number(cast, batch))
    row = actions.send_back(
        actor=cast.archivist, applicant=row, reason="basis_weak", fields=["member1.id_number"]
    )
    actions.save_draft(actor=cast.clerk, applicant=row, cells={"member1.id_number": "110105194912310089"})
    row = actions.self_check(actor=cast.clerk, applicant=row)
    assert (row.state, row.bureau_state, row.bureau_officer) == (State.HEAD_APPROVED, "waiting", None)
