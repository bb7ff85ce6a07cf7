"""Handing stored files and made ones to a browser so that nothing in them runs and nothing stays in a cache."""

from typing import Literal
from urllib.parse import quote

from django.http import HttpResponse

from files.models import Blob
from files.selectors import open_blob

SANDBOX = "sandbox; default-src 'none'; img-src 'self' data:"
PDF_POLICY = "default-src 'none'; object-src 'self'; frame-ancestors 'self'"
INLINE_TYPES = {"image/jpeg", "image/png", "application/pdf"}
Disposition = Literal["inline", "attachment"]


def serve(blob: Blob, disposition: Disposition = "attachment") -> HttpResponse:
    """The answer with the plain content of a blob. The caller has asked for the permission and written the event.

    Only pictures and PDFs are ever shown inside the browser; anything else is downloaded.
    """
    return serve_bytes(open_blob(blob), blob.filename, blob.content_type, disposition)


def serve_bytes(
    content: bytes, filename: str, content_type: str, disposition: Disposition = "attachment"
) -> HttpResponse:
    """The same for a file that was made just now."""
    shown = disposition if content_type in INLINE_TYPES else "attachment"
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f"{shown}; filename*=UTF-8''{quote(filename)}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store, private"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Content-Security-Policy"] = PDF_POLICY if content_type == "application/pdf" else SANDBOX
    return response
