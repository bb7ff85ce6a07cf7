"""The register of kinds of requests: each room says at start which it has, with the steps as data.

    register(Kind("edit", "XG", _("Edit request"), EditRequest, steps_of, request_perm="request_change", ...))

A step names the permission that it asks for, the column of the typed row that holds who took it, and what happens with
it. What a step does beyond deciding (``act``) runs in the same transaction, before the request moves on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django import forms
from django.db.models import Prefetch
from django.utils.functional import Promise

from accounts.models import User
from approvals.models import Request, TypedRequest

Label = str | Promise


@dataclass(frozen=True, slots=True)
class Doing:
    """What an ``act`` gets: the locked rows, who takes the step in which role, and what the step's form brought."""

    request: Request
    typed: Any
    actor: User
    role: str
    data: Mapping[str, Any]


def nothing(_doing: Doing) -> None:
    """The step decides, and no more."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    ``where``: in the ``department`` that asks, or anywhere at the ``school``. ``phase``: ``review`` decides (pass,
    return, refuse); ``carry_out`` does what was decided, and can only be done or, with ``reopens``, sent back to that
    step. ``days``: the rule that gives its working days. ``form``: what else is asked when it is taken,
    made as ``form(typed, data, files)``. ``sure``: the
    one who takes it gives his password again. ``only``: the column of the person who alone may take it.
    """

    key: str
    label: Label
    perm: str
    person: str
    days: str = "request_days"
    where: Literal["department", "school"] = "school"
    phase: Literal["review", "carry_out"] = "review"
    act: Callable[[Doing], None] = nothing
    button: Label = ""
    reopens: str = ""
    form: Callable[..., forms.Form] | None = None
    sure: bool = False
    only: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of request.

    ``request_perm``: the permission to ask; "" for everybody who works at the school.
    ``steps(typed)`` gives the steps of one request in order. ``read(user, request, typed)`` gives the context of
    ``template``, which shows what is asked for. ``check(typed)`` raises RequestRefused when it cannot be submitted.
    ``ended(request, typed)`` is told when it was closed, refused, recalled or has lapsed. ``form_url(request)``: the
    form that asks; with ``?instead_of=`` the id of a draft or returned request it is filled with what that one asked.
    ``readers``: further permissions that let read it at the school. ``prefetch``: what ``title`` and ``subjects`` read
    of many typed rows.
    """

    key: str
    prefix: str
    label: Label
    model: type[TypedRequest]
    steps: Callable[[Any], Sequence[Step]]
    every_step: Sequence[Step]
    request_perm: str
    template: str
    read: Callable[[User, Request, Any], dict[str, Any]]
    title: Callable[[Request, Any], str]
    check: Callable[[Any], None] = lambda typed: None
    ended: Callable[[Request, Any], None] = lambda request, typed: None
    form_url: Callable[[Request], str] | None = None
    print_url: str = ""
    readers: Sequence[str] = ()
    bulk: bool = True
    prefetch: Sequence[str | Prefetch[Any]] = ()
    perms: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "perms", tuple(dict.fromkeys(step.perm for step in self.every_step)))

    def typed(self, request: Request, *, lock: bool = False) -> Any:
        """The typed row of a request."""
        rows = self.model._default_manager.select_related("request", "requester")
        rows = rows.prefetch_related(*self.prefetch)
        return (rows.select_for_update(of=("self",)) if lock else rows).get(request=request)


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Add a kind; the same key again replaces it."""
    _kinds[kind.key] = kind


def kinds() -> list[Kind]:
    """Every kind in the order of registration."""
    return list(_kinds.values())


def kind(key: str) -> Kind:
    """The kind of this key. Raises KeyError when no room has it."""
    return _kinds[key]


def kind_of(request: Request) -> Kind:
    """The kind of a request. Raises KeyError when its room is gone."""
    return kind(request.kind)


def step_of(request: Request, typed: Any) -> Step | None:
    """The step that a request waits for; None for a draft and when all is over."""
    return next((step for step in kind_of(request).steps(typed) if step.key == request.step), None)
