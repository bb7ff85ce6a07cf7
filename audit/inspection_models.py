"""Supervision (监督与检查): inspections, rectification notices, opinions, bulletins.

`audit.models` takes these in; other modules import them from there. Words are about departments: they name nobody
(`audit.inspections.words`), a sampled file goes by its archive number.
"""

import uuid
from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from approvals.constraints import never_same
from core.crypto import EncryptedTextField
from files.models import Blob
from ledger.history import History
from ledger.models import InsertOnlyModel, RecordedModel
from school.models import Unit

FULL_SCORE = 20
MOST_FILES = 200
APART = tuple(
    (one, other) for one in ("inspector", "signer", "verifier") for other in ("acknowledger", "answerer")
)
"""Persons of a rectification notice that differ: who asks for it and judges it, and who answers for the department."""


class Area(models.TextChoices):
    """What an inspection looks at (S0 七(一)), each with at most `FULL_SCORE` points."""

    COLLECTION = "collection", _("Collection: accurate and complete")
    ENTRY = "entry", _("Entry: as the rules ask")
    STORAGE = "storage", _("Storage: safe and as the rules ask")
    QUERY = "query", _("Query: lawful")
    USE = "use", _("Use: lawful")


class Fault(models.TextChoices):
    """What can be wrong with a sampled file."""

    INCOMPLETE = "incomplete", _("Values or documents are missing")
    WRONG = "wrong", _("Values differ from the documents")
    NORMS = "norms", _("Not entered as the rules ask")
    LATE = "late", _("Entered or changed too late")
    STORAGE = "storage", _("Not kept as the rules ask")
    QUERY = "query", _("Read without a reason")
    USE = "use", _("Used or passed on without a right")


class Inspection(RecordedModel):
    """An inspection (检查) of one department: planned, begun with a sample drawn by the system, finished with a score.

    The period, both days included, is that of the work looked at. ``sample_size``: how many files are drawn;
    ``population``: of how many. Nobody of the department inspects it: ``inspector_unit`` is where the inspector worked
    when he took it on. Without an inspector any of the archives' takes it on.
    """

    class Kind(models.TextChoices):
        REGULAR = "regular", _("Regular inspection")
        QUARTERLY = "quarterly", _("Quarterly sample")
        SAFETY = "safety", _("Safety of the archives")

    class State(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("inspection", "Planned")
        RUNNING = "running", pgettext_lazy("inspection", "Under way")
        FINISHED = "finished", pgettext_lazy("inspection", "Finished")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("number"), max_length=20, unique=True)
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PLANNED)
    period_from = models.DateField(_("from"))
    period_until = models.DateField(_("until"))
    planned_on = models.DateField(_("planned for"))
    sample_size = models.PositiveSmallIntegerField(_("files to be drawn"))
    planned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    inspector = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    inspector_unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+")
    population = models.PositiveIntegerField(_("files worked on"), null=True)
    begun_at = models.DateTimeField(_("begun"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    history = History()

    class Meta:
        verbose_name = _("inspection")
        default_permissions = ()
        indexes = [models.Index(fields=["school", "state"], name="inspection_school")]
        constraints = [
            models.CheckConstraint(condition=Q(period_until__gte=F("period_from")), name="inspection_period"),
            models.CheckConstraint(condition=Q(sample_size__lte=MOST_FILES), name="inspection_sample_size"),
            models.CheckConstraint(
                condition=Q(inspector__isnull=True, inspector_unit__isnull=True)
                | Q(inspector__isnull=False, inspector_unit__isnull=False) & ~Q(inspector_unit=F("unit")),
                name="inspection_by_another_unit",
            ),
            models.CheckConstraint(
                condition=Q(state="planned", begun_at__isnull=True, finished_at__isnull=True)
                | Q(state="running", begun_at__isnull=False, inspector__isnull=False, finished_at__isnull=True)
                | Q(state="finished", begun_at__isnull=False, inspector__isnull=False, finished_at__isnull=False),
                name="inspection_state",
            ),
            models.CheckConstraint(
                condition=Q(begun_at__isnull=True, population__isnull=True)
                | Q(begun_at__isnull=False, population__isnull=False),
                name="inspection_drawn_once_begun",
            ),
            models.UniqueConstraint(
                fields=["unit", "period_from"], condition=Q(kind="quarterly"), name="inspection_once_a_quarter"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @property
    def areas(self) -> list[Area]:
        """What is scored."""
        return [Area.STORAGE] if self.kind == Inspection.Kind.SAFETY else list(Area)

    @property
    def full_score(self) -> int:
        """The points that can be had."""
        return FULL_SCORE * len(self.areas)


class AreaFinding(RecordedModel):
    """What was found in one area, and its points."""

    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="findings")
    area = models.CharField(_("area"), max_length=12, choices=Area.choices)
    score = models.PositiveSmallIntegerField(_("points"))
    words = EncryptedTextField(_("finding"), blank=True, default="")
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    history = History()

    class Meta:
        verbose_name = _("finding of an inspection")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["inspection", "area"], name="finding_once"),
            models.CheckConstraint(condition=Q(score__lte=FULL_SCORE), name="finding_score"),
        ]

    def __str__(self) -> str:
        return f"{self.inspection_id} {self.area}"


class InspectedFile(RecordedModel):
    """A file of the sample, by its archive number. ``faults`` holds codes; none once it is judged: in order."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="files")
    position = models.PositiveSmallIntegerField(_("position"))
    subject = models.UUIDField(_("student"), db_index=True)
    archive_no = models.CharField(_("archive number"), max_length=40)
    faults = ArrayField(
        models.CharField(max_length=12, choices=Fault.choices), verbose_name=_("faults"), default=list, blank=True
    )  # fmt: skip
    note = EncryptedTextField(_("note"), blank=True, default="")
    judged_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    judged_at = models.DateTimeField(null=True)

    history = History()

    class Meta:
        verbose_name = _("file of an inspection")
        default_permissions = ()
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["inspection", "subject"], name="inspected_file_once"),
            models.UniqueConstraint(fields=["inspection", "position"], name="inspected_file_position"),
            models.CheckConstraint(
                condition=Q(judged_by__isnull=True, judged_at__isnull=True, faults=[])
                | Q(judged_by__isnull=False, judged_at__isnull=False),
                name="inspected_file_judged",
            ),
        ]

    def __str__(self) -> str:
        return self.archive_no

    def ledger_subject(self) -> uuid.UUID:
        """The student whose file it is."""
        return self.subject

    @property
    def fault_labels(self) -> list[str]:
        """The faults in words, in the order of the form."""
        return [str(one.label) for one in Fault if one in self.faults]


class Opinion(RecordedModel):
    """A report or opinion (举报、投诉、意见), from inside or received from outside; the archives answer it.

    ``unit``: the department that it concerns, which never sees it. ``is_named``: the writer lets the archives see who
    he is. ``sender``: who sent it from outside, as it was received.
    """

    class Kind(models.TextChoices):
        REPORT = "report", _("Report of a breach")
        COMPLAINT = "complaint", _("Complaint")
        OPINION = "opinion", _("Opinion")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("number"), max_length=20, unique=True)
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    is_outside = models.BooleanField(_("from outside"), default=False)
    is_named = models.BooleanField(_("name shown"), default=False)
    sender = EncryptedTextField(_("sender"), blank=True, default="")
    words = EncryptedTextField(_("words"))
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(auto_now_add=True)
    due_on = models.DateField(_("to be answered until"))
    answer = EncryptedTextField(_("answer"), blank=True, default="")
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(_("answered"), null=True)

    history = History()

    class Meta:
        verbose_name = _("opinion")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_by__isnull=True, answered_at__isnull=True)
                | Q(answered_by__isnull=False, answered_at__isnull=False)
                & (Q(is_outside=True) | ~Q(answered_by=F("written_by"))),
                name="opinion_answered_by_another",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Rectification(RecordedModel):
    """A rectification notice (整改通知) to a department, from the draft to its close.

    ``inspector`` drafted it and verifies the answer, ``signer`` issued it; who acknowledged it and who answered last
    are of the department. ``days``: working days given at signing or reopening; ``due_on`` follows from them.
    ``overdue_on``: the day on which the present deadline was found missed.
    """

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("rectification", "To be signed")
        ISSUED = "issued", pgettext_lazy("rectification", "To be acknowledged")
        RECTIFYING = "rectifying", pgettext_lazy("rectification", "Being rectified")
        ANSWERED = "answered", pgettext_lazy("rectification", "To be verified")
        CLOSED = "closed", pgettext_lazy("rectification", "Closed")
        DROPPED = "dropped", pgettext_lazy("rectification", "Not issued")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("number"), max_length=20, blank=True)
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    inspection = models.ForeignKey(
        Inspection, null=True, on_delete=models.PROTECT, related_name="rectifications"
    )
    opinion = models.ForeignKey(Opinion, null=True, on_delete=models.PROTECT, related_name="rectifications")
    problem = EncryptedTextField(_("problem"))
    basis = EncryptedTextField(_("basis"))
    measure = EncryptedTextField(_("measure asked for"))
    days = models.PositiveSmallIntegerField(_("working days to rectify"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    inspector = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    signer = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    acknowledger = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answerer = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    verifier = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField(_("issued"), null=True)
    acknowledge_by = models.DateField(_("to be acknowledged until"), null=True)
    due_on = models.DateField(_("deadline"), null=True)
    overdue_on = models.DateField(_("overdue since"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    version = models.PositiveSmallIntegerField(default=0)

    history = History()

    class Meta:
        verbose_name = _("rectification notice")
        default_permissions = ()
        indexes = [models.Index(fields=["school", "state", "due_on"], name="rectification_due")]
        constraints = [
            *(never_same(one, other, f"rectification_{one}_{other}") for one, other in APART),
            models.UniqueConstraint(fields=["number"], condition=~Q(number=""), name="rectification_number"),
            models.CheckConstraint(
                condition=Q(inspection__isnull=False, opinion__isnull=True)
                | Q(inspection__isnull=True, opinion__isnull=False),
                name="rectification_source",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "dropped"], number="", issued_at__isnull=True)
                | Q(
                    state__in=["issued", "rectifying", "answered", "closed"], signer__isnull=False,
                    issued_at__isnull=False, acknowledge_by__isnull=False, due_on__isnull=False,
                ) & ~Q(number=""),
                name="rectification_issued_whole",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "dropped", "issued"])
                | Q(state="rectifying", acknowledger__isnull=False)
                | Q(state="answered", acknowledger__isnull=False, answerer__isnull=False)
                | Q(
                    state="closed", acknowledger__isnull=False, answerer__isnull=False, verifier__isnull=False,
                    closed_at__isnull=False,
                ),
                name="rectification_steps_in_order",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number or str(self.public_id)

    @property
    def next_due(self) -> date | None:
        """The day that counts now: of the acknowledgement, then of the answer."""
        if self.state == Rectification.State.ISSUED:
            return self.acknowledge_by
        return self.due_on if self.state == Rectification.State.RECTIFYING else None


class RectificationStep(InsertOnlyModel):
    """What happened to a notice, once each time: by whom, with which words, which deadline held from then on."""

    class Kind(models.TextChoices):
        DRAFTED = "drafted", pgettext_lazy("rectification step", "Drafted")
        ISSUED = "issued", pgettext_lazy("rectification step", "Signed and issued")
        DROPPED = "dropped", pgettext_lazy("rectification step", "Not issued")
        ACKNOWLEDGED = "acknowledged", pgettext_lazy("rectification step", "Acknowledged")
        ANSWERED = "answered", pgettext_lazy("rectification step", "Answered with evidence")
        REOPENED = "reopened", pgettext_lazy("rectification step", "Not enough, opened again")
        CLOSED = "closed", pgettext_lazy("rectification step", "Verified and closed")
        OVERDUE = "overdue", pgettext_lazy("rectification step", "Overdue")

    rectification = models.ForeignKey(Rectification, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(_("step"), max_length=12, choices=Kind.choices)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    note = EncryptedTextField(_("note"), blank=True, default="")
    due_on = models.DateField(_("deadline"), null=True)

    class Meta:
        verbose_name = _("step of a rectification notice")
        default_permissions = ()
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["rectification", "due_on"], condition=Q(kind="overdue"), name="overdue_once_a_deadline"
            ),
            models.CheckConstraint(
                condition=~Q(kind="overdue") | Q(due_on__isnull=False), name="overdue_names_its_deadline"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.rectification_id} {self.kind}"


class RectificationEvidence(InsertOnlyModel):
    """A scan that proves what an answer says."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    step = models.ForeignKey(RectificationStep, on_delete=models.PROTECT, related_name="evidence")
    blob = models.OneToOneField(Blob, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("evidence of a rectification")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.public_id)


class Bulletin(InsertOnlyModel):
    """A bulletin (通报) of a school and quarter as it was published: results of inspections, notices, what is overdue.

    ``lines`` keeps the figures of that moment: ``{"inspections": [...], "rectifications": [...]}``. One that mends
    another is published anew.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("number"), max_length=20, unique=True)
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField(_("year"))
    quarter = models.PositiveSmallIntegerField(_("quarter"))
    words = models.TextField(_("words"), blank=True)
    lines = models.JSONField()
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("bulletin")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(quarter__gte=1, quarter__lte=4), name="bulletin_quarter")
        ]

    def __str__(self) -> str:
        return self.number
