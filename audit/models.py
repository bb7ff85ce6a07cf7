"""Incidents (泄露、篡改、丢失): the case, its steps, the students concerned, the accounts that were frozen."""

import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.alert_models import Alert
from audit.export_models import ExportRequest
from audit.inspection_models import (
    FULL_SCORE,
    MOST_FILES,
    Area,
    AreaFinding,
    Bulletin,
    Fault,
    InspectedFile,
    Inspection,
    Opinion,
    Rectification,
    RectificationEvidence,
    RectificationStep,
)
from audit.letter_models import Letter, LetterSignature, LetterVersion
from audit.rights_models import GrantReview, GrantReviewItem, RoleRequest
from audit.verification_models import Verification, VerificationFinding
from core.crypto import EncryptedTextField
from ledger.history import History
from ledger.models import InsertOnlyModel, RecordedModel
from records.models import Student
from school.models import Unit

__all__ = [
    "FULL_SCORE",
    "MOST_FILES",
    "TEXT",
    "Alert",
    "Area",
    "AreaFinding",
    "Bulletin",
    "DataKind",
    "ExportRequest",
    "Fault",
    "FrozenAccount",
    "GrantReview",
    "GrantReviewItem",
    "Incident",
    "IncidentStep",
    "IncidentStudent",
    "InspectedFile",
    "Inspection",
    "Letter",
    "LetterSignature",
    "LetterVersion",
    "Opinion",
    "Rectification",
    "RectificationEvidence",
    "RectificationStep",
    "RoleRequest",
    "Step",
    "TextTold",
    "Verification",
    "VerificationFinding",
]  # fmt: skip


def _differ(one: str, other: str) -> Q:
    return Q(**{f"{one}__isnull": True}) | Q(**{f"{other}__isnull": True}) | ~Q(**{one: F(other)})


class Step(models.TextChoices):
    """What is done about an incident, in the order of the timeline."""

    REPORTED = "reported", _("Reported")
    ISOLATED = "isolated", _("Isolated")
    AUTHORITY_NOTIFIED = "authority", _("Authority notified")
    ASSESSED = "assessed", _("Extent assessed")
    STUDENTS_NOTIFIED = "students", _("Students notified")
    REMEDIED = "remedied", _("Remedied")
    ACCOUNTABILITY = "accountability", _("Accountability settled")
    LESSONS = "lessons", _("Lessons drawn")
    CLOSED = "closed", _("Closed")


class DataKind(models.TextChoices):
    """Kinds of data (信息种类) that an incident concerns."""

    BASIC = "basic", _("Name, sex, date of birth")
    ID_NUMBER = "id_number", _("Identity numbers")
    CONTACT = "contact", _("Phones and addresses")
    FAMILY = "family", _("Members of the family")
    PHOTO = "photo", _("Photos")
    STUDY = "study", _("Enrolment, class and results")
    HEALTH = "health", _("Health")
    AID = "aid", _("Financial aid and bank accounts")
    CONDUCT = "conduct", _("Awards and penalties")
    DOCUMENTS = "documents", _("Scans of documents")
    ACCOUNT = "account", _("Sign-in names and passwords")


TEXT = ("data_kinds", "cause", "harm", "measures", "contact")


class TextTold(models.Model):
    """What the students and the authority are told of an incident beside its kind (PIPL art. 57)."""

    data_kinds = ArrayField(
        models.CharField(max_length=12, choices=DataKind.choices), verbose_name=_("kinds of data"), default=list,
        blank=True,
    )  # fmt: skip
    cause = EncryptedTextField(_("cause"), blank=True, default="")
    harm = EncryptedTextField(_("possible harm"), blank=True, default="")
    measures = EncryptedTextField(_("measures"), blank=True, default="")
    contact = EncryptedTextField(_("contact"), blank=True, default="")

    class Meta:
        abstract = True

    @property
    def text(self) -> dict[str, Any]:
        """The text by field."""
        return {name: getattr(self, name) for name in TEXT}

    @property
    def data_kind_labels(self) -> list[str]:
        """The kinds of data in words, in the order of the form."""
        return [str(one.label) for one in DataKind if one in self.data_kinds]


class Incident(TextTold, RecordedModel):
    """One incident. The ``suspect`` neither sees the case nor takes a step; ``handler`` ran it last.

    ``authority_due``: until when the authority must be told. Its text is for those who were not told yet; what the
    others read stands with the step that told them.
    """

    class Kind(models.TextChoices):
        LEAK = "leak", _("Leak")
        TAMPERING = "tampering", _("Tampering")
        LOSS = "loss", _("Loss")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("number"), max_length=20, unique=True)
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    what = EncryptedTextField(_("what happened"))
    noticed_at = models.DateTimeField(_("noticed"))
    reported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField(_("reported"))
    authority_due = models.DateTimeField(_("authority to be told until"))
    state = models.CharField(_("state"), max_length=14, choices=Step.choices, default=Step.REPORTED)
    suspect = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    handler = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    closer = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(_("closed"), null=True)

    history = History()

    class Meta:
        verbose_name = _("incident")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=_differ("handler", "suspect"), name="incident_handler_suspect"),
            models.CheckConstraint(condition=_differ("closer", "suspect"), name="incident_closer_suspect"),
            models.CheckConstraint(condition=_differ("closer", "handler"), name="incident_closer_handler"),
            models.CheckConstraint(
                condition=Q(closer__isnull=True, closed_at__isnull=True) & ~Q(state="closed")
                | Q(closer__isnull=False, closed_at__isnull=False, handler__isnull=False, state="closed"),
                name="incident_closed_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def unit_id(self) -> int:
        """Id of the school where it happened."""
        school_id: int = self.school_id
        return school_id

    @property
    def is_authority_told(self) -> bool:
        """Whether the authority was told; until then its clock runs, however far the case has come."""
        return any(one.step == Step.AUTHORITY_NOTIFIED for one in self.steps.all())

    @property
    def is_told(self) -> bool:
        """Whether all that students must be told is written."""
        return all(self.text.values())


class IncidentStep(TextTold, InsertOnlyModel):
    """A step that was taken. ``authority``, ``reference`` and ``told_at`` belong to the notice to the authority.

    ``suspect`` repeats the one whom the case named at that moment, so that the database refuses his own step.
    Telling the students is taken again for those who came onto the list later; ``concerned``: the last position told.
    It keeps the text that they were told, whatever is written afterwards.
    """

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="steps")
    step = models.CharField(_("step"), max_length=14, choices=Step.choices)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    note = EncryptedTextField(_("note"))
    authority = models.CharField(_("authority"), max_length=120, blank=True)
    reference = models.CharField(_("reference number"), max_length=60, blank=True)
    told_at = models.DateTimeField(_("told"), null=True)
    concerned = models.PositiveIntegerField(_("students concerned"), null=True)
    suspect = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("step of an incident")
        default_permissions = ()
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "step", "concerned"], name="incident_step_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(step="students", concerned__isnull=False)
                | ~Q(step="students") & Q(concerned__isnull=True),
                name="incident_students_told",
            ),
            models.CheckConstraint(
                condition=Q(step="students", concerned__gt=0) & ~Q(data_kinds=[])
                | (~Q(step="students") | Q(concerned=0)) & Q(data_kinds=[]),
                name="incident_text_told",
            ),
            models.CheckConstraint(condition=_differ("by", "suspect"), name="incident_step_suspect"),
            models.CheckConstraint(
                condition=Q(step="authority", told_at__isnull=False) & ~Q(authority="")
                | ~Q(step="authority") & Q(told_at__isnull=True, authority="", reference=""),
                name="incident_authority_told",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.step}"


class IncidentStudent(InsertOnlyModel):
    """A student whose data the incident concerns, how and as which he came onto the list, and until when he is told."""

    class Source(models.TextChoices):
        CLASS = "class", _("Whole class")
        NUMBERS = "numbers", _("Student numbers")
        VIEWED = "viewed", _("Files that a person opened")

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="students")
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=8, choices=Source.choices)
    position = models.PositiveIntegerField(_("position"))
    due = models.DateTimeField(_("to be told until"))
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("student concerned by an incident")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["incident", "student"], name="incident_student_once"),
            models.UniqueConstraint(fields=["incident", "position"], name="incident_position_once"),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.student_id}"

    def ledger_subject(self) -> uuid.UUID:
        """The student."""
        return self.student.public_id


class FrozenAccount(RecordedModel):
    """One freezing of an account because of an incident, until the account is opened again."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="frozen")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    released_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField(_("opened again"), null=True)

    history = History()

    class Meta:
        verbose_name = _("frozen account")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(released_at__isnull=True), name="one_open_freeze"
            ),
            models.CheckConstraint(condition=_differ("by", "user"), name="nobody_freezes_himself"),
            models.CheckConstraint(
                condition=Q(released_by__isnull=True, released_at__isnull=True)
                | Q(released_by__isnull=False, released_at__isnull=False),
                name="frozen_released_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.user_id}"


class SavedQuery(RecordedModel):
    """A question to the events that its owner asks again and again. Whom it concerns is never kept with it.

    Blank columns leave their question open. ``days``: the last so many; ``since`` and ``until`` stand before it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("owner"))
    name = models.CharField(_("name of the query"), max_length=40)
    who = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("who")
    )
    action = models.CharField(_("what"), max_length=80, blank=True)
    result = models.CharField(_("result"), max_length=8, blank=True)
    days = models.PositiveSmallIntegerField(_("period (days)"), null=True, blank=True)
    since = models.DateField(_("from"), null=True, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)
    address = models.GenericIPAddressField(_("from where"), null=True, blank=True)
    request_no = models.CharField(_("request number"), max_length=40, blank=True)

    history = History()

    class Meta:
        verbose_name = _("saved query")
        default_permissions = ()
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_query_name")]

    def __str__(self) -> str:
        return str(self.public_id)
