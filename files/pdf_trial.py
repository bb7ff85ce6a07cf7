"""Run as a program, in a process with little memory and time: whether the PDF on its input may be kept.

Nothing behind its end, nothing that runs or is carried along, each page drawn once. Writes ``{"pages": 3}`` or
``{"fault": "damaged"}``; a PDF that bursts, in memory or in time, ends the process.
"""

import contextlib
import io
import json
import re
import resource
import sys
import time
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

MEMORY = 1 << 30
CPU_SECONDS = 60
CPU_SECONDS_OF_STRUCTURE = 20
CPU_SECONDS_OF_A_PAGE = 4
PIXELS = 250_000
MAX_OBJECT_STREAM = 8 << 20


def _name(name: bytes) -> bytes:
    """A pattern of a PDF's name, whose letters may stand as ``#4a``."""
    return b"".join(rb"(?:%c|#(?i:%02x))" % (letter, letter) for letter in name)


_ACTIVE = re.compile(
    b"/(?:"
    + b"|".join(
        _name(name)
        for name in (
            b"JavaScript",
            b"Launch",
            b"EmbeddedFile",
            b"EmbeddedFiles",
            b"FileAttachment",
            b"RichMedia",
            b"Rendition",
            b"ImportData",
            b"SubmitForm",
        )
    )
    + rb")(?![A-Za-z0-9])"
)
"""Long names only: they are looked for in packed pictures too, where a short one may stand by chance."""
_OBJECT_STREAM = re.compile(rb"/" + _name(b"ObjStm") + rb"[^\0]{0,1000}?stream\r?\n")


def _bound_time(seconds: int) -> None:
    """From now on, no more than this; the process is ended, and never killed, so that this can be told apart."""
    until = min(int(time.process_time()) + 1 + seconds, CPU_SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (until, CPU_SECONDS + 5))


def _bound() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _bound_time(CPU_SECONDS_OF_STRUCTURE)


def _fault_of_end(content: bytes) -> str:
    """A PDF ends with its mark; whatever comes behind it is for another reader than ours."""
    end = content.rfind(b"%%EOF")
    if end < 0:
        return "damaged"
    behind = content[end + 5 :].strip(b"\0\t\n\f\r ")
    return "foreign_content" if behind or zipfile.is_zipfile(io.BytesIO(content)) else ""


def _forms(content: bytes, document: Any) -> Iterator[bytes]:
    """The PDF as it came, as pdfium writes what it read in it (plain, without object streams), its object streams.

    The last for a reader that finds its way to one which pdfium does not reach.
    """
    yield content
    written = io.BytesIO()
    document.save(written)
    yield written.getvalue()
    for packed in _OBJECT_STREAM.finditer(content):
        with contextlib.suppress(zlib.error):
            end = content.find(b"endstream", packed.end())
            yield zlib.decompressobj().decompress(content[packed.end() : end], MAX_OBJECT_STREAM)


def _tried(content: bytes, most_pages: int) -> dict[str, object]:
    if fault := _fault_of_end(content):
        return {"fault": fault}
    import pypdfium2  # noqa: PLC0415 - only now the limits hold

    raw = pypdfium2.raw

    try:
        document = pypdfium2.PdfDocument(content)
        if raw.FPDF_GetSecurityHandlerRevision(document) != -1:
            return {"fault": "password"}
        scripted = document.get_formtype() in {raw.FORMTYPE_XFA_FULL, raw.FORMTYPE_XFA_FOREGROUND}
        if scripted or any(_ACTIVE.search(form) for form in _forms(content, document)):
            return {"fault": "active_content"}
        count = len(document)
        if not count or count > most_pages:
            return {"fault": "too_many_pages" if count else "damaged"}
        for number in range(count):
            _bound_time(CPU_SECONDS_OF_A_PAGE)
            page = document[number]
            width, height = page.get_size()
            page.render(scale=min(1.0, (PIXELS / max(width * height, 1)) ** 0.5))
            page.close()
    except pypdfium2.PdfiumError as broken:
        return {"fault": "password" if "password" in str(broken).lower() else "damaged"}
    return {"pages": count}


def main() -> None:
    """Bound this process, read, try, tell."""
    content = sys.stdin.buffer.read()
    _bound()
    try:
        told = _tried(content, int(sys.argv[1]))
    except MemoryError:
        told = {"fault": "too_heavy"}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
