"""PDFs from strangers: nothing behind their end, nothing that runs or is carried along, nothing that bursts.

Whether one bursts is tried in a process of its own (`files/pdf_trial.py`), whose memory and time are bounded.
"""

import hashlib
import json
import re
import subprocess
import sys
import zipfile
import zlib
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from files.refusals import FileRefused

MAX_PAGES = 500
TRIAL = Path(__file__).with_name("pdf_trial.py")
TRIAL_SECONDS = 90
MAX_OBJECT_STREAM = 8 << 20
FAULTS = {"password", "too_many_pages", "damaged"}

_STREAM = re.compile(rb"stream\r?\n.*?endstream", re.DOTALL)
_OBJECT_STREAM = re.compile(rb"/Type\s*/ObjStm[^>]*>*\s*stream\r?\n(.*?)endstream", re.DOTALL)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_ACTIVE = re.compile(
    rb"/(?:JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|ImportData|SubmitForm)(?![A-Za-z0-9])"
)
_LOCKED = re.compile(rb"/Encrypt(?![A-Za-z0-9])")


def checked_pdf(content: bytes) -> bytes:
    """The same content, when it is a PDF that may be kept. Raises FileRefused."""
    _check_end(content)
    outside = _unescaped(_STREAM.sub(b"", content))
    if _LOCKED.search(outside):
        raise FileRefused("password")
    if _ACTIVE.search(outside) or any(_ACTIVE.search(part) for part in _object_streams(content)):
        raise FileRefused("active_content")
    pages_of_checked(content)
    return content


def pages_of_checked(content: bytes) -> int:
    """How many pages it has, after each was drawn once in a bounded process. Raises FileRefused."""
    told = _tried(hashlib.sha256(content).digest(), _Content(content))
    if isinstance(told, str):
        raise FileRefused(told, limit=MAX_PAGES)
    return told


def _check_end(content: bytes) -> None:
    """A PDF ends with its mark; whatever comes behind it is for another reader than ours."""
    end = content.rfind(b"%%EOF")
    if end < 0:
        raise FileRefused("damaged")
    if content[end + 5 :].strip(b"\0\t\n\f\r ") or zipfile.is_zipfile(BytesIO(content)):
        raise FileRefused("foreign_content")


def _unescaped(text: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: bytes((int(found[1], 16),)), text)


def _object_streams(content: bytes) -> list[bytes]:
    """What the packed parts of a PDF's structure say, as far as a reader would unpack them."""
    found = []
    for packed in _OBJECT_STREAM.finditer(content):
        try:
            plain = zlib.decompressobj().decompress(packed[1], MAX_OBJECT_STREAM)
        except zlib.error:
            plain = packed[1]
        found.append(_unescaped(plain))
    return found


class _Content:
    """Bytes that do not count for the cache: their digest beside them does."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Content)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=256)
def _tried(_digest: bytes, pdf: _Content) -> int | str:
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(TRIAL), str(MAX_PAGES)],
            input=pdf.content,
            capture_output=True,
            timeout=TRIAL_SECONDS,
            check=False,
            env={},
        )
    except subprocess.TimeoutExpired:
        return "too_heavy"
    if done.returncode:
        return "too_heavy"
    told: dict[str, Any] = json.loads(done.stdout)
    return int(told["pages"]) if "pages" in told else str(told["fault"])
