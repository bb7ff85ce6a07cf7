"""The monthly sample (事后抽查) by which the unit above looks after small schools."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.crypto import EncryptedTextField
from ledger.history import History
from ledger.models import RecordedModel
from school.models import Unit


class SpotCheck(RecordedModel):
    """The sample of one school and month. ``month``: its first day; ``population``: drawn from how many cases."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    month = models.DateField(_("month"))
    population = models.PositiveIntegerField(_("cases of the month"))
    drawn_at = models.DateTimeField(_("drawn"), auto_now_add=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    faults_found = models.PositiveSmallIntegerField(_("faults found"), null=True, blank=True)

    history = History()

    class Meta:
        verbose_name = _("spot check")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["school", "month"], name="spot_check_once_a_month"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, faults_found__isnull=True)
                | Q(closed_at__isnull=False, faults_found__isnull=False),
                name="spot_check_closed_with_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school_id} {self.month:%Y-%m}"

    @property
    def unit_id(self) -> int:
        """The unit that scope asks for."""
        return int(self.school_id)


class SpotCheckItem(RecordedModel):
    """One case of the sample: who looked at it, and what was found.

    ``kind`` names the source (``approvals.spot_checks.sources``), ``case`` the case in it, ``number`` what people call
    it by; ``subject``: the student.
    """

    class Outcome(models.TextChoices):
        FINE = "fine", _("In order")
        FAULT = "fault", _("Fault found")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    spot_check = models.ForeignKey(SpotCheck, on_delete=models.PROTECT, related_name="items")
    kind = models.CharField(_("kind"), max_length=20)
    case = models.UUIDField()
    number = models.CharField(_("number"), max_length=20)
    subject = models.UUIDField(_("student"), null=True)
    opened_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome.choices, blank=True)
    finding = EncryptedTextField(_("finding"), blank=True, default="")
    judged_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    judged_at = models.DateTimeField(null=True)

    history = History()

    class Meta:
        verbose_name = _("case of a spot check")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["spot_check", "kind", "case"], name="spot_check_case_once"),
            models.CheckConstraint(
                condition=Q(outcome="", judged_by__isnull=True, judged_at__isnull=True)
                | ~Q(outcome="") & Q(judged_by=models.F("opened_by"), judged_at__isnull=False),
                name="spot_check_judged_by_its_reader",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def unit_id(self) -> int:
        """The unit that scope asks for."""
        return int(self.spot_check.school_id)

    def ledger_subject(self) -> uuid.UUID | None:
        """The student whom the case is about."""
        return self.subject
