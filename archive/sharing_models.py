"""Sharing (对外提供) of data with receivers outside, and the consents (同意) that it needs.

`archive.models` takes these in; other modules import them from there.
"""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from approvals.models import TypedRequest, apart
from archive.assessment_models import ImpactAssessment
from core.crypto import EncryptedTextField
from files.models import Blob
from ledger.history import History
from ledger.models import RecordedModel
from records.models import Student
from school.models import Unit

SHARING_APART = (
    ("requester", "department_head"),
    ("requester", "archive_head"),
    ("requester", "releaser"),
    ("department_head", "archive_head"),
    ("department_head", "releaser"),
    ("archive_head", "releaser"),
)


class SharingRequest(TypedRequest):
    """Data of students for a receiver outside (对外提供申请).

    By their consent, or by ``basis``: a statute, with its letter. ``fields`` names columns of the file; ``valid_until``
    is the last day on which the receiver may keep the data. The package is a workbook behind a password that the
    releaser chooses and nobody stores. ``impact``: the assessment on which it rests, empty before such were asked for;
    ``assessment``: what is to be said of this very case.
    """

    class Way(models.TextChoices):
        HANDED = "handed", _("Handed over on a medium")
        MAIL = "mail", _("Sent as a file")
        UPLOAD = "upload", _("Uploaded to the receiver's system")

    class Ending(models.TextChoices):
        EXPIRED = "expired", _("Expired")
        REVOKED = "revoked", pgettext_lazy("sharing", "Revoked")

    APART: ClassVar = SHARING_APART

    receiver = models.CharField(_("receiver"), max_length=120)
    contact = EncryptedTextField(_("contact of the receiver"))
    purpose = EncryptedTextField(_("purpose"))
    way = models.CharField(_("way"), max_length=8, choices=Way.choices)
    fields = ArrayField(models.CharField(max_length=40))
    assessment = EncryptedTextField(_("assessment of the impact"))
    impact = models.ForeignKey(ImpactAssessment, null=True, on_delete=models.PROTECT, related_name="+")
    valid_until = models.DateField(_("kept until"))
    basis = models.CharField(_("statutory basis"), max_length=200, blank=True)
    wanted_on = models.DateField(_("wanted by"), null=True, blank=True)
    letter = models.OneToOneField(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    department_head = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    archive_head = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    agreement = models.OneToOneField(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    agreement_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    releaser = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField(_("released"), null=True, blank=True)
    package = models.OneToOneField(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    received_on = models.DateField(_("received"), null=True, blank=True)
    received_by = EncryptedTextField(_("received by"), blank=True, default="")
    ended_on = models.DateField(_("ended"), null=True, blank=True)
    ending = models.CharField(_("how it ended"), max_length=8, choices=Ending.choices, blank=True)
    end_reason = EncryptedTextField(_("reason"), blank=True, default="")

    history = History()

    class Meta:
        verbose_name = _("sharing")
        default_permissions = ()
        constraints = [
            *apart("sharing", SHARING_APART),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True)
                | Q(package__isnull=False, archive_head__isnull=False, releaser__isnull=False)
                & (Q(agreement__isnull=False) | ~Q(basis="") & Q(letter__isnull=False)),
                name="sharing_released_with_its_papers",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, ending="")
                | Q(ended_on__isnull=False, released_at__isnull=False) & ~Q(ending=""),
                name="sharing_ended_after_release",
            ),
            models.CheckConstraint(
                condition=Q(received_on__isnull=True) | Q(released_at__isnull=False),
                name="sharing_received_after_release",
            ),
        ]

    @property
    def in_force(self) -> bool:
        """Whether the receiver may still keep the data."""
        return (
            self.released_at is not None
            and self.ended_on is None
            and self.valid_until >= timezone.localdate()
        )

    def subjects(self) -> list[uuid.UUID]:
        """Every student whose data is asked for."""
        return [row.student.public_id for row in self.students.all()]


class SharingStudent(RecordedModel):
    """A student whose data a sharing asks for. ``outcome``: whether he went into the package, and why not."""

    class Outcome(models.TextChoices):
        GIVEN = "given", _("In the package")
        NO_CONSENT = "no_consent", _("Left out: no consent")
        LEFT = "left", _("Left out: no longer a student here")
        CHECKS = "checks", _("Left out: the file fails the four checks")

    sharing = models.ForeignKey(SharingRequest, on_delete=models.CASCADE, related_name="students")
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="+")
    student_no = models.CharField(_("student number"), max_length=15)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)

    history = History()

    class Meta:
        verbose_name = _("student of a sharing")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["sharing", "student"], name="sharing_student_once")]

    def __str__(self) -> str:
        return f"{self.sharing_id} {self.student_id}"

    def ledger_subject(self) -> uuid.UUID:
        """The student."""
        return self.student.public_id


class Consent(RecordedModel):
    """A consent (同意): who gave it for what, by which text, on which day; withdrawn at any time.

    For a child under 14 on that day (``under_14``) a guardian gives it (PIPL art. 31).
    """

    class Matter(models.TextChoices):
        SHARING = "sharing", _("Giving data to a receiver outside")
        OPTIONAL = "optional", _("Keeping items that no law asks for")
        PUBLIC = "public", _("Publishing name or picture")

    class Giver(models.TextChoices):
        STUDENT = "student", _("The student")
        GUARDIAN = "guardian", _("A guardian")

    class Way(models.TextChoices):
        PAPER = "paper", _("Signed on paper")
        COUNTER = "counter", _("Declared at the counter")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="+")
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    matter = models.CharField(_("consent to"), max_length=8, choices=Matter.choices)
    sharing = models.ForeignKey(SharingRequest, null=True, on_delete=models.PROTECT, related_name="consents")
    giver = models.CharField(_("given by"), max_length=8, choices=Giver.choices)
    giver_name = EncryptedTextField(_("name of the giver"))
    under_14 = models.BooleanField(default=False)
    text_version = models.CharField(_("version of the text"), max_length=40)
    way = models.CharField(_("way"), max_length=8, choices=Way.choices)
    given_on = models.DateField(_("given on"))
    scan = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)
    withdrawn_on = models.DateField(_("withdrawn on"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    history = History()

    class Meta:
        verbose_name = _("consent")
        default_permissions = ()
        indexes = [models.Index(fields=["student", "matter"], name="consent_student")]
        constraints = [
            models.CheckConstraint(
                condition=Q(under_14=False) | Q(giver="guardian"), name="consent_of_a_child_by_its_guardian"
            ),
            models.CheckConstraint(
                condition=Q(matter="sharing", sharing__isnull=False)
                | ~Q(matter="sharing") & Q(sharing__isnull=True),
                name="consent_names_its_sharing",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_on__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_on__gte=F("given_on"), withdrawn_by__isnull=False),
                name="consent_withdrawal",
            ),
            models.UniqueConstraint(
                fields=["student", "sharing", "giver"],
                condition=Q(sharing__isnull=False, withdrawn_on__isnull=True),
                name="consent_once_for_a_sharing",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def unit_id(self) -> int:
        """The unit that scope asks for."""
        return int(self.school_id)

    def ledger_subject(self) -> uuid.UUID:
        """The student."""
        return self.student.public_id
