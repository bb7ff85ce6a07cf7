"""``manage.py import_applicants``: what it prints and how it exits."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from enrollment.models import Applicant, ImportJob, IntakeBatch
from tests.cast import Cast
from tests.enrollment.importing import EXPECTED, SAMPLE, make_classes
from tests.support.applicant_files import national_workbook, people


@pytest.fixture(autouse=True)
def _classes(cast: Cast) -> None:
    make_classes(cast.school)


def ran(file: Path, batch: IntakeBatch, *options: str) -> tuple[dict[str, Any], int]:
    """The printed JSON and the exit status."""
    out = io.StringIO()
    status = 0
    try:
        call_command("import_applicants", str(file), "--batch", batch.code, "--json", *options, stdout=out)
    except SystemExit as ended:
        status = int(ended.code or 0)
    return json.loads(out.getvalue()), status


def test_the_sample_dry_and_then_for_good(cast: Cast, batch: IntakeBatch) -> None:
    wanted = {(one["row"], one["column"]) for one in json.loads(EXPECTED.read_text(encoding="utf-8"))["bad"]}
    dry, status = ran(SAMPLE, batch, "--dry-run")
    assert (status, dry["rows"], dry["imported"]) == (1, 2000, 0)
    assert {(one["row"], one["column"]) for one in dry["errors"]} == wanted
    assert not ImportJob.objects.exists()
    done, status = ran(SAMPLE, batch, "--as", cast.clerk.staff_no)
    assert (status, done["rows"], done["imported"]) == (1, 2000, 1960)
    key = ("row", "column", "value", "message")
    assert all(tuple(one) == key and one["message"] for one in done["errors"] + done["warnings"])
    assert {(one["row"], one["column"]) for one in done["errors"]} == wanted
    assert Applicant.objects.filter(entered_by=cast.clerk).count() == 1960
    again, status = ran(SAMPLE, batch)
    assert (status, again["imported"], Applicant.objects.count()) == (1, 0, 1960)


def test_a_faultless_file_exits_with_nought(cast: Cast, batch: IntakeBatch, tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    file.write_bytes(national_workbook(list(people(3))))
    done, status = ran(file, batch)
    assert (status, done) == (0, {"rows": 3, "imported": 3, "errors": [], "warnings": []})


def test_all_or_nothing_imports_nothing_for_one_fault(cast: Cast, batch: IntakeBatch, tmp_path: Path) -> None:
    rows = list(people(3))
    rows[1]["邮政编码"] = "1"
    file = tmp_path / "a.xlsx"
    file.write_bytes(national_workbook(rows))
    done, status = ran(file, batch, "--all-or-nothing")
    assert (status, done["rows"], done["imported"]) == (1, 3, 0)
    assert [(one["row"], one["column"], one["value"]) for one in done["errors"]] == [(3, "邮政编码", "1")]
    assert not Applicant.objects.exists()
    done, status = ran(file, batch)
    assert (status, done["rows"], done["imported"]) == (1, 3, 2), "asked again, the good ones go in"
    done, status = ran(file, batch)
    assert (status, done["imported"], Applicant.objects.count()) == (1, 0, 2)


def test_a_refused_file_and_an_unknown_batch(cast: Cast, batch: IntakeBatch, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a,b\n1,2\n")
    for options in (["--dry-run"], []):
        done, status = ran(file, batch, *options)
        assert (status, done["rows"]) == (1, 0)
        assert done["errors"][0]["message"]
    with pytest.raises(CommandError):
        call_command("import_applicants", str(file), "--batch", "NONE")
