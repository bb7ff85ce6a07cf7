"""Opens the ledger's context for each request, and writes down what was refused."""

import ipaddress
import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

from ledger import context, events

logger = logging.getLogger(__name__)

PENDING = "ledger_refusal"


def client_address(request: HttpRequest) -> str | None:
    """The client's address; behind a trusted proxy (``TRUSTED_PROXY``) the one that the proxy itself appended."""
    found = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXY:
        found = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip() or found
    try:
        return str(ipaddress.ip_address(found))
    except ValueError:
        return None


def note_refusal(request: HttpRequest, action: str, *, instead: bool = False, **told: Any) -> None:
    """Remember the first refusal of a request; it is written when the request's own transaction is over.

    ``instead`` puts a more telling one in the place of what was noted before.
    """
    if instead or not hasattr(request, PENDING):
        setattr(request, PENDING, {"action": action, **told})


def _route(request: HttpRequest) -> str:
    match = request.resolver_match
    return match.view_name if match and match.view_name else ""


class LedgerMiddleware:
    """Names the signed-in user and the client's address for whatever the request writes.

    A request that is refused (PermissionDenied, `events.Refusal`, any other 403, a failed sign-in) leaves exactly one
    event, in a transaction of its own after the view's was rolled back.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = context.open_request(lambda: getattr(request, "user", None), address=client_address(request))
        try:
            response = self.get_response(request)
            if response.status_code == 403:
                reached = getattr(request, "ledger_view_reached", False)
                note_refusal(request, "request.refused" if reached else "request.csrf_refused")
            self._write_refusal(request, response)
            return response
        finally:
            context.close(token)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Runs after the check of the form's token: who gets here was not stopped by that."""
        request.ledger_view_reached = True  # type: ignore[attr-defined]  # ours, read above

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Remember who was refused what; Django makes the page."""
        if isinstance(exception, events.Refusal):
            note_refusal(
                request,
                exception.action,
                obj=exception.obj,
                unit_id=exception.unit_id,
                reason=exception.reason,
            )
        elif isinstance(exception, PermissionDenied):
            note_refusal(request, "request.refused")

    def _write_refusal(self, request: HttpRequest, response: HttpResponseBase) -> None:
        told = getattr(request, PENDING, None)
        if told is None:
            return
        told = {"result": "refused", "actor": context.current().actor, **told}
        detail = {"route": _route(request), "method": request.method or "", "status": response.status_code}
        with transaction.atomic():
            events.record(**told, detail=detail)
