"""What the room does when a session begins and when authenticators change, and the names of its acts."""

from typing import Any

from allauth.mfa import signals
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_save, pre_delete
from django.utils.translation import gettext_lazy as _

from accounts import sessions
from ledger import events
from ledger.context import current
from ledger.middleware import note_refusal

EVENTS = {
    "account.opened": _("Account opened"),
    "account.changed": _("Account changed"),
    "account.locked": _("Account locked"),
    "account.unlocked": _("Account unlocked"),
    "account.password_reset": _("Password reset"),
    "account.password_changed": _("Password changed"),
    "account.appointed": _("Role given"),
    "account.appointment_ended": _("Role ended"),
    "account.trained": _("Training recorded"),
    "account.second_factor_added": _("Second factor set up"),
    "account.second_factor_removed": _("Second factor removed"),
    "account.second_factor_reset": _("Second factor reset by the security administrator"),
    "account.recovery_codes_made": _("Recovery codes made"),
}


def connect() -> None:
    """Register the acts and listen to Django's and allauth's signals."""
    for name, label in EVENTS.items():
        events.register(name, label)
    events.register("session.second_factor_failed", _("Second factor failed"), anonymous=True)
    user_logged_in.connect(sessions.begin, dispatch_uid="accounts.begin")
    signals.authentication_failed.connect(_failed, dispatch_uid="accounts.failed")
    post_save.connect(_added, sender="mfa.Authenticator", dispatch_uid="accounts.added")
    pre_delete.connect(_removed, sender="mfa.Authenticator", dispatch_uid="accounts.removed")


def _added(sender: Any, instance: Any, created: bool, **kwargs: Any) -> None:
    """In the same transaction; allauth's own signals come only after the commit."""
    if created:
        codes = instance.type == instance.Type.RECOVERY_CODES
        action = "account.recovery_codes_made" if codes else "account.second_factor_added"
        events.record(action, actor=current().actor or instance.user, obj=instance.user)


def _removed(sender: Any, instance: Any, **kwargs: Any) -> None:
    if instance.type != instance.Type.RECOVERY_CODES:
        actor = current().actor or instance.user
        action = "account.second_factor_removed" if actor == instance.user else "account.second_factor_reset"
        events.record(action, actor=actor, obj=instance.user)


def _failed(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    note_refusal(request, "session.second_factor_failed", actor=None, obj=user, result="failed")
