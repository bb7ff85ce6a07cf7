"""Alerts (告警): what the security administrator looks into, whoever raised it.

`audit.models` takes these in; other modules import them from there.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.crypto import EncryptedTextField
from ledger.history import History
from ledger.models import RecordedModel
from school.models import Unit


class Alert(RecordedModel):
    """One alert of a kind about a person, his day and a school: followed to a conclusion by somebody else.

    ``count`` and ``limit`` say how much there was and how much the school allows: files, refusals, days, or roles
    (``appointments``: their ids). What turned out not to be in order may lead to an ``incident``.
    """

    class Kind(models.TextChoices):
        BULK = "bulk", _("Many files read")
        HOURS = "hours", _("Files read outside working hours")
        FAMILY = "family", _("Files of the own family read")
        COLLEAGUES = "colleagues", _("Files of colleagues' families read")
        REFUSALS = "refusals", _("Many refusals")
        ACCOUNT = "account", _("Account not used")
        GRANTS = "grants", _("Roles not used")

    class Conclusion(models.TextChoices):
        IN_ORDER = "in_order", _("In order")
        NOT_IN_ORDER = "not_in_order", _("Not in order")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    day = models.DateField(_("day"))
    count = models.PositiveIntegerField(_("count"))
    limit = models.PositiveIntegerField(_("allowed"))
    appointments = ArrayField(models.BigIntegerField(), default=list, blank=True)
    raised_at = models.DateTimeField(auto_now_add=True)
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True)
    conclusion = models.CharField(_("conclusion"), max_length=12, choices=Conclusion.choices, blank=True)
    finding = EncryptedTextField(
        _("finding"), blank=True, default="", context="records.BulkViewAlert.finding"
    )
    incident = models.ForeignKey("audit.Incident", null=True, on_delete=models.PROTECT, related_name="alerts")

    history = History()

    class Meta:
        verbose_name = _("alert")
        default_permissions = ()
        indexes = [models.Index(fields=["school", "-day"], name="alert_school_day")]
        constraints = [
            models.UniqueConstraint(fields=["kind", "person", "day", "school"], name="alert_kind_once_a_day"),
            models.CheckConstraint(
                condition=Q(answered_by__isnull=True) | ~Q(answered_by=F("person")),
                name="alert_answered_by_another",
            ),
            models.CheckConstraint(
                condition=Q(answered_by__isnull=True, answered_at__isnull=True, conclusion="")
                | Q(answered_by__isnull=False, answered_at__isnull=False),
                name="alert_answered_whole",
            ),
            models.CheckConstraint(
                condition=Q(incident__isnull=True) | Q(conclusion="not_in_order"),
                name="alert_incident_not_in_order",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def unit_id(self) -> int:
        """Id of the school that it belongs to."""
        school_id: int = self.school_id
        return school_id
