"""Database parts that every row of the ledger carries from the first migration on: transaction number and salt."""

from typing import Any

from django.db import models


class XidField(models.BigIntegerField):  # type: ignore[type-arg]  # generic in the stubs only
    """A 64-bit transaction number (``xid8``): an int in Python. Seals go by it, because rows commit out of order."""

    description = "Transaction number"

    def db_type(self, connection: Any) -> str:
        return "xid8"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        value = super().get_db_prep_value(value, connection, prepared)
        return str(value) if isinstance(value, int) else value

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> int | None:
        return None if value is None else int(value)


class CurrentTransaction(models.Func):
    """The number of the running transaction."""

    function = "pg_current_xact_id"
    arity = 0
    output_field = XidField()


class RandomSalt(models.Func):
    """A random UUID, drawn by the database."""

    function = "gen_random_uuid"
    arity = 0
    output_field = models.UUIDField()
