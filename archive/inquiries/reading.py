"""What a reader of an inquiry sees: tabs of the file page, as they show to who may look and do nothing else."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F

from accounts.models import User
from records.merits.selectors import PENALTY_READERS
from records.models import Enrolment
from records.sections import sections
from records.selectors import StudentFile


@dataclass(frozen=True)
class OpenedFile(StudentFile):
    """A file that an inquiry opened. Its reader may reveal, open and enter nothing, whatever his roles are.

    Whoever was granted the section of rewards and penalties sees the penalties as the tab shows them.
    """

    def allows(self, *perms: str, past: bool = False) -> bool:
        """Whether the tabs may show what these permissions open."""
        return perms == PENALTY_READERS


@dataclass(frozen=True, slots=True)
class Page:
    """A section as the file page shows it: its template and what the template takes."""

    template: str
    values: dict[str, Any]


def readable() -> list[tuple[str, Any]]:
    """Sections that can be asked for: key and title."""
    return [(one.key, one.title) for one in sections() if one.export]


def title_of(key: str) -> str:
    """The title of a section."""
    return str(dict(readable()).get(key, key))


def page_of(reader: User, enrolment: Enrolment, key: str) -> Page:
    """A section of the file that hangs on this stretch, with the stretches at its school. Secret documents are left
    out: an inquiry never opens them."""
    section = next(one for one in sections() if one.key == key and one.export)
    stretches = Enrolment.objects.filter(student=enrolment.student, school=enrolment.school)
    stretches = stretches.select_related("school_class", "unit", "school", "programme")
    newest_first = stretches.order_by(F("ended_on").desc(nulls_first=True), "-started_on", "-pk")
    file = OpenedFile(reader, enrolment.student, list(newest_first))
    values = section.read(reader, file)
    if "documents" in values:
        values["documents"] = [one for one in values["documents"] if not one["item"].document.is_secret]
    return Page(section.template, values)
