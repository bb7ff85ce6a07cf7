"""Impact assessments (个人信息保护影响评估, PIPL arts. 55 and 56) on which sharings and unmasked exports rest.

`archive.models` takes these in; other modules import them from there.
"""

import uuid
from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from ledger.history import History
from ledger.models import RecordedModel
from school.models import Unit

MOST_YEARS = 3


class ImpactAssessment(RecordedModel):
    """What is to be done with data of students, whether it is needed, what could harm them and what prevents that.

    Written once, confirmed by another person, valid until a day at most three years later, unless it is ended before:
    refused while it waits, withdrawn afterwards. Nothing else changes it and nothing deletes it, which a trigger of the
    database holds: another one takes its place, and the law asks to keep it for three years at least.
    """

    class Conclusion(models.TextChoices):
        ACCEPTABLE = "acceptable", _("Acceptable")
        MEASURES = "measures", _("Acceptable with the measures")
        NOT = "not", _("Not acceptable")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("number"), max_length=20, unique=True)
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(_("title"), max_length=120)
    kinds = models.TextField(_("kinds of data"))
    purpose = models.TextField(_("purpose"))
    necessity = models.TextField(_("necessity"))
    risk = models.TextField(_("risk"))
    measures = models.TextField(_("measures"))
    conclusion = models.CharField(_("conclusion"), max_length=10, choices=Conclusion.choices)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_on = models.DateField(_("made on"))
    valid_until = models.DateField(_("valid until"))
    confirmed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("refused or withdrawn"), null=True)
    end_reason = models.TextField(_("reason"), blank=True, default="")

    history = History()

    class Meta:
        verbose_name = _("impact assessment")
        default_permissions = ()
        indexes = [models.Index(fields=["school", "valid_until"], name="assessment_valid")]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True, confirmed_at__isnull=True)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False) & ~Q(confirmed_by=F("made_by")),
                name="assessment_confirmed_by_another",
            ),
            models.CheckConstraint(
                condition=Q(ended_by__isnull=True, ended_at__isnull=True, end_reason="")
                | Q(ended_by__isnull=False, ended_at__isnull=False) & ~Q(end_reason=""),
                name="assessment_ended_whole",
            ),
            models.CheckConstraint(
                condition=Q(
                    valid_until__gte=F("made_on"),
                    valid_until__lte=F("made_on") + timedelta(days=365 * MOST_YEARS + 1),
                ),
                name="assessment_valid_three_years",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def unit_id(self) -> int:
        """The unit that scope asks for."""
        return int(self.school_id)

    @property
    def is_valid(self) -> bool:
        """Whether something may rest on it today."""
        confirmed = self.confirmed_at is not None and self.conclusion != self.Conclusion.NOT
        return confirmed and self.ended_at is None and self.valid_until >= timezone.localdate()

    @property
    def was_refused(self) -> bool:
        """Whether somebody else than its writer ended it before it was confirmed."""
        return self.ended_at is not None and self.confirmed_at is None and self.ended_by_id != self.made_by_id
