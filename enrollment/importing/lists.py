"""The lists of imports: the files, the faults of one file, and the rows of all that wait to be mended."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from accounts.models import User
from accounts.scope import units_with
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge
from enrollment.cells import layout_of
from enrollment.importing.selectors import KINDS, PERM, fault_words, file_of, problem_rows, shown_value, words
from enrollment.models import ImportFault, ImportJob, ImportRow


def _state(row: ImportJob) -> str:
    return badge(KINDS[ImportJob.State(row.state)], row.get_state_display())


class ImportList(ListPage[ImportJob]):
    """Files that were imported or wait for it."""

    name = "enrollment.imports"
    unit_path = "batch__school_id"
    columns = (
        Column(
            "file", gettext_lazy("File"), lambda row: row.blob.filename, fixed=True, link=True, css="name"
        ),
        Column("batch", gettext_lazy("Intake batch"), lambda row: row.batch.name, sort=("batch__code",)),
        Column("state", gettext_lazy("State"), _state),
        Column("rows", gettext_lazy("Rows"), lambda row: row.row_count, sort=("row_count",), css="num"),
        Column("imported", gettext_lazy("Imported"), lambda row: row.imported_count, css="num"),
        Column(
            "errors", gettext_lazy("Errors"), lambda row: row.error_count, sort=("error_count",), css="num"
        ),
        Column("by", gettext_lazy("Owner"), lambda row: row.owner.name, css="name", phone=False),
        Column("at", gettext_lazy("Uploaded"), lambda row: row.created_at, sort=("created_at",), css="date"),
    )
    filters = (Filter("state", gettext_lazy("State"), "choice", "state", choices=ImportJob.State.choices),)
    default_sort = "-at"

    def __init__(self, request: HttpRequest, rows: QuerySet[ImportJob], *, user: Any) -> None:
        super().__init__(request, rows, user=user)
        nothing = gettext_lazy("No file was imported yet")
        self.empty = (
            Empty(
                nothing,
                gettext_lazy("Download the template, fill it in, and upload it."),
                reverse("enrollment:import_upload"),
                gettext_lazy("Import a file"),
                "file-import",
            )
            if units_with(user, PERM)
            else Empty(nothing, icon="file-import")
        )

    def row_url(self, row: ImportJob) -> str:
        return reverse("enrollment:import_result", args=[row.public_id])


def _age(row: ImportRow) -> str:
    days = (timezone.localdate() - timezone.localdate(row.import_job.finished_at)).days
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}


def _batches(user: User) -> list[tuple[str, str]]:
    rows = problem_rows(user).order_by("import_job__batch__code")
    found = rows.values_list("import_job__batch", "import_job__batch__name").distinct()
    return [(str(pk), name) for pk, name in found]


class ProblemRowList(ListPage[Any]):
    """Rows of all imports that wait to be mended, those that wait longest on top."""

    name = "enrollment.problem_rows"
    unit_path = "import_job__batch__school_id"
    columns = (
        Column("row", gettext_lazy("Row"), lambda row: row.row_number or "—", fixed=True, link=True, css="num"),
        Column("file", gettext_lazy("File"), lambda row: row.import_job.blob.filename, fixed=True, css="name"),
        Column("batch", gettext_lazy("Intake batch"), lambda row: row.import_job.batch.name, phone=False,
               sort=("import_job__batch__code", "import_job", "row_number")),
        Column("errors", gettext_lazy("Errors"), lambda row: row.errors, sort=("errors",), css="num"),
        Column("owner", gettext_lazy("Owner"), lambda row: row.owner.name, sort=("owner__name",), css="name"),
        Column("at", pgettext_lazy("problem row", "Imported"), lambda row: row.import_job.finished_at, phone=False,
               css="date"),
        Column("age", pgettext_lazy("problem row", "Waiting for"), _age, css="num",
               sort=("import_job__finished_at", "import_job", "row_number")),
    )  # fmt: skip
    default_sort = "age"
    empty = Empty(
        gettext_lazy("No row waits to be mended"),
        gettext_lazy("Rows of imported files that have errors stand here until they are mended or given up."),
        icon="circle-check",
    )

    def __init__(self, request: HttpRequest, rows: QuerySet[ImportRow], *, user: Any) -> None:
        self._enters = units_with(user, PERM)
        self.filters = (
            Filter("mine", pgettext_lazy("problem row", "Mine"), "flag", lambda rows, _on: rows.filter(owner=user)),
            Filter("batch", gettext_lazy("Intake batch"), "choice", "import_job__batch", choices=_batches),
        )  # fmt: skip
        super().__init__(request, rows, user=user)

    def row_url(self, row: Any) -> str:
        """Where the row is mended; for who may not, and for a file of a ZIP that cannot be read, the import."""
        if row.row_number and row.import_job.batch.school_id in self._enters:
            return reverse("enrollment:import_row", args=[row.public_id])
        return reverse("enrollment:import_result", args=[row.import_job.public_id])


def _level(fault: ImportFault) -> str:
    return (
        badge("red", _("Error")) if fault.level == "error" else badge("amber", _("Warning"), "alert-triangle")
    )


class FaultList(ListPage[ImportFault]):
    """The faults of one file, row by row."""

    name = "enrollment.import_faults"
    default_sort = "row"
    page_sizes = (50, 20, 100)

    def __init__(
        self, request: HttpRequest, rows: QuerySet[ImportFault], *, user: Any, import_job: ImportJob
    ) -> None:
        layout = layout_of(import_job.batch)
        by_file = rows.filter(row__member__gt=0).exists()
        self.mendable = import_job.state == ImportJob.State.IMPORTED
        file_column: Column[ImportFault] = Column(
            "file", gettext_lazy("File"), lambda fault: file_of(fault.row, user), sort=("row__member",)
        )
        self.columns = (
            *((file_column,) if by_file else ()),
            Column(
                "row",
                gettext_lazy("Row"),
                lambda fault: fault.row.row_number or "—",
                sort=("row__row_number", "row__member"),
                fixed=True,
                css="num",
                link=True,
            ),
            Column(
                "column",
                gettext_lazy("Column"),
                lambda fault: fault.column or "—",
                sort=("column",),
                fixed=True,
            ),
            Column(
                "value",
                gettext_lazy("Original value"),
                lambda fault: shown_value(fault, layout, user),
                css="id",
                fixed=True,
            ),
            Column("level", gettext_lazy("Kind"), _level, phone=False),
            Column("what", gettext_lazy("Problem"), lambda fault: fault_words(fault, user)[0], fixed=True),
            Column("mend", gettext_lazy("What to do"), lambda fault: fault_words(fault, user)[1], fixed=True),
            Column("state", gettext_lazy("State"), self._state, default=self.mendable),
        )
        self.filters = (
            Filter("level", gettext_lazy("Kind"), "choice", "level", choices=ImportFault.Level.choices),
            Filter("column", gettext_lazy("Column"), "choice", "column", choices=_columns(rows)),
            Filter("code", gettext_lazy("Problem"), "choice", "code", choices=_codes(rows)),
        )
        self.empty = Empty(gettext_lazy("No faults"), icon="circle-check")
        super().__init__(request, rows, user=user)

    def _state(self, fault: ImportFault) -> str:
        state = ImportRow.State(fault.row.state)
        kind = {"problem": "amber", "mended": "green", "warned": "green"}.get(state.value, "grey")
        return badge(kind, state.label)

    def row_url(self, row: ImportFault) -> str:
        waits = self.mendable and row.row.state == ImportRow.State.PROBLEM and row.row.row_number
        return reverse("enrollment:import_row", args=[row.row.public_id]) if waits else ""


def _columns(rows: QuerySet[ImportFault]) -> list[tuple[str, str]]:
    return [
        (name, name) for name in rows.order_by("column").values_list("column", flat=True).distinct() if name
    ]


def _codes(rows: QuerySet[ImportFault]) -> list[tuple[str, str]]:
    codes = rows.order_by("code").values_list("code", flat=True).distinct()
    return [(code, words(code)[0]) for code in codes]
