"""Photos of pupils: files that were brought in with what became of each, and exports under identity numbers.

`records.models` takes these in; other modules import them from there.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.crypto import EncryptedTextField
from files.models import Blob
from jobs.models import Job
from ledger.history import History
from ledger.models import RecordedModel
from records.document_models import Document
from school.models import SchoolClass, Unit


class PhotoUpload(models.Model):
    """One photo, or a ZIP with those of a class that a job gives to its students."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    school_class = models.ForeignKey(SchoolClass, null=True, on_delete=models.PROTECT, related_name="+")
    blob = models.OneToOneField(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    replaces = models.BooleanField(default=False)
    job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("photos brought in")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.public_id)


class PhotoFile(models.Model):
    """One picture: placed in a file, waiting to be cropped, or refused with the reason."""

    class State(models.TextChoices):
        PLACED = "placed", _("Placed")
        CROP = "crop", _("To be cropped")
        REFUSED = "refused", _("Not placed")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    upload = models.ForeignKey(PhotoUpload, on_delete=models.PROTECT, related_name="files")
    position = models.PositiveIntegerField()
    name = EncryptedTextField()
    student = models.ForeignKey(
        "records.Student", null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    state = models.CharField(max_length=8, choices=State.choices)
    reason = models.CharField(max_length=24, blank=True)
    warnings = ArrayField(models.CharField(max_length=24), default=list, blank=True)
    source = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    document = models.ForeignKey(
        Document, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["upload", "position"], name="photo_file_once")]

    def __str__(self) -> str:
        return f"{self.upload_id}/{self.position}"


class PhotoExport(RecordedModel):
    """Photos of a school or class, named by identity number: asked for by one person, released by another.

    The ZIP can be taken until ``lapses_at``; then its content is deleted, and the row stays as the register.
    """

    class Purpose(models.TextChoices):
        STATUS_SYSTEM = "status_system", _("Upload to the national student status system")
        CARD = "card", _("Making of student cards")
        EXAM = "exam", _("Sign-up for an examination")
        CERTIFICATE = "certificate", _("Printing of certificates")
        AUTHORITY = "authority", _("Required by a public authority")

    class State(models.TextChoices):
        ASKED = "asked", _("Waiting for release")
        RELEASED = "released", _("Released")
        REFUSED = "refused", _("Refused")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    grade_level = models.PositiveSmallIntegerField(_("grade level"), null=True)
    school_class = models.ForeignKey(SchoolClass, null=True, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(_("purpose"), max_length=16, choices=Purpose.choices)
    basis = models.CharField(_("basis"), max_length=80)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.ASKED)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="+")
    package = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    photos = models.PositiveIntegerField(_("photos"), null=True)
    left_out = models.PositiveIntegerField(_("students without a photo to the rule"), null=True)
    lapses_at = models.DateTimeField(null=True)
    discarded_at = models.DateTimeField(null=True)

    history = History()

    class Meta:
        verbose_name = _("export of photos")
        default_permissions = ()
        indexes = [models.Index(fields=["school", "-asked_at"], name="photo_export_school")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(decided_by=F("asked_by")), name="photo_export_decided_by_another"
            ),
            models.CheckConstraint(
                condition=Q(state="asked", decided_by__isnull=True)
                | (~Q(state="asked") & Q(decided_by__isnull=False)),
                name="photo_export_decision_named",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def unit_id(self) -> int:
        """The school, for the ledger."""
        return self.school_id
