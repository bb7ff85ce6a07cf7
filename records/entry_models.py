"""What departments add to a student file by themselves: rewards, penalties, conduct, problems, practice, employment.

An entry is never edited. A wrong one is made void (作废) by another person, with a reason, and entered anew.
"""

import uuid
from typing import Any, ClassVar, Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from approvals.constraints import never_same
from core.crypto import EncryptedTextField
from files.models import Blob
from ledger.history import History
from ledger.models import RecordedModel, RecordedQuerySet
from records.models import Enrolment, Student
from school.models import Unit


def person(label: Any, *, null: bool = True) -> Any:
    """A column that names who did something."""
    return models.ForeignKey(
        User, null=null, blank=null, on_delete=models.PROTECT, related_name="+", verbose_name=label
    )


class EntryQuerySet(RecordedQuerySet):
    """Reads of entries; scope goes by the enrolment in which they were made."""

    def visible_to(self, user: User) -> Self:
        """Entries made in an enrolment that ``user`` may see."""
        return self.filter(enrolment__in=Enrolment.objects.visible_to(user).order_by().values("pk"))

    def standing(self) -> Self:
        """Without those that were made void."""
        return self.filter(voided_at=None)


EntryManager = models.Manager.from_queryset(EntryQuerySet)


class FileEntry(RecordedModel):
    """One entry of a department in a student file. ``form_key`` lets one sent form count once."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    form_key = models.UUIDField(default=uuid.uuid4, editable=False)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="+")
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    evidence = models.OneToOneField(
        Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("evidence")
    )
    entered_by = person(_("entered by"), null=False)
    entered_at = models.DateTimeField(_("entered at"), auto_now_add=True)
    voided_by = person(_("made void by"))
    voided_at = models.DateTimeField(_("made void at"), null=True, blank=True)
    void_reason = EncryptedTextField(_("reason for making it void"), blank=True, default="")

    objects: ClassVar[Any] = EntryManager()

    class Meta:
        abstract = True
        default_permissions = ()
        ordering = ["-entered_at", "-pk"]
        indexes = [
            models.Index(fields=["student"], name="%(class)s_student"),
            models.Index(fields=["enrolment"], name="%(class)s_enrolment"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["student", "form_key"], name="%(class)s_sent_once"),
            never_same("voided_by", "entered_by", "%(class)s_void_by_another"),
            models.CheckConstraint(
                condition=Q(voided_by__isnull=True, voided_at__isnull=True)
                | Q(voided_by__isnull=False, voided_at__isnull=False),
                name="%(class)s_void_whole",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    def ledger_subject(self) -> uuid.UUID:
        """The student whose file it is in."""
        return self.student.public_id


class Reward(FileEntry):
    """A reward (奖励) by the columns of B.7; the codes are those of the code lists ``reward_*``."""

    name = models.CharField(_("name of the reward"), max_length=60)
    level = models.CharField(_("reward level"), max_length=2)
    grade = models.CharField(_("reward grade"), max_length=1)
    category = models.CharField(_("reward category"), max_length=1)
    kind = models.CharField(_("reward type"), max_length=1, blank=True)
    way = models.CharField(_("reward form"), max_length=1, blank=True)
    school_year = models.PositiveSmallIntegerField(_("school year"))
    granted_on = models.DateField(_("granted on"))
    granting_unit = models.CharField(_("granting unit"), max_length=60)
    document_no = models.CharField(_("document number"), max_length=60, blank=True)
    amount = models.DecimalField(
        _("amount (yuan)"), max_digits=10, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(0)],
    )  # fmt: skip
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    exception = EncryptedTextField(_("why in spite of a penalty"), blank=True, default="")

    history = History()

    class Meta(FileEntry.Meta):
        verbose_name = _("reward")
        constraints = [
            *FileEntry.Meta.constraints,
            models.UniqueConstraint(
                fields=["student", "name", "granting_unit", "granted_on"],
                condition=Q(voided_at__isnull=True),
                name="reward_once",
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0), name="reward_amount_not_negative"
            ),
        ]


class Conduct(FileEntry):
    """Daily conduct (日常行为表现): one observation of one day."""

    class Kind(models.TextChoices):
        PRAISE = "praise", _("Praise")
        NOTE = "note", _("Observation")
        REMINDER = "reminder", _("Admonition")

    class Area(models.TextChoices):
        STUDY = "study", _("Study")
        RULES = "rules", _("Discipline")
        MANNERS = "manners", _("Manners")
        HYGIENE = "hygiene", _("Hygiene")
        DORMITORY = "dormitory", _("Dormitory")
        ACTIVITY = "activity", _("Activities")
        LABOUR = "labour", _("Labour")
        OTHER = "other", _("Other")

    happened_on = models.DateField(_("date"))
    kind = models.CharField(_("kind of entry"), max_length=10, choices=Kind.choices)
    area = models.CharField(_("area"), max_length=10, choices=Area.choices)
    text = EncryptedTextField(_("what happened"))

    history = History()

    class Meta(FileEntry.Meta):
        verbose_name = _("daily conduct")


class LearningProblem(FileEntry):
    """A learning problem that a teacher feeds back to student affairs (问题反馈), and what became of it."""

    class Kind(models.TextChoices):
        RESULTS = "results", _("Falling results")
        HOMEWORK = "homework", _("Homework")
        ABSENCE = "absence", _("Absence")
        ATTENTION = "attention", _("Attention in class")
        HEALTH = "health", _("Health")
        FAMILY = "family", _("Family situation")
        RELATIONS = "relations", _("Relations with others")
        OTHER = "other", _("Other")

    class State(models.TextChoices):
        OPEN = "open", _("Waits for an answer")
        ANSWERED = "answered", _("Answered")
        CLOSED = "closed", _("Settled")

    kind = models.CharField(_("kind of problem"), max_length=10, choices=Kind.choices)
    noticed_on = models.DateField(_("noticed on"))
    text = EncryptedTextField(_("what was noticed"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    due_on = models.DateField(_("answer due on"), null=True, blank=True)
    answer = EncryptedTextField(_("answer"), blank=True, default="")
    answered_by = person(_("answered by"))
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("settled at"), null=True, blank=True)

    history = History()

    class Meta(FileEntry.Meta):
        verbose_name = _("learning problem")
        indexes = [
            *FileEntry.Meta.indexes,
            models.Index(fields=["unit", "due_on"], condition=Q(state="open"), name="learningproblem_open"),
        ]
        constraints = [
            *FileEntry.Meta.constraints,
            never_same("answered_by", "entered_by", "learningproblem_answered_by_another"),
            models.CheckConstraint(
                condition=Q(state="open") | Q(answered_by__isnull=False, answered_at__isnull=False),
                name="learningproblem_answer_whole",
            ),
        ]


class Internship(FileEntry):
    """An internship or practice (实习、社会实践); its end and result are added once it is over."""

    class Kind(models.TextChoices):
        VISIT = "visit", _("Orientation practice")
        POST = "post", _("Internship in a post")
        TEACHING = "teaching", _("Teaching practice")
        SOCIAL = "social", _("Social practice")
        OTHER = "other", _("Other")

    class Result(models.TextChoices):
        EXCELLENT = "excellent", _("Excellent")
        GOOD = "good", _("Good")
        PASSED = "passed", _("Passed")
        FAILED = "failed", _("Failed")
        BROKEN_OFF = "broken_off", _("Broken off")

    kind = models.CharField(_("kind of practice"), max_length=10, choices=Kind.choices)
    organisation = models.CharField(_("organisation"), max_length=60)
    post = models.CharField(_("post"), max_length=40, blank=True)
    starts_on = models.DateField(_("first day"))
    planned_until = models.DateField(_("planned last day"))
    mentor = models.CharField(_("teacher in charge"), max_length=40, blank=True)
    contact = EncryptedTextField(_("contact in the organisation"), blank=True, default="")
    ended_on = models.DateField(_("last day"), null=True, blank=True)
    result = models.CharField(_("result"), max_length=10, choices=Result.choices, blank=True)
    assessment = EncryptedTextField(_("assessment"), blank=True, default="")
    finished_by = person(_("result entered by"))

    history = History()

    class Meta(FileEntry.Meta):
        verbose_name = _("internship")
        constraints = [
            *FileEntry.Meta.constraints,
            models.CheckConstraint(
                condition=Q(planned_until__gte=F("starts_on"))
                & (Q(ended_on__isnull=True) | Q(ended_on__gte=F("starts_on"))),
                name="internship_dates",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, result="", finished_by__isnull=True)
                | (Q(ended_on__isnull=False, finished_by__isnull=False) & ~Q(result="")),
                name="internship_result_whole",
            ),
        ]


class Employment(FileEntry):
    """Where a graduate goes (就业信息) by the columns of B.7."""

    destination = models.CharField(_("destination"), max_length=2)
    employer = models.CharField(_("employer or school"), max_length=60, blank=True)
    post = models.CharField(_("post"), max_length=40, blank=True)
    post_kind = models.CharField(_("kind of post"), max_length=2, blank=True)
    industry = models.CharField(_("industry"), max_length=1, blank=True)
    region_code = models.CharField(_("region of the employer"), max_length=6, blank=True)
    agreement_no = models.CharField(_("agreement number"), max_length=40, blank=True)
    signed_on = models.DateField(_("signed on"), null=True, blank=True)
    reports_on = models.DateField(_("reports for work on"), null=True, blank=True)
    file_address = EncryptedTextField(_("address that receives the file"), blank=True, default="")

    history = History()

    class Meta(FileEntry.Meta):
        verbose_name = _("employment")
        constraints = [
            *FileEntry.Meta.constraints,
            models.CheckConstraint(
                condition=Q(signed_on__isnull=True)
                | Q(reports_on__isnull=True)
                | Q(reports_on__gte=F("signed_on")),
                name="employment_dates",
            ),
        ]
