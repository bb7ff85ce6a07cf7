"""E.3: a file leaves the daily lists by request alone, after a verified snapshot, by different people."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pyrage import x25519

from approvals import actions as requests
from approvals.models import Request
from approvals.refusals import SamePerson, WrongState
from archive import snapshots
from archive.deletions import actions
from archive.deletions.actions import InTheWay
from archive.keeping import actions as keeping
from archive.models import DeletionRequest, LegalHold, PaperLoan, Tombstone
from files.selectors import open_blob
from ledger.context import acting
from ledger.models import Event
from records import selectors
from records.merits.actions import entries
from records.models import Enrolment, FamilyMember, Student
from school.models import Stage
from tests.archive.asking import submitted_edit
from tests.cast import Cast
from tests.factories import saved, set_rule
from tests.records.files import make_student
from tests.records.merits.people import enrolment_of, heard, officer, scan

pytestmark = pytest.mark.django_db
WAY = ("academic_head", "archive_head", "archivist")
Cause = DeletionRequest.Cause
REWARD = {
    "level": "60", "grade": "6", "category": "5", "kind": "3", "way": "2", "school_year": 2026,
    "granted_on": date(2026, 11, 2), "granting_unit": "红花小学",
}  # fmt: skip


def drafted(cast: Cast, student: Student, cause: str = Cause.MISTAKEN, **values: Any) -> DeletionRequest:
    values = {"actor": cast.registrar, "school": cast.school, "reason": "重复登记", **values}
    return actions.draft(student=student, cause=cause, **values)


def submitted(cast: Cast, student: Student, cause: str = Cause.MISTAKEN) -> DeletionRequest:
    typed = drafted(cast, student, cause)
    requests.submit(actor=cast.registrar, request=typed.request)
    return fresh(typed)


def fresh(typed: DeletionRequest) -> DeletionRequest:
    return DeletionRequest.objects.select_related("request", "snapshot__blob", "student").get(pk=typed.pk)


def walk(cast: Cast, typed: DeletionRequest, *people: str) -> DeletionRequest:
    for name in people:
        requests.take_step(actor=getattr(cast, name), request=typed.request)
    return fresh(typed)


def held(cast: Cast, student: Student, actor: Any = None) -> LegalHold:
    actor = actor or cast.archivist
    file = selectors.student_file(actor, student.public_id)
    return keeping.place_hold(actor=actor, file=file, reason="法院调查", basis="法院函 2026-11-02")


def lent(cast: Cast, student: Student) -> PaperLoan:
    file = selectors.student_file(cast.archivist, student.public_id)
    return keeping.lend(
        actor=cast.archivist,
        file=file,
        copy="original",
        borrower="李明",
        borrower_unit="教育局",
        purpose="核对",
        due_on=timezone.localdate() + timedelta(days=3),
    )


@pytest.mark.requirement("S0-6.3-1", "S0-6.3-2", "S0-6.3-3", "S0-6.3-4")
def test_a_file_moves_to_the_inactive_archive_and_leaves_a_trace(cast: Cast) -> None:
    student = make_student("王小明", cast)
    typed = submitted(cast, student)
    assert typed.request.number.startswith("SC-")
    typed = walk(cast, typed, *WAY[:2])
    assert Enrolment.objects.visible_to(cast.registrar).exists(), "approved is not carried out yet"
    typed = walk(cast, typed, WAY[2])
    assert typed.snapshot is not None
    made = Event.objects.get(action="snapshot.made")
    assert set(made.detail) == {"bytes"}, "no digest: it may hold eleven digits in a row"
    assert (typed.request.state, typed.obstacles) == (Request.State.CLOSED, 0)
    row = Enrolment.objects.get()
    assert (row.shelved_on, row.ended_on, row.status) == (
        timezone.localdate(),
        timezone.localdate(),
        Student.Status.CANCELLED,
    )
    trace = Tombstone.objects.get()
    assert (trace.archive_no, trace.cause, trace.subject) == (
        student.archive_no,
        "mistaken",
        student.public_id,
    )
    assert "王小明".encode() not in bytes(trace.name_digest)
    event = Event.objects.get(action="student.shelved")
    assert (event.actor, event.subject, event.detail["number"]) == (
        cast.archivist,
        student.public_id,
        typed.request.number,
    )


def test_the_inactive_archive_is_read_by_its_keepers_alone(client: Client, cast: Cast) -> None:
    student = make_student("王小明", cast)
    walk(cast, submitted(cast, student), *WAY)
    page = reverse("records:student", args=[student.public_id])
    for other in (cast.registrar, cast.academic_head, cast.adviser):
        client.force_login(other)
        assert client.get(page).status_code == 404
        assert not selectors.search(other, "王小明").enrolments
    client.force_login(cast.archivist)
    shown = client.get(page)
    assert shown.status_code == 200
    file = selectors.student_file(cast.archivist, student.public_id)
    assert file.is_shelved
    assert not file.allows("add_document", "request_change", "manage_loan")


@pytest.fixture
def identity() -> Iterator[x25519.Identity]:
    """The private key of snapshots, whose public key is set."""
    made = x25519.Identity.generate()
    given = settings.SNAPSHOT_RECIPIENTS
    settings.SNAPSHOT_RECIPIENTS = [str(made.to_public())]
    yield made
    settings.SNAPSHOT_RECIPIENTS = given


def unpacked(typed: DeletionRequest, identity: x25519.Identity) -> tuple[dict[str, Any], set[str]]:
    """What the snapshot says, and the names of its parts."""
    assert typed.snapshot is not None
    sealed = open_blob(typed.snapshot.blob)
    with zipfile.ZipFile(io.BytesIO(snapshots.opened(sealed, str(identity)))) as package:
        return json.loads(package.read("file.json")), set(package.namelist())


def test_the_snapshot_opens_with_the_private_key_alone(cast: Cast, identity: x25519.Identity) -> None:
    typed = walk(cast, submitted(cast, make_student("王小明", cast)), *WAY)
    assert typed.snapshot is not None
    sealed = open_blob(typed.snapshot.blob)
    assert "王小明".encode() not in sealed
    snapshots.opened(sealed, str(identity))
    with pytest.raises(snapshots.SnapshotFailed):
        snapshots.opened(sealed, str(x25519.Identity.generate()))
    with pytest.raises(snapshots.SnapshotFailed):
        snapshots.opened(sealed[:-20], str(identity))


def test_the_snapshot_says_what_the_file_says_when_it_is_moved(cast: Cast, identity: x25519.Identity) -> None:
    student = make_student("王小明", cast)
    typed = walk(cast, submitted(cast, student), *WAY[:2])
    student.talent = "围棋"
    saved(student)
    plain, _parts = unpacked(walk(cast, typed, WAY[2]), identity)
    said = {one["field"]: one["value"] for one in plain["basic"]}
    assert (said["name"], said["archive_no"], said["talent"]) == ("王小明", student.archive_no, "围棋")
    assert plain["study"][0]["student_no"] == Enrolment.objects.get().student_no


def test_the_snapshot_holds_what_no_layout_names_and_every_scan(
    cast: Cast, identity: x25519.Identity
) -> None:
    cast.school.stage = Stage.HIGHER
    saved(cast.school)
    student = make_student("王小明", cast, school=cast.school, native_place="湖北武昌", no_hukou=True)
    saved(FamilyMember(student=student, position=3, name="王强", is_first_guardian=True))
    clerk, enrolment = officer(cast), enrolment_of(student)
    (void, reward) = (
        entries.enter_rewards(
            actor=clerk, enrolments=[enrolment], values=REWARD | {"name": name}, scan=scan()
        )[0]
        for name in ("录错的奖", "三好学生")
    )
    entries.make_void(actor=cast.student_affairs_head, entry=void, reason="录错")
    edit = submitted_edit(cast, student, {"name": "王晓明"})
    requests.send_back(actor=cast.academic_head, request=edit.request, reason="basis_weak")
    plain, parts = unpacked(walk(cast, submitted(cast, student), *WAY), identity)
    said = {one["field"]: one["value"] for one in plain["basic"]}
    assert (said["native_place"], said["no_hukou"]) == ("湖北武昌", "是")
    member = {one["field"]: one["value"] for one in plain["family"][1]}
    assert (member["member3.name"], member["member3.is_first_guardian"]) == ("王强", "是")
    assert {one["name"] for one in plain["merits"]["rewards"]} == {"录错的奖", "三好学生"}
    assert plain["edits"][0]["changes"][0]["new"] == "王晓明"
    proof = edit.evidence.get().blob
    assert {f"evidence/{one.public_id}" for one in (void.evidence, reward.evidence, proof)} <= parts


def test_without_a_key_for_snapshots_nothing_is_moved(cast: Cast) -> None:
    typed = walk(cast, submitted(cast, make_student("王小明", cast)), *WAY[:2])
    given = settings.SNAPSHOT_RECIPIENTS
    settings.SNAPSHOT_RECIPIENTS = []
    try:
        with pytest.raises(snapshots.SnapshotFailed):
            requests.take_step(actor=cast.archivist, request=typed.request)
    finally:
        settings.SNAPSHOT_RECIPIENTS = given
    assert (fresh(typed).request.step, fresh(typed).executor) == ("execute", None)
    assert Enrolment.objects.get().shelved_on is None


@pytest.mark.parametrize("obstacle", [held, lent])
def test_a_hold_or_a_loan_stops_a_deletion_at_every_step(cast: Cast, obstacle: Any) -> None:
    student, other = make_student("王小明", cast), make_student("李小红", cast)
    obstacle(cast, other)
    with pytest.raises(InTheWay):
        drafted(cast, other)
    typed = walk(cast, submitted(cast, student), *WAY[:2])
    obstacle(cast, student)
    with pytest.raises(InTheWay):
        requests.take_step(actor=cast.archivist, request=typed.request)
    assert Enrolment.objects.get(student=student).shelved_on is None
    assert not Tombstone.objects.exists()


def test_the_database_refuses_a_deletion_over_an_obstacle_or_without_a_snapshot(cast: Cast) -> None:
    typed = walk(cast, submitted(cast, make_student("王小明", cast)), *WAY)
    for obstacles, snapshot in ((1, typed.snapshot), (0, None), (None, typed.snapshot)):
        typed.obstacles, typed.snapshot = obstacles, snapshot
        with (
            pytest.raises(IntegrityError, match="deletion_after_snapshot"),
            transaction.atomic(),
            acting(cast.archivist),
        ):
            typed.save(update_fields=["obstacles", "snapshot", "executed_at"])


@pytest.mark.parametrize(
    ("step", "person", "column", "before"),
    [
        ("department_head", "registrar", "department_head", 0),
        ("archive_head", "registrar", "archive_head", 1),
        ("execute", "registrar", "executor", 2),
    ],
)
def test_nobody_deletes_alone(cast: Cast, step: str, person: str, column: str, before: int) -> None:
    typed = walk(cast, submitted(cast, make_student("王小明", cast)), *WAY[:before])
    setattr(typed, column, getattr(cast, person))
    with pytest.raises(IntegrityError, match="deletion_"), transaction.atomic(), acting(cast.registrar):
        typed.save(update_fields=[column])


def test_the_head_of_archives_does_not_carry_out_what_he_approved(cast: Cast) -> None:
    typed = walk(cast, submitted(cast, make_student("王小明", cast)), *WAY[:2])
    with pytest.raises(SamePerson):
        requests.take_step(actor=cast.archive_head, request=typed.request)
    typed.executor = cast.archive_head
    with (
        pytest.raises(IntegrityError, match="deletion_archive_head_executor"),
        transaction.atomic(),
        acting(cast.archive_head),
    ):
        typed.save(update_fields=["executor"])


def test_a_small_school_needs_three_persons(cast: Cast) -> None:
    set_rule(cast.school, "duty_scheme", "small")
    typed = walk(cast, submitted(cast, make_student("王小明", cast)), *WAY[:2])
    assert typed.request.state == Request.State.CLOSED
    assert len({typed.requester_id, typed.department_head_id, typed.archive_head_id}) == 3
    assert Enrolment.objects.get().shelved_on is not None


def test_who_is_enrolled_is_no_graduate(cast: Cast) -> None:
    with pytest.raises(InTheWay):
        drafted(cast, make_student("王小明", cast), Cause.GRADUATED)


def test_an_edit_under_way_stops_a_deletion(cast: Cast) -> None:
    student = make_student("王小明", cast)
    submitted_edit(cast, student, {"name": "王晓明"})
    with pytest.raises(InTheWay):
        drafted(cast, student)


def test_a_second_deletion_under_way_stops_a_deletion(cast: Cast) -> None:
    student = make_student("王小明", cast)
    submitted(cast, student)
    with pytest.raises(InTheWay):
        drafted(cast, student)


def test_an_open_penalty_case_stops_a_deletion(cast: Cast) -> None:
    student = make_student("王小明", cast)
    typed = walk(cast, submitted(cast, student), *WAY[:2])
    heard(officer(cast), enrolment_of(student))
    with pytest.raises(InTheWay):
        walk(cast, typed, WAY[2])
    with pytest.raises(InTheWay):
        drafted(cast, student)


def test_a_second_deletion_leaves_the_dates_of_the_first(cast: Cast) -> None:
    student = make_student("王小明", cast)
    walk(cast, submitted(cast, student), *WAY)
    first = Enrolment.objects.get()
    first.ended_on = first.shelved_on = first.started_on + timedelta(days=10)
    saved(first)
    saved(
        Enrolment(
            student=student, school=cast.school, unit=cast.school, student_no="2026990001",
            started_on=first.ended_on,
        )
    )  # fmt: skip
    walk(cast, submitted(cast, student), *WAY)
    shelved = dict(Enrolment.objects.values_list("student_no", "shelved_on"))
    assert shelved == {first.student_no: first.shelved_on, "2026990001": timezone.localdate()}


def test_a_snapshot_that_was_not_stored_as_it_was_made_stops_the_deletion(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = walk(cast, submitted(cast, make_student("王小明", cast)), *WAY[:2])
    save = default_storage.save

    def damaged(name: str, content: Any) -> str:
        content.file.truncate(40)
        return str(save(name, content))

    monkeypatch.setattr(default_storage, "save", damaged)
    with pytest.raises(snapshots.SnapshotFailed):
        requests.take_step(actor=cast.archivist, request=typed.request)
    assert Enrolment.objects.get().shelved_on is None


def test_what_can_no_longer_be_carried_out_goes_back_to_the_requester(client: Client, cast: Cast) -> None:
    student = make_student("王小明", cast)
    typed = walk(cast, submitted(cast, student), *WAY[:2])
    held(cast, student)
    client.force_login(cast.archivist)
    page = client.get(reverse("approvals:request", args=[typed.request.public_id])).content.decode()
    assert 'data-opens="return-dialog"' in page
    _address, shown = _step(typed.request)
    client.post(
        reverse("approvals:send_back", args=[typed.request.public_id]),
        {**shown, "reason": "other", "comment": "法院封存"},
    )
    assert fresh(typed).request.state == Request.State.RETURNED
    requests.recall(actor=cast.registrar, request=typed.request)
    assert fresh(typed).request.state == Request.State.RECALLED


def test_another_person_lifts_a_hold(cast: Cast) -> None:
    student = make_student("王小明", cast)
    hold = held(cast, student)
    file = selectors.student_file(cast.archive_head, student.public_id)
    with pytest.raises(SamePerson):
        keeping.lift_hold(actor=cast.archivist, file=file, hold=hold, reason="结案")
    keeping.lift_hold(actor=cast.archive_head, file=file, hold=hold, reason="结案")
    with pytest.raises(WrongState):
        keeping.lift_hold(actor=cast.archive_head, file=file, hold=hold, reason="结案")
    hold.lifted_by, hold.lifted_at = cast.archivist, timezone.now()
    with (
        pytest.raises(IntegrityError, match="hold_lifted_by_another"),
        transaction.atomic(),
        acting(cast.archivist),
    ):
        hold.save(update_fields=["lifted_by", "lifted_at"])
    told = Event.objects.filter(subject=student.public_id, action__startswith="hold.").order_by("id")
    assert list(told.values_list("action", flat=True)) == ["hold.placed", "hold.lifted"]


def test_a_paper_file_is_lent_once_and_comes_back(client: Client, cast: Cast) -> None:
    student = make_student("王小明", cast)
    loan = lent(cast, student)
    with pytest.raises(WrongState):
        lent(cast, student)
    client.force_login(cast.archivist)
    page = client.get(reverse("archive:keeping", args=[student.public_id]))
    assert "李明" in page.content.decode()
    client.post(reverse("archive:take_back", args=[student.public_id, loan.public_id]), {"condition": "完好"})
    loan.refresh_from_db()
    assert (loan.returned_on, loan.taken_back_by, loan.condition) == (
        timezone.localdate(),
        cast.archivist,
        "完好",
    )


def test_the_pages_lead_from_the_file_to_the_inactive_archive(client: Client, cast: Cast) -> None:
    student = make_student("王小明", cast)
    client.force_login(cast.registrar)
    url = reverse("archive:deletion_new", args=[student.public_id])
    assert url in client.get(reverse("records:student", args=[student.public_id])).content.decode()
    assert client.post(url, {"cause": "graduated", "reason": "已毕业"}).status_code == 422
    made = client.post(url, {"cause": "mistaken", "reason": "误录"})
    assert made.status_code == 302
    row = Request.objects.get()
    client.post(reverse("approvals:submit", args=[row.public_id]), {"version": row.version})
    for name in ("academic_head", "archive_head"):
        client.force_login(getattr(cast, name))
        client.post(*_step(row))
    client.force_login(cast.archivist)
    client.post(*_step(row, password="wrong"))
    row.refresh_from_db()
    assert row.step == "execute", "the password was wrong"
    with acting(cast.archivist):
        cast.archivist.set_password("Right-one-2026")
        cast.archivist.save(update_fields=["password"])
    client.force_login(cast.archivist)
    client.post(*_step(row, password="Right-one-2026"))
    row.refresh_from_db()
    assert row.state == Request.State.CLOSED


def _step(row: Request, **more: str) -> tuple[str, dict[str, Any]]:
    row.refresh_from_db()
    address = reverse("approvals:take_step", args=[row.public_id])
    return address, {"version": row.version, "step": row.step, **more}
