"""Students whom the batch has already: a file that was only saved anew adds nothing, and nobody comes in twice.

Identity numbers tell most of them apart (`enrollment.importing.checking`); this looks at what a number cannot tell:
whether a row says exactly what an applicant holds, and whether a student without a number is there already.
"""

import hashlib
import json
from collections.abc import Container, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import F, Q, QuerySet

from core.chinese import clean_text, name_sort_key
from core.lookups import AnyOf
from enrollment.cells import apply_values
from enrollment.models import Applicant, ImportJob, ImportRow, IntakeBatch
from records.cells import CodeBook
from records.faults import Fault
from records.search import SORT_LENGTH

if TYPE_CHECKING:
    from enrollment.importing.checking import CheckedRow

Person = tuple[str, date]
FAMILY = ("member1.name", "member2.name")


@dataclass(slots=True)
class Repeats:
    """Finds them for one file. ``own`` is the import that is being checked or written; a mended row has none."""

    batch: IntakeBatch
    book: CodeBook
    own: ImportJob | None = None
    _met: dict[tuple[Person, str], str] = field(default_factory=dict)
    _waiting: set[bytes] | None = None

    def sort_out(self, rows: "Iterable[CheckedRow]", taken: Container[bytes]) -> None:
        """Mark rows that are in already, and blame those whose student is. ``taken``: numbers that others have."""
        unsure = [row for row in rows if row.index in taken or not row.values.get("id_number")]
        good = [row for row in unsure if row.is_good]
        if good:
            self._compare(good)
        for row in rows:
            if self.own and row.has_errors and _digest(row.source.cells) in self._waiting_rows():
                row.already = True

    def _compare(self, good: "list[CheckedRow]") -> None:
        numbers, people = self._known(good)
        for row in good:
            person = _person(row.values)
            known = numbers.get(row.index, []) if row.index else people.get(person, []) if person else []
            if any(self._says_the_same(one, row.values) for one in known):
                row.already = True
            elif person and not row.index:
                self._blame(row, person, known)

    def _known(
        self, rows: "list[CheckedRow]"
    ) -> tuple[dict[bytes, list[Applicant]], dict[Person, list[Applicant]]]:
        """Applicants of the batch by number, and those without a number by name and birth date.

        Whose file was deleted since is not in any more.
        """
        here = Applicant.objects.filter(batch=self.batch).exclude(state=Applicant.State.WITHDRAWN).in_use()
        if self.own:
            here = here.exclude(import_job=self.own)
        numbers: dict[bytes, list[Applicant]] = {}
        people: dict[Person, list[Applicant]] = {}
        for one in self._candidates(here, rows):
            if one.id_number_index:
                numbers.setdefault(bytes(one.id_number_index), []).append(one)
            elif one.birth_date:
                people.setdefault((one.name, one.birth_date), []).append(one)
        return numbers, people

    def _candidates(self, here: QuerySet[Applicant], rows: "list[CheckedRow]") -> QuerySet[Applicant]:
        persons = {person for row in rows if not row.index and (person := _person(row.values))}
        asked = Q(AnyOf(F("id_number_index"), {row.index for row in rows if row.index}))
        if persons:
            keys = {name_sort_key(name)[:SORT_LENGTH] for name, _born in persons}
            asked |= Q(
                AnyOf(F("name_sort"), keys),
                AnyOf(F("birth_date"), {born for _name, born in persons}),
                id_number_index__isnull=True,
            )
        return here.filter(asked).prefetch_related("members")

    def _says_the_same(self, applicant: Applicant, values: Mapping[str, Any]) -> bool:
        """Whether the row would change nothing."""
        members = {member.position: copy(member) for member in applicant.members.all()}
        return not apply_values(copy(applicant), members, values, self.book)

    def _blame(self, row: "CheckedRow", person: Person, known: list[Applicant]) -> None:
        family = _family(row.values)
        if any(family & {clean_text(one.name) for one in applicant.members.all()} for applicant in known):
            row.faults.append(Fault("name", "student_in_batch", value=row.source.cells.get("name", "")))
            return
        for name in sorted(family):
            first = self._met.setdefault((person, name), row.source.place)
            if first != row.source.place:
                places = f"{first}、{row.source.place}"[:120]
                row.faults.append(
                    Fault("name", "student_twice_in_file", "error", places, row.source.cells.get("name", ""))
                )
                return

    def _waiting_rows(self) -> set[bytes]:
        """Digests of the rows that wait as problem data of this batch's other imports."""
        if self._waiting is None:
            rows = ImportRow.objects.filter(
                import_job__batch=self.batch,
                import_job__state=ImportJob.State.IMPORTED,
                state=ImportRow.State.PROBLEM,
                row_number__gt=0,
            ).exclude(import_job=self.own)
            cells = rows.values_list("cells", flat=True).iterator(chunk_size=1000)
            self._waiting = {_digest(json.loads(text)) for text in cells}
        return self._waiting


def _person(values: Mapping[str, Any]) -> Person | None:
    name, born = values.get("name"), values.get("birth_date")
    return (name, born) if name and born else None


def _family(values: Mapping[str, Any]) -> set[str]:
    return {clean_text(name) for field in FAMILY if (name := values.get(field))}


def _digest(cells: Mapping[str, str]) -> bytes:
    told = sorted((name, text) for name, text in cells.items() if text)
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).digest()
