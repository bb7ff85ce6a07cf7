"""What the four checks cannot look at just now is told with its reason: it stops nobody else and fails no file."""

import contextlib
import json
from io import StringIO
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from approvals.models import Notice
from approvals.refusals import WrongState
from archive.four_checks import actions, selectors
from archive.four_checks.examining import Slice
from archive.four_checks.items import Occasion
from archive.models import FourCheckRun
from core.crypto import encrypt
from enrollment import actions as intake
from files.examination import examine
from files.refusals import NotChecked
from jobs import actions as jobs
from jobs.models import Job
from jobs.tasks import run
from ledger.context import service_user
from records.models import Student
from school.models import Unit
from tests.archive.appraising import WAY, applied, leaver, ten_years, walk
from tests.archive.test_four_checks import add, another_picture, first
from tests.archive.test_sharing import SECRET, approved, consent, drafted, step
from tests.archive.test_sharing import upload as agreement
from tests.cast import Cast
from tests.enrollment.intake import approved as approved_applicant
from tests.enrollment.intake import make_batch
from tests.records.files import make_student

pytestmark = pytest.mark.django_db
FAULTS = (
    PermissionError("not ours"),
    EndpointConnectionError(endpoint_url="https://bucket.example"),
    ClientError({"Error": {"Code": "503", "Message": "Slow down"}}, "GetObject"),
)


@pytest.fixture
def student(cast: Cast) -> Student:
    """Somebody who came in through the intake, with a document beside."""
    row = approved_applicant(cast, make_batch(cast.school))
    accepted = intake.accept(actor=cast.archivist, applicant=row)
    assert accepted.student
    add(cast, accepted.student, another_picture(10))
    return accepted.student


def command(*args: str) -> dict[str, Any]:
    """What the command tells as JSON; it may exit with 1."""
    out = StringIO()
    with contextlib.suppress(SystemExit):
        call_command("four_checks", "--json", *args, stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def destroyed(cast: Cast) -> Student:
    """A file that is destroyed, as a run that began before still knows it."""
    ten_years(cast)
    gone = leaver(cast, "李小红")
    known = selectors.by_ids([gone.pk])[0]
    walk(cast, applied(cast), *WAY)
    return known


def test_a_file_that_was_destroyed_meanwhile_is_told_and_stops_nobody(
    cast: Cast, student: Student, monkeypatch: Any
) -> None:
    gone = destroyed(cast)
    runs, silent = actions.check_files([gone, student], actor=service_user(), occasion=Occasion.HAND)
    assert [run.subject for run in runs] == [student.public_id]
    assert {pk: why.code for pk, why in silent.items()} == {gone.pk: "gone"}
    with override("en"), pytest.raises(NotChecked, match="no longer"):
        actions.check_file(actor=cast.archivist, student=gone, occasion=Occasion.HAND)
    monkeypatch.setattr(selectors, "files_to_check", lambda **_asked: [gone.pk, student.pk])
    told = command()
    assert (told["files"], told["failed"], told["not_checked"], told["gone"]) == (2, 0, 0, 1)


def test_a_file_that_is_destroyed_while_it_is_looked_at_leaves_no_run(
    cast: Cast, student: Student, monkeypatch: Any
) -> None:
    ten_years(cast)
    gone = leaver(cast, "李小红")
    typed = walk(cast, applied(cast), *WAY[:2])
    look = actions.examine_file

    def meanwhile(one: Student, known: Slice, *args: Any, **kwargs: Any) -> Any:
        found = look(one, known, *args, **kwargs)
        if one.pk == gone.pk:
            walk(cast, typed, WAY[2])
        return found

    monkeypatch.setattr(actions, "examine_file", meanwhile)
    runs, silent = actions.check_files([gone, student], actor=service_user(), occasion=Occasion.HAND)
    assert [run.subject for run in runs] == [student.public_id] and silent[gone.pk].code == "gone"
    assert not FourCheckRun.objects.filter(subject=gone.public_id).exists()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_store_that_does_not_answer_fails_no_file(
    cast: Cast, student: Student, monkeypatch: Any, client: Client, fault: Exception
) -> None:
    other = make_student("李小红", cast)

    def silent(*_args: Any, **_kwargs: Any) -> Any:
        raise fault

    monkeypatch.setattr(FileSystemStorage, "_open", silent)
    before = FourCheckRun.objects.count()
    with override("en"), pytest.raises(NotChecked, match="store"):
        actions.check_file(actor=cast.archivist, student=student, occasion=Occasion.HAND)
    assert FourCheckRun.objects.count() == before
    told = command()
    assert (told["files"], told["not_checked"]) == (2, 1)
    assert [(one["archive_no"], one["code"]) for one in told["unanswered"]] == [
        (student.archive_no, "store_silent")
    ]
    assert FourCheckRun.objects.filter(subject=other.public_id).exists()
    client.force_login(cast.archivist)
    page = client.post(reverse("archive:file_checks", args=[student.public_id]), follow=True)
    assert page.status_code == 200 and FourCheckRun.objects.filter(subject=student.public_id).count() == 1


def test_a_key_that_the_deployment_lacks_fails_no_file(cast: Cast, student: Student, settings: Any) -> None:
    blob = first(student).blob
    keys, other = settings.FIELD_KEYS, "late:" + "A" * 42 + "E="
    sound = make_student("李小红", cast)
    settings.FIELD_KEYS = f"{other},{keys}"
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE records_student SET phone = %s WHERE id = %s",
            [encrypt("13912345678", "records.Student.phone"), sound.pk],
        )
    settings.FIELD_KEYS = keys
    runs, silent = actions.check_files([sound, student], actor=service_user(), occasion=Occasion.HAND)
    assert [run.subject for run in runs] == [student.public_id]
    assert {pk: why.code for pk, why in silent.items()} == {sound.pk: "key_missing"}
    settings.FIELD_KEYS = other
    with override("en"), pytest.raises(NotChecked, match="FIELD_KEYS"):
        examine(blob, ("png", "jpeg", "pdf"))


def test_what_names_an_unknown_key_is_told_to_the_archives(cast: Cast) -> None:
    sound, student = make_student("李小红", cast), make_student("王小明", cast)
    add(cast, student, another_picture(10))
    key = first(student).blob.storage_key
    with default_storage.open(key, "rb") as stored:
        content = bytearray(stored.read())
    content[3] ^= 1
    default_storage.delete(key)
    default_storage.save(key, ContentFile(bytes(content)))
    job = jobs.start(actor=service_user(), kind=actions.JOB, unit=cast.school, queue=False)
    run(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert FourCheckRun.objects.filter(subject=sound.public_id).exists()
    told = Notice.objects.get(kind=actions.LOCKED, duty=Unit.Duty.ARCHIVES)
    assert (told.unit, told.count, told.about) == (cast.school, 1, student.archive_no)


def test_a_release_waits_for_the_store_instead_of_leaving_students_out(
    cast: Cast, student: Student, monkeypatch: Any
) -> None:
    typed = drafted(cast, [student])
    consent(cast, typed, student)
    typed = step(cast, approved(cast, typed), "registrar", agreement=agreement())
    opened = FileSystemStorage._open

    def silent(*_args: Any, **_kwargs: Any) -> Any:
        raise PermissionError

    monkeypatch.setattr(FileSystemStorage, "_open", silent)
    with override("en"), pytest.raises(WrongState, match="store"):
        step(cast, typed, "archivist", package_password=SECRET)
    monkeypatch.setattr(FileSystemStorage, "_open", opened)
    typed = step(cast, typed, "archivist", package_password=SECRET)
    assert typed.students.get().outcome == "given"
