"""Run as a program, in a process with little memory and time: draws each page of the PDF on its input once.

Writes ``{"pages": 3}`` or ``{"fault": "damaged"}``; a PDF that bursts, in memory or in time, ends the process.
"""

import json
import resource
import sys
import time

MEMORY = 1 << 30
CPU_SECONDS = 60
CPU_SECONDS_OF_A_PAGE = 4
PIXELS = 250_000


def _bound_time() -> None:
    """From now on, as much as one page may take."""
    until = min(int(time.process_time()) + 1 + CPU_SECONDS_OF_A_PAGE, CPU_SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (until, CPU_SECONDS))


def _bound() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    _bound_time()
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _tell(**told: object) -> None:
    sys.stdout.write(json.dumps(told))


def main() -> None:
    """Bound this process, read, draw, tell."""
    content = sys.stdin.buffer.read()
    _bound()
    import pypdfium2  # noqa: PLC0415 - only now the limits hold

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as broken:
        _tell(fault="password" if "password" in str(broken).lower() else "damaged")
        return
    count = len(document)
    if not count or count > int(sys.argv[1]):
        _tell(fault="too_many_pages" if count else "damaged")
        return
    try:
        for number in range(count):
            _bound_time()
            page = document[number]
            width, height = page.get_size()
            page.render(scale=min(1.0, (PIXELS / max(width * height, 1)) ** 0.5))
            page.close()
    except pypdfium2.PdfiumError:
        _tell(fault="damaged")
        return
    _tell(pages=count)


if __name__ == "__main__":
    main()
