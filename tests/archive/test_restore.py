"""After a restore: the register of destruction comes back as a signed file, and what it names is erased again."""

import base64
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.utils import timezone
from django.utils.translation import override

from accounts.roles import Role
from approvals import actions as requests
from archive.models import AppraisedFile, DestroyedBlob, DestroyedFile
from archive.retention import actions, destroying, restoring
from config.environment import database
from files.models import Blob
from ledger.models import Event
from records.models import Student
from school.models import Unit
from tests.archive.appraising import MEMBERS, WAY, applied, leaver, ten_years, voted, walk
from tests.archive.test_destruction import SECRETS, full_file, rows_that_say
from tests.cast import Cast, make_cast
from tests.factories import appoint, make_user
from tests.records.files import make_student
from tests.support.clones import Clones


@contextmanager
def as_owner() -> Iterator[None]:
    """The default connection signs in as the owner of the tables, as with ``XUEJI_DATABASE_ROLE=owner``."""
    known, settings = connection.settings_dict, database(os.environ["DATABASE_OWNER_URL"])
    app = {name: known[name] for name in ("USER", "PASSWORD")}
    connections.close_all()
    known.update({name: settings[name] for name in app})
    try:
        yield
    finally:
        connections.close_all()
        known.update(app)


def reapplied(*args: str) -> str:
    """What the command tells."""
    out = StringIO()
    call_command("reapply_destruction", *args, stdout=out)
    return out.getvalue()


def lines_of(content: bytes) -> Any:
    """What an exported register says."""
    return json.loads(content)["register"]["files"]


def stored(key: str) -> bytes:
    """What lies in the store."""
    with default_storage.open(key, "rb") as file:
        content: bytes = file.read()
    return content


def as_it_was(clones: Clones, name: str, backup: str, contents: dict[str, bytes]) -> None:
    """Put database and bucket back to what they were when the backup was made."""
    connections.close_all()
    clones.drop(name)
    clones.rename(backup, name)
    for key, content in contents.items():
        if not default_storage.exists(key):
            default_storage.save(key, ContentFile(content))


@pytest.mark.requirement("S3-9.2-3", "S3-9.2-4")
def test_a_restored_backup_forgets_again_what_was_destroyed_since(
    committed_db: str, clones: Clones, tmp_path: Path
) -> None:
    cast = make_cast()
    ten_years(cast)
    student = full_file(cast)
    leaver(cast, "李小红")
    row = actions.open_round(actor=cast.archivist, school=cast.school)
    contents = {one.storage_key: stored(one.storage_key) for one in Blob.objects.all()}
    connections.close_all()
    backup = clones.make(of=committed_db)
    newcomer = appoint(make_user("郑新", cast.archives, staff_no="N900"), Role.ARCHIVIST, cast.school).user
    for name in MEMBERS:
        actions.name_appraiser(actor=cast.archivist, row=row, user=getattr(cast, name))
    voted(cast, row)
    row = actions.close_round(actor=cast.archivist, row=row, kept_years=10)
    typed = destroying.apply(actor=cast.archivist, row=row, reason="保管期限届满")
    requests.submit(actor=cast.archivist, request=typed.request)
    walk(cast, typed, *WAY[:2])
    requests.take_step(actor=newcomer, request=typed.request)
    register = tmp_path / "register.json"
    assert reapplied("--export", str(register)) == ""
    kept = list(DestroyedFile.objects.order_by("pk").values_list("subject", "number", "at"))
    assert len(kept) == len(lines_of(register.read_bytes())) == 2

    as_it_was(clones, committed_db, backup, contents)
    assert rows_that_say(SECRETS) and not DestroyedFile.objects.exists(), "the backup knows nothing of it"
    assert "0 files" in reapplied()
    with pytest.raises(CommandError, match="owner"), override("en"):
        reapplied("--register", str(register))
    with as_owner():
        told = reapplied("--register", str(register))
    assert told.startswith("2 lines of the register loaded\n2 files and 0")
    assert rows_that_say((*SECRETS, "李小红")) == []
    assert list(DestroyedFile.objects.order_by("pk").values_list("subject", "number", "at")) == kept
    assert Student.objects.get(pk=student.pk).destroyed_on == timezone.localdate()
    gone = {one.blob.storage_key for one in DestroyedBlob.objects.select_related("blob")}
    assert gone == set(contents) and not any(default_storage.exists(key) for key in gone)
    assert set(AppraisedFile.objects.values_list("outcome", flat=True)) == {"released"}
    assert Event.objects.filter(action="file.destroyed_again").count() == 2
    known = DestroyedFile.objects.select_related("second_executor").first()
    assert known is not None and known.second_executor.public_id == newcomer.public_id
    assert not known.second_executor.is_active, "an account that the backup does not know is locked"
    with as_owner():
        assert "0 lines of the register loaded\n0 files and 0" in reapplied("--register", str(register))
    assert restoring.exported() and lines_of(restoring.exported()) == lines_of(register.read_bytes())


@pytest.mark.django_db
@pytest.mark.requirement("S3-9.2-3")
def test_a_register_that_was_changed_is_not_loaded(cast: Cast, settings: Any) -> None:
    ten_years(cast)
    leaver(cast)
    other = make_student("李小红", cast)
    walk(cast, applied(cast), *WAY)
    content = restoring.exported()
    assert "王小明" not in content.decode()
    told = json.loads(content)
    told["register"]["files"][0]["subject"] = str(other.public_id)
    for wrong in (json.dumps(told).encode(), b"{}", b"\xff", b"[]"):
        with pytest.raises(restoring.RegisterRefused):
            restoring.lines_of(wrong)
    assert [one["archive_no"] for one in restoring.lines_of(content)] == [
        DestroyedFile.objects.get().archive_no
    ]
    settings.PACKAGE_SIGNING_KEY = f"other:{base64.urlsafe_b64encode(os.urandom(32)).decode()}"
    with pytest.raises(restoring.RegisterRefused, match="signature"), override("en"):
        restoring.lines_of(content)


@pytest.mark.requirement("S3-9.2-3")
def test_a_register_of_other_files_erases_nothing(committed_db: str) -> None:
    cast = make_cast()
    ten_years(cast)
    leaver(cast)
    walk(cast, applied(cast), *WAY)
    alive = make_student("李小红", cast)
    line = DestroyedFile.objects.get()
    line.subject = alive.public_id
    with patch.object(DestroyedFile.objects, "select_related") as rows:
        rows.return_value.order_by.return_value = [line]
        content = restoring.exported()
    with as_owner(), pytest.raises(restoring.RegisterRefused, match="archive number"), override("en"):
        restoring.load(content)
    assert reapplied().startswith("0 files")
    assert Student.objects.get(pk=alive.pk).name == "李小红"


@pytest.mark.requirement("S3-9.2-3")
def test_a_line_of_a_school_that_the_backup_does_not_know_keeps_no_other_from_loading(
    committed_db: str, tmp_path: Path
) -> None:
    cast = make_cast()
    alive = make_student("李小红", cast)
    people = dict(zip(restoring.PEOPLE, (cast.head, cast.archivist, cast.registrar), strict=True))

    def line(subject: Any, archive_no: str, school: Unit) -> DestroyedFile:
        return DestroyedFile(
            subject=subject, archive_no=archive_no, school=school, number="XH-2026-000001", round_no="JD-2026-000001",
            documents=0, contents={}, at=timezone.now(), **people,
        )  # fmt: skip

    later = Unit(public_id=uuid4(), name="后来的学校")
    gone = line(uuid4(), "XJ-XS-2026-000901", cast.school)
    elsewhere = line(uuid4(), "XJ-XS-2026-000902", later)
    moved = line(alive.public_id, alive.archive_no, later)

    def signed(*lines: DestroyedFile) -> bytes:
        with patch.object(DestroyedFile.objects, "select_related") as rows:
            rows.return_value.order_by.return_value = lines
            return restoring.exported()

    register = tmp_path / "register.json"
    register.write_bytes(signed(elsewhere, gone))
    with as_owner():
        with pytest.raises(restoring.RegisterRefused, match="school"), override("en"):
            restoring.load(signed(moved, gone))
        assert not DestroyedFile.objects.exists()
        answer = reapplied("--register", str(register)).splitlines()
    assert answer[0] == "1 lines of the register loaded"
    assert answer[1].startswith("1 lines left out")
    assert DestroyedFile.objects.get().subject == gone.subject
    assert Event.objects.get(action="destruction.register_loaded").detail == {"files": 1, "skipped": 1}
    assert Student.objects.get(pk=alive.pk).destroyed_on is None
