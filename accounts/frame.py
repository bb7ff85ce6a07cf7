"""What the accounts room puts into the frame of every page: who is signed in, and its entries of the menu."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import unit_choice
from accounts.access import SIGNED_IN, lets_in
from accounts.models import User
from accounts.roles import Role
from accounts.scope import held_by, places_of
from core import menu, shell
from school.models import Unit

SEARCHERS = "view_student|view_own_class|view_applicant"
"""Who gets the search box: those who may see some person."""


def register() -> None:
    """Answer the frame's questions; runs once at start."""
    menu.set_checker(may_open)
    shell.set_identity(identity)
    shell.set_narrowing(unit_choice.narrowed)
    items = (
        menu.MenuItem(_("Users"), "accounts:users", "users", "view_grants|manage_grants|manage_users", "system", 10,
                      also=("accounts:user", "accounts:open_user", "accounts:change_user", "accounts:appoint",
                            "accounts:train")),
        menu.MenuItem(_("Who can see what"), "accounts:grants", "shield-check", "view_grants|manage_grants", "system",
                      20, also=("accounts:unit_grants",)),
    )  # fmt: skip
    for item in items:
        menu.register(item)


def may_open(user: Any, perm: str) -> bool:
    """Whether the user holds one of the permissions, written ``one|other``, with or without ``school.`` before them.

    What asks for none is for everybody but students.
    """
    return lets_in(user, [one.removeprefix("school.") for one in (perm or SIGNED_IN).split("|")])


def unit_name(unit: Unit | None) -> str:
    """A unit as the frame shows it: a department together with its school."""
    return unit.full_label if unit else ""


def identity(request: HttpRequest) -> shell.Identity | None:
    """The person at the screen: name, first role, unit."""
    user = request.user
    if not isinstance(user, User):
        return None
    held = held_by(user)
    is_student = user.kind == User.Kind.STUDENT
    role = Role.STUDENT.label if is_student else held[0].role.label if held else ""
    at = unit_choice.chosen(request)
    return shell.Identity(
        key=str(user.public_id),
        name=user.name,
        role=role,
        unit=unit_name(Unit.objects.select_related("parent").get(pk=at) if at else user.unit),
        searches=may_open(user, SEARCHERS),
        switches=len(places_of(user)) > 1,
        has_profile=not is_student,
    )
