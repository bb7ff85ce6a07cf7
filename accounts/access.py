"""`@requires`: what a route asks of the one who opens it. A test walks the URLconf for it (tests/guards)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from accounts.models import User
from accounts.scope import NotPermitted, holds

View = Callable[..., HttpResponseBase]

SIGNED_IN = "signed_in"
"""Asks only for a signed-in user; the view's selector then narrows to the user's own."""


def requires(*perms: str) -> Callable[[View], View]:
    """Let in a signed-in user who holds at least one of ``perms`` on some unit.

    Anonymous users are sent to sign in (401 for a fragment, so that the page can ask in place); others get 403 and
    the refusal is kept. Which rows the user may touch is the selector's and the action's to decide.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                if request.headers.get("HX-Request") or request.headers.get("X-Requested-With"):
                    return HttpResponse(status=401)
                return redirect_to_login(request.get_full_path())
            user = cast("User", request.user)
            if SIGNED_IN not in perms and not any(holds(user, perm) for perm in perms):
                raise NotPermitted(" | ".join(perms))
            return view(request, *args, **kwargs)

        guarded.requires = perms  # type: ignore[attr-defined]  # read by the guard that walks the URLconf
        return guarded

    return wrap
