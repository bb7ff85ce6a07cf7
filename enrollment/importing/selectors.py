"""Reads of imports: results, faults by kind and by row, problem rows, the marked file."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import units_with, visible_or_404
from core.masking import mask_id_number
from core.workbook import header_key, marked_copy, open_table, refusal_message
from core.workbook.refusal import MESSAGES as FILE_MESSAGES
from enrollment.cells import layout_of
from enrollment.importing.source import file_label, limits, table_options
from enrollment.importing.writing import FILE_REFUSED
from enrollment.models import Applicant, ImportFault, ImportJob, ImportRow, IntakeBatch, MarkedFile
from enrollment.sheet import mask_of
from files.selectors import open_blob
from records.columns import Column, Kind, LayoutColumns, bare_header
from records.faults import MESSAGES, Fault, describe
from school.rules import rule

PLAIN_KINDS = frozenset({Kind.REGION, Kind.SCHOOL_CODE})
"""Columns whose right values are long numbers of no person."""

_NUMBERS = re.compile(r"(?:[0-9０-９][ -]?){11,}[Xx]?")
KINDS = {
    ImportJob.State.CHECKING: "blue",
    ImportJob.State.CHECKED: "amber",
    ImportJob.State.IMPORTING: "blue",
    ImportJob.State.IMPORTED: "green",
    ImportJob.State.UNDONE: "grey",
    ImportJob.State.REFUSED: "red",
    ImportJob.State.FAILED: "red",
}
PERM = "enter_applicant"
READERS = (PERM, "approve_applicant")
"""Who reads imports: those who enter applicants, and their head, who may take an import back."""

OPEN_STATES = (ImportJob.State.CHECKING, ImportJob.State.IMPORTING)


def imports(user: User) -> QuerySet[ImportJob]:
    """Imports that ``user`` may read, with what their list shows."""
    return ImportJob.objects.visible_to(user, *READERS).select_related("batch", "blob", "owner", "job")


def problem_rows(user: User) -> QuerySet[ImportRow]:
    """Rows of all imports that `imports` gives which still wait to be mended (问题学生数据), nothing decrypted.

    ``errors`` counts the faults that keep a row from being imported.
    """
    found = ImportRow.objects.filter(
        state=ImportRow.State.PROBLEM,
        import_job__state=ImportJob.State.IMPORTED,
        import_job__in=ImportJob.objects.visible_to(user, *READERS),
    )
    errors = ImportFault.objects.filter(row=OuterRef("pk"), level=ImportFault.Level.ERROR).order_by()
    counted = errors.values("row").annotate(count=Count("pk")).values("count")
    found = found.annotate(errors=Coalesce(Subquery(counted), 0))
    found = found.select_related("import_job__batch", "import_job__blob", "owner")
    return found.defer("cells", "member_file", "import_job__refusal_detail")


def import_for(user: User, public_id: object, *perms: str) -> ImportJob:
    """One import at a school where ``user`` enters applicants (or holds one of ``perms``).

    Raises Http404 or OutOfScope.
    """
    every = ImportJob.objects.select_related(
        "batch__school", "blob", "created_by", "owner", "job", "mends__owner"
    )
    return visible_or_404(every, every.visible_to(user, *perms), public_id=public_id)


def row_for(user: User, public_id: object) -> ImportRow:
    """One row of an import in scope. Raises Http404 or OutOfScope."""
    every = ImportRow.objects.select_related("import_job__batch__school", "owner", "applicant", "resolved_by")
    mine = Applicant.objects.visible_to(user, "enter_applicant")
    visible = every.filter(
        Q(applicant=None) | Q(applicant__in=mine),
        import_job__batch__school_id__in=list(units_with(user, "enter_applicant")),
    )
    return visible_or_404(every, visible, public_id=public_id)


def open_batches(user: User) -> list[IntakeBatch]:
    """Batches into which ``user`` may import, the newest first."""
    found = (
        IntakeBatch.objects.visible_to(user, "enter_applicant").filter(is_open=True).select_related("school")
    )
    return list(found.order_by("-school_year", "code"))


def faults_of(import_job: ImportJob) -> QuerySet[ImportFault]:
    """All faults of an import, with their rows."""
    return ImportFault.objects.filter(row__import_job=import_job).select_related("row")


@dataclass(frozen=True, slots=True)
class FaultKind:
    """How often one fault stands in one column."""

    column: str
    level: str
    code: str
    what: str
    mend: str
    count: int


def kinds_of(import_job: ImportJob) -> list[FaultKind]:
    """The faults of an import by column and kind, errors first, the most frequent first."""
    found = (
        faults_of(import_job)
        .order_by()
        .values_list("level", "column", "code")
        .annotate(count=Count("pk"), first=Min("detail"), last=Max("detail"))
    )
    kinds = []
    for level, column, code, count, first, last in found:
        what, mend = words(code, first if first == last else "")
        kinds.append(FaultKind(column, level, code, what, mend, count))
    return sorted(kinds, key=lambda kind: (kind.level, -kind.count, kind.column, kind.code))


def words(code: str, detail: str = "", value: str = "", *, own: bool = True) -> tuple[str, str]:
    """What is wrong and what to do, in the reader's language; ``own``: he may read the values that it names."""
    if code == FILE_REFUSED:
        return _refused_words(value, own=own)
    if detail or "%(detail)s" not in str(MESSAGES[code].what) + str(MESSAGES[code].mend):
        return describe(Fault("", code, detail=detail))
    return describe(Fault("", code, detail="…"))


def _refused_words(value: str, *, own: bool) -> tuple[str, str]:
    if not value:
        return _("The file cannot be read"), _("Open the entry: the reason stands there")
    kept = json.loads(value)
    return _("The file cannot be read"), _why_refused(kept["code"], kept["params"], own=own)


def _why_refused(code: str, params: Mapping[str, str | int], *, own: bool) -> str:
    """Why a file is not read; names of files, sheets and columns may be persons' and stand for its owner alone."""
    shown = {name: value if own or isinstance(value, int) else "…" for name, value in params.items()}
    return refusal_message(code if code in FILE_MESSAGES else "damaged", shown)


def fault_words(fault: ImportFault, reader: User) -> tuple[str, str]:
    """`words` of one fault."""
    value = fault.value if fault.code == FILE_REFUSED else ""
    return words(fault.code, fault.detail, value, own=fault.row.owner_id == reader.pk)


def column_of(layout: LayoutColumns, header: str) -> Column | None:
    """The column that a header or one of its aliases names."""
    return layout.by_header.get(bare_header(header))


def shown_value(fault: ImportFault, layout: LayoutColumns, reader: User) -> str:
    """What stood in the cell: whole for the owner of the row, who must mend it; personal numbers masked for others."""
    if fault.code == FILE_REFUSED:
        return ""
    value = str(fault.value)
    if fault.row.owner_id == reader.pk:
        return value
    column = column_of(layout, fault.column)
    return masked(value, column) if column else mask_id_number(value)


def masked(value: str, column: Column) -> str:
    """A value as somebody sees it who need not mend it. A number that stands in a wrong column is hidden too."""
    mask = mask_of(column)
    if mask is str and column.kind not in PLAIN_KINDS:
        return _NUMBERS.sub(lambda found: mask_id_number(found.group()), value)
    return mask(value)


def file_of(row: ImportRow, reader: User) -> str:
    """Which workbook of a ZIP a row comes from: its place, for the owner its name too; "" for a single file."""
    return file_label(row.member, row.member_file if row.owner_id == reader.pk else "…")


def cells_of_row(row: ImportRow) -> dict[str, str]:
    """The cells of a row as they came, by field."""
    kept: dict[str, str] = json.loads(row.cells or "{}")
    return kept


def faults_of_row(row: ImportRow, layout: LayoutColumns) -> list[Fault]:
    """The faults of one row by field."""
    found = []
    for fault in row.faults.order_by("pk"):
        column = column_of(layout, fault.column)
        found.append(
            Fault(column.field if column else "", fault.code, fault.level, fault.detail, fault.value)
        )
    return found


def next_problem(row: ImportRow) -> ImportRow | None:
    """The next waiting row of the same import and owner, round the end."""
    waiting = ImportRow.objects.filter(
        import_job=row.import_job, owner=row.owner, state=ImportRow.State.PROBLEM, row_number__gt=0
    )
    waiting = waiting.exclude(pk=row.pk).order_by("row_number", "pk")
    return waiting.filter(row_number__gte=row.row_number).first() or waiting.first()


@dataclass(frozen=True, slots=True)
class RowCounts:
    """How the rows of an imported file stand."""

    waiting: int
    mended: int
    dismissed: int


def row_counts(import_job: ImportJob) -> RowCounts:
    """Problem rows that wait, were mended, were dismissed."""
    state = ImportRow.State
    found: dict[str, Any] = import_job.rows.aggregate(
        waiting=Count("pk", filter=Q(state=state.PROBLEM)),
        mended=Count("pk", filter=Q(state=state.MENDED)),
        dismissed=Count("pk", filter=Q(state=state.DISMISSED)),
    )
    return RowCounts(**found)


def refusal_of(import_job: ImportJob, reader: User) -> str:
    """Why the file was refused, in the reader's language; "" when it was not."""
    own = import_job.owner_id == reader.pk
    return _why_refused(import_job.refusal, import_job.refusal_params, own=own) if import_job.refusal else ""


MOST_MARKED_AT_ONCE = 1000
"""The marked file of an import with more rows is made by a job."""


def newest_marked_file(import_job: ImportJob) -> MarkedFile | None:
    """What was last asked of a job, whether it is made or not."""
    rows = MarkedFile.objects.filter(import_job=import_job).select_related("job", "blob")
    return rows.order_by("-pk").first()


def ready_marked_file(import_job: ImportJob) -> MarkedFile | None:
    """The marked file that a job made, in the reader's language, unless it lapsed or rows were dealt with since."""
    found = newest_marked_file(import_job)
    if found is None or found.blob is None or found.language != get_language():
        return None
    begun, ended = found.job.started_at, found.job.finished_at
    hours = int(rule(import_job.batch.school, "marked_file_hours"))
    if begun is None or ended is None or ended + timedelta(hours=hours) < timezone.now():
        return None
    written = import_job.job.finished_at
    if written is None or written > begun:
        return None
    return None if import_job.rows.filter(resolved_at__gte=begun).exists() else found


def marked_file(import_job: ImportJob, told: Callable[[int, int], None] | None = None) -> bytes:
    """The uploaded file with its faults marked; ``told`` hears how many faults of how many are read.

    Raises WorkbookRefused for a ZIP.
    """
    layout = layout_of(import_job.batch)
    content = open_blob(import_job.blob)
    max_rows = int(rule(import_job.batch.school, "max_import_rows"))
    options = {"limits": limits(max_rows), **table_options(layout)}
    return marked_copy(content, list(_marks(import_job, content, options, told)), **options)


def _marks(
    import_job: ImportJob,
    content: bytes,
    options: dict[str, Any],
    told: Callable[[int, int], None] | None,
) -> Iterator[tuple[int, int | None, str]]:
    table = open_table(content, **options)
    places = {header_key(name): index for index, name in enumerate(table.headers)}
    waiting = faults_of(import_job).exclude(
        row__state__in=[ImportRow.State.MENDED, ImportRow.State.DISMISSED]
    )
    total = waiting.count() if told else 0
    for number, fault in enumerate(waiting.order_by("pk").iterator(chunk_size=2000), 1):
        if told:
            told(number, total)
        what, mend = fault_words(fault, import_job.owner)
        yield fault.row.row_number, places.get(header_key(fault.column)), sentence(what, mend)


def sentence(what: str, mend: str) -> str:
    """Both halves of a message as one line."""
    return _("%(what)s: %(mend)s") % {"what": what, "mend": mend} if mend else what


def first_waiting(import_job: ImportJob, user: User) -> ImportRow | None:
    """The first problem row that ``user`` may mend."""
    rows = import_job.rows.filter(state=ImportRow.State.PROBLEM, owner=user, row_number__gt=0)
    return rows.order_by("row_number", "pk").first()
