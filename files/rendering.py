"""Pages of stored PDFs as pictures, so that a browser shows them without a plug-in and nothing in them runs."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pypdfium2

from files.refusals import FileRefused

PDF_LOCK = threading.RLock()
"""pdfium may be used by one thread at a time."""

RESOLUTION = 144
MOST_PIXELS = 12_000_000
POINTS_PER_INCH = 72


@contextmanager
def opened(content: bytes) -> Iterator[pypdfium2.PdfDocument]:
    """The document of a PDF, while no other thread uses pdfium. Raises FileRefused when it cannot be read."""
    with PDF_LOCK:
        try:
            document = pypdfium2.PdfDocument(content)
            try:
                yield document
            finally:
                document.close()
        except pypdfium2.PdfiumError as broken:
            raise FileRefused("password" if "password" in str(broken).lower() else "damaged") from broken


def page_png(content: bytes, number: int) -> bytes:
    """Page ``number`` (from 1) of a PDF as PNG of at most `MOST_PIXELS`. Raises FileRefused, IndexError."""
    with opened(content) as document:
        if not 1 <= number <= len(document):
            raise IndexError(number)
        page = document[number - 1]
        width, height = page.get_size()
        scale = RESOLUTION / POINTS_PER_INCH
        scale = min(scale, (MOST_PIXELS / max(width * height, 1)) ** 0.5)
        picture = page.render(scale=scale).to_pil()
        page.close()
    out = io.BytesIO()
    picture.convert("RGB").save(out, "PNG")
    return out.getvalue()
