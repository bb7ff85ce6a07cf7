"""Stands before every view: ends idle sessions, asks first for what an account owes, keeps pages out of caches."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import passwords, sessions
from accounts.access import wants_fragment
from accounts.models import User
from ledger.context import acting

ALWAYS_OPEN = {
    "accounts:password",
    "accounts:session",
    "account_login",
    "account_logout",
    "account_reauthenticate",
    "mfa_reauthenticate",
    "mfa_activate_totp",
    "mfa_view_recovery_codes",
    "set_language",
    "health",
}
"""Where somebody gets who still owes a new password or a second factor."""


class AccountMiddleware:
    """Idle sessions end; a new password and a second factor come before anything else; no signed-in page is stored."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        signed_in = request.user.is_authenticated
        if signed_in and sessions.is_idle(request):
            with acting(request.user, reason=_("Idle for too long")):
                logout(request)
        response = self.get_response(request)
        if signed_in or request.user.is_authenticated:
            response.headers["Cache-Control"] = "no-store, private"
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Note who is there, and lead to what is owed."""
        user = request.user
        if not isinstance(user, User):
            return None
        if not getattr(view, "background", False):
            sessions.touch(request)
        match = request.resolver_match
        if match is None or match.view_name in ALWAYS_OPEN:
            return None
        if passwords.must_change(user, sessions.password_days(request)):
            return _lead(request, reverse("accounts:password"), _("Choose a new password first."))
        if sessions.owes_second_factor(request, user):
            return _lead(request, reverse("mfa_activate_totp"), _("Set up your second factor first."))
        return None


def _lead(request: HttpRequest, url: str, text: str) -> HttpResponseBase:
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    if wants_fragment(request):
        return JsonResponse({"message": text, "url": url}, status=409)
    return HttpResponseRedirect(url)
