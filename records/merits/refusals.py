"""Why an act on an entry or a penalty cannot be done, in words for the one who tried."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from records.merits.standing import Bar
from records.models import Student


class EntryRefused(Exception):
    """An act that cannot be done now; ``str()`` says why in the reader's language."""


class WrongState(EntryRefused):
    """The case is not where this act needs it: mostly somebody else was faster."""


class SamePerson(EntryRefused):
    """Two steps that different persons must take."""


class NotAllowedHere(EntryRefused):
    """The rules of the school or the law do not allow it."""


class AlreadyEntered(EntryRefused):
    """The very same form was sent before, or the same fact stands in the file."""


class Barred(EntryRefused):
    """Penalties in force stand in the way of some of the students; nothing was written for anybody."""

    def __init__(self, students: Sequence[Student], found: Mapping[int, Sequence[Bar]]) -> None:
        lines = [
            f"{one.name}: {'; '.join(bar.reason for bar in found[one.pk])}"
            for one in students
            if one.pk in found
        ]
        super().__init__(_("A penalty in force bars the award. %(who)s") % {"who": " / ".join(lines)})
        self.found = found
