"""What the archives decide on: edit requests with their frozen values and evidence."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from approvals.models import TypedRequest, apart
from archive.assessment_models import ImpactAssessment
from archive.certificate_models import Certificate, CertificateOrder, CertificateVoid
from archive.inquiry_models import InquiryRequest, InquiryStudent, InquiryView
from archive.keeping_models import (
    DeletionRequest,
    LegalHold,
    PaperLoan,
    Snapshot,
    Tombstone,
)
from archive.problem_models import ProblemList, ProblemRow
from archive.proof_models import FileCopy, FourCheckItem, FourCheckRun
from archive.retention_models import (
    AppraisalRound,
    AppraisalVote,
    AppraisedFile,
    Appraiser,
    AppraiserRelief,
    DestroyedBlob,
    DestroyedFile,
    DestructionRequest,
    RetentionTerm,
)
from archive.sharing_models import Consent, SharingRequest, SharingStudent
from core.crypto import EncryptedTextField
from files.models import Blob
from ledger.history import History
from ledger.models import RecordedModel
from records.models import Student

__all__ = [
    "AppraisalRound",
    "AppraisalVote",
    "AppraisedFile",
    "Appraiser",
    "AppraiserRelief",
    "Certificate",
    "CertificateOrder",
    "CertificateVoid",
    "Consent",
    "DeletionRequest",
    "DestroyedBlob",
    "DestroyedFile",
    "DestructionRequest",
    "EditChange",
    "EditEvidence",
    "EditRequest",
    "EvidenceKind",
    "FileCopy",
    "FourCheckItem",
    "FourCheckRun",
    "ImpactAssessment",
    "InquiryRequest",
    "InquiryStudent",
    "InquiryView",
    "LegalHold",
    "PaperLoan",
    "ProblemList",
    "ProblemRow",
    "RetentionTerm",
    "SharingRequest",
    "SharingStudent",
    "Snapshot",
    "Tombstone",
]

EDIT_APART = (
    ("requester", "department_head"),
    ("requester", "archive_reviewer"),
    ("requester", "executor"),
    ("requester", "archive_verifier"),
    ("department_head", "archive_reviewer"),
    ("department_head", "executor"),
    ("department_head", "archive_verifier"),
    ("archive_reviewer", "executor"),
    ("archive_verifier", "executor"),
    ("department_verifier", "executor"),
    ("department_verifier", "archive_verifier"),
)


class EvidenceKind(models.TextChoices):
    """What proves that a value is wrong, or what the right one is."""

    HUKOU_BOOK = "hukou_book", _("Household register")
    POLICE_PROOF = "police_proof", _("Proof of the police")
    ID_CARD = "id_card", _("Copy of the identity card")
    ORIGINAL_FORM = "original_form", _("Original form, corrected")
    COURT = "court", _("Decision of a court or an authority")
    OTHER = "other", _("Other")


PROOF_OF_KEY_FIELDS = (EvidenceKind.HUKOU_BOOK, EvidenceKind.POLICE_PROOF)
"""One of these must be there when a key field changes (教基一〔2014〕8号)."""


class EditRequest(TypedRequest):
    """A change of filled fields (信息修改申请) or a supplement of empty ones (补录), for one student or many.

    ``path``: ``full`` goes all steps; ``quick`` is for honest typing errors in fields that are not key; ``supplement``
    fills empty fields that are not key. ``small`` repeats the scheme of duties, for the constraints.
    """

    class Path(models.TextChoices):
        FULL = "full", _("Full procedure")
        QUICK = "quick", _("Typing error, short procedure")
        SUPPLEMENT = "supplement", _("Supplement")

    class Cause(models.TextChoices):
        TYPING_ERROR = "typing_error", _("Typing error of the office")
        CHANGE = "change", _("The facts changed")
        WRONG_SOURCE = "wrong_source", _("The document was wrong")
        MISSING = "missing", _("It was missing")

    APART: ClassVar = EDIT_APART

    path = models.CharField(_("procedure"), max_length=12, choices=Path.choices)
    cause = models.CharField(_("cause"), max_length=14, choices=Cause.choices)
    reason = EncryptedTextField(_("reason"))
    basis = EncryptedTextField(_("basis"))
    small = models.BooleanField(default=False)
    department_head = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    archive_reviewer = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    executor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    department_verifier = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    archive_verifier = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    applied_at = models.DateTimeField(_("applied"), null=True, blank=True)

    history = History()

    class Meta:
        verbose_name = _("edit request")
        default_permissions = ()
        constraints = [
            *apart("edit", EDIT_APART),
            models.CheckConstraint(
                condition=Q(small=True)
                | Q(department_verifier__isnull=True)
                | ~Q(department_verifier=F("requester")),
                name="edit_requester_verifies_small_only",
            ),
        ]

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """In a small school the requester verifies."""
        return self.APART if self.small else (*self.APART, ("requester", "department_verifier"))

    def subjects(self) -> list[uuid.UUID]:
        """Every student whose file is to be changed."""
        return list(dict.fromkeys(row.student.public_id for row in self.changes.all()))


class EditChange(RecordedModel):
    """One field of one student: its value when the request was made, and the one asked for; both frozen.

    The digests are blind indexes of the texts. ``found_digest`` is that of the value which stood there when the change
    was carried out, ``applied_digest`` of the value after it: the database refuses both when they are not what was
    approved.
    """

    edit = models.ForeignKey(EditRequest, on_delete=models.CASCADE, related_name="changes")
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="+")
    field = models.CharField(_("field"), max_length=60)
    old = EncryptedTextField(_("value before"), blank=True, default="")
    new = EncryptedTextField(_("value asked for"), blank=True, default="")
    old_digest = models.BinaryField(max_length=32)
    new_digest = models.BinaryField(max_length=32)
    found_digest = models.BinaryField(max_length=32, null=True)
    applied_digest = models.BinaryField(max_length=32, null=True)

    history = History()

    class Meta:
        verbose_name = _("changed field")
        default_permissions = ()
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["edit", "student", "field"], name="edit_field_once"),
            models.CheckConstraint(condition=~Q(old_digest=F("new_digest")), name="edit_changes_something"),
            models.CheckConstraint(
                condition=Q(found_digest__isnull=True) | Q(found_digest=F("old_digest")),
                name="edit_not_stale",
            ),
            models.CheckConstraint(
                condition=Q(applied_digest__isnull=True)
                | Q(applied_digest=F("new_digest"), found_digest__isnull=False),
                name="edit_as_approved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.edit_id} {self.field}"

    def ledger_subject(self) -> uuid.UUID:
        """The student whose field it is."""
        return self.student.public_id


class EditEvidence(RecordedModel):
    """A document that proves an edit request (证明材料)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    edit = models.ForeignKey(EditRequest, on_delete=models.PROTECT, related_name="evidence")
    kind = models.CharField(_("kind"), max_length=16, choices=EvidenceKind.choices)
    blob = models.OneToOneField(Blob, on_delete=models.PROTECT, related_name="+")

    history = History()

    class Meta:
        verbose_name = _("evidence")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.public_id)

    def ledger_subject(self) -> uuid.UUID | None:
        """The student whom the request is about."""
        return self.edit.ledger_subject()
