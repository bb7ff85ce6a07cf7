"""The bases of models whose every change is recorded, and of rows that are written once."""

from collections.abc import Iterable
from typing import Any, ClassVar, NoReturn

from django.db import models, router, transaction
from django.db.models.base import ModelBase

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
    ``xid`` and ``salt`` are what seals go by (`ledger.seals`).
    """

    insert_only = True
    xid = XidField(db_default=CurrentTransaction(), editable=False, db_index=True)
    salt = models.UUIDField(db_default=RandomSalt(), editable=False)
    objects: ClassVar[Any] = RecordedManager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Unrecorded(f"{self._meta.label}: rows are never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise Unrecorded(f"{self._meta.label}: rows are never deleted")
