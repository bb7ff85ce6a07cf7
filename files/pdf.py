"""PDFs from strangers, looked at in a process of their own (`files/pdf_trial.py`) with little memory and time."""

import json
import logging
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from files.refusals import FileRefused, NotChecked

MAX_PAGES = 500
TRIAL = Path(__file__).with_name("pdf_trial.py")
TRIAL_SECONDS = 90
BURST = {-signal.SIGXCPU, -signal.SIGABRT, -signal.SIGTRAP, -signal.SIGILL, -signal.SIGSEGV, -signal.SIGBUS}
"""How a trial ends that a PDF drives beyond its time or memory; anything else is no fault of the PDF."""
log = logging.getLogger(__name__)


def pages_of(content: bytes) -> int:
    """How many pages a PDF has that may be kept. Raises FileRefused, NotChecked."""
    told = _tried(content)
    if "fault" in told:
        raise FileRefused(str(told["fault"]), limit=MAX_PAGES)
    return int(told["pages"])


def _tried(content: bytes) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(TRIAL), str(MAX_PAGES)],
            input=content,
            capture_output=True,
            timeout=TRIAL_SECONDS,
            check=False,
            env={},
        )
    except (subprocess.TimeoutExpired, OSError) as silent:
        log.error("a PDF could not be tried: %s", type(silent).__name__)  # noqa: TRY400 - no content in the log
        raise NotChecked("not_checked") from silent
    if done.returncode in BURST:
        return {"fault": "too_heavy"}
    if done.returncode:
        log.error("the trial of a PDF ended with %s", done.returncode)
        raise NotChecked("not_checked")
    told: dict[str, Any] = json.loads(done.stdout)
    return told
