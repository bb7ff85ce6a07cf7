"""Events, erasures and seals, and the bases of models whose every change is recorded."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ledger.bases import InsertOnlyModel, RecordedManager, RecordedModel, RecordedQuerySet, Unrecorded
from ledger.fields import CurrentTransaction, XidField
from ledger.seal_models import ArchivedMonth, Seal, SealCopy, SealPart, SealShape

__all__ = [
    "ArchivedMonth",
    "Erasure", "Event", "InsertOnlyModel", "RecordedManager", "RecordedModel", "RecordedQuerySet", "Seal", "SealCopy",
    "SealPart", "SealShape", "Unrecorded",
]  # fmt: skip


class Event(InsertOnlyModel):
    """Who did which act on what, in which role. The table is partitioned by month and only ever added to.

    Without an actor only a refused or failed act can be written (somebody who has not signed in).
    """

    class Result(models.TextChoices):
        DONE = "done", _("Act done")
        REFUSED = "refused", _("Act refused")
        FAILED = "failed", _("Act failed")

    at = models.DateTimeField(default=timezone.now)
    action = models.CharField(max_length=80)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    role = models.CharField(max_length=40, blank=True, default="")
    subject = models.UUIDField(null=True)
    object_type = models.CharField(max_length=80, blank=True, default="")
    object_id = models.BigIntegerField(null=True)
    object_uuid = models.UUIDField(null=True)
    unit_id = models.BigIntegerField(null=True)
    request_no = models.CharField(max_length=40, blank=True, default="")
    request_id = models.UUIDField(null=True)
    address = models.GenericIPAddressField(null=True)
    result = models.CharField(max_length=8, choices=Result.choices, default=Result.DONE)
    reason = models.TextField(blank=True, default="")
    purpose = models.TextField(blank=True, default="")
    detail = models.JSONField(default=dict)
    xid = XidField(db_default=CurrentTransaction(), editable=False)

    class Meta:
        verbose_name = _("event")
        default_permissions = ()
        ordering = ("-at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(actor__isnull=False) | ~Q(result="done"), name="event_done_by_somebody"
            ),
        )
        indexes = (
            models.Index(fields=["actor", "-at"], name="event_who", include=["unit_id", "id"]),
            models.Index(fields=["subject", "-at"], name="event_whose", condition=Q(subject__isnull=False)),
            models.Index(fields=["-at"], name="event_when"),
            models.Index(fields=["action", "-at"], name="event_what", include=["unit_id", "id"]),
            models.Index(fields=["object_type", "object_id", "-at"], name="event_object"),
            models.Index(fields=["unit_id", "-at"], name="event_where"),
            models.Index(fields=["address", "-at"], name="event_from", condition=Q(address__isnull=False)),
            models.Index(fields=["request_no", "-at"], name="event_request", condition=~Q(request_no="")),
            models.Index(fields=["result", "-at"], name="event_refused", condition=~Q(result="done")),
            models.Index(fields=["xid"], name="event_xid"),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action} {self.result}"


class Erasure(InsertOnlyModel):
    """Rows of the ledger whose contents a destruction blanked, by their ids; they themselves stay.

    Only the functions of the database that blank them write here, never the application's role.
    """

    subject = models.UUIDField()
    table = models.CharField(max_length=63)
    rows = ArrayField(models.BigIntegerField())

    class Meta:
        verbose_name = _("erased rows")
        default_permissions = ()
        indexes = (models.Index(fields=["subject"], name="erasure_whose"),)

    def __str__(self) -> str:
        return f"{self.subject} {self.table}"
