"""Doing an act of a page, and telling what came of it: on the next page, or by the PDF that was asked for."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from approvals.refusals import RequestRefused
from core.pdf import PdfFailed
from files.serving import Disposition, serve_bytes


def told(request: HttpRequest, done: str, act: Callable[[], object]) -> None:
    """Do it: the next page says ``done``, or why it was refused."""
    try:
        act()
    except RequestRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)


def handed_pdf(
    request: HttpRequest, name: str, make: Callable[[], bytes], back: HttpResponse,
    disposition: Disposition = "inline",
) -> HttpResponse:  # fmt: skip
    """The PDF that ``make`` prints, as ``name``.pdf; ``back``, where the page says why, when it is refused or fails."""
    try:
        content = make()
    except (RequestRefused, PdfFailed) as refused:
        messages.error(request, refused.message if isinstance(refused, PdfFailed) else str(refused))
        return back
    return serve_bytes(content, f"{name}.pdf", "application/pdf", disposition)
