"""Certificates (证明) that the office issued: the register, voided ones, and orders of whole classes.

`archive.models` takes these in; other modules import them from there.
"""

import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from approvals.constraints import SameRequester
from core.crypto import EncryptedTextField
from jobs.models import Job
from ledger.models import InsertOnlyModel
from records.models import Student
from school.models import SchoolClass, Unit

CHECK_BYTES = 4
"""How many bytes of the digest stand on the paper as its check code."""


class WithoutGap(SameRequester):
    """Each number but the first follows one that stands in the register."""

    _KEY = (
        "CONSTRAINT {name} FOREIGN KEY (school_id, year, follows) "
        "REFERENCES archive_certificate (school_id, year, serial)"
    )


class Certificate(InsertOnlyModel):
    """One certificate as it was issued; its number runs by school and year, without gaps.

    ``facts`` are what was printed, as JSON; ``digest`` is their keyed digest, of which the first bytes stand on the
    paper. ``public_id`` comes with the form, so that a form sent twice issues once. ``unit`` is where the file was
    kept: who issues there sees the register.
    """

    class Kind(models.TextChoices):
        ENROLMENT = "enrolment", _("Enrolment certificate")
        HISTORY = "history", _("Certificate of study history")
        NO_ID = "no_id", _("Proof of study for a student without identity number")

    class Language(models.TextChoices):
        CHINESE = "zh", _("Chinese")
        ENGLISH = "en", _("English")
        BOTH = "both", _("Chinese and English")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    serial = models.PositiveIntegerField()
    follows = models.PositiveIntegerField(null=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="+")
    student_no = models.CharField(_("student number"), max_length=15)
    purpose = EncryptedTextField(_("purpose"))
    language = models.CharField(_("language"), max_length=4, choices=Language.choices)
    copies = models.PositiveSmallIntegerField(_("copies"), default=1)
    facts = EncryptedTextField()
    digest = models.BinaryField(max_length=32)
    issued_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField(_("issued"))

    class Meta:
        verbose_name = _("certificate")
        default_permissions = ()
        indexes = [models.Index(fields=["student"], name="certificate_student")]
        constraints = [
            models.UniqueConstraint(fields=["school", "year", "serial"], name="certificate_number"),
            models.CheckConstraint(
                condition=Q(serial=1, follows__isnull=True)
                | Q(serial__gt=1, follows__isnull=False, follows=F("serial") - 1),
                name="certificate_follows",
            ),
            WithoutGap(name="certificate_without_gap"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The number as it is printed: ``ZM-2026-00031``."""
        return f"ZM-{self.year}-{self.serial:05d}"

    @property
    def check_code(self) -> str:
        """What stands on the paper beside the number, to be compared with the register."""
        return bytes(self.digest)[:CHECK_BYTES].hex().upper()

    @property
    def voided(self) -> Any:
        """How it was voided; None while it holds."""
        return getattr(self, "void", None)

    def ledger_subject(self) -> uuid.UUID:
        """The student whom it is about."""
        subject: uuid.UUID = self.student.public_id
        return subject


class CertificateVoid(InsertOnlyModel):
    """A certificate that no longer holds (作废): its number is never used again."""

    certificate = models.OneToOneField(Certificate, on_delete=models.PROTECT, related_name="void")
    reason = EncryptedTextField(_("reason"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("voided certificate")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.certificate_id)


class CertificateOrder(models.Model):
    """Certificates of a whole class that a job issues and prints in one PDF.

    ``people`` are the keys of the students whom the PDF shows; none before it is made.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school_class = models.ForeignKey(SchoolClass, on_delete=models.PROTECT, related_name="+")
    purpose = EncryptedTextField(_("purpose"))
    language = models.CharField(max_length=4, choices=Certificate.Language.choices)
    people = ArrayField(models.BigIntegerField(), default=list)
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.public_id)
