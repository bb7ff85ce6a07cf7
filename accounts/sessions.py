"""What a session carries so that few requests have to ask the database: idle time, password days, a second factor."""

import time
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts.grants import in_force
from accounts.models import Appointment, User
from accounts.passwords import days_allowed
from school.rules import RULES, rule

SEEN, IDLE_SECONDS, PASSWORD_DAYS, HAS_FACTOR = "seen", "idle_seconds", "password_days", "has_second_factor"
SEEN_STEP = 60
"""Seconds between two notes of being seen, so that not every request writes the session."""


def begin(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Runs when somebody has signed in."""
    session = request.session
    session[SEEN] = int(time.time())
    session[IDLE_SECONDS] = 60 * _idle_minutes(user)
    session[PASSWORD_DAYS] = days_allowed(user)


def _idle_minutes(user: User) -> int:
    return int(rule(user.unit, "idle_minutes") if user.unit else RULES["idle_minutes"].default)


def demands_second_factor(user: User) -> bool:
    """Whether a role that the user holds today demands a second factor (``TWO_FACTOR_ROLES``)."""
    roles = settings.TWO_FACTOR_ROLES
    return bool(roles) and Appointment.objects.filter(in_force(), user=user, role__in=roles).exists()


def has_second_factor(user: User) -> bool:
    """Whether the user has an authenticator beside the password."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


def owes_second_factor(request: HttpRequest, user: User) -> bool:
    """Whether the user must set up a second factor first; asks the database as long as there is none."""
    if request.session.get(HAS_FACTOR) or not demands_second_factor(user):
        return False
    if has_second_factor(user):
        request.session[HAS_FACTOR] = True
        return False
    return True


def password_days(request: HttpRequest) -> int:
    """Days that a password may be used for in this session's school."""
    return int(request.session.get(PASSWORD_DAYS, RULES["password_days"].default))


def is_idle(request: HttpRequest) -> bool:
    """Whether nothing was done in this session for longer than the school's rule allows."""
    session = request.session
    return SEEN in session and time.time() - session[SEEN] > session.get(IDLE_SECONDS, 0)


def touch(request: HttpRequest) -> None:
    """Note that the user is there: in the session at most once a minute, in the account once a day."""
    now = int(time.time())
    if now - request.session.get(SEEN, 0) >= SEEN_STEP:
        request.session[SEEN] = now
    user = request.user
    today = timezone.localdate()
    if isinstance(user, User) and user.last_seen_on != today:
        user.last_seen_on = today
        user.save(update_fields=["last_seen_on"])
