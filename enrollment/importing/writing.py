"""Putting checked rows into the tables, many at a time: drafts with their families, and rows that need mending."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection

from accounts.models import User
from enrollment.actions import new_applicant, new_numbers
from enrollment.cells import layout_of, place, programme_units
from enrollment.importing.building import Builder
from enrollment.importing.checking import CheckedRow
from enrollment.importing.source import RefusedMember
from enrollment.models import Applicant, ApplicantMember, ImportFault, ImportJob, ImportRow
from ledger import events
from ledger.bulk import copy_rows
from ledger.history import write_rows
from records.cells import CodeBook
from records.columns import LayoutColumns
from school.rules import rule

FILE_REFUSED = "file_refused"
MAX_HEADER = 60


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
    _builder: Builder = field(init=False)

    def __post_init__(self) -> None:
        batch = self.import_job.batch
        self._units = programme_units(batch)
        scheme = str(rule(batch.school, "duty_scheme", on=self.today))
        usual = new_applicant(batch, self.actor, "", scheme=scheme, today=self.today)
        common = {name: getattr(usual, name) for name in ("unit_id", "scheme", "entered_by", "entered_late")}
        self._builder = Builder(batch, layout_of(batch), self.book, import_job=self.import_job, **common)

    def write(self, rows: Sequence[CheckedRow]) -> list[Applicant]:
        """Insert drafts with families, history and one event each; the drafts in the order of ``rows``."""
        made, families = [], []
        for row in rows:
            applicant, members = self._draft(row)
            made.append(applicant)
            families.append(members)
        write_rows(made, actor=self.actor, role=self.role)
        for members in families:
            for member in members:
                member.applicant = member.applicant
        write_rows([one for members in families for one in members], actor=self.actor, role=self.role)
        events.record_many("applicant.imported", made, actor=self.actor, role=self.role)
        return made

    def _draft(self, row: CheckedRow) -> tuple[Applicant, list[ApplicantMember]]:
        applicant, members = self._builder.build(row.values)
        applicant.number = self._number()
        applicant.import_row_number = row.source.number
        applicant.warning_count = row.warnings
        place(applicant, self._units)
        return applicant, members

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
