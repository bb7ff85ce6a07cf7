"""The register of file sections: each room says at start what it adds to a student file, and its tab appears.

    register(Section("study", _("Study"), 30, "records/sections/study.html", read, perms=("view_student",)))
    register_act(Act(_("School record card"), "printer", lambda user, file: url, perms=("print_student",)))

Tabs, printed forms, packages and erasure walk this one register.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from accounts.models import User
from files.models import Blob
from records.models import Student
from records.selectors import StudentFile
from records.sheet import Block

Label = str | Promise
ANY_READER = ("view_student", "view_own_class")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a student file. ``read`` gives the template's context; it costs a constant number of queries.

    Readers without one of ``perms`` in the file's units see the tab locked; so do those whose student went on to
    another school, unless the section is of the ``past``: it shows nothing but the reader's own stretches.

    ``export(student)`` gives the section's data as plain values for copies and packages; ``erase(student)`` removes
    them for good, inside the transaction of a destruction (`records.erasing`), and gives the stored contents that go
    with them. ``printed(file, whole=)`` gives the section as labelled lines for paper, numbers masked; ``whole``, for
    the student's own copy, leaves his own unmasked. A section that only shows others' data has none of the three.
    ``online(file)`` is what he sees of it himself on a page that nobody hands out, where that is less than the copy.
    """

    key: str
    title: Label
    order: int
    template: str
    read: Callable[[User, StudentFile], dict[str, Any]]
    perms: tuple[str, ...] = ANY_READER
    export: Callable[[Student], Any] | None = None
    erase: Callable[[Student], Collection[Blob]] | None = None
    past: bool = False
    printed: Callable[..., list[Block]] | None = None
    online: Callable[[StudentFile], list[Block]] | None = None

    def opens(self, file: StudentFile) -> bool:
        """Whether the reader of ``file`` may open it."""
        return file.allows(*self.perms, past=self.past)


@dataclass(frozen=True, slots=True)
class Act:
    """A button in the head of a file; ``url`` is "" where it makes no sense. ``key``: letter that presses it."""

    label: Label
    icon: str
    url: Callable[[User, StudentFile], str]
    perms: tuple[str, ...]
    key: str = ""
    order: int = 100


_sections: dict[str, Section] = {}
_acts: dict[str, Act] = {}


def register(section: Section) -> None:
    """Add a section; the same key again replaces it."""
    _sections[section.key] = section


def register_act(key: str, act: Act) -> None:
    """Add a button; the same key again replaces it."""
    _acts[key] = act


def sections() -> list[Section]:
    """Every section in the order of the tabs."""
    return sorted(_sections.values(), key=lambda one: (one.order, one.key))


def acts(user: User, file: StudentFile) -> list[tuple[Act, str]]:
    """The buttons that this reader gets, each with its address."""
    found = []
    for act in sorted(_acts.values(), key=lambda one: one.order):
        url = act.url(user, file) if file.allows(*act.perms) else ""
        if url:
            found.append((act, url))
    return found
