"""The password once more, before something that cannot be undone."""

from allauth.core import ratelimit
from django.http import HttpRequest

from accounts.models import User


def confirmed(request: HttpRequest, user: User) -> bool:
    """Whether the posted ``password`` is the user's own; tries are counted as at signing in again."""
    if not ratelimit.consume(request, action="reauthenticate", user=user):
        return False
    return user.check_password(request.POST.get("password", ""))
