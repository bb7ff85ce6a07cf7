"""Undoing an import: its drafts, what was said of them, their scans and the names of these go; who did what stays."""

from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.urls import reverse

from enrollment import actions as intake
from enrollment import printing, scan_reads
from enrollment.actions import scans
from enrollment.importing import actions
from enrollment.models import Applicant, ApplicantMember, ImportJob, IntakeBatch, PrintOrder
from jobs.models import Job
from jobs.tasks import run
from ledger.history import delete_rows
from ledger.models import Erasure, Event
from tests.archive.test_destruction import rows_that_say
from tests.cast import Cast
from tests.enrollment.importing import bring_in, check, fresh, make_classes
from tests.enrollment.intake import draft, picture
from tests.enrollment.test_import_after import faulty, history_count
from tests.enrollment.test_scans import distributed, image, zipped
from tests.records.files import make_student
from tests.support.applicant_files import people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _classes(cast: Cast) -> None:
    make_classes(cast.school)


def test_undo_takes_drafts_back_and_keeps_who_did_what(
    cast: Cast, batch: IntakeBatch, django_capture_on_commit_callbacks: Any
) -> None:
    content = faulty()
    made = bring_in(cast.clerk, check(cast.clerk, batch, content))
    said = tuple(row["姓名"] for row in people(4))
    assert len(rows_that_say(said)) == 4
    with django_capture_on_commit_callbacks(execute=True):
        assert actions.undo(actor=cast.clerk, import_job=made) == 3
    assert rows_that_say(said) == []
    assert not default_storage.exists(made.blob.storage_key)
    assert set(Applicant.history.values_list("history_user", flat=True)) == {cast.clerk.pk}
    told = Erasure.objects.filter(table="enrollment_historicalapplicant").values_list("rows", flat=True)
    assert {pk for rows in told for pk in rows} == set(Applicant.history.values_list("history_id", flat=True))
    assert not Applicant.objects.exists()
    assert not ApplicantMember.objects.exists()
    assert (history_count(Applicant), history_count(ApplicantMember)) == (6, 12)
    assert fresh(made).state == ImportJob.State.UNDONE
    assert Event.objects.get(action="import.undone").detail == {"count": 3}
    again = bring_in(cast.clerk, check(cast.clerk, batch, content))
    assert again.imported_count == 3


def test_what_was_not_undone_keeps_its_history(cast: Cast, batch: IntakeBatch) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    with connection.cursor() as cursor:
        cursor.execute("SELECT enrollment_forget_undone(%s)", [made.pk])
        cursor.execute("UPDATE enrollment_importjob SET state = 'undone' WHERE id = %s", [made.pk])
        cursor.execute("SELECT enrollment_forget_undone(%s)", [made.pk])
    assert not Erasure.objects.exists() and not Applicant.history.filter(name="").exists()


def forge(subject: Any, kind: str, **given: Any) -> None:
    """Write a history row as the application could: that of an applicant's beginning, with other values."""
    names = [field.column for field in Applicant.history.model._meta.fields if field.name != "history_id"]
    values = {
        "history_subject": subject,
        "history_type": kind,
        "public_id": subject,
        "salt": uuid4(),
        **given,
    }
    told = ", ".join("%s" if name in values else f'"{name}"' for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    table = Applicant.history.model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) SELECT {told} FROM {table} "
            f"WHERE history_id = (SELECT min(history_id) FROM {table} WHERE history_type = '+')",
            [values[name] for name in names if name in values],
        )


@pytest.mark.requirement("S3-9.2-3")
def test_history_written_by_hand_erases_nobody(cast: Cast, batch: IntakeBatch) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    typed, other = draft(cast.clerk, batch, 50), draft(cast.clerk, batch, 51)
    student = make_student("李小红", cast)
    imported = Applicant.objects.filter(import_job=made).earliest("pk")
    members = ApplicantMember.objects.filter(applicant__in=[typed, other, imported])
    parts: list[Any] = [list(members.select_related("applicant")), [typed, other, imported]]
    parts += [list(rows.select_related("student")) for rows in (student.family, student.enrolments)]
    for rows in (*parts, [student]):
        delete_rows(rows, actor=cast.clerk)
    forge(typed.public_id, "-", import_job_id=made.pk)
    forge(other.public_id, "+", import_job_id=made.pk)
    forge(other.public_id, "-", import_job_id=made.pk)
    forge(imported.public_id, "-", import_job_id=made.pk)
    forge(student.public_id, "+", import_job_id=made.pk)
    forge(student.public_id, "-", import_job_id=made.pk)
    gone = uuid4()
    forge(gone, "+", import_job_id=made.pk, name="甲")
    forge(gone, "-", import_job_id=made.pk, name="甲", xid="3")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE enrollment_importjob SET state = 'undone' WHERE id = %s", [made.pk])
        cursor.execute("SELECT enrollment_forget_undone(%s)", [made.pk])
    assert not Erasure.objects.exists()
    assert Applicant.history.filter(history_subject=typed.public_id, name=typed.name).exists()


def test_undo_takes_the_contents_of_scans_too(
    cast: Cast, batch: IntakeBatch, django_capture_on_commit_callbacks: Any
) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    row = Applicant.objects.first()
    assert row is not None
    scan = scans.attach(actor=cast.clerk, applicant=row, kind="other", content=picture(), filename="a.jpg")
    with django_capture_on_commit_callbacks(execute=True):
        actions.undo(actor=cast.clerk, import_job=made)
    assert not default_storage.exists(scan.blob.storage_key)


def test_undo_takes_the_zip_of_scans_and_its_names_too(
    cast: Cast, batch: IntakeBatch, django_capture_on_commit_callbacks: Any
) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    row, other = Applicant.objects.earliest("pk"), draft(cast.clerk, batch, 50)
    given, kept, apart = (
        distributed(
            cast.clerk, batch, {f"{one.number}_{one.name}_身份证.jpg": image(shade) for one, shade in files}
        )
        for files in ([(row, 1)], [(other, 2)], [(row, 3), (other, 4)])
    )
    with django_capture_on_commit_callbacks(execute=True):
        actions.undo(actor=cast.clerk, import_job=made)
    assert not default_storage.exists(given.blob.storage_key)
    assert not default_storage.exists(apart.blob.storage_key)
    assert default_storage.exists(kept.blob.storage_key)
    for upload, names in ((given, [""]), (apart, ["", other.name])):
        assert all(
            name in one.name for name, one in zip(names, upload.files.order_by("position"), strict=True)
        )
        assert row.name not in "".join(one.name for one in upload.files.all())
    told = scan_reads.result_of(cast.clerk, apart)
    assert ([line.file.applicant for line in told.matched], told.hidden) == ([other], 0)
    assert [line.file.reason for line in told.others] == ["gone"]


def test_undo_takes_names_of_scans_that_were_given_to_nobody_too(
    cast: Cast, batch: IntakeBatch, django_capture_on_commit_callbacks: Any
) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    row, other = Applicant.objects.earliest("pk"), draft(cast.clerk, batch, 50)
    scans.attach(
        actor=cast.clerk, applicant=row, kind="other", content=picture(), filename=f"{row.name}本人.jpg"
    )
    files = {f"{row.name}.jpg": image(1), f"{other.number}.jpg": image(2), f"../{row.name}.jpg": image(3)}
    content = zipped(files)
    upload = scans.upload(
        actor=cast.clerk, batch=batch, kind="id_card", content=content, filename=f"{row.name}.zip"
    )
    run(upload.job_id)
    with django_capture_on_commit_callbacks(execute=True):
        actions.undo(actor=cast.clerk, import_job=made)
    assert [one.name for one in upload.files.order_by("position")] == ["", f"{other.number}.jpg", ""]
    assert not default_storage.exists(upload.blob.storage_key)
    assert rows_that_say((row.name,)) == []
    kept = other.documents.get().blob
    assert kept.filename == f"{other.number}.jpg" and default_storage.exists(kept.storage_key)
    client = Client()
    client.force_login(cast.clerk)
    assert client.get(reverse("enrollment:scan_upload", args=[upload.public_id])).status_code == 200


def test_a_distribution_stops_when_an_import_of_the_batch_is_undone(
    cast: Cast, batch: IntakeBatch, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    people_in = list(Applicant.objects.order_by("pk"))
    waiting, running = (
        scans.upload(
            actor=cast.clerk, batch=batch, kind="id_card", filename="班级.zip",
            content=zipped({f"{one.number}_{one.name}.jpg": image(shade) for shade, one in enumerate(people_in, at)}),
        )
        for at in (10, 20)
    )  # fmt: skip
    members = scans._members

    def undone_after_the_first(package: Any) -> Any:
        for place, member in enumerate(members(package)):
            if place == 1:
                actions.undo(actor=cast.clerk, import_job=made)
            yield member

    monkeypatch.setattr(scans, "_members", undone_after_the_first)
    with django_capture_on_commit_callbacks(execute=True):
        run(running.job_id)
        run(waiting.job_id)
    client = Client()
    client.force_login(cast.clerk)
    for upload, count in ((running, 1), (waiting, 0)):
        upload.refresh_from_db()
        assert upload.finished_at and upload.files.count() == count
        assert Job.objects.get(pk=upload.job_id).state == Job.State.FAILED
        assert not default_storage.exists(upload.blob.storage_key)
        page = client.get(reverse("enrollment:scan_upload", args=[upload.public_id])).content.decode()
        assert (why := Job.objects.get(pk=upload.job_id).message) and why in page
    assert rows_that_say(tuple(one.name for one in people_in)) == []
    assert not Event.objects.filter(action="scans.matched").exists()
    assert Event.objects.filter(action="scans.stopped").count() == 2


def test_the_end_of_a_distribution_is_told_of_who_undid_the_import(cast: Cast, batch: IntakeBatch) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    content = zipped({"a.jpg": image(1)})
    upload = scans.upload(actor=cast.clerk, batch=batch, kind="other", content=content, filename="a.zip")
    client = Client(REMOTE_ADDR="203.0.113.9")
    client.force_login(cast.head)
    answer = client.post(reverse("enrollment:import_undo", args=[made.public_id]))
    assert answer.status_code == 302
    told, undone = (Event.objects.get(action=name) for name in ("scans.stopped", "import.undone"))
    assert (told.actor, told.address, told.object_uuid) == (cast.head, "203.0.113.9", upload.public_id)
    assert (told.role, told.request_id) == (undone.role, undone.request_id)
    assert not Event.objects.filter(action="scans.matched").exists()


def test_undo_is_refused_once_a_row_was_submitted(cast: Cast, batch: IntakeBatch) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    one = Applicant.objects.first()
    assert one
    intake.save_draft(actor=cast.clerk, applicant=one, cells={"checked_with_original": "1"})
    intake.self_check(actor=cast.clerk, applicant=one)
    with pytest.raises(actions.ImportRefused):
        actions.undo(actor=cast.clerk, import_job=made)
    assert Applicant.objects.count() == 3
    assert fresh(made).state == ImportJob.State.IMPORTED


@pytest.mark.requirement("S2-9-3")
def test_forms_that_were_printed_of_taken_back_applicants_go_too(
    cast: Cast, batch: IntakeBatch, django_capture_on_commit_callbacks: Any
) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    printed = printing.order(actor=cast.clerk, form="filled", school=cast.school, batch=batch)
    run(printed.job_id)
    waiting = printing.order(actor=cast.clerk, form="filled", school=cast.school, batch=batch)
    printed.refresh_from_db()
    people_of_it = printed.people
    result = Job.objects.get(pk=printed.job_id).result
    assert result is not None and default_storage.exists(result.storage_key)
    with django_capture_on_commit_callbacks(execute=True):
        actions.undo(actor=cast.clerk, import_job=made)
    assert not default_storage.exists(result.storage_key)

    def rendered_before(_running: Any, asked: PrintOrder) -> bytes:
        asked.people = people_of_it
        return b"%PDF-1.7"

    with patch("enrollment.printing._ordered", rendered_before):
        run(waiting.job_id)
    ended = Job.objects.get(pk=waiting.job_id)
    assert (ended.state, ended.result) == (Job.State.FAILED, None) and "重新打印" in ended.message
