"""Penalties (处分): the case from preparation to lifting, and each step with who, when and by which document."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from approvals.constraints import never_same
from core.crypto import EncryptedTextField
from files.models import Blob
from ledger.history import History
from ledger.models import RecordedModel
from records.entry_models import EntryManager, person
from records.models import Enrolment, Student
from school.models import COMPULSORY_STAGES, Stage, Unit

EXPULSION, OTHER_PENALTY = "6", "9"
"""Codes of the list ``penalty_kind`` on which rules hang."""


class Penalty(RecordedModel):
    """A penalty of one student. Who prepares, decides, answers the appeal and lifts are held apart by constraints."""

    class State(models.TextChoices):
        PREPARING = "preparing", _("In preparation")
        NOTICED = "noticed", _("Notice given")
        HEARD = "heard", _("Student heard")
        RETURNED = "returned", _("Returned")
        DECIDED = "decided", _("Decided, to be delivered")
        IN_FORCE = "in_force", pgettext_lazy("penalty", "In force")
        LIFTED = "lifted", _("Lifted")
        DROPPED = "dropped", _("No penalty")
        REVOKED = "revoked", _("Revoked after appeal")
        VOIDED = "voided", _("Void")

    class Statement(models.TextChoices):
        GIVEN = "given", _("Statement given")
        WAIVED = "waived", _("Waived in writing")
        ABSENT = "absent", _("Nothing said by the last day")

    class Appeal(models.TextChoices):
        OPEN = "open", _("Appeal open")
        UPHELD = "upheld", _("Decision upheld")
        REVOKED = "revoked", _("Decision revoked")

    class Asker(models.TextChoices):
        STUDENT = "student", _("Student")
        GUARDIAN = "guardian", _("Guardian")
        OFFICE = "office", _("Office")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    form_key = models.UUIDField(default=uuid.uuid4, editable=False)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="+")
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    stage = models.CharField(max_length=12, choices=Stage.choices, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PREPARING)
    due_on = models.DateField(_("due on"), null=True, blank=True)

    violation = models.CharField(_("kind of violation"), max_length=2)
    violation_on = models.DateField(_("date of the violation"))
    facts = EncryptedTextField(_("facts and evidence"))
    basis = models.CharField(_("basis"), max_length=120)
    proposed_kind = models.CharField(_("proposed penalty"), max_length=1)
    proposed_months = models.PositiveSmallIntegerField(_("proposed term (months)"), null=True, blank=True)
    prepared_by = person(_("prepared by"), null=False)
    prepared_at = models.DateTimeField(_("prepared at"), auto_now_add=True)

    notice_on = models.DateField(_("notice given on"), null=True, blank=True)
    statement_due_on = models.DateField(_("last day for a statement"), null=True, blank=True)
    statement = models.CharField(_("statement"), max_length=8, choices=Statement.choices, blank=True)
    heard_on = models.DateField(_("heard on"), null=True, blank=True)
    heard_by = person(_("heard by"))

    kind = models.CharField(_("penalty"), max_length=1, blank=True)
    months = models.PositiveSmallIntegerField(_("term (months)"), null=True, blank=True)
    decided_on = models.DateField(_("decided on"), null=True, blank=True)
    document_no = models.CharField(_("document number"), max_length=60, blank=True)
    meeting_on = models.DateField(_("decision meeting on"), null=True, blank=True)
    legality_review = models.CharField(_("legality review"), max_length=120, blank=True)
    appeal_told = models.BooleanField(_("appeal way and term are told"), default=False)
    decided_by = person(_("decided by"))
    ends_on = models.DateField(_("last day of the term"), null=True, blank=True)

    delivered_on = models.DateField(_("delivered on"), null=True, blank=True)
    appeal_until = models.DateField(_("last day for an appeal"), null=True, blank=True)

    appeal = models.CharField(_("appeal"), max_length=8, choices=Appeal.choices, blank=True)
    appealed_on = models.DateField(_("appealed on"), null=True, blank=True)
    appeal_answer_due = models.DateField(_("answer to the appeal due on"), null=True, blank=True)
    appeal_answered_by = person(_("answer to the appeal entered by"))

    lifting_asked_on = models.DateField(_("lifting asked on"), null=True, blank=True)
    lifting_asker = models.CharField(_("asked by"), max_length=8, choices=Asker.choices, blank=True)
    lifting_asked_by = person(_("lifting entered by"))
    lifting_decided_by = person(_("lifting decided by"))
    lifted_on = models.DateField(_("lifted on"), null=True, blank=True)
    lifting_document_no = models.CharField(_("document number of the lifting"), max_length=60, blank=True)

    voided_by = person(_("made void by"))

    objects: ClassVar[Any] = EntryManager()
    history = History()

    class Meta:
        verbose_name = _("penalty")
        default_permissions = ()
        ordering = ["-prepared_at", "-pk"]
        indexes = [
            models.Index(fields=["student"], name="penalty_student"),
            models.Index(fields=["enrolment"], name="penalty_enrolment"),
            models.Index(fields=["unit", "state", "due_on"], name="penalty_waiting"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["student", "form_key"], name="penalty_sent_once"),
            never_same("decided_by", "prepared_by", "penalty_decided_by_another"),
            never_same("decided_by", "heard_by", "penalty_heard_by_another"),
            never_same("appeal_answered_by", "decided_by", "penalty_appeal_by_another"),
            never_same("lifting_decided_by", "lifting_asked_by", "penalty_lifted_by_another"),
            never_same("voided_by", "prepared_by", "penalty_void_by_another"),
            never_same("voided_by", "decided_by", "penalty_void_not_by_decider"),
            models.CheckConstraint(
                condition=~Q(stage__in=COMPULSORY_STAGES)
                | (~Q(kind=EXPULSION) & ~Q(proposed_kind=EXPULSION)),
                name="penalty_no_expulsion_in_compulsory_school",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["decided", "in_force", "lifted", "revoked"])
                | (
                    Q(notice_on__isnull=False, heard_by__isnull=False, heard_on__isnull=False)
                    & Q(decided_by__isnull=False, decided_on__isnull=False)
                    & ~Q(statement="") & ~Q(kind="") & ~Q(document_no="")
                ),
                name="penalty_heard_before_decided",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["in_force", "lifted", "revoked"]) | Q(delivered_on__isnull=False),
                name="penalty_in_force_once_delivered",
            ),
            models.CheckConstraint(
                condition=Q(kind="")
                | Q(kind=EXPULSION, months__isnull=True, ends_on__isnull=True, meeting_on__isnull=False)
                | (~Q(kind=EXPULSION) & Q(months__gte=1, ends_on__isnull=False)),
                name="penalty_term",
            ),
            models.CheckConstraint(
                condition=Q(state="lifted", lifted_on__isnull=False, lifting_decided_by__isnull=False)
                | (~Q(state="lifted") & Q(lifted_on__isnull=True)) | Q(state="voided"),
                name="penalty_lifted_whole",
            ),
            models.CheckConstraint(
                condition=Q(lifted_on__isnull=True)
                | (Q(lifted_on__gte=F("delivered_on")) & ~Q(kind=EXPULSION)),
                name="penalty_lifted_after_delivery",
            ),
            models.CheckConstraint(
                condition=Q(voided_by__isnull=True) | Q(state="voided"), name="penalty_void_whole"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.public_id)

    def ledger_subject(self) -> uuid.UUID:
        """The student whose penalty it is."""
        return self.student.public_id


class PenaltyStep(RecordedModel):
    """One step of a penalty: what was done, how it reached whom, by which document, with its scan."""

    class Kind(models.TextChoices):
        PREPARED = "prepared", _("Case prepared")
        MENDED = "mended", _("Case mended")
        NOTICED = "noticed", _("Notice given to the student")
        HEARD = "heard", _("Statement and defence heard")
        RETURNED = "returned", _("Case returned")
        DROPPED = "dropped", _("No penalty given")
        DECIDED = "decided", _("Penalty decided")
        DELIVERED = "delivered", _("Decision delivered")
        APPEALED = "appealed", _("Appeal received")
        ANSWERED = "answered", _("Appeal answered")
        LIFTING_ASKED = "lifting_asked", _("Lifting asked for")
        LIFTED = "lifted", _("Penalty lifted")
        KEPT = "kept", _("Lifting not granted")
        VOIDED = "voided", _("Penalty made void")

    class Way(models.TextChoices):
        """How a paper reaches the student (Order 41 art. 55)."""

        DIRECT = "direct", _("Handed over")
        LEFT = "left", _("Left in the presence of witnesses")
        POSTED = "posted", _("By post")
        PUBLISHED = "published", _("By public notice")

    class Told(models.TextChoices):
        STUDENT = "student", _("Student")
        GUARDIAN = "guardian", _("Guardian")
        BOTH = "both", _("Student and guardian")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    penalty = models.ForeignKey(Penalty, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(_("step"), max_length=14, choices=Kind.choices)
    actor = person(_("by"), null=False)
    role = models.CharField(_("role"), max_length=24, blank=True)
    at = models.DateTimeField(_("at"), auto_now_add=True)
    on = models.DateField(_("date"), null=True, blank=True)
    way = models.CharField(_("way of delivery"), max_length=10, choices=Way.choices, blank=True)
    told = models.CharField(_("told"), max_length=8, choices=Told.choices, blank=True)
    document_no = models.CharField(_("document number"), max_length=60, blank=True)
    text = EncryptedTextField(_("words"), blank=True, default="")
    evidence = models.OneToOneField(
        Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("evidence")
    )

    history = History()

    class Meta:
        verbose_name = _("step of a penalty")
        default_permissions = ()
        ordering = ["penalty", "pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.penalty_id}"

    def ledger_subject(self) -> uuid.UUID:
        """The student whose penalty it is."""
        return self.penalty.student.public_id
