"""A file examined without writing anything: what the command reports."""

from dataclasses import dataclass, field
from typing import Any

from core.workbook import WorkbookRefused
from enrollment.cells import layout_of
from enrollment.importing.checking import Checker
from enrollment.importing.process import Counts
from enrollment.importing.selectors import fault_words, faults_of, sentence, words
from enrollment.importing.source import RefusedMember, Source, file_label, open_source
from enrollment.importing.writing import FILE_REFUSED, refusal_text
from enrollment.models import ImportJob, IntakeBatch
from enrollment.selectors import book_of
from records.columns import LayoutColumns
from records.faults import Fault
from school.rules import rule


@dataclass(slots=True)
class Report:
    """Counts, and each fault as ``{"row", "column", "value", "message"}`` (``"file"`` too inside a ZIP)."""

    rows: int = 0
    imported: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)

    def add(self, level: str, place: dict[str, Any], column: str, value: str, message: str) -> None:
        entry = {**place, "column": column, "value": value, "message": message}
        (self.errors if level == "error" else self.warnings).append(entry)

    def add_refused(self, refused: RefusedMember) -> None:
        text = sentence(*words(FILE_REFUSED, value=refusal_text(refused)))
        self.add("error", _place(0, file_label(refused.number, refused.member)), "", "", text)

    def as_dict(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "imported": self.imported,
            "errors": self.errors,
            "warnings": self.warnings,
        }


def _place(number: int, member: str) -> dict[str, Any]:
    return {"row": number, "file": member} if member else {"row": number}


def examine_file(batch: IntakeBatch, content: bytes) -> Report:
    """Check a file for a batch and write nothing. Raises WorkbookRefused."""
    layout = layout_of(batch)
    source = open_source(content, layout, max_rows=int(rule(batch.school, "max_import_rows")))
    report, counts = Report(), Counts()
    for refused in source.refused:
        report.add_refused(refused)
    for rows in Checker(batch, book_of(batch), source).chunks():
        counts.add(rows)
        for row in rows:
            for fault in row.faults:
                _add(report, source, layout, row.source, fault)
    report.rows = counts.rows + len(source.refused)
    return report


def _add(report: Report, source: Source, layout: LayoutColumns, row: Any, fault: Fault) -> None:
    header = source.headers.get(fault.field) or layout.header(fault.field)
    value = fault.value or row.cells.get(fault.field, "")
    message = sentence(*words(fault.code, fault.detail))
    report.add(
        fault.level, _place(row.number, file_label(row.member_number, row.member)), header, value, message
    )


def report_of(import_job: ImportJob) -> Report:
    """What an import left behind, from the database."""
    report = Report(rows=import_job.row_count, imported=import_job.imported_count)
    for fault in faults_of(import_job).select_related("row__owner").order_by("pk").iterator(chunk_size=2000):
        value = "" if fault.code == FILE_REFUSED else fault.value
        place = _place(fault.row.row_number, file_label(fault.row.member, fault.row.member_file))
        report.add(fault.level, place, fault.column, value, sentence(*fault_words(fault, fault.row.owner)))
    return report


def refused_report(refused: WorkbookRefused) -> Report:
    """The report on a file that could not be read at all."""
    report = Report()
    report.add("error", _place(0, ""), "", "", refused.message)
    return report
