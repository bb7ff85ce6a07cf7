"""The pages for refused and failed requests, in the frame of the product and without any personal data."""

import logging
import secrets
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

logger = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A request that makes no sense (400)."""
    return render(request, "errors/400.html", status=400)


def not_permitted(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A refused act. The exception's text, written for the reader, is shown."""
    return render(request, "errors/403.html", {"reason": str(exception or "")}, status=403)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token, or with an old one (403)."""
    return render(request, "errors/400.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What does not exist, or not for this reader (404)."""
    return render(request, "errors/404.html", status=404)


def too_large(request: HttpRequest, limit: int) -> HttpResponse:
    """A body of more than ``limit`` megabytes (413)."""
    return render(request, "errors/413.html", {"limit": limit}, status=413)


class MethodPage:
    """Middleware: a page for a reader who opens the address of a button (405), instead of an empty answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        wants_page = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED or not wants_page or response.content:
            return response
        page = render(request, "errors/405.html", status=response.status_code)
        page["Allow"] = response["Allow"]
        return page


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours: a number that stands in the log and on the page."""
    number = f"{timezone.localdate():%Y%m%d}-{secrets.token_hex(3).upper()}"
    logger.error("Error number %s", number)
    return render(request, "errors/500.html", {"error_number": number}, status=500)
