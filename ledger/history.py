"""Field history: every change of a recorded model leaves a row in its history table.

``history = History()`` on a model is all that is needed. The history row is copied inside the database from the live
row, so it holds what was really stored: values set by the database, encrypted columns (the same ciphertext) and fields
that a partial save left alone.
"""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import connections, models, router
from django.utils import timezone
from simple_history.models import HistoricalRecords

from core.crypto import EncryptedTextField
from ledger.bulk import NewRows, delete_rows, history_insert, update_rows, write_columns, write_rows
from ledger.context import NoActor, current_actor
from ledger.fields import CurrentTransaction, RandomSalt, XidField

__all__ = [
    "History",
    "HistoryRow",
    "NewRows",
    "NoActor",
    "delete_rows",
    "is_history",
    "update_rows",
    "write_columns",
    "write_rows",
]

CREATED, CHANGED, DELETED = "+", "~", "-"


class HistoryRow(models.Model):
    """What every history row carries beside the copied fields: transaction, salt, subject and circumstances."""

    xid = XidField(db_default=CurrentTransaction(), editable=False, db_index=True)
    salt = models.UUIDField(db_default=RandomSalt(), editable=False)
    history_subject = models.UUIDField(null=True, editable=False, db_index=True)
    history_request_no = models.CharField(max_length=40, blank=True, default="", editable=False)
    history_request_id = models.UUIDField(null=True, editable=False)
    history_address = models.GenericIPAddressField(null=True, editable=False)
    history_role = models.CharField(max_length=40, blank=True, default="", editable=False)

    class Meta:
        abstract = True


def is_history(model: type[models.Model]) -> bool:
    """Whether a model is a history table."""
    return issubclass(model, HistoryRow)


class History(HistoricalRecords):  # type: ignore[misc]  # simple-history has no types
    """History of a model, kept by simple-history with our columns and our way of writing.

    ``excluded_fields`` names what is not business data (search tokens, progress): a save of such fields alone leaves no
    row and needs no actor. Any other save or deletion raises NoActor when nobody is named as acting. A model says whose
    file it is about with ``ledger_subject() -> UUID | None``.
    """

    def __init__(self, *, excluded_fields: Iterable[str] = ()) -> None:
        super().__init__(
            bases=(HistoryRow,),
            excluded_fields=list(excluded_fields),
            history_id_field=models.BigAutoField(),
            history_change_reason_field=models.TextField(blank=True, default=""),
            user_model=settings.AUTH_USER_MODEL,
        )

    def finalize(self, sender: type[models.Model], **kwargs: Any) -> None:
        super().finalize(sender, **kwargs)
        if self.cls is sender:
            models.signals.pre_save.connect(self.pre_save, sender=sender, weak=False)

    def fields_included(self, model: Any) -> list[Any]:
        return [field for field in super().fields_included(model) if not getattr(field, "generated", False)]

    def copy_fields(self, model: type[models.Model]) -> dict[str, Any]:
        """Copies without indexes (the row's own id keeps one) that read the live field's ciphertexts."""
        fields: dict[str, Any] = super().copy_fields(model)
        if taken := {field.name for field in HistoryRow._meta.fields} & set(fields):
            raise TypeError(
                f"{model._meta.label}: history needs these names itself: {', '.join(sorted(taken))}"
            )
        for name, field in fields.items():
            field.db_index = name == model._meta.pk.name
            if isinstance(field, EncryptedTextField) and not field.fixed_context:
                field.fixed_context = f"{model._meta.label}.{name}"
        return fields

    def _get_history_user_fields(self) -> dict[str, Any]:
        operator = models.ForeignKey(self.user_model, on_delete=models.PROTECT, related_name="+")
        return {"history_user": operator}

    @property
    def _date_indexing(self) -> bool:
        return False

    def get_meta_options(self, model: type[models.Model]) -> dict[str, Any]:
        return {
            "ordering": ("-history_date", "-history_id"),
            "get_latest_by": ("history_date", "history_id"),
            "verbose_name": model._meta.verbose_name,
            "verbose_name_plural": model._meta.verbose_name_plural,
            "default_permissions": (),
            "indexes": [BrinIndex(fields=["history_date"])],
        }

    def _only_excluded(self, update_fields: Iterable[str] | None) -> bool:
        return update_fields is not None and set(update_fields) <= set(self.excluded_fields)

    def pre_save(self, instance: Any, update_fields: Any = None, **kwargs: Any) -> None:
        """Refuse before anything is written."""
        if not self._only_excluded(update_fields):
            current_actor()

    def post_save(
        self, instance: Any, created: bool, using: str | None = None, update_fields: Any = None, **kwargs: Any
    ) -> None:
        if not self._only_excluded(update_fields):
            self.create_historical_record(instance, CREATED if created else CHANGED, using=using)

    def pre_delete(self, instance: Any, using: str | None = None, **kwargs: Any) -> None:
        """The last state is copied while the row still stands."""
        self.create_historical_record(instance, DELETED, using=using)

    def post_delete(self, instance: Any, using: str | None = None, **kwargs: Any) -> None:
        """Nothing: `pre_delete` has written."""

    def create_historical_record(self, instance: Any, history_type: str, using: str | None = None) -> None:
        model = type(instance)
        alias = using or router.db_for_write(model, instance=instance)
        history_insert(connections[alias], model, [instance], history_type, timezone.now())
