"""What work on many applicants leaves behind: samples and bulk approvals, files of scans, orders of prints.

`enrollment.models` takes these in; other modules import them from there.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.crypto import EncryptedTextField
from files.models import Blob
from jobs.models import Job
from records.models import INTAKE_KINDS
from school.models import SchoolClass


class IntakeSample(models.Model):
    """The random sample that a reviewer looked at before approving a class at once; written once, closed once."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    batch = models.ForeignKey("enrollment.IntakeBatch", on_delete=models.PROTECT, related_name="samples")
    class_no = models.CharField(max_length=12, blank=True)
    step = models.CharField(max_length=16)
    drawn_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField(auto_now_add=True)
    population = models.PositiveIntegerField()
    closed_at = models.DateTimeField(null=True)
    faults_found = models.PositiveIntegerField(null=True)
    passed_count = models.PositiveIntegerField(null=True)
    job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["batch", "step", "class_no"], name="sample_by_class")]

    def __str__(self) -> str:
        return str(self.public_id)


class SampleItem(models.Model):
    """One applicant of a sample: when the reviewer opened it, and what came of it."""

    class Outcome(models.TextChoices):
        FINE = "fine", _("Without fault")
        FAULT = "fault", _("Fault found")

    sample = models.ForeignKey(IntakeSample, on_delete=models.PROTECT, related_name="items")
    applicant = models.ForeignKey("enrollment.Applicant", on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["sample", "applicant"], name="sampled_once")]

    def __str__(self) -> str:
        return f"{self.sample_id}/{self.applicant_id}"


class BulkSkip(models.Model):
    """An applicant that a bulk approval left out, and why (`enrollment.bulk_plan.REASONS`)."""

    sample = models.ForeignKey(IntakeSample, on_delete=models.PROTECT, related_name="skips")
    applicant = models.ForeignKey("enrollment.Applicant", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=16)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["sample", "applicant"], name="skipped_once")]

    def __str__(self) -> str:
        return f"{self.sample_id}/{self.applicant_id} {self.reason}"


class ScanUpload(models.Model):
    """A ZIP of scans, whose files a job gives to the applicants of a batch. Without a kind the names tell it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    batch = models.ForeignKey("enrollment.IntakeBatch", on_delete=models.PROTECT, related_name="scan_uploads")
    kind = models.CharField(_("kind"), max_length=20, choices=INTAKE_KINDS)
    blob = models.OneToOneField(Blob, on_delete=models.PROTECT, related_name="+")
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("file of scans")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.public_id)


class ScanFile(models.Model):
    """One file of a ZIP of scans: whom it was given to, or why to nobody (`enrollment.scan_matching.REASONS`)."""

    upload = models.ForeignKey(ScanUpload, on_delete=models.PROTECT, related_name="files")
    position = models.PositiveIntegerField()
    name = EncryptedTextField()
    applicant = models.ForeignKey(
        "enrollment.Applicant", null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    kind = models.CharField(max_length=20, choices=INTAKE_KINDS, blank=True)
    by_qr = models.BooleanField(default=False)
    reason = models.CharField(max_length=24, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["upload", "position"], name="scan_file_once")]

    def __str__(self) -> str:
        return f"{self.upload_id}/{self.position}"


class PrintOrder(models.Model):
    """Forms of a class that a job prints because they are many.

    ``people`` are the keys of those who were printed: applicants of the batch, else enrolments of the class.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    batch = models.ForeignKey(
        "enrollment.IntakeBatch", null=True, on_delete=models.PROTECT, related_name="print_orders"
    )
    class_no = models.CharField(max_length=12, blank=True)
    school_class = models.ForeignKey(SchoolClass, null=True, on_delete=models.PROTECT, related_name="+")
    form = models.CharField(_("form"), max_length=24)
    language = models.CharField(max_length=8)
    purpose = models.CharField(_("purpose"), max_length=40, blank=True)
    people = ArrayField(models.BigIntegerField(), default=list)
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.public_id)
