"""What a password must be: rules that Django's validation runs, and passwords that the program makes up."""

import secrets
import string
from datetime import timedelta
from typing import Any

from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import FormerPassword, User
from school.rules import RULES, rule

FORMER_PASSWORDS = 5
MINIMUM_LENGTH = 10
_CLASSES_ASKED = 3
_SMALL, _CAPITAL, _DIGITS, _SIGNS = "abcdefghjkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789", "-+=?"
_MADE_LENGTH = 12


def _classes(password: str) -> int:
    tests = (str.islower, str.isupper, str.isdigit, lambda sign: not sign.isalnum())
    return sum(any(test(sign) for sign in password) for test in tests)


class StrengthValidator:
    """At least ten characters from three of: small letters, capitals, digits, signs (GB/T 22239 8.1.4.1)."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) < MINIMUM_LENGTH or _classes(password) < _CLASSES_ASKED:
            raise ValidationError(self.get_help_text(), code="password_weak")

    def get_help_text(self) -> str:
        return _("At least %(length)s characters, from three of: small letters, capitals, digits, signs.") % {
            "length": MINIMUM_LENGTH
        }


class FormerPasswordValidator:
    """Not the present password and not one of the last five."""

    def validate(self, password: str, user: Any = None) -> None:
        if isinstance(user, User) and user.pk and any(check_password(password, old) for old in former(user)):
            raise ValidationError(self.get_help_text(), code="password_used_before")

    def get_help_text(self) -> str:
        return _("Not one of your last %(count)s passwords.") % {"count": FORMER_PASSWORDS}


def former(user: User) -> list[str]:
    """The hashes that a new password must differ from: the present one and those before it, five in all."""
    before = FormerPassword.objects.filter(user=user).order_by("-replaced_at", "-pk")
    return [user.password, *before.values_list("password", flat=True)[: FORMER_PASSWORDS - 1]]


def made_up() -> str:
    """A password to be told once: twelve characters of all four classes, none that is easily misread."""
    kinds = (_SMALL, _CAPITAL, _DIGITS, _SIGNS)
    signs = [secrets.choice(kind) for kind in kinds]
    signs += [secrets.choice(_SMALL + _CAPITAL + _DIGITS) for _ in range(_MADE_LENGTH - len(signs))]
    secrets.SystemRandom().shuffle(signs)
    if signs[0] not in string.ascii_letters:
        letter = next(place for place, sign in enumerate(signs) if sign in string.ascii_letters)
        signs[0], signs[letter] = signs[letter], signs[0]
    return "".join(signs)


def days_allowed(user: User) -> int:
    """Days after which this user's password must change, by the rule of his unit."""
    return int(rule(user.unit, "password_days")) if user.unit else int(RULES["password_days"].default)


def must_change(user: User, days: int) -> bool:
    """Whether the user must choose a new password before anything else: told so, or the present one is too old."""
    changed = user.password_changed_at
    return user.must_change_password or changed is None or timezone.now() - changed > timedelta(days=days)
