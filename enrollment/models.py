"""From paper to file: intake batches, applicants on their way to acceptance, and what an import leaves behind."""

import uuid
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scope import units_with
from core.crypto import EncryptedTextField
from enrollment.import_models import CheckedPart, ImportFault, ImportJob, ImportRow, MarkedFile
from enrollment.work_models import BulkSkip, IntakeSample, PrintOrder, SampleItem, ScanFile, ScanUpload
from files.models import Blob
from ledger.history import History
from ledger.models import InsertOnlyModel, RecordedModel, RecordedQuerySet
from records.models import (
    INTAKE_KINDS,
    SEARCH_FIELDS,
    Enrolment,
    EnrolmentData,
    FamilyData,
    PersonalData,
    Searchable,
    Student,
)
from school.models import SchoolClass, Unit
from school.rules import rule

__all__ = [
    "Applicant",
    "ApplicantDocument",
    "ApplicantMember",
    "BulkSkip",
    "CheckedPart",
    "ImportFault",
    "ImportJob",
    "ImportRow",
    "IntakeBatch",
    "IntakeDecision",
    "IntakeSample",
    "Layout",
    "MarkedFile",
    "PrintOrder",
    "SampleItem",
    "ScanFile",
    "ScanUpload",
    "Scheme",
    "StepAside",
    "TypedCell",
]


class Layout(models.TextChoices):
    """Which columns a batch collects."""

    NATIONAL = "national", _("National template (primary and middle schools)")
    VOCATIONAL = "vocational", _("Secondary vocational schools")
    HIGHER = "higher", _("Higher education")


class Scheme(models.TextChoices):
    """How duties are divided (办理模式); a small school merges the initial review into the head's."""

    STANDARD = "standard", _("Standard")
    SMALL = "small", _("Small school")


class IntakeBatchQuerySet(RecordedQuerySet):
    """Reads of intake batches."""

    def visible_to(self, user: User, perm: str = "view_applicant") -> Self:
        """Batches of schools where ``user`` holds ``perm``; for reading, also those with applicants of his colleges."""
        units = list(units_with(user, perm))
        scope = Q(school_id__in=units)
        if perm == "view_applicant":
            here = Applicant.objects.filter(batch=OuterRef("pk"), unit_id__in=units)
            scope |= Q(Exists(here))
        return self.filter(scope)


IntakeBatchManager = models.Manager.from_queryset(IntakeBatchQuerySet)


class IntakeBatch(RecordedModel):
    """The intake of one cohort at one school (招生批次), or of the students whom a school has when it starts."""

    class Kind(models.TextChoices):
        """Whom a batch takes in."""

        NEW = "new", _("New students")
        PRESENT = "present", _("Present students of any grade, who keep their numbers")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="intake_batches")
    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.NEW)
    layout = models.CharField(_("layout"), max_length=12, choices=Layout.choices)
    school_year = models.PositiveSmallIntegerField(_("school year"))
    quota = models.PositiveIntegerField(_("quota"), null=True, blank=True)
    opens_on = models.DateField(_("opens on"))
    entry_deadline = models.DateField(_("entry deadline"))
    is_open = models.BooleanField(_("open"), default=True)
    required_documents = ArrayField(
        models.CharField(max_length=20, choices=INTAKE_KINDS),
        verbose_name=_("required documents"),
        default=list,
        blank=True,
    )

    objects: ClassVar["IntakeBatchManager[IntakeBatch]"] = IntakeBatchManager()
    history = History()

    class Meta:
        verbose_name = _("intake batch")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(entry_deadline__gte=F("opens_on")), name="intake_batch_dates"),
        ]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def asks_only_child_certificate(self) -> bool:
        """Whether the school's rule asks for the certificate of an only child; read once."""
        return bool(rule(self.school, "only_child_certificate"))


def _shelved() -> Q:
    here = Enrolment.objects.filter(student=OuterRef("student"), school=OuterRef("batch__school"))
    return Q(Exists(here.filter(shelved_on__isnull=False))) & ~Q(Exists(here.filter(shelved_on__isnull=True)))


class ApplicantQuerySet(RecordedQuerySet):
    """Reads of applicants."""

    def visible_to(self, user: User, perm: str = "view_applicant") -> Self:
        """Applicants of units where ``user`` holds ``perm``.

        Those whose student file lies in the inactive archive (历史档案库) are seen by those who keep it.
        """
        rows, shelves = self.of_units(user, perm), units_with(user, "manage_retention")
        if set(shelves).issuperset(units_with(user, perm)):
            return rows
        return rows.filter(Q(unit_id__in=list(shelves)) | ~_shelved())

    def in_use(self) -> Self:
        """Without those whose student file lies in the inactive archive (历史档案库)."""
        return self.filter(~_shelved())

    def of_units(self, user: User, perm: str = "view_applicant") -> Self:
        """Every applicant of these units, to be counted: those of the inactive archive too, no destroyed ones."""
        here = self.filter(unit_id__in=list(units_with(user, perm)))
        return here.exclude(state=Applicant.State.DESTROYED)


ApplicantManager = models.Manager.from_queryset(ApplicantQuerySet)


class Applicant(RecordedModel, Searchable, PersonalData, EnrolmentData):
    """A person to be admitted (报名学生), from the first keystroke to acceptance by the archives."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SELF_CHECKED = "self_checked", _("Self-checked")
        INITIAL_REVIEWED = "initial_reviewed", _("Initially reviewed")
        HEAD_APPROVED = "head_approved", _("Approved by the head")
        ACCEPTED = "accepted", _("Accepted by the archives")
        RETURNED = "returned", _("Returned")
        WITHDRAWN = "withdrawn", _("Given up")
        DESTROYED = "destroyed", _("Destroyed with the file")

    class BureauState(models.TextChoices):
        NOT_NEEDED = "not_needed", _("Not needed")
        WAITING = "waiting", _("Waits for the bureau")
        APPROVED = "approved", _("Approved by the bureau")
        REFUSED = "refused", _("Refused by the bureau")

    class ParentsCase(models.TextChoices):
        """Why only one parent, or only a guardian, is entered for a pupil without household registration (S1-10)."""

        BOTH = "both", _("Both parents")
        ONE_DEAD = "one_dead", _("One parent has died")
        ONE_MISSING = "one_missing", _("One parent is missing, certified by the police")
        GUARDIAN = "guardian", _("Neither parent; a legal guardian")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("form number"), max_length=20, unique=True)
    batch = models.ForeignKey(IntakeBatch, on_delete=models.PROTECT, related_name="applicants")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    school_class = models.ForeignKey(
        SchoolClass, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    scheme = models.CharField(
        _("scheme of duties"), max_length=10, choices=Scheme.choices, default=Scheme.STANDARD
    )
    state = models.CharField(_("state"), max_length=20, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    due_on = models.DateField(_("due on"), null=True, blank=True)
    entered_late = models.BooleanField(_("entered after the deadline"), default=False)

    age_reason = models.CharField(_("reason for the unusual age"), max_length=200, blank=True)
    checked_with_original = models.BooleanField(_("checked against the originals"), default=False)
    warning_count = models.PositiveSmallIntegerField(default=0)
    no_hukou = models.BooleanField(_("without household registration"), default=False)
    parents_case = models.CharField(
        _("parents"), max_length=12, choices=ParentsCase.choices, default=ParentsCase.BOTH
    )
    bureau_state = models.CharField(
        _("bureau"), max_length=12, choices=BureauState.choices, default=BureauState.NOT_NEEDED
    )

    student_no = models.CharField(_("student number kept"), max_length=15, blank=True)
    national_no = EncryptedTextField(_("national student number"), blank=True, default="")

    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    former_clerk_ids = ArrayField(models.BigIntegerField(), default=list, blank=True, editable=False)
    entered_at = models.DateTimeField(auto_now_add=True)
    self_checked_at = models.DateTimeField(null=True, blank=True)
    initial_reviewer = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    initial_reviewed_at = models.DateTimeField(null=True, blank=True)
    head_reviewer = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    head_reviewed_at = models.DateTimeField(null=True, blank=True)
    acceptor = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    bureau_officer = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    returned_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    returned_from = models.CharField(max_length=20, choices=State.choices, blank=True)
    changed_fields = ArrayField(models.CharField(max_length=40), default=list, blank=True, editable=False)
    opened_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(null=True, blank=True)
    student = models.ForeignKey(
        Student, null=True, blank=True, on_delete=models.PROTECT, related_name="applications"
    )
    import_job = models.ForeignKey(
        "ImportJob", null=True, blank=True, on_delete=models.PROTECT, related_name="applicants"
    )
    import_row_number = models.PositiveIntegerField(null=True, blank=True)

    objects: ClassVar["ApplicantManager[Applicant]"] = ApplicantManager()
    history = History(excluded_fields=[*SEARCH_FIELDS, "opened_by", "opened_at"])

    class Meta:
        verbose_name = _("applicant")
        default_permissions = ()
        indexes = [
            GinIndex(fields=["name_tokens"], name="applicant_name_tokens"),
            models.Index(fields=["batch", "state", "class_no"], name="applicant_by_batch"),
            models.Index(fields=["unit", "state"], name="applicant_by_unit"),
            models.Index(fields=["entered_by", "state", "entered_at"], name="applicant_by_clerk"),
            models.Index(fields=["name_sort", "id"], name="applicant_name_sort"),
            models.Index(fields=["phone_index"], name="applicant_phone"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "id_number_index"],
                condition=~Q(state="withdrawn"),
                name="applicant_id_number_once",
            ),
            models.UniqueConstraint(
                fields=["batch", "exam_no"],
                condition=~Q(exam_no="") & ~Q(state="withdrawn"),
                name="applicant_exam_no_once",
            ),
            models.CheckConstraint(
                condition=~Q(entered_by=F("initial_reviewer"))
                & ~Q(entered_by=F("head_reviewer"))
                & ~Q(entered_by=F("acceptor"))
                & ~Q(initial_reviewer=F("head_reviewer"))
                & ~Q(initial_reviewer=F("acceptor"))
                & ~Q(head_reviewer=F("acceptor"))
                & ~Q(bureau_officer=F("entered_by"))
                & ~Q(bureau_officer=F("initial_reviewer"))
                & ~Q(bureau_officer=F("head_reviewer"))
                & ~Q(bureau_officer=F("acceptor")),
                name="intake_persons_differ",
            ),
            models.CheckConstraint(
                condition=~Q(former_clerk_ids__contains=[F("initial_reviewer")])
                & ~Q(former_clerk_ids__contains=[F("head_reviewer")])
                & ~Q(former_clerk_ids__contains=[F("acceptor")])
                & ~Q(former_clerk_ids__contains=[F("bureau_officer")]),
                name="intake_former_clerks_differ",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["initial_reviewed", "head_approved", "accepted"])
                | Q(scheme="small")
                | Q(initial_reviewer__isnull=False),
                name="intake_initial_review_done",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["head_approved", "accepted"]) | Q(head_reviewer__isnull=False),
                name="intake_head_review_done",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted") | Q(acceptor__isnull=False, student__isnull=False),
                name="intake_accepted_has_student",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted") | Q(bureau_state__in=["not_needed", "approved"]),
                name="intake_bureau_agreed",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def ledger_subject(self) -> uuid.UUID:
        """The applicant; an accepted one's student carries the same id."""
        return self.public_id


class TypedCell(models.Model):
    """What was typed into a field of a draft but is no value yet; kept so that nothing typed is lost."""

    applicant = models.ForeignKey(Applicant, on_delete=models.CASCADE, related_name="typed_cells")
    field = models.CharField(max_length=40)
    text = EncryptedTextField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["applicant", "field"], name="typed_cell_once")]

    def __str__(self) -> str:
        return f"{self.applicant_id} {self.field}"


class ApplicantMember(RecordedModel, FamilyData):
    """A member of an applicant's family."""

    applicant = models.ForeignKey(Applicant, on_delete=models.CASCADE, related_name="members")

    history = History()

    class Meta:
        verbose_name = _("family member")
        default_permissions = ()
        ordering = ["applicant", "position"]
        constraints = [
            models.UniqueConstraint(fields=["applicant", "position"], name="applicant_member_position")
        ]

    def __str__(self) -> str:
        return f"{self.applicant_id}/{self.position}"

    def ledger_subject(self) -> uuid.UUID:
        """The applicant whose family it is."""
        return self.applicant.public_id


class ApplicantDocument(RecordedModel):
    """A scan that belongs to an applicant; it becomes a document of the file on acceptance."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    applicant = models.ForeignKey(Applicant, on_delete=models.CASCADE, related_name="documents")
    kind = models.CharField(_("kind"), max_length=20, choices=INTAKE_KINDS)
    blob = models.OneToOneField(Blob, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    history = History()

    class Meta:
        verbose_name = _("scan")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.applicant_id} {self.kind}"

    def ledger_subject(self) -> uuid.UUID:
        """The applicant whose scan it is."""
        return self.applicant.public_id


class IntakeDecision(InsertOnlyModel):
    """One step taken on an applicant. Written once; the row names who took it and in which role."""

    class Step(models.TextChoices):
        SELF_CHECK = "self_check", _("Self-check")
        INITIAL_REVIEW = "initial_review", _("Initial review")
        HEAD_REVIEW = "head_review", _("Head review")
        BUREAU = "bureau", _("Bureau approval")
        ACCEPTANCE = "acceptance", _("Acceptance by the archives")

    class Outcome(models.TextChoices):
        PASSED = "passed", _("Passed")
        RETURNED = "returned", _("Returned")
        RECALLED = "recalled", _("Recalled")
        REFUSED = "refused", _("Refused")
        GIVEN_UP = "given_up", _("Given up")

    applicant = models.ForeignKey(Applicant, on_delete=models.PROTECT, related_name="decisions")
    step = models.CharField(_("step"), max_length=16, choices=Step.choices)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(_("role"), max_length=24)
    reason = models.CharField(_("reason"), max_length=24, blank=True)
    fields = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    comment = models.CharField(_("comment"), max_length=500, blank=True)
    sample = models.ForeignKey(IntakeSample, null=True, on_delete=models.PROTECT, related_name="decisions")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        ordering = ["applicant", "id"]

    def __str__(self) -> str:
        return f"{self.applicant_id} {self.step} {self.outcome}"


class StepAside(InsertOnlyModel):
    """Somebody declares that he is related to an applicant and decides nothing on him (回避). Written once."""

    applicant = models.ForeignKey(Applicant, on_delete=models.PROTECT, related_name="asides")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(_("role"), max_length=24)
    reason = models.CharField(_("reason"), max_length=200)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("stepping aside")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["applicant", "user"], name="stepped_aside_once")]

    def __str__(self) -> str:
        return f"{self.applicant_id} {self.user_id}"
