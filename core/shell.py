"""What the frame around each page shows: who is signed in, and at which unit.

Rooms above give the answers at start, because ``core`` imports none of them:

    shell.set_identity(lambda request: Identity(key=..., name="王芳", role="学籍管理员", unit="红花小学 · 招生办"))
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

# Where the frame's own links lead; settings.SHELL_URLS overrides one or more. A name that does not resolve
# hides its link.
DEFAULT_URLS = {
    "home": "home",
    "search": "records:search",
    "sign_in": "account_login",
    "sign_out": "account_logout",
    "session": "accounts:session",
    "profile": "accounts:profile",
    "password": "accounts:password",
    "switch_unit": "accounts:switch_unit",
    "unit_choices": "accounts:unit_choices",
    "language": "set_language",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """The person at the screen. ``key`` tells one account from another (never a name or staff number).

    ``searches``: whether the search box is of use to him; ``switches``: whether he has more than one unit to choose;
    ``has_profile``: whether he has a page about his account.
    """

    key: str
    name: str
    role: str | Promise = ""
    unit: str = ""
    switches: bool = False
    searches: bool = True
    has_profile: bool = True


_identity: list[Callable[[HttpRequest], Identity | None]] = []
_narrowing: list[Callable[[HttpRequest], frozenset[int] | None]] = []


def set_identity(source: Callable[[HttpRequest], Identity | None]) -> None:
    """Set who answers for the name, role and unit in the top bar."""
    _identity[:] = [source]


def set_narrowing(source: Callable[[HttpRequest], frozenset[int] | None]) -> None:
    """Set who tells which units the reader has chosen to look at."""
    _narrowing[:] = [source]


def narrowed(request: HttpRequest) -> frozenset[int] | None:
    """Ids of the units that lists keep to; None for all."""
    return _narrowing[0](request) if _narrowing and hasattr(request, "user") else None


def identity(request: HttpRequest) -> Identity | None:
    """Who is signed in, or None for visitors."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    if _identity:
        return _identity[0](request)
    return Identity(key=str(user.pk), name=user.get_username())


def urls() -> dict[str, str]:
    """Addresses of the frame's links by their key; those that this deployment does not have are left
    out.
    """
    names = {**DEFAULT_URLS, **getattr(settings, "SHELL_URLS", {})}
    found = {}
    for key, name in names.items():
        try:
            found[key] = reverse(name)
        except NoReverseMatch:
            continue
    return found
