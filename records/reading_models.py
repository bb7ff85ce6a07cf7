"""Who read how many files on a day, and the alerts that come of it.

`records.models` takes these in; other modules import them from there.
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


class ReadingDay(models.Model):
    """The students whose files one person opened on one day, each once; the openings themselves are events.

    One row, so that two openings at the same moment wait for each other and none is missed.
    """

    reader = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    students = ArrayField(models.BigIntegerField())

    class Meta:
        verbose_name = _("files read on a day")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["reader", "day"], name="reading_day_once")]

    def __str__(self) -> str:
        return f"{self.reader_id} {self.day}"


class BulkViewAlert(RecordedModel):
    """More files than the school's rule allows were opened by one person on one day (批量查看告警).

    ``reader`` repeats the one of ``reading``, so that nobody answers the alert about himself.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    reading = models.ForeignKey(ReadingDay, on_delete=models.PROTECT, related_name="+")
    reader = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    limit = models.PositiveIntegerField(_("allowed"))
    raised_at = models.DateTimeField(auto_now_add=True)
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True)
    finding = EncryptedTextField(_("finding"), blank=True, default="")

    history = History()

    class Meta:
        verbose_name = _("alert of many files read")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["reading", "school"], name="alert_once_a_day"),
            models.CheckConstraint(
                condition=Q(answered_by__isnull=True) | ~Q(answered_by=F("reader")),
                name="alert_answered_by_another",
            ),
            models.CheckConstraint(
                condition=Q(answered_by__isnull=True, answered_at__isnull=True)
                | Q(answered_by__isnull=False, answered_at__isnull=False),
                name="alert_answered_whole",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def unit_id(self) -> int:
        """Id of the school whose files were read."""
        school_id: int = self.school_id
        return school_id
