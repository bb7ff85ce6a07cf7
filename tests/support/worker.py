"""A real Celery worker beside a test, on the test's own database and broker."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]


PROGRAM = """
import sys
from config.celery import app
from django.conf import settings
settings.MEDIA_ROOT = sys.argv[1]
app.worker_main(["--quiet", "worker", "--concurrency=1", "--loglevel=info", "--without-mingle", "--without-gossip"])
"""
"""The worker's program, which reads and writes stored files where this test run keeps them."""


@contextmanager
def worker(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The worker in a process group of its own, which is killed at the end; its output goes to ``log``."""
    command = [sys.executable, "-c", PROGRAM, str(settings.MEDIA_ROOT)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True)
        try:
            yield process
        finally:
            kill(process)
            process.wait(10)


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the worker and its children."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
