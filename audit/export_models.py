"""Exports of students (数据导出): who took which columns of how many students, with whom and what for."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from approvals.models import TypedRequest, apart
from archive.models import ImpactAssessment
from core.crypto import EncryptedTextField
from files.models import Blob
from jobs.models import Job
from ledger.history import History
from ledger.models import RecordedManager

_APART = (("requester", "second"), ("requester", "approver"), ("second", "approver"))


class ExportManager(RecordedManager):
    """Leaves the ids of the students where they are, thousands for each row, until somebody asks for them."""

    def get_queryset(self) -> Any:
        """Rows without ``people``."""
        return super().get_queryset().defer("people")


class ExportRequest(TypedRequest):
    """One export; the number of its request is the serial of its file.

    ``named``: the second person, who alone may confirm; ``second``: the same once it was done. ``approver``: the head
    of archives, where ``needs_approval``. ``people``: ids of the students asked for, and once the file is made of those
    in it. ``together``: how many students this one and the requester's earlier exports held when it was asked for, each
    once; empty before such were counted. ``assessment``: the impact assessment on which it rests, wherever ``whole``.
    ``columns``: fields of the layout, in its order. ``content_digest`` speaks of the cells alone, so that a file that
    was saved anew has it too. The file is deleted after ``lapses_at``; the row stays as the register.
    """

    class Purpose(models.TextChoices):
        DUTY = "duty", _("Daily work of my own duty")
        ROSTER = "roster", _("Rosters of classes")
        CHECK = "check", _("Checking and completing data")
        FIGURES = "figures", _("Statistics and reports within the school")
        EXAM = "exam", _("Examinations held at the school")
        AID = "aid", _("Student aid")
        STATUS_SYSTEM = "status_system", _("Upload to the national student status system")

    class Format(models.TextChoices):
        XLSX = "xlsx", _("Workbook (.xlsx)")
        CSV = "csv", _("Text (.csv)")

    APART = _APART

    named = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approver = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(_("purpose"), max_length=16, choices=Purpose.choices)
    use = EncryptedTextField(_("who uses it, and how"))
    columns = ArrayField(models.CharField(max_length=40), verbose_name=_("columns"))
    whole = models.BooleanField(_("whole numbers"), default=False)
    file_format = models.CharField(_("format"), max_length=4, choices=Format.choices, default=Format.XLSX)
    asked = models.PositiveIntegerField(_("students asked for"))
    together = models.PositiveIntegerField(_("students of all exports together"), null=True)
    people = ArrayField(models.BigIntegerField())
    needs_approval = models.BooleanField(_("needs the head of archives"), default=False)
    assessment = models.ForeignKey(ImpactAssessment, null=True, on_delete=models.PROTECT, related_name="+")
    job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    rows = models.PositiveIntegerField(_("students"), null=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    content_digest = models.CharField(_("digest of the cells"), max_length=64, blank=True)
    made_at = models.DateTimeField(_("made"), null=True)
    lapses_at = models.DateTimeField(_("deleted at"), null=True)
    discarded_at = models.DateTimeField(_("deleted"), null=True)

    objects: ClassVar[Any] = ExportManager()
    history = History(excluded_fields=["people"])

    class Meta:
        verbose_name = _("export of students")
        default_permissions = ()
        indexes = [
            models.Index(fields=["sha256"], name="export_sha256", condition=~Q(sha256="")),
            models.Index(fields=["content_digest"], name="export_cells", condition=~Q(content_digest="")),
        ]
        constraints = [
            *apart("export", _APART),
            models.CheckConstraint(condition=~Q(named=F("requester")), name="export_named_another"),
            models.CheckConstraint(
                condition=Q(second__isnull=True) | Q(second=F("named")), name="export_second_is_named"
            ),
            models.CheckConstraint(
                condition=Q(whole=False) | Q(needs_approval=True), name="export_whole_is_approved"
            ),
            models.CheckConstraint(
                condition=Q(whole=False) | Q(assessment__isnull=False) | Q(together__isnull=True),
                name="export_whole_is_assessed",
            ),
            models.CheckConstraint(
                condition=Q(
                    file__isnull=True, made_at__isnull=True, lapses_at__isnull=True, rows__isnull=True, sha256="",
                    content_digest="",
                )
                | Q(
                    file__isnull=False, made_at__isnull=False, lapses_at__isnull=False, rows__gt=0,
                    second__isnull=False, sha256__regex="^[0-9a-f]{64}$", content_digest__regex="^[0-9a-f]{64}$",
                )
                & (Q(needs_approval=False) | Q(approver__isnull=False)),
                name="export_made_whole",
            ),
        ]  # fmt: skip

    @property
    def unit_id(self) -> int:
        """Id of the school, for the ledger."""
        school_id: int = self.request.school_id
        return school_id

    @property
    def is_there(self) -> bool:
        """Whether the file can be fetched still."""
        lasts = self.lapses_at is not None and timezone.now() < self.lapses_at
        return lasts and self.discarded_at is None
