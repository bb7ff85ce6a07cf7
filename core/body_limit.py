"""Requests whose body is larger than any page takes are answered before a byte of it is read (413)."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from core.errors import too_large


class BodyLimitMiddleware:
    """Looks at the declared length; a server hands on no more than was declared."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        declared = str(request.META.get("CONTENT_LENGTH") or "0")
        if declared.isascii() and declared.isdigit() and int(declared) <= settings.MAX_BODY_BYTES:
            return self.get_response(request)
        limit = settings.MAX_BODY_BYTES >> 20
        if request.headers.get("X-Requested-With") or request.headers.get("HX-Request"):
            words = _("More than %(limit)s MB were sent. Nothing was stored.") % {"limit": limit}
            return JsonResponse({"message": words}, status=413)
        return too_large(request, limit)
