"""Imports as tests do them: a file taken in, checked and imported without a worker."""

from pathlib import Path
from typing import Any

from enrollment.importing import actions
from enrollment.models import ImportJob
from jobs.tasks import run
from tests.factories import make_class

DATA = Path(__file__).resolve().parent.parent / "data"
SAMPLE = DATA / "national-template-2000.xlsx"
EXPECTED = DATA / "national-template-2000.expected.json"


def make_classes(school: Any) -> None:
    """The classes that the sample fills: 01 to 08 in grades 1 to 6; the cast has the first."""
    for grade in range(1, 7):
        for number in range(1, 9):
            if (grade, number) != (1, 1):
                make_class(school, grade_level=grade, number=number)


def check(actor: Any, batch: Any, content: bytes, filename: str = "a.xlsx", **options: Any) -> ImportJob:
    """Upload a file and do the job that checks it."""
    made = actions.upload(actor=actor, batch=batch, content=content, filename=filename, **options)
    run(made.job_id)
    return fresh(made)


def bring_in(actor: Any, made: ImportJob, **options: Any) -> ImportJob:
    """Start the import of a checked file and do its job."""
    row = actions.start_import(actor=actor, import_job=made, **options)
    run(row.job_id)
    return fresh(made)


def fresh(made: ImportJob) -> ImportJob:
    """The import as it stands now."""
    return ImportJob.objects.select_related("batch__school", "blob", "created_by", "job").get(pk=made.pk)
