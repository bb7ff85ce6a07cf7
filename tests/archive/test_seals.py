"""Seals and lawful destruction: what the register names is let go, nothing else is, and nothing can be guessed back."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.db import connection
from django.test import Client

from archive.models import DestroyedFile
from enrollment.importing import actions as importing
from enrollment.models import Applicant, ImportJob
from ledger.models import Erasure, Event, SealPart
from ledger.seals import copies, merkle
from ledger.seals.findings import Finding
from ledger.seals.making import seal
from ledger.seals.verifying import verify
from records.models import Student
from tests.archive.appraising import WAY, applied, ten_years, walk
from tests.archive.test_destruction import full_file
from tests.cast import Cast, make_cast
from tests.enrollment.importing import bring_in, check, make_classes
from tests.enrollment.intake import make_batch
from tests.enrollment.test_import_after import faulty
from tests.records.files import make_student
from tests.support.superuser import superuser

pytestmark = [pytest.mark.usefixtures("committed_db"), pytest.mark.requirement("S3-9.2-4", "S0-1.3-1")]
HISTORY = "records_historicalstudent"


@pytest.fixture(autouse=True)
def _directory(settings: Any, tmp_path: Path) -> Iterator[None]:
    backend = "django.core.files.storage.FileSystemStorage"
    place = {"BACKEND": backend, "OPTIONS": {"location": str(tmp_path / "seals")}}
    settings.STORAGES = {**settings.STORAGES, "seals": place}
    yield
    storages._storages.clear()


def sealed() -> None:
    assert seal() is not None
    copies.send()


def found() -> list[Finding]:
    return verify().findings


@pytest.fixture
def destroyed() -> Student:
    """A file that was sealed, destroyed, and sealed as it was left; another one lives."""
    cast = make_cast()
    ten_years(cast)
    student = full_file(cast)
    make_student("李小红", cast)
    sealed()
    walk(cast, applied(cast), *WAY)
    return student


def test_a_destruction_leaves_the_proof_whole_before_and_after_it_is_sealed(destroyed: Student) -> None:
    assert found() == []
    sealed()
    assert found() == []
    assert SealPart.objects.filter(kind="erased").exists()
    assert DestroyedFile.objects.count() == 1


def test_no_salt_of_an_erased_row_is_left_to_guess_with(destroyed: Student) -> None:
    """The leaf of before stays; with the salt of before, contents could be tried out against it."""
    old = {
        (part.shape.table, key): leaf
        for part in SealPart.objects.select_related("shape")
        for key, leaf in zip(part.ids, merkle.split(bytes(part.leaves)), strict=True)
    }
    sealed()
    erased = SealPart.objects.filter(kind="erased").select_related("shape")
    pairs = [
        (old[part.shape.table, key], leaf)
        for part in erased
        for key, leaf in zip(part.ids, merkle.split(bytes(part.leaves)), strict=True)
        if (part.shape.table, key) in old
    ]
    assert len(pairs) > 20
    assert all(before != after for before, after in pairs)


def test_every_function_that_erases_draws_salts_anew() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace "
            "AND prosrc LIKE '%%ledger_erasure%%'"
        )
        sources = dict(cursor.fetchall())
    assert set(sources) == {
        "ledger_forget",
        "archive_forget",
        "enrollment_forget",
        "enrollment_forget_undone",
    }
    for name, source in sources.items():
        changes = source.count("UPDATE public.")
        assert changes and source.count("salt = gen_random_uuid()") == changes, name


def test_a_row_changed_after_its_destruction_is_named(destroyed: Student) -> None:
    sealed()
    key = Student.history.filter(history_subject=destroyed.public_id).first().history_id
    with superuser() as owner:
        owner.execute(f"UPDATE {HISTORY} SET history_role = 'leader' WHERE history_id = %s", [key])
    assert [(one.kind, one.row) for one in found()] == [("row_changed", key)]


def test_a_row_deleted_that_the_register_names_is_named_still(destroyed: Student) -> None:
    sealed()
    key = Student.history.filter(history_subject=destroyed.public_id).first().history_id
    with superuser() as owner:
        owner.execute(f"DELETE FROM {HISTORY} WHERE history_id = %s", [key])
    assert [(one.kind, one.row) for one in found()] == [("row_missing", key)]


def forged(subject: UUID, table: str, rows: list[int]) -> None:
    with superuser() as owner:
        owner.execute(
            'INSERT INTO ledger_erasure (subject, "table", rows, xid, salt) '
            "VALUES (%s, %s, %s, pg_current_xact_id(), gen_random_uuid())",
            [subject, table, rows],
        )


def test_an_erasure_that_no_register_names_covers_nothing(destroyed: Student) -> None:
    other = Student.objects.get(name="李小红")
    keys = list(Student.history.filter(history_subject=other.public_id).values_list("history_id", flat=True))
    with superuser() as owner:
        owner.execute(
            f"UPDATE {HISTORY} SET name = '', salt = gen_random_uuid() WHERE history_id = ANY (%s)", [keys]
        )
    forged(other.public_id, HISTORY, keys)
    sealed()
    assert {(one.kind, one.row) for one in found() if one.table == HISTORY} == {
        ("erased_unnamed", key) for key in keys
    }


def test_a_live_row_behind_a_forged_erasure_is_named(destroyed: Student) -> None:
    other = Student.objects.get(name="李小红")
    newest = Student.history.filter(history_subject=other.public_id).latest().history_id
    forged(other.public_id, HISTORY, [newest])
    with superuser() as owner:
        owner.execute("UPDATE records_student SET postcode = '000000' WHERE id = %s", [other.pk])
    seen = {(one.kind, one.table) for one in found()}
    assert {("erased_unnamed", "ledger_erasure"), ("live_changed", "records_student")} <= seen


def test_a_row_of_somebody_else_in_a_lawful_erasure_is_named(destroyed: Student) -> None:
    other = Student.objects.get(name="李小红")
    key = Student.history.filter(history_subject=other.public_id).latest().history_id
    with superuser() as owner:
        owner.execute(f"UPDATE {HISTORY} SET name = '' WHERE history_id = %s", [key])
        owner.execute(
            'UPDATE ledger_erasure SET rows = rows || %s::bigint WHERE "table" = %s AND subject = %s',
            [key, HISTORY, destroyed.public_id],
        )
    assert ("erased_unnamed", key) in {(one.kind, one.row) for one in found()}


def test_rows_of_a_living_student_under_the_subject_of_a_destroyed_one_are_named(destroyed: Student) -> None:
    other = Student.objects.get(name="李小红")
    key = Student.history.filter(history_subject=other.public_id).latest().history_id
    with superuser() as owner:
        owner.execute(f"UPDATE {HISTORY} SET name = '' WHERE history_id = %s", [key])
    forged(destroyed.public_id, HISTORY, [key])
    sealed()
    assert ("erased_unnamed", key) in {(one.kind, one.row) for one in found()}


@pytest.fixture
def undone() -> tuple[Cast, ImportJob]:
    """An import that was sealed, and undone."""
    cast = make_cast()
    make_classes(cast.school)
    batch = make_batch(cast.school, code="B1")
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    sealed()
    importing.undo(actor=cast.clerk, import_job=made)
    return cast, made


def test_an_undone_import_leaves_the_proof_whole(undone: tuple[Cast, ImportJob]) -> None:
    assert not Applicant.objects.exists() and Erasure.objects.exists()
    assert found() == []
    sealed()
    assert found() == []


def test_traces_of_applicants_erased_without_undoing_are_named(undone: tuple[Cast, ImportJob]) -> None:
    sealed()
    cast, _made = undone
    batch = make_batch(cast.school, code="B2")
    bring_in(cast.clerk, check(cast.clerk, batch, faulty(), "second.xlsx"))
    sealed()
    one = Applicant.objects.order_by("pk").first()
    assert one is not None
    table = "enrollment_historicalapplicant"
    keys = list(Applicant.history.filter(id=one.pk).values_list("history_id", flat=True))
    with superuser() as owner:
        owner.execute(f"UPDATE {table} SET name = '' WHERE history_id = ANY (%s)", [keys])
        owner.execute("DELETE FROM enrollment_applicantmember WHERE applicant_id = %s", [one.pk])
        owner.execute("DELETE FROM enrollment_applicant WHERE id = %s", [one.pk])
    forged(one.public_id, table, keys)
    sealed()
    seen = {(one.kind, one.row) for one in found() if one.table == table}
    assert {("erased_unnamed", key) for key in keys} <= seen


VERIFIER = settings.BASE_DIR / "docs/verifier/verify_ledger.py"


def checked(proof: Any, folder: Path, *more: str) -> tuple[int, str]:
    """What the stand-alone verifier says, in a process that knows nothing of this system."""
    file = folder / "proof.json"
    file.write_text(json.dumps(proof, ensure_ascii=False), encoding="utf-8")
    command = [sys.executable, "-I", str(VERIFIER), str(file), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env={})
    assert not done.stderr
    return done.returncode, done.stdout


@pytest.fixture
def proved() -> tuple[Cast, Any]:
    """A proof that the archivist handed out over the page, of a name with signs that are hard to write."""
    cast = make_cast()
    student = make_student('王\U00020bb7"\\明', cast)
    sealed()
    page = Client()
    page.force_login(cast.archivist)
    answer = page.post(f"/archive/students/{student.public_id}/copies/proof/", {"purpose": "法院调取"})
    assert answer.status_code == 200
    event = Event.objects.get(action="student.proved")
    assert (event.actor, event.purpose, event.subject) == (cast.archivist, "法院调取", student.public_id)
    return cast, json.loads(answer.content)


def test_an_outsider_checks_a_proof_without_the_system(proved: tuple[Cast, Any], tmp_path: Path) -> None:
    _cast, proof = proved
    tables = {row["table"].rpartition("_2")[0] or row["table"] for row in proof["rows"]}
    assert {"records_historicalstudent", "records_historicalenrolment"} <= tables
    status, told = checked(proof, tmp_path, "--copies", str(tmp_path / "seals"))
    assert status == 0 and f"{len(proof['rows'])} rows, 1 seals, 0 faults" in told
    key = next(f"{name}={key}" for name, key in proof["keys"].items())
    assert checked(proof, tmp_path, "--key", key)[0] == 0
    assert checked(proof, tmp_path, "--key", key[:-5] + "AAAA=")[0] == 1


@pytest.mark.parametrize("what", ["value", "salt", "table", "dropped", "header", "copies"])
def test_a_proof_that_was_changed_fails(proved: tuple[Cast, Any], tmp_path: Path, what: str) -> None:
    _cast, proof = proved
    row, seal_of = proof["rows"][0], proof["seals"][0]
    more: tuple[str, ...] = ()
    if what == "value":
        row["values"][row["columns"].index("name")] = "李四"
    elif what == "salt":
        row["salt"] = str(uuid4())
    elif what == "table":
        row["table"] = "records_historicalenrolment"
    elif what == "dropped":
        proof["seals"].clear()
    elif what == "header":
        seal_of["header"] = seal_of["header"].replace('"number":1', '"number":2')
    else:
        (tmp_path / "kept").mkdir()
        more = ("--copies", str(tmp_path / "kept"))
    status, told = checked(proof, tmp_path, *more)
    assert status == 1 and "FAULT" in told
