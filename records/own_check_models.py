"""What students say of their own files: that everything is right, or what is wrong, and how the office answered.

`records.models` takes these in; other modules import them from there.
"""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.crypto import EncryptedTextField
from ledger.history import History
from ledger.models import RecordedModel

WORDS_LENGTH = 500
"""Characters of what a student says, and of the answer."""


class OwnCheck(RecordedModel):
    """A student's check (核对) of the own file: confirmed, or a correction that the office answers.

    ``section``: key of the section that is wrong. ``enrolment``: the stretch in which he asked.
    """

    class Kind(models.TextChoices):
        CONFIRMED = "confirmed", _("Confirmed as right")
        CORRECTION = "correction", _("Correction asked for")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    student = models.ForeignKey("records.Student", on_delete=models.PROTECT, related_name="+")
    enrolment = models.ForeignKey("records.Enrolment", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    section = models.CharField(max_length=20, blank=True)
    words = EncryptedTextField(blank=True, default="")
    asked_at = models.DateTimeField(auto_now_add=True)
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True)
    answer = EncryptedTextField(blank=True, default="")
    request_no = models.CharField(max_length=40, blank=True)

    history = History()

    class Meta:
        verbose_name = _("check of the own file")
        default_permissions = ()
        indexes = [
            models.Index(fields=["student", "-asked_at"], name="own_check_student"),
            models.Index(
                fields=["student"], condition=Q(kind="correction", answered_at=None), name="own_check_open"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_by__isnull=True, answered_at__isnull=True, request_no="")
                | Q(answered_by__isnull=False, answered_at__isnull=False),
                name="own_check_answered_whole",
            ),
            models.CheckConstraint(
                condition=Q(kind="confirmed", section="", answered_at__isnull=True)
                | (Q(kind="correction") & ~Q(section="")),
                name="own_check_confirmed_alone",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    def ledger_subject(self) -> uuid.UUID:
        """The student whose file it is about."""
        found: uuid.UUID = self.student.public_id
        return found
