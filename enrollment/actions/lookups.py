"""Asking whether an identity number is known: the answer tells about children of other schools, so it is counted.

One person may ask about so many different numbers in an hour as the rule ``number_lookups`` allows; more are not
answered. An answer that names another school's child leaves an event.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from django.core.cache import cache
from django.db.models import Model
from django.utils import timezone

from accounts.models import User
from accounts.scope import role_for
from core.chinese import clean_text
from core.crypto import blind_index
from enrollment.duplicates import ELSEWHERE
from enrollment.models import Applicant, IntakeBatch
from enrollment.selectors import examine_cells
from ledger import events
from records.cells import CodeBook
from records.faults import Fault
from school.rules import rule

KEPT_SECONDS = 2 * 3600
SPENT = "lookups_spent"


class Answer(Enum):
    """Whether a number may be compared: for nothing, counted now for the first time, or no more in this hour."""

    FREE = "free"
    COUNTED = "counted"
    SPENT = "spent"


@dataclass(frozen=True, slots=True)
class Lookup:
    """A question about a number, asked for an applicant, or for a row of an import."""

    actor: User
    about: Model
    unit_id: int
    answer: Answer
    mark: str = ""

    @property
    def is_spent(self) -> bool:
        """Whether the number is not compared."""
        return self.answer is Answer.SPENT

    def note(self, faults: Iterable[Fault]) -> None:
        """Keep that the number was answered for; an event when the answer tells of somebody at another school."""
        if self.answer is not Answer.COUNTED:
            return
        if any(fault.code == ELSEWHERE for fault in faults):
            role = role_for(self.actor, "enter_applicant", self.unit_id)
            events.record(
                "applicant.known_elsewhere",
                actor=self.actor,
                obj=self.about,
                unit_id=self.unit_id,
                role=role,
            )
        cache.set(self.mark, True, KEPT_SECONDS)


def look_up(actor: User, applicant: Applicant, text: str) -> Lookup:
    """Count a typed number against the hour's limit; the applicant's own, and one answered already, cost nothing."""
    return look_up_for(
        actor, applicant.batch, text, own=applicant.id_number, about=applicant, unit_id=applicant.unit_id
    )


def look_up_for(
    actor: User, batch: IntakeBatch, text: str, *, own: str, about: Model, unit_id: int
) -> Lookup:
    """`look_up` for whatever is to become an applicant of ``batch``; ``own`` is the number that it came with."""
    number = clean_text(text).upper().replace(" ", "")
    if number in {"", own}:
        return Lookup(actor, about, unit_id, Answer.FREE)
    hour = f"{timezone.now():%Y%m%d%H}"
    mark = f"lookup/{actor.pk}/{hour}/{blind_index('id_number', number).hex()}"
    if cache.get(mark):
        return Lookup(actor, about, unit_id, Answer.FREE)
    if _place(actor, hour, mark) > int(rule(batch.school, "number_lookups")):
        return Lookup(actor, about, unit_id, Answer.SPENT)
    return Lookup(actor, about, unit_id, Answer.COUNTED, mark)


def _place(actor: User, hour: str, mark: str) -> int:
    """Which of the hour's numbers this is; one that comes again, since its act was refused, keeps its place."""
    place: int | None = cache.get(f"{mark}/place")
    if place is None:
        counter = f"lookups/{actor.pk}/{hour}"
        cache.add(counter, 0, KEPT_SECONDS)
        place = cache.incr(counter)
        cache.add(f"{mark}/place", place, KEPT_SECONDS)
    return place


def examine_typed(
    *, actor: User, applicant: Applicant, cells: Mapping[str, str], book: CodeBook
) -> list[Fault]:
    """Every fault of these cells as somebody types them; saves nothing but who was told of whom."""
    asked = look_up(actor, applicant, cells.get("id_number", ""))
    faults = examine_cells(applicant, cells, book, ask_number=not asked.is_spent)
    asked.note(faults)
    if asked.is_spent and all(fault.field != "id_number" or fault.level != "error" for fault in faults):
        faults.append(Fault("id_number", SPENT, value=cells["id_number"]))
    return faults
