"""What an import leaves behind: the file with its figures, rows that need mending, each fault of a cell.

`enrollment.models` takes these in; other modules import them from there.
"""

import json
import uuid
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scope import units_with
from core.crypto import EncryptedTextField
from files.models import Blob
from jobs.models import Job


class ImportJobQuerySet(models.QuerySet["ImportJob"]):
    """Reads of imports."""

    def visible_to(self, user: User, *perms: str) -> Self:
        """Imports into schools where ``user`` holds one of ``perms``: enters applicants, unless others are named."""
        asked = perms or ("enter_applicant",)
        units = {unit for perm in asked for unit in units_with(user, perm)}
        return self.filter(batch__school_id__in=sorted(units))


class ImportJob(models.Model):
    """A file uploaded for a batch (导入任务): first checked whole, then imported, undone while all are drafts.

    The ``owner`` sees its values whole, imports it and enters its applicants: who uploaded it, or who took it over.
    """

    class State(models.TextChoices):
        CHECKING = "checking", _("Being checked")
        CHECKED = "checked", _("Checked")
        IMPORTING = "importing", _("Being imported")
        IMPORTED = "imported", _("Imported")
        UNDONE = "undone", _("Undone")
        REFUSED = "refused", _("File refused")
        FAILED = "failed", _("Failed")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    batch = models.ForeignKey("enrollment.IntakeBatch", on_delete=models.PROTECT, related_name="imports")
    blob = models.OneToOneField(Blob, on_delete=models.PROTECT, related_name="+")
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.CHECKING)
    all_or_nothing = models.BooleanField(_("only when every row is good"), default=False)
    row_count = models.PositiveIntegerField(default=0)
    good_count = models.PositiveIntegerField(default=0)
    error_count = models.PositiveIntegerField(default=0)
    warning_count = models.PositiveIntegerField(default=0)
    imported_count = models.PositiveIntegerField(default=0)
    skipped_count = models.PositiveIntegerField(default=0)
    refusal = models.CharField(max_length=40, blank=True)
    refusal_detail = EncryptedTextField(blank=True, default="")
    unknown_headers = ArrayField(models.CharField(max_length=60), default=list)
    mends = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="mended_by", verbose_name=_("mends")
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(User, verbose_name=_("owner"), on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    objects = models.Manager.from_queryset(ImportJobQuerySet)()

    class Meta:
        verbose_name = _("import")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def refusal_params(self) -> dict[str, Any]:
        """What fills the message of the refusal; it may name files inside a ZIP."""
        found: dict[str, Any] = json.loads(self.refusal_detail or "{}")
        return found


class CheckedPart(models.Model):
    """Rows of a checked file, encrypted; from the check until the import has read them (`importing.keeping`)."""

    import_job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="+", db_index=False)
    place = models.PositiveSmallIntegerField()
    stamp = models.CharField(max_length=64)
    content = models.BinaryField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["import_job", "place"], name="checked_part_once")]

    def __str__(self) -> str:
        return f"{self.import_job_id}/{self.place}"


class ImportRow(models.Model):
    """A row with faults (问题数据): the cells as they came, its owner, and what became of it.

    ``member`` counts the workbooks of a ZIP from 1 and is 0 in a single file; ``member_file`` is the workbook's name.
    """

    class State(models.TextChoices):
        PROBLEM = "problem", _("Problem data")
        WARNED = "warned", _("Imported with warnings")
        MENDED = "mended", _("Mended")
        DISMISSED = "dismissed", _("Dismissed")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    import_job = models.ForeignKey(ImportJob, on_delete=models.PROTECT, related_name="rows")
    row_number = models.PositiveIntegerField(_("row"))
    member = models.PositiveIntegerField(default=0)
    member_file = EncryptedTextField(blank=True, default="")
    cells = EncryptedTextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROBLEM)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    applicant = models.OneToOneField(
        "enrollment.Applicant", null=True, on_delete=models.PROTECT, related_name="import_row"
    )
    resolved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    resolved_at = models.DateTimeField(null=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("imported row")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["import_job", "row_number", "member"], name="import_row_unique")
        ]

    def __str__(self) -> str:
        return f"{self.import_job_id}/{self.row_number}"


class ImportFault(models.Model):
    """One fault of one cell. ``code`` names the message (records.faults); ``value`` is what stood in the cell."""

    class Level(models.TextChoices):
        ERROR = "error", _("Error")
        WARNING = "warning", _("Warning")

    row = models.ForeignKey(ImportRow, on_delete=models.CASCADE, related_name="faults")
    column = models.CharField(_("column"), max_length=60)
    value = EncryptedTextField(blank=True, default="")
    level = models.CharField(max_length=8, choices=Level.choices)
    code = models.CharField(max_length=40)
    detail = models.CharField(max_length=120, blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.row_id} {self.column} {self.code}"


class MarkedFile(models.Model):
    """A large import's file with its faults marked, made by a job; it lapses by the school's rule."""

    import_job = models.ForeignKey(ImportJob, on_delete=models.PROTECT, related_name="marked_files")
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="+")
    blob = models.OneToOneField(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=8)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.import_job_id}/{self.job_id}"
