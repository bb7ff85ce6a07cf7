"""Who acts, in which role, why and from where: what each history row and event takes along.

The middleware opens a context for each request; actions and jobs name the actor with `acting`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser

SERVICE_USER = "system"
"""Sign-in name of the account that jobs act as when no person asked for the work; it cannot sign in."""


class NoActor(RuntimeError):
    """Business data was about to be written with nobody named as the one who acts."""


@dataclass(frozen=True, slots=True)
class Context:
    """The circumstances of what is being done. ``address`` is the client's, None outside a request."""

    actor_source: Callable[[], Any] | None = None
    role: str = ""
    reason: str = ""
    request_no: str = ""
    request_id: UUID | None = None
    address: str | None = None

    @property
    def actor(self) -> AbstractBaseUser | None:
        """Who acts: named by `acting`, else the signed-in user of the request, else None."""
        user = self.actor_source() if self.actor_source else None
        return user if user is not None and user.is_authenticated else None


_NOTHING = Context()
_context: ContextVar[Context] = ContextVar("ledger_context", default=_NOTHING)


def current() -> Context:
    """The context that writes happen in; an empty one when nobody opened any."""
    return _context.get()


def current_actor() -> AbstractBaseUser:
    """Who acts now. Raises NoActor when nobody does."""
    actor = current().actor
    if actor is None:
        raise NoActor("Nobody is named as acting: wrap the work in ledger.context.acting(user)")
    return actor


def open_request(
    user: Callable[[], Any], *, address: str | None, request_id: UUID | None = None
) -> Token[Context]:
    """Begin the context of a request; ``user`` is called only when somebody asks who acts. End it with `close`."""
    return _context.set(Context(actor_source=user, address=address, request_id=request_id or uuid4()))


def close(token: Token[Context]) -> None:
    """Go back to the context before `open_request`."""
    _context.reset(token)


@contextmanager
def acting(actor: Any, *, reason: str = "", request_no: str = "", role: str = "") -> Iterator[Context]:
    """Let ``actor`` be the one who acts inside the block.

    Blocks nest: what is left blank is taken from outside, except that a role is not passed on to somebody else.
    ``request_no`` is the number of the request (申请) that the writing carries out.
    """
    outer = current()
    same = outer.actor_source is not None and outer.actor == actor
    inner = replace(
        outer,
        actor_source=lambda: actor,
        role=role or (outer.role if same else ""),
        reason=reason or outer.reason,
        request_no=request_no or outer.request_no,
    )
    token = _context.set(inner)
    try:
        yield inner
    finally:
        _context.reset(token)


def service_user() -> AbstractBaseUser:
    """The account that unattended work acts as. Raises NoActor when it was never made."""
    model = get_user_model()
    user: AbstractBaseUser | None = model._default_manager.filter(
        **{model.USERNAME_FIELD: SERVICE_USER}
    ).first()
    if user is None:
        raise NoActor(f"The service account {SERVICE_USER!r} does not exist")
    return user


@contextmanager
def acting_for_job(*, reason: str = "", request_no: str = "") -> Iterator[Context]:
    """`acting` as the service user, for work that no person asked for (schedules, follow-ups)."""
    with acting(service_user(), reason=reason, request_no=request_no, role="service") as context:
        yield context
