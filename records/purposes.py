"""What files are read for: the reader says it once in a session, and every opening keeps it (workflow E.4)."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

PURPOSES: dict[str, Any] = {
    "duty": _("Daily work of my own duty"),
    "own_class": _("Care of my own class"),
    "counter": _("Counter service: the student or the family asks"),
    "request": _("Carrying out a request or a certificate"),
    "check": _("Checking and completing data"),
    "inspection": _("Inspection or audit from above"),
    "safety": _("Safety or emergency of the student"),
}
"""Code as the ledger keeps it, and its words."""

_KEY = "reading_purpose"


def chosen(request: HttpRequest) -> str:
    """The code chosen in this session; "" before the first choice."""
    code = request.session.get(_KEY, "")
    return code if code in PURPOSES else ""


def choose(request: HttpRequest, code: str) -> None:
    """Keep the purpose for the session. Raises KeyError for a code that is not offered."""
    PURPOSES[code]
    request.session[_KEY] = code
