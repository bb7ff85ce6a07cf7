"""Sign-ins, sign-outs and failed sign-ins as events."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from ledger import events
from ledger.middleware import note_refusal


def signed_in(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    """Somebody signed in."""
    events.record("session.signed_in", actor=user, obj=user)


def signed_out(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    """Somebody signed out; a session that had ended already leaves nothing."""
    if user is not None:
        events.record("session.signed_out", actor=user, obj=user)


def _account(credentials: dict[str, Any]) -> Any:
    """The account whose name was tried, if there is one; the text typed is never kept, it may be a password."""
    model = get_user_model()
    typed = next(
        (credentials[key] for key in (model.USERNAME_FIELD, "username", "login") if credentials.get(key)),
        None,
    )
    if typed is None:
        return None
    try:
        return model._default_manager.get_by_natural_key(str(typed))
    except model.DoesNotExist:
        return None


def sign_in_failed(sender: Any, credentials: dict[str, Any], request: Any = None, **kwargs: Any) -> None:
    """A sign-in failed. Inside a request the middleware writes it, once, after everything else."""
    told = {"actor": None, "obj": _account(credentials), "result": "failed"}
    if request is not None and hasattr(request, "ledger_view_reached"):
        note_refusal(request, "session.sign_in_failed", **told)
    else:
        with transaction.atomic():
            events.record("session.sign_in_failed", **told)


def locked_out(sender: Any, request: Any, username: str | None = None, **kwargs: Any) -> None:
    """Too many failures: the account is locked for a while."""
    told = {"actor": None, "obj": _account({"username": username}), "result": "refused"}
    note_refusal(request, "session.locked_out", instead=True, **told)
