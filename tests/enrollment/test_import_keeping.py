"""The rows of a checked file from its check to its import: kept encrypted, taken up once, given up when in doubt."""

import os
import subprocess
import sys
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.utils import timezone

from enrollment.importing import actions, keeping
from enrollment.models import Applicant, ApplicantMember, CheckedPart, ImportFault, ImportJob, IntakeBatch
from enrollment.selectors import book_of
from jobs.models import Job
from jobs.tasks import run
from ledger.context import acting
from school.models import SchoolClass
from tests.cast import Cast
from tests.enrollment.importing import SAMPLE, bring_in, check, make_classes
from tests.support.applicant_files import national_workbook, people

work: Any = import_module("enrollment.importing.actions.work")


@pytest.fixture(autouse=True)
def _classes(cast: Cast) -> None:
    make_classes(cast.school)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every content that is opened as a file from here on."""
    seen: list[bytes] = []
    real = work.open_source

    def spy(content: bytes, *args: Any, **options: Any) -> Any:
        seen.append(content)
        return real(content, *args, **options)

    monkeypatch.setattr(work, "open_source", spy)
    return seen


def faults(made: ImportJob) -> set[tuple[Any, ...]]:
    found = ImportFault.objects.filter(row__import_job=made)
    return {(one.row.row_number, one.column, one.level, one.code, one.detail, one.value) for one in found}


def some(count: int = 6) -> bytes:
    """Sound rows but for a wrong postcode, a formula and a number that stands twice."""
    rows = list(people(count))
    rows[0]["邮政编码"] = "4300"
    rows[1]["现住址"] = "@SUM(A1)"
    rows[2]["身份证件号"] = rows[3]["身份证件号"]
    return national_workbook(rows)


def test_a_checked_file_is_not_read_again(
    cast: Cast, batch: IntakeBatch, opened: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    books: list[Any] = []
    monkeypatch.setattr(work, "book_of", lambda one: books.append(one) or book_of(one))
    made = check(cast.clerk, batch, SAMPLE.read_bytes())
    assert len(opened) == len(books) == 1
    before = faults(made)
    made = bring_in(cast.clerk, made)
    assert (len(opened), len(books)) == (1, 2)
    assert (made.state, made.imported_count, made.error_count) == (ImportJob.State.IMPORTED, 1960, 40)
    assert len(before) >= 40 and faults(made) == before
    assert ApplicantMember.objects.filter(applicant__import_job=made).count() > 1960
    assert not CheckedPart.objects.exists()


def test_what_is_kept_brings_in_what_the_file_would(
    cast: Cast, batch: IntakeBatch, opened: list[bytes]
) -> None:
    apart = {"id", "public_id", "number", "import_job_id", "entered_at"}
    brought: list[Any] = []
    for _round in range(2):
        made = check(cast.clerk, batch, some())
        if brought:
            CheckedPart.objects.all().delete()
        made = bring_in(cast.clerk, made)
        rows = Applicant.objects.filter(import_job=made).order_by("import_row_number")
        family = ApplicantMember.objects.filter(applicant__in=rows).order_by("applicant", "position")
        stored = [
            [{name: value for name, value in row.items() if name not in apart} for row in found.values()]
            for found in (rows, family)
        ]
        for member in stored[1]:
            member.pop("applicant_id")
        brought.append((stored, faults(made)))
        actions.undo(actor=cast.clerk, import_job=made)
    assert len(opened) == 3
    assert brought[0] == brought[1]


def test_nothing_kept_can_be_read_without_the_key(cast: Cast, batch: IntakeBatch) -> None:
    person = next(people(1))
    check(cast.clerk, batch, national_workbook([person]))
    contents = [bytes(part.content) for part in CheckedPart.objects.all()]
    assert len(contents) == 2
    for value in (person["姓名"], person["身份证件号"], "姓名", "name"):
        assert not any(value.encode() in content for content in contents)


def test_a_class_that_closed_meanwhile_is_noticed(
    cast: Cast, batch: IntakeBatch, opened: list[bytes]
) -> None:
    made = check(cast.clerk, batch, national_workbook(list(people(3))))
    with acting(cast.clerk):
        closed = SchoolClass.objects.get(school=cast.school, class_no="2026101")
        closed.is_active = False
        closed.save(update_fields=["is_active"])
    made = bring_in(cast.clerk, made)
    assert len(opened) == 2
    assert (made.imported_count, made.error_count) == (2, 1)
    assert {code for _row, _column, _level, code, *_rest in faults(made)} == {"class_unknown"}
    assert not CheckedPart.objects.exists()


def test_a_number_that_came_in_meanwhile_is_noticed(
    cast: Cast, batch: IntakeBatch, opened: list[bytes]
) -> None:
    rows = list(people(4))
    first = check(cast.clerk, batch, national_workbook(rows))
    other = rows[1] | {"现住址": "湖北省武汉市江岸区一元路二号"}
    bring_in(cast.clerk, check(cast.clerk, batch, national_workbook([other]), filename="b.xlsx"))
    made = bring_in(cast.clerk, first)
    assert len(opened) == 2
    assert (made.imported_count, made.error_count) == (3, 1)
    assert {code for _row, _column, level, code, *_rest in faults(made) if level == "error"} == {
        "id_duplicate"
    }
    assert Applicant.objects.filter(batch=batch).count() == 4


def test_another_day_file_program_or_limit_makes_another_stamp(
    cast: Cast, batch: IntakeBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = check(cast.clerk, batch, some())
    book = book_of(batch)
    usual = keeping.stamp_of(made, book, 50_000)
    assert keeping.KeptSource.find(made, usual) and usual == keeping.stamp_of(made, book_of(batch), 50_000)
    book.today += timedelta(days=1)
    others = {keeping.stamp_of(made, book, 50_000), keeping.stamp_of(made, book_of(batch), 10)}
    made.blob.sha256 = "0" * 64
    others.add(keeping.stamp_of(made, book_of(batch), 50_000))
    made.blob.refresh_from_db()
    monkeypatch.setattr(keeping, "_program", lambda: b"another")
    others.add(keeping.stamp_of(made, book_of(batch), 50_000))
    assert len(others) == 4 and usual not in others
    assert all(keeping.KeptSource.find(made, stamp) is None for stamp in others)


STAMP = """
import django
django.setup()
from datetime import date
from enrollment.importing.keeping import stamp_of
from enrollment.models import ImportJob, IntakeBatch
from files.models import Blob
from records.cells import CodeBook
letters = frozenset("abcdefghijkl")
book = CodeBook({"sex": {"1": "男"}}, {"420106": True}, {"sex": letters}, today=date(2026, 9, 1))
print(stamp_of(ImportJob(batch=IntakeBatch(layout="national"), blob=Blob(sha256="0" * 64)), book, 10))
"""


def test_a_stamp_is_the_same_in_every_process() -> None:
    with pytest.raises(TypeError):
        keeping._plain(object())
    settings = {"DJANGO_SETTINGS_MODULE": "config.settings"}
    stamps = {
        subprocess.check_output(
            [sys.executable, "-c", STAMP], env={**os.environ, **settings, "PYTHONHASHSEED": seed}, text=True
        )
        for seed in "12"
    }
    assert len(stamps) == 1


def test_what_cannot_be_decrypted_is_read_from_the_file(
    cast: Cast, batch: IntakeBatch, opened: list[bytes]
) -> None:
    made = check(cast.clerk, batch, national_workbook(list(people(2))))
    last = CheckedPart.objects.order_by("place")[1]
    last.content = bytes(last.content)[:-1] + bytes([last.content[-1] ^ 1])
    last.save()
    made = bring_in(cast.clerk, made)
    assert len(opened) == 2 and made.imported_count == 2


def test_a_failed_import_leaves_what_was_kept_for_the_next(
    cast: Cast, batch: IntakeBatch, opened: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = check(cast.clerk, batch, national_workbook(list(people(2))))
    row = actions.start_import(actor=cast.clerk, import_job=made)
    with monkeypatch.context() as broken:
        broken.setattr(work.Process, "import_", lambda *args: 1 / 0)
        run(row.job_id)
    made.refresh_from_db()
    assert made.state == ImportJob.State.CHECKED and CheckedPart.objects.filter(import_job=made).exists()
    assert bring_in(cast.clerk, made).imported_count == 2
    assert len(opened) == 1


def test_what_nobody_imports_goes_with_the_day(cast: Cast, batch: IntakeBatch, settings: Any) -> None:
    from config.celery import app

    old = check(cast.clerk, batch, national_workbook(list(people(2))))
    new = check(cast.clerk, batch, national_workbook(list(people(3))), "b.xlsx")
    Job.objects.filter(pk=old.job_id).update(created_at=timezone.now() - timedelta(days=1))
    app.loader.import_default_modules()
    assert "enrollment.forget_checked" in {one["task"] for one in settings.CELERY_BEAT_SCHEDULE.values()}
    assert app.tasks["enrollment.forget_checked"]() == 2
    assert set(CheckedPart.objects.values_list("import_job", flat=True)) == {new.pk}
    assert bring_in(cast.clerk, old).imported_count == 2


def test_an_import_at_once_keeps_nothing(cast: Cast, batch: IntakeBatch) -> None:
    check(cast.clerk, batch, national_workbook(list(people(2))), at_once=True)
    assert Applicant.objects.count() == 2 and not CheckedPart.objects.exists()
