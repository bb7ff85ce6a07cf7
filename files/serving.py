"""Handing stored files and made ones to a browser so that nothing in them runs and nothing stays in a cache."""

import logging
from typing import Literal
from urllib.parse import quote

from django.http import Http404, HttpResponse

from files.models import Blob
from files.selectors import BlobDamaged, open_blob

log = logging.getLogger(__name__)
SANDBOX = "sandbox; default-src 'none'; img-src 'self' data:"
PDF_POLICY = "default-src 'none'; object-src 'self'; frame-ancestors 'self'"
INLINE_TYPES = {"image/jpeg", "image/png", "application/pdf"}
Disposition = Literal["inline", "attachment"]


def serve(blob: Blob, disposition: Disposition = "attachment") -> HttpResponse:
    """The answer with the plain content of a blob. The caller has asked for the permission.

    Only pictures and PDFs are ever shown inside the browser; anything else is downloaded. Raises Http404 for a content
    that is missing or damaged, so write the event once the answer is there.
    """
    try:
        content = open_blob(blob)
    except BlobDamaged as damaged:
        log.exception("stored content of %s is missing or damaged", blob.public_id)
        raise Http404 from damaged
    return serve_bytes(content, blob.filename, blob.content_type, disposition)


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
