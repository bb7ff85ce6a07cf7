"""Inquiries (查阅): files read by those whose files they are not, for a purpose, in presence, for a short time.

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

INQUIRY_APART = (
    ("requester", "department_head"),
    ("requester", "archive_head"),
    ("requester", "escort"),
    ("department_head", "archive_head"),
    ("department_head", "escort"),
    ("archive_head", "escort"),
)


class InquiryRequest(TypedRequest):
    """An inquiry (查阅申请). ``asked`` and ``granted`` name sections of the file; the head of archives narrows them.

    ``reader`` is the person outside the school who reads at the escort's screen; empty when the requester reads.
    The session runs from ``opened_at`` until ``closes_at``, or until the escort closes it.
    """

    APART: ClassVar = INQUIRY_APART

    purpose = EncryptedTextField(_("purpose"))
    reader = EncryptedTextField(_("reader from outside"), blank=True, default="")
    reader_unit = models.CharField(_("unit of the reader"), max_length=120, blank=True)
    letter = models.OneToOneField(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    asked = ArrayField(models.CharField(max_length=20))
    granted = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    department_head = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    archive_head = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    escort = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    closer = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    place = models.CharField(_("place"), max_length=80, blank=True)
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)
    closes_at = models.DateTimeField(_("open until"), null=True, blank=True)
    report = EncryptedTextField(_("what was read and copied"), blank=True, default="")

    history = History()

    class Meta:
        verbose_name = _("inquiry")
        default_permissions = ()
        constraints = [
            *apart("inquiry", INQUIRY_APART),
            models.CheckConstraint(
                condition=Q(granted__contained_by=F("asked")), name="inquiry_grants_what_was_asked"
            ),
            models.CheckConstraint(
                condition=Q(opened_at__isnull=True, closes_at__isnull=True)
                | Q(opened_at__isnull=False, closes_at__gt=F("opened_at"), escort__isnull=False),
                name="inquiry_session",
            ),
        ]

    def subjects(self) -> list[uuid.UUID]:
        """Every student whose file is asked for."""
        return [row.student.public_id for row in self.students.all()]


class InquiryStudent(RecordedModel):
    """A student whose file an inquiry asks for, by the number that the requester knows.

    ``granted`` unless the head of archives left him out.
    """

    inquiry = models.ForeignKey(InquiryRequest, on_delete=models.CASCADE, related_name="students")
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="+")
    student_no = models.CharField(_("student number"), max_length=15)
    granted = models.BooleanField(default=True)

    history = History()

    class Meta:
        verbose_name = _("student of an inquiry")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["inquiry", "student"], name="inquiry_student_once")]

    def __str__(self) -> str:
        return f"{self.inquiry_id} {self.student_id}"

    def ledger_subject(self) -> uuid.UUID:
        """The student."""
        return self.student.public_id


class InquiryView(InsertOnlyModel):
    """One page that was read in a session: who, whose, which section, when."""

    inquiry = models.ForeignKey(InquiryRequest, on_delete=models.PROTECT, related_name="views")
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="+")
    section = models.CharField(_("section"), max_length=20)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("page read in an inquiry")
        default_permissions = ()
        indexes = [models.Index(fields=["inquiry", "id"], name="inquiry_views")]

    def __str__(self) -> str:
        return f"{self.inquiry_id} {self.section}"
