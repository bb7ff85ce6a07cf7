"""Putting checked rows into the tables, many at a time: drafts with their families, and rows that need mending."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import uuid4

from django.db import connection

from accounts.models import User
from enrollment.actions import new_applicant, new_numbers
from enrollment.cells import layout_of, programme_units
from enrollment.importing.building import Builder
from enrollment.importing.checking import CheckedRow
from enrollment.importing.source import RefusedMember
from enrollment.models import Applicant, ApplicantMember, ImportFault, ImportJob, ImportRow
from ledger import events
from ledger.bulk import copy_rows
from ledger.history import NewRows, write_columns
from records.cells import CodeBook
from records.columns import LayoutColumns
from school.rules import rule

FILE_REFUSED = "file_refused"
MAX_HEADER = 60


@dataclass(frozen=True, slots=True)
class Drafts:
    """Good rows ready to be stored; ``parents`` says for each member which of the applicants he belongs to."""

    rows: list[CheckedRow]
    applicants: NewRows
    members: NewRows
    parents: list[int]


@dataclass(slots=True)
class DraftWriter:
    """Writes good rows as drafts of ``actor``.

    ``numbers`` were taken before, so that nobody who types waits for this transaction.
    """

    import_job: ImportJob
    actor: User
    role: str
    book: CodeBook
    today: date
    numbers: Iterator[str]
    _units: dict[int, int] = field(init=False)
    _common: dict[str, Any] = field(init=False)
    _builder: Builder = field(init=False)

    def __post_init__(self) -> None:
        batch = self.import_job.batch
        self._units = programme_units(batch)
        scheme = str(rule(batch.school, "duty_scheme", on=self.today))
        usual = new_applicant(batch, self.actor, "", scheme=scheme, today=self.today)
        names = ("batch_id", "unit_id", "scheme", "entered_by_id", "entered_late")
        self._common = {name: getattr(usual, name) for name in names} | {"import_job_id": self.import_job.pk}
        self._builder = Builder(layout_of(batch), self.book)

    def write(self, rows: Sequence[CheckedRow]) -> list[int]:
        """Insert drafts with families, history and one event each; the keys of the drafts, in the order of ``rows``."""
        return self.store(self.prepare(rows))

    def prepare(self, rows: Sequence[CheckedRow]) -> Drafts:
        """Make rows ready to be stored. Asks the database nothing."""
        people = [row.values for row in rows]
        columns = self._builder.applicants(people)
        if "programme_id" in columns:
            school_id = self.import_job.batch.school_id
            columns["unit_id"] = [self._units.get(key or 0, school_id) for key in columns["programme_id"]]
        columns["import_row_number"] = [row.source.number for row in rows]
        columns["public_id"] = ids = [uuid4() for _row in rows]
        parents, family = self._builder.members(people)
        return Drafts(
            list(rows),
            NewRows(Applicant, len(rows), columns, self._common, subjects=ids),
            NewRows(ApplicantMember, len(parents), family, {}, subjects=[ids[place] for place in parents]),
            parents,
        )

    def store(self, drafts: Drafts) -> list[int]:
        """Insert what was prepared."""
        applicants = drafts.applicants
        applicants.put("number", [self._number() for _row in drafts.rows])
        applicants.put("warning_count", [row.warnings for row in drafts.rows])
        keys = write_columns(applicants, actor=self.actor, role=self.role)
        drafts.members.put("applicant_id", [keys[place] for place in drafts.parents])
        write_columns(drafts.members, actor=self.actor, role=self.role)
        events.record_written("applicant.imported", applicants, keys, actor=self.actor, role=self.role)
        return keys

    def _number(self) -> str:
        found = next(self.numbers, None)
        return found or new_numbers(self.import_job.batch)[0]


@dataclass(slots=True)
class ProblemWriter:
    """Writes rows with faults, their cells as they came, and each fault."""

    import_job: ImportJob
    owner: User
    layout: LayoutColumns
    headers: dict[str, str]

    def write(self, rows: Sequence[CheckedRow]) -> list[ImportRow]:
        """Insert rows and faults; the rows in the order given."""
        made = [self._row(row) for row in rows]
        copy_rows(connection, ImportRow, made)
        faults = [
            ImportFault(
                row=kept,
                column=self.header(fault.field),
                value=fault.value or row.source.cells.get(fault.field, ""),
                level=fault.level,
                code=fault.code,
                detail=fault.detail[:120],
            )
            for kept, row in zip(made, rows, strict=True)
            for fault in row.faults
        ]
        copy_rows(connection, ImportFault, faults, read_back=False)
        return made

    def header(self, name: str) -> str:
        """The header of a field as the file writes it."""
        return (self.headers.get(name) or self.layout.header(name))[:MAX_HEADER]

    def _row(self, row: CheckedRow) -> ImportRow:
        cells = {name: text for name, text in row.source.cells.items() if text}
        return ImportRow(
            import_job=self.import_job,
            row_number=row.source.number,
            member=row.source.member_number,
            member_file=row.source.member,
            cells=json.dumps(cells, ensure_ascii=False),
            state=ImportRow.State.PROBLEM if row.has_errors else ImportRow.State.WARNED,
            owner=self.owner,
        )

    def write_refused(self, refused: Sequence[RefusedMember]) -> None:
        """Insert one row for each workbook of a ZIP that could not be read."""
        made = [
            ImportRow(
                import_job=self.import_job,
                row_number=0,
                member=one.number,
                member_file=one.member,
                cells="{}",
                owner=self.owner,
            )
            for one in refused
        ]
        copy_rows(connection, ImportRow, made)
        faults = [
            ImportFault(row=row, column="", value=refusal_text(one), level="error", code=FILE_REFUSED)
            for row, one in zip(made, refused, strict=True)
        ]
        copy_rows(connection, ImportFault, faults, read_back=False)


def refusal_text(refused: RefusedMember) -> str:
    """A refusal as it is kept with its fault: code and parameters, so that each reader gets his own language."""
    kept: dict[str, Any] = {"code": refused.refusal.code, "params": refused.refusal.params}
    return json.dumps(kept, ensure_ascii=False)
