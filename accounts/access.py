"""`@requires`: what a route asks of the one who opens it. A test walks the URLconf for it (tests/guards)."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import User
from accounts.scope import NotPermitted, holds

View = Callable[..., HttpResponseBase]

SIGNED_IN = "signed_in"
"""Asks only for a signed-in user who is no student; the view's selector then narrows to the user's own."""

OWN_FILE = "own_file"
"""Asks for a student's account. No role gives it, and a student's account opens nothing that does not ask for it."""

PUBLIC = frozenset(
    {
        "account_login",
        "mfa_authenticate",
        "set_language",
        "health",
        "audit:seal_keys",
    }
)
"""Names of the routes that anybody may open. Keep it short: each stands in docs/permissions.md with its reason."""


def wants_fragment(request: HttpRequest) -> bool:
    """Whether the page's script asks, and not the browser for a whole page."""
    return bool(request.headers.get("HX-Request") or request.headers.get("X-Requested-With"))


def lets_in(user: User, perms: Iterable[str]) -> bool:
    """Whether a user may open what asks for one of ``perms``: a student what names `OWN_FILE`, and nothing else."""
    asked = set(perms)
    if user.kind == User.Kind.STUDENT:
        return OWN_FILE in asked
    return SIGNED_IN in asked or any(holds(user, perm) for perm in asked)


def requires(*perms: str, background: bool = False) -> Callable[[View], View]:
    """Let in a signed-in user who holds at least one of ``perms`` on some unit.

    Anonymous users are sent to sign in (401 for a fragment, so that the page can ask in place); others get 403 and
    the refusal is kept. Which rows the user may touch is the selector's and the action's to decide. A ``background``
    route is asked by the page itself (progress, counts) and does not keep an idle session alive.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = request.user
            if not isinstance(user, User):
                if wants_fragment(request):
                    return HttpResponse(status=401)
                return redirect_to_login(_come_back(request))
            if not lets_in(user, perms):
                raise NotPermitted(*perms)
            return view(request, *args, **kwargs)

        guarded.requires = perms  # type: ignore[attr-defined]  # read by the guard that walks the URLconf
        guarded.background = background  # type: ignore[attr-defined]  # read by the middleware
        return guarded

    return wrap


def user_of(request: HttpRequest) -> User:
    """The signed-in user of a request that `requires` has let in."""
    user = request.user
    if not isinstance(user, User):
        raise NotPermitted("nobody is signed in")
    return user


def _come_back(request: HttpRequest) -> str:
    """Where to go after signing in: this page, or for a posted form the page that it stood on."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    referer = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(referer, {request.get_host()}):
        parts = urlsplit(referer)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path
    return "/"
