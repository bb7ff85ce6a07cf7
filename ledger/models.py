"""Events, and the bases of models whose every change is recorded."""

from collections.abc import Iterable
from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models, router, transaction
from django.db.models import Q
from django.db.models.base import ModelBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ledger.fields import CurrentTransaction, RandomSalt, XidField


class Unrecorded(RuntimeError):
    """A bulk write that would leave no history: use `ledger.history.write_rows`, `update_rows` or `delete_rows`."""


class RecordedQuerySet(models.QuerySet[Any]):
    """Reads as usual; writes that bypass history raise Unrecorded."""

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise Unrecorded(f"{self.model._meta.label}: this would leave no history")

    update = bulk_create = bulk_update = delete = _refuse
    aupdate = abulk_create = abulk_update = adelete = _refuse


class RecordedManager(models.Manager.from_queryset(RecordedQuerySet)):  # type: ignore[misc]  # made at run time
    """The manager of recorded models."""


class RecordedModel(models.Model):
    """A model whose rows change only together with their history; add ``history = History()`` to each concrete one."""

    objects: ClassVar[Any] = RecordedManager()

    class Meta:
        abstract = True

    def save_base(
        self,
        raw: bool = False,
        force_insert: bool | tuple[ModelBase, ...] = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        alias = using or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=alias, savepoint=False):
            super().save_base(raw, force_insert, force_update, alias, update_fields)


class InsertOnlyModel(models.Model):
    """Rows that are written once and name their operator themselves (decisions, log rows): no history of their own.

    The application's database role can neither change nor delete them. Many at once: `ledger.history.write_rows`.
    """

    insert_only = True
    objects: ClassVar[Any] = RecordedManager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Unrecorded(f"{self._meta.label}: rows are never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise Unrecorded(f"{self._meta.label}: rows are never deleted")


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
    salt = models.UUIDField(db_default=RandomSalt(), editable=False)

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
            models.Index(fields=["actor", "-at"], name="event_who"),
            models.Index(fields=["subject", "-at"], name="event_whose", condition=Q(subject__isnull=False)),
            models.Index(fields=["-at"], name="event_when"),
            models.Index(fields=["action", "-at"], name="event_what"),
            models.Index(fields=["object_type", "object_id", "-at"], name="event_object"),
            models.Index(fields=["unit_id", "-at"], name="event_where"),
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
    xid = XidField(db_default=CurrentTransaction(), editable=False)

    class Meta:
        verbose_name = _("erased rows")
        default_permissions = ()
        indexes = (models.Index(fields=["subject"], name="erasure_whose"),)

    def __str__(self) -> str:
        return f"{self.subject} {self.table}"
