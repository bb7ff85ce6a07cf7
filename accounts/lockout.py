"""What somebody sees who failed to sign in too often, and whose failures are counted together."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.forms import SignInForm


def typed_staff_no(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The staff number that was tried, in one spelling, so that capitals do not give more attempts."""
    typed = (credentials or {}).get("username") or request.POST.get("login", "")
    return str(typed).strip().lower()[:255]


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """The sign-in page again, with how long to wait and whom to ask (status 429)."""
    form = SignInForm(request=request, initial={"login": request.POST.get("login", "")[:20]})
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    locked = _(
        "%(count)s attempts have failed: this staff number cannot sign in from here for %(minutes)s minutes."
    )
    values = {"count": settings.AXES_FAILURE_LIMIT, "minutes": minutes}
    return render(request, "account/login.html", {"form": form, "locked": locked % values}, status=429)
