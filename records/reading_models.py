"""Who read how many files on a day.

`records.models` takes these in; other modules import them from there.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User


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
