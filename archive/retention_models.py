"""Retention (保管期限), appraisal (鉴定) and destruction (销毁) of files whose time is over.

`archive.models` takes these in; other modules import them from there.
"""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from approvals.models import TypedRequest, apart
from core.crypto import EncryptedTextField
from files.models import Blob
from ledger.history import History
from ledger.models import InsertOnlyModel, RecordedModel
from records.models import Student
from school.models import Unit

DESTRUCTION_APART = (
    ("requester", "approver"),
    ("approver", "first_executor"),
    ("approver", "second_executor"),
    ("first_executor", "second_executor"),
)
"""Besides, a trigger wants neither the approver nor an executor among the appraisers."""


class AppraisalRound(RecordedModel):
    """Files whose retention has ended, appraised by several departments (鉴定批次).

    ``report`` (鉴定工作报告) is made of the votes when the round is closed, ``report_sha256`` is the digest of its
    content. A round that was dropped destroys nothing.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("number"), max_length=20, unique=True)
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(_("opened"), auto_now_add=True)
    closed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(_("closed"), null=True)
    report = models.OneToOneField(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    report_sha256 = models.CharField(max_length=64, blank=True)
    dropped_reason = models.CharField(_("why it was dropped"), max_length=200, blank=True)

    history = History()

    class Meta:
        verbose_name = _("appraisal round")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["school"], condition=Q(closed_at__isnull=True), name="round_one_open"
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True, report__isnull=True)
                | Q(closed_at__isnull=False, closed_by__isnull=False)
                & (
                    Q(report__isnull=False, dropped_reason="")
                    | Q(report__isnull=True) & ~Q(dropped_reason="")
                ),
                name="round_closed_with_report",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def unit_id(self) -> int:
        """The unit that scope asks for."""
        return int(self.school_id)


class Appraiser(InsertOnlyModel):
    """A member of a round, with the department for which he votes."""

    round = models.ForeignKey(AppraisalRound, on_delete=models.PROTECT, related_name="appraisers")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    department = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    named_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    named_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("appraiser")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["round", "user"], name="appraiser_once")]

    def __str__(self) -> str:
        return f"{self.round_id} {self.user_id}"

    @property
    def relieved(self) -> "AppraiserRelief | None":
        """How he was relieved; None while he votes."""
        return getattr(self, "relief", None)


class AppraiserRelief(InsertOnlyModel):
    """A member who votes no more in a round (更换鉴定人), and who was named instead. His votes stay."""

    relieved = models.OneToOneField(Appraiser, on_delete=models.PROTECT, related_name="relief")
    successor = models.OneToOneField(Appraiser, on_delete=models.PROTECT, related_name="+")
    reason = EncryptedTextField(_("reason"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("relieved appraiser")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=~Q(relieved=F("successor")), name="relieved_by_another")
        ]

    def __str__(self) -> str:
        return str(self.relieved_id)


class AppraisedFile(RecordedModel):
    """A file of a round. ``left_on``: end of the last stretch; ``expired_on``: end of its retention period."""

    class Outcome(models.TextChoices):
        KEEP = "keep", _("Kept on")
        DESTROY = "destroy", _("To be destroyed")
        SPARED = "spared", _("Left out: something stands in the way")
        RELEASED = "released", _("Let go: not destroyed")

    round = models.ForeignKey(AppraisalRound, on_delete=models.PROTECT, related_name="files")
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="+")
    archive_no = models.CharField(_("archive number"), max_length=40)
    left_on = models.DateField(_("left on"))
    expired_on = models.DateField(_("retention ended on"))
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome.choices, blank=True)

    history = History()

    class Meta:
        verbose_name = _("appraised file")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["round", "student"], name="appraised_once"),
            models.UniqueConstraint(
                fields=["student"], condition=Q(outcome__in=["", "destroy"]), name="appraised_in_one_round"
            ),
        ]

    def __str__(self) -> str:
        return self.archive_no

    def ledger_subject(self) -> uuid.UUID:
        """The student whose file it is."""
        return self.student.public_id


class AppraisalVote(InsertOnlyModel):
    """What one member thinks of one file, with the reason. Written once."""

    class Verdict(models.TextChoices):
        KEEP = "keep", _("Keep on")
        DESTROY = "destroy", _("Destroy")

    file = models.ForeignKey(AppraisedFile, on_delete=models.PROTECT, related_name="votes")
    appraiser = models.ForeignKey(Appraiser, on_delete=models.PROTECT, related_name="votes")
    verdict = models.CharField(_("verdict"), max_length=8, choices=Verdict.choices)
    reason = models.CharField(_("reason"), max_length=200)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("vote")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["file", "appraiser"], name="vote_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="vote_with_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.file_id} {self.verdict}"


class RetentionTerm(InsertOnlyModel):
    """A file's new period (续存): until a day, or for ever without one. The newest of a student holds."""

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="retention_terms")
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    until = models.DateField(_("kept until"), null=True)
    reason = models.CharField(_("reason"), max_length=200)
    round = models.ForeignKey(AppraisalRound, null=True, on_delete=models.PROTECT, related_name="terms")
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("retention period")
        default_permissions = ()
        indexes = [models.Index(fields=["student", "-id"], name="retention_newest")]

    def __str__(self) -> str:
        return f"{self.student_id} {self.until or ''}"


class DestructionRequest(TypedRequest):
    """The application (销毁申请) to destroy what a round decided to destroy: how many files, and why."""

    APART: ClassVar = DESTRUCTION_APART

    round = models.OneToOneField(AppraisalRound, on_delete=models.PROTECT, related_name="destruction")
    reason = EncryptedTextField(_("reason"))
    quantity = models.PositiveIntegerField(_("files"))
    approver = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    first_executor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    second_executor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    executed_at = models.DateTimeField(_("carried out"), null=True, blank=True)

    history = History()

    class Meta:
        verbose_name = _("destruction request")
        default_permissions = ()
        constraints = [
            *apart("destruction", DESTRUCTION_APART),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="destruction_of_something"),
            models.CheckConstraint(
                condition=Q(executed_at__isnull=True)
                | Q(approver__isnull=False, first_executor__isnull=False, second_executor__isnull=False),
                name="destruction_by_all_three",
            ),
        ]

    def doomed(self) -> list[AppraisedFile]:
        """The files that it destroys, as they were appraised; read once where they are prefetched."""
        return [one for one in self.round.files.all() if one.outcome == AppraisedFile.Outcome.DESTROY]

    def barred(self) -> set[int]:
        """Who appraised."""
        return {one.user_id for one in self.round.appraisers.all()}

    def subjects(self) -> list[uuid.UUID]:
        """The students whose files it destroys."""
        return [one.student.public_id for one in self.doomed()]


class DestroyedFile(InsertOnlyModel):
    """A line of the register of destruction (销毁清册): for ever, with nothing personal beyond the archive number.

    ``number`` is that of the destruction request, ``contents`` counts rows by model. The database takes a line only
    for a file that an approved request of the same transaction destroys by two executors; from the owner of the tables
    any, who loads the register after a restore.
    """

    subject = models.UUIDField(_("student"), unique=True)
    archive_no = models.CharField(_("archive number"), max_length=40)
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(_("request number"), max_length=20)
    round_no = models.CharField(_("appraisal round"), max_length=20)
    documents = models.PositiveIntegerField(_("documents"))
    contents = models.JSONField(default=dict)
    approver = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    first_executor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    second_executor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("destroyed"), default=timezone.now)

    class Meta:
        verbose_name = _("destroyed file")
        default_permissions = ()
        indexes = [models.Index(fields=["school", "-at"], name="destroyed_when")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(approver=F("first_executor"))
                & ~Q(approver=F("second_executor"))
                & ~Q(first_executor=F("second_executor")),
                name="destroyed_by_different_people",
            )
        ]

    def __str__(self) -> str:
        return self.archive_no


class DestroyedBlob(InsertOnlyModel):
    """A stored content that was destroyed with a file."""

    destroyed = models.ForeignKey(DestroyedFile, on_delete=models.PROTECT, related_name="blobs")
    blob = models.OneToOneField(Blob, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("destroyed content")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.blob_id)
