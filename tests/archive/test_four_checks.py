"""The four checks of a student file: each way in which a file can be unsound is found, kept and told."""

import hashlib
import io
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from approvals.models import Notice
from approvals.refusals import WrongState
from archive.four_checks import actions, selectors
from archive.four_checks.items import CHECKS, ITEMS, Occasion
from archive.four_checks.showing import lines_of
from archive.models import FourCheckItem, FourCheckRun
from archive.tasks import check_files
from config.celery import app
from core.crypto import encrypt_bytes
from enrollment import actions as intake
from files.actions import store
from files.models import Blob
from files.refusals import NotChecked
from files.selectors import content_context, open_blob
from jobs.models import Job
from jobs.tasks import run as run_job
from ledger.context import acting, service_user
from ledger.models import Event
from records.documents.filing import place
from records.models import Document, FamilyMember, Student
from school.models import CodeList
from tests.archive.test_sharing import SECRET, approved, consent, drafted, step
from tests.archive.test_sharing import upload as agreement
from tests.cast import Cast
from tests.enrollment.intake import approved as approved_applicant
from tests.enrollment.intake import make_batch
from tests.factories import saved, set_rule
from tests.records.files import make_student
from tests.support.scanner import daemon

pytestmark = pytest.mark.django_db
Outcome = FourCheckItem.Outcome


def another_picture(shade: int, kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), (shade, 90, 90)).save(out, kind)
    return out.getvalue()


def add(cast: Cast, student: Student, content: bytes, kind: str = "other") -> Document:
    """A further document, as the archives add one."""
    with transaction.atomic(), acting(cast.archivist, role="archivist"):
        blob = store(actor=cast.archivist, content=content, filename="a.jpg", allowed=("jpeg", "png", "pdf"))
        return place(student, kind, blob, actor=cast.archivist)


@pytest.fixture
def student(cast: Cast) -> Student:
    """Somebody who came in through the intake, with two documents beside."""
    row = approved_applicant(cast, make_batch(cast.school))
    accepted = intake.accept(actor=cast.archivist, applicant=row)
    assert accepted.student
    for shade in (10, 20):
        add(cast, accepted.student, another_picture(shade))
    return accepted.student


def checked(cast: Cast, student: Student, occasion: str = Occasion.HAND) -> dict[str, FourCheckItem]:
    """The items of a new run by their numbers."""
    run = actions.check_file(actor=cast.archivist, student=student, occasion=occasion, role="archivist")
    return {item.number: item for item in run.items.all()}


def failed(items: dict[str, FourCheckItem]) -> dict[str, list[str]]:
    return {number: item.about for number, item in items.items() if item.outcome == Outcome.FAILED}


def overwrite(blob: Blob, content: bytes, *, sealed: bool = True) -> None:
    """Put something else where the content lies."""
    default_storage.delete(blob.storage_key)
    stored = encrypt_bytes(content, content_context(blob)) if sealed else content
    assert default_storage.save(blob.storage_key, ContentFile(stored)) == blob.storage_key


def first(student: Student) -> Document:
    row: Document = Document.objects.select_related("blob").filter(student=student).order_by("item_no")[0]
    return row


def sql(text: str, *values: Any) -> None:
    """A change that no page makes: a hand in the database."""
    with connection.cursor() as cursor:
        cursor.execute(text, values)


@pytest.mark.requirement("S0-1.1-1", "S0-1.3-1", "S3-1.3-1")
def test_a_sound_file_passes_every_item_and_the_run_is_kept(cast: Cast, student: Student) -> None:
    at_acceptance = FourCheckRun.objects.get(subject=student.public_id)
    assert (at_acceptance.occasion, at_acceptance.faults, at_acceptance.made_by) == (
        "acceptance",
        0,
        cast.archivist,
    )
    assert {one.code[:2] for one in at_acceptance.items.all()} == {"GD"}
    items = checked(cast, student)
    assert failed(items) == {}
    assert list(items) == list(ITEMS)
    assert {number for number, one in items.items() if one.outcome == Outcome.NOT_APPLICABLE} == {
        "2-6",
        "4-1",
    }
    assert {one.code[:2] for one in items.values()} == {"CQ"}
    run = FourCheckRun.objects.latest("pk")
    assert (run.contents, run.bytes) == (
        2,
        sum(one.blob.size for one in student.documents.select_related("blob")),
    )
    event = Event.objects.filter(action="student.checked").latest("at")
    assert (event.subject, event.detail["failed"]) == (student.public_id, [])


def _other_content(student: Student) -> None:
    overwrite(first(student).blob, another_picture(99))


def _gone(student: Student) -> None:
    default_storage.delete(first(student).blob.storage_key)


@pytest.mark.requirement("S0-2.4-3")
@pytest.mark.parametrize(
    ("harm", "numbers"),
    [(_other_content, {"1-1"}), (_gone, {"1-10", "2-1", "2-5"})],
)
def test_a_content_that_was_changed_or_is_gone_is_found(
    cast: Cast, student: Student, harm: Any, numbers: set[str]
) -> None:
    harm(student)
    found = failed(checked(cast, student))
    assert set(found) == numbers
    assert set(map(tuple, found.values())) == {("document:1.1",)}


def stored_as(cast: Cast, student: Student, content: bytes, **columns: Any) -> Document:
    """A document whose row says something else than its content."""
    usual = {
        "content_type": "image/jpeg",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    blob = Blob(
        filename="a.jpg", storage_key=f"test/{uuid4().hex}", created_by=cast.archivist, **{**usual, **columns}
    )
    default_storage.save(blob.storage_key, ContentFile(encrypt_bytes(content, content_context(blob))))
    with acting(cast.archivist, role="archivist"):
        blob.save()
        return place(student, "other", blob, actor=cast.archivist)


@pytest.mark.parametrize(
    ("content", "columns", "numbers"),
    [
        (another_picture(30), {"size": 7}, {"1-9", "2-1"}),
        (another_picture(31, "PNG"), {}, {"1-9"}),
        (b"name,sex\n" * 9, {}, {"1-9", "3-3"}),
        (another_picture(32)[:400], {}, {"3-2"}),
        (another_picture(33), {"sm3": "0" * 64}, {"1-1"}),
    ],
)
def test_size_format_and_opening_are_held_against_the_row(
    cast: Cast, student: Student, content: bytes, columns: dict[str, Any], numbers: set[str]
) -> None:
    stored_as(cast, student, content, **columns)
    assert set(failed(checked(cast, student))) == numbers


def test_what_lies_bare_in_the_store_is_named_so(cast: Cast, student: Student) -> None:
    blob = first(student).blob
    overwrite(blob, open_blob(blob), sealed=False)
    assert set(failed(checked(cast, student))) == {"1-1", "4-3"}


def test_a_scanner_is_asked_again_and_its_silence_leaves_no_run(
    cast: Cast, student: Student, settings: Any
) -> None:
    document = stored_as(cast, student, another_picture(40) + b"EICAR")
    with daemon(settings):
        found = failed(checked(cast, student))
    assert found == {"4-1": [f"document:{document.item_no}.1"]}
    count = FourCheckRun.objects.count()
    with pytest.raises(NotChecked):
        checked(cast, student)
    assert FourCheckRun.objects.count() == count


@pytest.mark.parametrize(
    ("table", "change", "number", "about"),
    [
        ("student", {"home_address": "湖" * 81}, "1-2", "field:home_address"),
        ("student", {"postcode": "43"}, "1-3", "field:postcode"),
        ("student", {"ethnicity": "QQ"}, "1-4", "field:ethnicity"),
        ("student", {"sex": "2"}, "1-5", "field:sex"),
        ("student", {"name": "王=小明"}, "1-6", "field:name"),
        ("student", {"archive_no": "17"}, "1-7", "field:archive_no"),
        ("student", {"native_place": ""}, "2-2", "field:native_place"),
        ("familymember", {"phone": ""}, "2-2", "field:member1.phone"),
        ("document", {"version": 2}, "2-4", "item:2"),
        ("document", {"item_no": 9}, "2-4", "item:2"),
        ("document", {"kind": "letter"}, "2-7", "document:2.1"),
    ],
)
def test_metadata_and_numbers(
    cast: Cast, student: Student, table: str, change: dict[str, Any], number: str, about: str
) -> None:
    set_codes()
    rows: dict[str, Any] = {
        "student": student,
        "familymember": FamilyMember.objects.get(student=student, position=1),
        "document": Document.objects.get(student=student, item_no=2),
    }
    row = rows[table]
    for name, value in change.items():
        setattr(row, name, value)
    saved(row, by=cast.archivist)
    found = failed(checked(cast, student))
    assert about in found[number]
    shown = next(
        one for one in lines_of(FourCheckItem.objects.filter(run=last())) if one.code == f"CQ-{number}"
    )
    assert shown.detail
    assert not any(str(value) in shown.detail for value in change.values() if len(str(value)) > 2)


def set_codes() -> None:
    """The code lists are loaded with the database."""
    assert CodeList.objects.filter(key="ethnicity").exists()


def last() -> FourCheckRun:
    return FourCheckRun.objects.latest("pk")


@pytest.mark.requirement("S0-2.4-3")
def test_the_same_content_twice_and_a_missing_trace_are_found(cast: Cast, student: Student) -> None:
    add(cast, student, another_picture(10))
    assert failed(checked(cast, student)) == {"1-8": ["document:1.1", "document:3.1"]}
    stray = make_student("李小红", cast)
    assert failed(checked(cast, stray))["2-3"] == ["process:opened"]


def test_metadata_that_do_not_decrypt_are_said_to_be_unreadable(cast: Cast, student: Student) -> None:
    sql("UPDATE records_student SET id_number = %s WHERE id = %s", b"\x07\x01\x01xyz" * 9, student.pk)
    items = checked(cast, student)
    assert failed(items) == {"3-1": ["metadata"]}
    assert items["2-2"].outcome == Outcome.NOT_APPLICABLE


# Sharing


@pytest.mark.requirement("S0-5.2-1")
def test_a_file_that_is_not_authentic_is_left_out_of_a_sharing(cast: Cast, student: Student) -> None:
    sound = make_student("李小红", cast, phone="13812345678", id_type="Z", ethnicity="01")
    typed = drafted(cast, [student, sound])
    consent(cast, typed, student, sound)
    typed = approved(cast, typed)
    typed = step(cast, typed, "registrar", agreement=agreement())
    overwrite(first(student).blob, another_picture(99))
    typed = step(cast, typed, "archivist", package_password=SECRET)
    outcomes = dict(typed.students.values_list("student_id", "outcome"))
    assert outcomes == {student.pk: "checks", sound.pk: "given"}
    run = FourCheckRun.objects.get(subject=student.public_id, occasion="sharing")
    assert [one.code for one in run.items.filter(outcome=Outcome.FAILED)] == ["YJ-1-1"]
    assert run.items.get(code="YJ-3-2").outcome == Outcome.NOT_APPLICABLE


def test_when_no_file_is_left_the_release_is_refused_in_words(cast: Cast, student: Student) -> None:
    typed = drafted(cast, [student])
    consent(cast, typed, student)
    typed = step(cast, approved(cast, typed), "registrar", agreement=agreement())
    overwrite(first(student).blob, another_picture(99))
    with pytest.raises(WrongState, match="四性检测"):
        step(cast, typed, "archivist", package_password=SECRET)


# By hand, on schedule, from the command line


def test_the_page_of_a_file_checks_it_and_shows_what_is_wrong(
    client: Client, cast: Cast, student: Student
) -> None:
    default_storage.delete(first(student).blob.storage_key)
    client.force_login(cast.archivist)
    here = reverse("archive:file_checks", args=[student.public_id])
    assert client.get(here).status_code == 200
    assert client.post(here).status_code == 302
    page = client.get(here).content.decode()
    assert "CQ-2-5" in page
    assert student.id_number not in page
    listed = client.get(reverse("archive:four_checks")).content.decode()
    assert student.archive_no in listed
    assert here in listed
    client.force_login(cast.registrar)
    assert client.post(here).status_code == 403


def test_whoever_mends_a_file_sees_it_leave_the_list(cast: Cast, student: Student) -> None:
    blob = first(student).blob
    kept = open_blob(blob)
    overwrite(blob, another_picture(99))
    checked(cast, student)
    assert [one.subject for one in selectors.failing(cast.archivist)] == [student.public_id]
    assert selectors.figures(cast.archivist) == {"files": 1, "passed": 0, "failed": 1, "never": 0}
    assert not selectors.failing(cast.registrar).exists()
    overwrite(blob, kept)
    checked(cast, student)
    assert not selectors.failing(cast.archivist).exists()
    assert selectors.figures(cast.archivist)["passed"] == 1


@pytest.mark.requirement("S0-2.4-3")
def test_the_schedule_checks_what_is_due_oldest_first_and_goes_on_after_a_killed_worker(
    cast: Cast, student: Student, monkeypatch: Any
) -> None:
    never = [make_student(name, cast) for name in ("李小红", "张小军", "陈小亮")]
    check_files()
    check_files()
    job = Job.objects.get(kind=actions.JOB)
    assert (job.unit, job.requested_by) == (cast.school, service_user())
    done, seen = actions.check_files, list[int]()

    def dies(students: Any, **given: Any) -> Any:
        if seen:
            raise KeyboardInterrupt
        seen.extend(one.pk for one in students)
        return done(students, **given)

    monkeypatch.setattr(actions, "AT_ONCE", 2)
    monkeypatch.setattr(actions, "check_files", dies)
    with pytest.raises(KeyboardInterrupt):
        run_job(job.pk)
    monkeypatch.setattr(actions, "check_files", done)
    assert seen == [never[0].pk, never[1].pk]
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.message) == ("done", "")
    runs = FourCheckRun.objects.filter(occasion="schedule").order_by("pk")
    assert [one.subject for one in runs] == [one.public_id for one in never], (
        "each once; the accepted one is not due"
    )
    notice = Notice.objects.get(kind=actions.FAILED)
    assert (notice.duty, notice.count) == ("archives", 3)
    check_files()
    assert Job.objects.filter(kind=actions.JOB).count() == 1
    set_rule(cast.school, "four_check_days", "30")
    monkeypatch.setattr(timezone, "now", lambda at=timezone.now: at() + timedelta(days=31))
    assert selectors.due(cast.school).count() == 4


@pytest.mark.requirement("S0-2.4-3")
@pytest.mark.parametrize("task", ["archive.check_files", "files.sweep_orphans"])
def test_damage_and_leftovers_are_looked_for_by_themselves(task: str) -> None:
    (beat,) = [one for one in settings.CELERY_BEAT_SCHEDULE.values() if one["task"] == task]
    assert 0 < beat["schedule"] <= timedelta(days=1).total_seconds()
    app.loader.import_default_modules()
    assert task in app.tasks


def test_the_command_tells_what_failed_and_exits_with_1(cast: Cast, student: Student, capsys: Any) -> None:
    call_command("four_checks", "--school", cast.school.code)
    assert "1" in capsys.readouterr().out
    overwrite(first(student).blob, another_picture(99))
    with pytest.raises(SystemExit) as ended:
        call_command("four_checks", "--archive-no", student.archive_no)
    out = capsys.readouterr().out
    assert ended.value.code == 1
    assert f"{student.archive_no}\tCQ-1-1" in out
    with pytest.raises(SystemExit):
        call_command("four_checks", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["files"], told["failed"], told["failures"][0]["items"][0]["code"]) == (1, 1, "CQ-1-1")
    assert student.id_number not in json.dumps(told)
    for wrong in (["--school", "none"], ["--archive-no", "none"]):
        with pytest.raises(CommandError):
            call_command("four_checks", *wrong)


def test_every_item_belongs_to_a_check() -> None:
    assert {number[0] for number in ITEMS} == set(CHECKS)
