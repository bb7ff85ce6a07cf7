"""One import, or its floor, in a process of its own: ``python -m bench.imports floor|subject FILE``. Prints JSON."""

import argparse
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from bench.application import start

start()

from accounts.models import User
from bench import bare
from enrollment.importing import actions
from enrollment.models import ImportJob, IntakeBatch
from jobs.models import Job
from jobs.tasks import run

BATCH = "BENCH-2026"
CLERK = "王芳"


def floor(content: bytes) -> dict[str, Any]:
    """Parse and copy."""
    begun = time.perf_counter()
    rows = bare.read_and_copy(content)
    return {"seconds": time.perf_counter() - begun, "rows": rows}


def subject(content: bytes) -> dict[str, Any]:
    """Take the file in, check it, import its good rows with history and events, as the browser and the command do."""
    clerk = User.objects.get(name=CLERK)
    batch = IntakeBatch.objects.select_related("school").get(code=BATCH)
    begun = time.perf_counter()
    made = actions.upload(actor=clerk, batch=batch, content=content, filename="bench.xlsx", queue=False)
    _do(made)
    checked = time.perf_counter()
    _do(actions.start_import(actor=clerk, import_job=made, queue=False))
    ended = time.perf_counter()
    found = ImportJob.objects.get(pk=made.pk)
    return {
        "seconds": ended - begun,
        "check": checked - begun,
        "import": ended - checked,
        "rows": found.row_count,
        "imported": found.imported_count,
        "errors": found.error_count,
    }


def _do(made: ImportJob) -> None:
    job_id = ImportJob.objects.get(pk=made.pk).job_id
    run(job_id)
    state = Job.objects.get(pk=job_id).state
    if state != Job.State.DONE:
        raise RuntimeError(f"The job ended as {state}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("floor", "subject"))
    parser.add_argument("file", type=Path)
    given = parser.parse_args()
    content = given.file.read_bytes()
    result = floor(content) if given.what == "floor" else subject(content)
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main()
