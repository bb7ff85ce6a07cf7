"""The side menu: rooms register their entries at start, and a reader sees only what may be opened.

    from core.menu import MenuItem, register
    register(MenuItem(_("Applicants"), "enrollment:applicants", "user-plus", "school.view_applicants",
    "intake", 10))

``core`` knows no permissions itself: the accounts room gives the check through :func:`set_checker`. Until
it does, entries that need a permission stay hidden.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Label = str | Promise
Checker = Callable[[Any, str], bool]


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry. ``perm``: one permission, or several of which one will do; empty: whom the check lets
    in without any.

    ``also``: view names (or ``room:`` prefixes) that light it up too.

    ``count`` may give a number for the request (open tasks); it runs on every page, so it must be cheap.
    """

    label: Label
    url_name: str
    icon: str
    perm: str | tuple[str, ...] = ""
    group: str = "work"
    order: int = 100
    also: tuple[str, ...] = ()
    count: Callable[[HttpRequest], int] | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What the template shows of a menu item."""

    label: Label
    url: str
    icon: str
    active: bool
    count: int = 0


@dataclass(slots=True)
class Group:
    """Entries under one heading of the menu."""

    key: str
    label: Label
    order: int
    entries: list[Entry] = field(default_factory=list)


_groups: dict[str, tuple[Label, int]] = {
    "work": ("", 0),
    "intake": (_("Intake"), 10),
    "files": (_("Student files"), 20),
    "teaching": (_("Teaching"), 30),
    "requests": (_("Requests"), 40),
    "archives": (_("Archives"), 50),
    "reports": (_("Reports"), 60),
    "audit": (_("Audit"), 70),
    "school": (_("School"), 80),
    "system": (_("System"), 90),
}
_items: dict[str, MenuItem] = {}
_checkers: list[Checker] = []


def register(item: MenuItem) -> None:
    """Add an entry; the same ``url_name`` again replaces it. Raises KeyError when the group is unknown."""
    _groups[item.group]
    _items[item.url_name] = item


def set_checker(checker: Checker) -> None:
    """Set who answers "does this user hold this permission anywhere?"."""
    _checkers[:] = [checker]


def _may_open(user: Any, perms: str | tuple[str, ...]) -> bool:
    if not perms and not _checkers:
        return True
    wanted = (perms,) if isinstance(perms, str) else perms
    return bool(_checkers) and any(_checkers[0](user, perm) for perm in wanted)


def _is_active(item: MenuItem, view_name: str) -> bool:
    names = (item.url_name, *item.also)
    return any(view_name == name or (name.endswith(":") and view_name.startswith(name)) for name in names)


def build(request: HttpRequest) -> list[Group]:
    """The groups and entries that the signed-in user of this request may open, in order; empty for
    visitors.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    view_name = request.resolver_match.view_name if request.resolver_match else ""
    groups: dict[str, Group] = {}
    for item in sorted(_items.values(), key=lambda entry: (_groups[entry.group][1], entry.order)):
        if not _may_open(user, item.perm):
            continue
        try:
            url = reverse(item.url_name)
        except NoReverseMatch:
            continue
        label, order = _groups[item.group]
        group = groups.setdefault(item.group, Group(item.group, label, order))
        count = item.count(request) if item.count else 0
        group.entries.append(Entry(item.label, url, item.icon, _is_active(item, view_name), count))
    return list(groups.values())
