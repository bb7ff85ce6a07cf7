"""What shows that a file is sound, and who got a copy of it: runs of the four checks, copies handed to the student.

`archive.models` takes these in; other modules import them from there.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from core.crypto import EncryptedTextField
from ledger.models import InsertOnlyModel
from school.models import Unit


class FourCheckRun(InsertOnlyModel):
    """One run of the four checks (四性检测) over a student file, with the amount that was checked.

    ``faults`` counts the items that failed. ``subject`` stays when the file is destroyed.
    """

    class Occasion(models.TextChoices):
        ACCEPTANCE = "acceptance", _("At acceptance")
        SHARING = "sharing", _("Before a sharing")
        DELETION = "deletion", _("Before a deletion")
        PACKAGE = "package", _("Before a package was made")
        SCHEDULE = "schedule", _("On schedule")
        HAND = "hand", _("By hand")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subject = models.UUIDField(_("student"))
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    archive_no = models.CharField(_("archive number"), max_length=40)
    occasion = models.CharField(_("occasion"), max_length=12, choices=Occasion.choices)
    contents = models.PositiveIntegerField(_("contents"))
    bytes = models.PositiveBigIntegerField(_("bytes"))
    faults = models.PositiveSmallIntegerField(_("items failed"))
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("run of the four checks")
        default_permissions = ()
        indexes = [
            models.Index(fields=["subject", "-at"], name="four_checks_of_file"),
            models.Index(fields=["school", "-at"], condition=Q(faults__gt=0), name="four_checks_failed"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def unit_id(self) -> int:
        """The school, for the ledger."""
        return self.school_id

    def ledger_subject(self) -> uuid.UUID:
        """The student whose file it is."""
        return self.subject


class FourCheckItem(InsertOnlyModel):
    """What one item of a run found. ``code``: stage, check and number (``GD-1-1``); ``about`` names fields, documents
    and attachments, never a value."""

    class Outcome(models.TextChoices):
        PASSED = "passed", pgettext_lazy("four checks", "Passed")
        FAILED = "failed", pgettext_lazy("four checks", "Failed")
        NOT_APPLICABLE = "not_applicable", _("Not applicable")

    run = models.ForeignKey(FourCheckRun, on_delete=models.PROTECT, related_name="items")
    code = models.CharField(max_length=8)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    about = ArrayField(models.CharField(max_length=60), default=list)

    class Meta:
        verbose_name = _("item of the four checks")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["run", "code"], name="four_check_item_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.outcome}"

    @property
    def number(self) -> str:
        """Check and number without the stage: ``1-1``."""
        return self.code.partition("-")[2]


class FileCopy(InsertOnlyModel):
    """A student's own copy (本人副本, PIPL art. 45): who asked for it, how his identity was seen, what came of it.

    ``sha256`` is the digest of what was handed out; the copy itself is kept nowhere. A refusal has its reason. Who asks
    for a child under 14 (``under_14``) is a guardian.
    """

    class Asker(models.TextChoices):
        STUDENT = "student", _("The student")
        GUARDIAN = "guardian", _("A guardian")

    class Proof(models.TextChoices):
        ID_CARD = "id_card", _("Identity card shown")
        HUKOU_BOOK = "hukou_book", _("Household register shown")
        PASSPORT = "passport", _("Passport or permit shown")

    class Form(models.TextChoices):
        PDF = "pdf", _("PDF, to be read")
        JSON = "json", _("JSON, to be taken to another system")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subject = models.UUIDField(_("student"))
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    archive_no = models.CharField(_("archive number"), max_length=40)
    asker = models.CharField(_("asked for by"), max_length=8, choices=Asker.choices)
    asker_name = EncryptedTextField(_("name of who asks"))
    relation = models.CharField(_("relation to the student"), max_length=40, blank=True)
    under_14 = models.BooleanField(default=False)
    proof = models.CharField(_("identity checked by"), max_length=12, choices=Proof.choices)
    form = models.CharField(_("form of the copy"), max_length=4, choices=Form.choices)
    refusal = EncryptedTextField(_("reason of the refusal"), null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    handled_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("copy of a student's file")
        default_permissions = ()
        indexes = [models.Index(fields=["subject", "-at"], name="file_copy_of_student")]
        constraints = [
            models.CheckConstraint(
                condition=Q(refusal__isnull=True) & ~Q(sha256="") | Q(refusal__isnull=False, sha256=""),
                name="file_copy_handed_or_refused",
            ),
            models.CheckConstraint(
                condition=Q(under_14=False) | Q(asker="guardian") | Q(refusal__isnull=False),
                name="file_copy_of_a_child_to_its_guardian",
            ),
            models.CheckConstraint(
                condition=Q(asker="student") | ~Q(relation=""), name="file_copy_guardian_with_relation"
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    def ledger_subject(self) -> uuid.UUID:
        """The student whose file was copied."""
        return self.subject
