"""One import, or its floor, in a process of its own: ``python -m bench.imports WHAT FILE``. Prints JSON.

WHAT: ``floor``, ``subject``, or ``silent``: the same import with history and events switched off.
"""

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
from ledger import bulk, events
from ledger.seals.making import seal

BATCH = "BENCH-2026"
CLERK = "王芳"


def floor(content: bytes) -> dict[str, Any]:
    """Parse and copy."""
    begun = time.perf_counter()
    rows = bare.read_and_copy(content)
    return {"seconds": time.perf_counter() - begun, "rows": rows}


def silent(content: bytes) -> dict[str, Any]:
    """The same work without history rows and without events of single rows."""
    bulk._insert_history = lambda *args, **kwargs: None
    events._copy = lambda count, *args, **kwargs: count
    return imported(content)


def subject(content: bytes) -> dict[str, Any]:
    """The import with its history and events, and the seal over them."""
    seal()
    result = imported(content)
    begun = time.perf_counter()
    seal()
    return {**result, "seal": time.perf_counter() - begun}


def imported(content: bytes) -> dict[str, Any]:
    """Take the file in, check it, import its good rows, as the browser and the command do."""
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


WAYS = {"floor": floor, "silent": silent, "subject": subject}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=tuple(WAYS))
    parser.add_argument("file", type=Path)
    given = parser.parse_args()
    content = given.file.read_bytes()
    result = WAYS[given.what](content)
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main()
