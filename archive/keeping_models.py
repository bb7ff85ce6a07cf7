"""What stands in the way of a deletion, and what a deletion leaves: holds, loans, requests, snapshots, tombstones.

`archive.models` takes these in; other modules import them from there.
"""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from approvals.models import TypedRequest, apart
from core.crypto import EncryptedTextField
from files.models import Blob
from ledger.history import History
from ledger.models import InsertOnlyModel, RecordedModel
from records.models import Student
from school.models import Unit

DELETION_APART = (
    ("requester", "department_head"),
    ("requester", "archive_head"),
    ("requester", "executor"),
    ("department_head", "archive_head"),
    ("department_head", "executor"),
)
"""In a small school the head of the archives carries out; everywhere else that is a fourth person."""


class LegalHold(RecordedModel):
    """A file that must stay as it is (封存), since a court, an inquiry or a complaint asks for it.

    Another person than the one who placed a hold lifts it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="holds")
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    reason = EncryptedTextField(_("reason"))
    basis = models.CharField(_("basis"), max_length=200)
    placed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    placed_at = models.DateTimeField(auto_now_add=True)
    lifted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lift_reason = EncryptedTextField(_("reason for lifting"), blank=True, default="")

    history = History()

    class Meta:
        verbose_name = _("hold")
        default_permissions = ()
        indexes = [
            models.Index(fields=["student"], condition=Q(lifted_at__isnull=True), name="hold_in_force")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(lifted_by__isnull=True, lifted_at__isnull=True)
                | Q(lifted_by__isnull=False, lifted_at__isnull=False),
                name="hold_lifted",
            ),
            models.CheckConstraint(
                condition=Q(lifted_by__isnull=True) | ~Q(lifted_by=F("placed_by")),
                name="hold_lifted_by_another",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    def ledger_subject(self) -> uuid.UUID:
        """The student whose file is held."""
        return self.student.public_id


class PaperLoan(RecordedModel):
    """A paper file lent out (借阅) until it comes back, or its backup copy (备份档案) in its stead."""

    class Copy(models.TextChoices):
        ORIGINAL = "original", _("Original file")
        BACKUP = "backup", _("Backup copy")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="loans")
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    copy = models.CharField(_("copy that is lent"), max_length=8, choices=Copy.choices)
    borrower = models.CharField(_("borrower"), max_length=80)
    borrower_unit = models.CharField(_("unit of the borrower"), max_length=120)
    purpose = models.CharField(_("purpose"), max_length=200)
    lent_on = models.DateField(_("lent on"))
    due_on = models.DateField(_("to be returned by"))
    lent_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    returned_on = models.DateField(_("returned on"), null=True)
    taken_back_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    condition = models.CharField(_("condition on return"), max_length=200, blank=True)

    history = History()

    class Meta:
        verbose_name = _("loan of a paper file")
        default_permissions = ()
        indexes = [
            models.Index(fields=["school", "due_on"], condition=Q(returned_on__isnull=True), name="loan_out")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["student"], condition=Q(returned_on__isnull=True), name="loan_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(due_on__gte=F("lent_on")), name="loan_dates"),
            models.CheckConstraint(
                condition=Q(returned_on__isnull=True, taken_back_by__isnull=True)
                | Q(returned_on__gte=F("lent_on"), taken_back_by__isnull=False),
                name="loan_return",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    def ledger_subject(self) -> uuid.UUID:
        """The student whose paper file it is."""
        return self.student.public_id


class Snapshot(InsertOnlyModel):
    """An encrypted, verified package of a whole file (`archive.snapshots`). Written once.

    ``content_sha256`` is the digest of the package before it was encrypted to ``recipients``.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subject = models.UUIDField(_("student"))
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    archive_no = models.CharField(_("archive number"), max_length=40)
    blob = models.OneToOneField(Blob, on_delete=models.PROTECT, related_name="+")
    content_sha256 = models.CharField(max_length=64)
    recipients = ArrayField(models.CharField(max_length=80))
    expires_on = models.DateField(_("kept until"))
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("snapshot")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.public_id)


class DeletionRequest(TypedRequest):
    """A deletion (删除申请): the file leaves the daily lists for the inactive archive (历史档案库); nothing is erased.

    ``obstacles`` counts the holds and loans that stood at the moment of carrying out; the database wants none.
    """

    class Cause(models.TextChoices):
        GRADUATED = "graduated", _("Graduated or completed")
        LEFT = "left", _("Left the school")
        DUPLICATE = "duplicate", _("Second file of the same student")
        MISTAKEN = "mistaken", _("Opened by mistake")

    APART: ClassVar = DELETION_APART

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="+")
    cause = models.CharField(_("cause"), max_length=12, choices=Cause.choices)
    reason = EncryptedTextField(_("reason"))
    small = models.BooleanField(default=False)
    department_head = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    archive_head = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    executor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    snapshot = models.OneToOneField(Snapshot, null=True, on_delete=models.PROTECT, related_name="+")
    obstacles = models.PositiveSmallIntegerField(null=True)
    executed_at = models.DateTimeField(_("carried out"), null=True, blank=True)

    history = History()

    class Meta:
        verbose_name = _("deletion request")
        default_permissions = ()
        constraints = [
            *apart("deletion", DELETION_APART),
            models.CheckConstraint(
                condition=Q(small=True)
                | Q(executor__isnull=True)
                | Q(archive_head__isnull=True)
                | ~Q(executor=F("archive_head")),
                name="deletion_archive_head_executor",
            ),
            models.CheckConstraint(
                condition=Q(executed_at__isnull=True)
                | Q(snapshot__isnull=False, obstacles__isnull=False, obstacles=0),
                name="deletion_after_snapshot",
            ),
        ]

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """In a small school the head of the archives carries out."""
        return self.APART if self.small else (*self.APART, ("archive_head", "executor"))


class Tombstone(InsertOnlyModel):
    """What remains of a deletion (删除留痕). ``name_digest`` tells whether a given name is meant, and no more."""

    subject = models.UUIDField(_("student"))
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    archive_no = models.CharField(_("archive number"), max_length=40)
    name_digest = models.BinaryField(max_length=32)
    cause = models.CharField(_("cause"), max_length=12, choices=DeletionRequest.Cause.choices)
    deletion = models.OneToOneField(DeletionRequest, on_delete=models.PROTECT, related_name="tombstone")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("trace of a deletion")
        default_permissions = ()
        indexes = [models.Index(fields=["school", "-at"], name="tombstone_when")]

    def __str__(self) -> str:
        return self.archive_no
