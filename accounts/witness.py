"""A second person (第二人) who stands by and says so with number and password, without signing in.

Failures count as those of signing in do: together with them, five close the number at this address for a while.
"""

from urllib.parse import urlencode

from django.contrib.auth import authenticate
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from accounts.adapters import is_unused
from accounts.models import User
from accounts.passwords import days_allowed, must_change
from accounts.sessions import demands_second_factor, has_second_factor
from ledger.middleware import PENDING, note_refusal


class NotIdentified(Exception):
    """Nobody was identified; ``str()`` says why, and never which of number and password was wrong."""


def identified(request: HttpRequest, *, staff_no: str, password: str) -> User:
    """The member of staff whose number and password these are. Raises NotIdentified.

    Accounts that could not simply sign in now are refused: locked or unused ones, those whose password somebody else
    has set, and those with a second factor, which is asked where they sign in themselves.
    """
    alone = _with_nothing_else(request, staff_no.strip())
    user = authenticate(alone, username=staff_no.strip(), password=password)
    if told := getattr(alone, PENDING, None):
        note_refusal(request, **told, instead=True)
    if getattr(alone, "axes_locked_out", False):
        raise NotIdentified(_("Too many attempts. This staff number is closed from here for 20 minutes."))
    if not isinstance(user, User) or user.kind != User.Kind.STAFF:
        raise NotIdentified(_("The staff number or the password is not right."))
    _demand_usable(user)
    return user


def _with_nothing_else(request: HttpRequest, staff_no: str) -> HttpRequest:
    """The same request with the number alone as its form, as at signing in.

    What counts the failures keeps the form beside each, and would keep the password under a name that it does not know.
    """
    alone = HttpRequest()
    alone.META, alone.method, alone.path = request.META, request.method, request.path
    alone.POST = QueryDict(urlencode({"login": staff_no}))
    vars(alone)["ledger_view_reached"] = True
    return alone


def _demand_usable(user: User) -> None:
    if has_second_factor(user) or demands_second_factor(user):
        words = _("%(name)s uses a second factor: choose this person by name instead.")
        raise NotIdentified(words % {"name": user.name})
    if is_unused(user) or must_change(user, days_allowed(user)):
        raise NotIdentified(_("%(name)s has to sign in once before confirming here.") % {"name": user.name})
