"""Erasing a student file for good (销毁), inside the transaction of a destruction, as whoever is `acting`.

Rooms that keep data of a student outside the sections of his file register how they take it away:

    register("archive", erase)

Nobody but `archive.retention` starts it: the database refuses an empty file that stands in no register of destruction.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from django.db import models
from django.utils import timezone

from files.models import Blob
from ledger.context import current_actor
from ledger.history import delete_rows
from records.models import Enrolment, FamilyMember, PersonalData, Student
from records.search import fill

Eraser = Callable[[Student], Collection[Blob]]
"""Takes away what a room keeps of a student; the stored contents that go with it."""

PAPER = ("national_no", "paper_place", "paper_package_no", "no_hukou")

_erasers: dict[str, Eraser] = {}


def register(key: str, eraser: Eraser) -> None:
    """Add a room's own; the same key again replaces it."""
    _erasers[key] = eraser


def erasers() -> list[Eraser]:
    """Those of the rooms, in the order of registration."""
    return list(_erasers.values())


def empty(row: models.Model, names: Iterable[str]) -> list[str]:
    """Set these fields of a row to nothing; their names, with those of what is derived from them."""
    done = list(names)
    for name in done:
        field: Any = row._meta.get_field(name)
        setattr(row, name, None if field.null else field.get_default())
    return [*done, *(one for one in fill(row) if one not in done)]


def personal_fields() -> list[str]:
    """Fields of a person that `empty` clears; what is derived follows by itself."""
    return [field.name for field in PersonalData._meta.get_fields() if not field.name.endswith("_index")]


def erase_basic(student: Student) -> Collection[Blob]:
    """Leave an empty row: ledger, requests and register name the student by it. Goes last of all."""
    names = empty(student, [*personal_fields(), *PAPER])
    student.has_paper, student.destroyed_on = False, timezone.localdate()
    student.save(update_fields=[*names, "has_paper", "destroyed_on"])
    return ()


def erase_family(student: Student) -> Collection[Blob]:
    """Remove the family."""
    rows = FamilyMember.objects.filter(student=student).select_related("student")
    delete_rows(list(rows), actor=current_actor())
    return ()


def erase_study(student: Student) -> Collection[Blob]:
    """Remove every stretch; entries that point at them have gone before."""
    rows = Enrolment.objects.filter(student=student).select_related("student")
    delete_rows(list(rows), actor=current_actor())
    return ()
