"""How django-allauth signs our users in: by staff number, without e-mail flows, with second factors of ours."""

import time
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import actions, sessions
from accounts.models import User
from core.crypto import decrypt_bytes, encrypt_bytes
from ledger.context import service_user
from ledger.middleware import client_address

UNUSED_DAYS = 90
"""Days without a sign-in after which an account is locked (GB/T 22239 8.1.4.2)."""

FRESH_SECONDS = 5 * 60
_SECRET = "mfa.Authenticator.data"  # noqa: S105  # names what is encrypted, it is no secret


def _changed_on(user: User) -> date:
    """The day on which an account was opened, opened again, or changed for the last time."""
    return timezone.localdate(user.history.latest().history_date)


def is_unused(user: User) -> bool:
    """Whether an account rested so long that signing in would lock it."""
    since = timezone.localdate() - timedelta(days=UNUSED_DAYS)
    return (user.last_seen_on or _changed_on(user)) < since


class UserBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """Checks staff number and password, and loads the signed-in user together with the unit, which every page shows."""

    def get_user(self, user_id: Any) -> User | None:
        user = User.objects.select_related("unit__parent").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Sign-in by staff number."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": gettext_lazy("The staff number or the password is not right."),
        "too_many_login_attempts": gettext_lazy("Too many attempts. Wait 20 minutes, then try again."),
        "rate_limited": gettext_lazy("Too many attempts. Wait 20 minutes, then try again."),
        "incorrect_password": gettext_lazy("This is not your present password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request) or ""

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: what the page shows says enough."""

    def is_ajax(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Nothing: django-axes counts wrong passwords; the limit `login_failed` is for codes of the second factor."""

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Locked accounts are told so; one of staff that rested too long is locked now."""
        if user.is_active and user.kind != User.Kind.STUDENT and is_unused(user):
            reason = _("Not used for %(days)s days") % {"days": UNUSED_DAYS}
            actions.lock_unused(actor=service_user(), user=user, reason=reason)
        if user.is_active:
            return None
        words = _("This account is locked. Ask the system administrator to open it.")
        if user.kind == User.Kind.STUDENT:
            words = _("This account is closed. Ask your school for a new slip.")
        messages.error(request, words)
        return HttpResponseRedirect(reverse("account_login"))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """The password is asked again unless it was given in the last five minutes."""
        request = context.request
        records = get_authentication_records(request, request.user)
        return not records or time.time() - records[-1]["at"] > FRESH_SECONDS


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Second factors: encrypted at rest, and kept by those whose role demands one."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy(
            "The code is not right. It changes every 30 seconds: try the one shown now."
        ),
        "cannot_delete_authenticator": gettext_lazy("Your role demands a second factor."),
    }

    def get_totp_label(self, user: User) -> str:
        return user.staff_no

    def build_totp_svg(self, url: str) -> str:
        drawing = BytesIO()
        segno.make(url, error="m").save(drawing, kind="svg", xmldecl=False, scale=5, border=2)
        return drawing.getvalue().decode()

    def encrypt(self, text: str) -> str:
        return encrypt_bytes(text.encode(), _SECRET).hex()

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt_bytes(bytes.fromhex(encrypted_text), _SECRET).decode()

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        return not sessions.demands_second_factor(authenticator.user)
