"""Which tables are sealed, and the statements that digest their rows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.apps import apps
from psycopg import sql

from ledger.history import is_history
from ledger.models import Event, InsertOnlyModel, Seal, SealCopy, SealPart, SealShape

OF_SEALS = (Seal, SealShape, SealPart, SealCopy)
"""Kept by signature and chain; sealing them would have no end."""

EVENTS = "ledger_event"

# What a text of a value depends on, and whose functions are called.
SETTINGS = {
    "search_path": "pg_catalog, public, pg_temp",
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "iso_8601",
    "bytea_output": "hex",
    "extra_float_digits": "1",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is there: its key, and its columns in their order but for the salt."""

    name: str
    key: str
    columns: tuple[str, ...]


def models() -> list[Any]:
    """Models whose rows are sealed: events, history, and insert-only rows of every room."""
    return [
        model
        for model in apps.get_models()
        if (is_history(model) or issubclass(model, InsertOnlyModel)) and model not in OF_SEALS
    ]


def keys() -> dict[str, str]:
    """The key column of each sealed table; of events each month is a table."""
    return {model._meta.db_table: model._meta.pk.column for model in models()}


_TABLES = """
    SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
        AND a.attname <> 'salt' AND (c.relname = ANY (%s) OR EXISTS (
            SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid AND i.inhparent = 'public.ledger_event'::regclass
        ))
    ORDER BY c.relname, a.attnum
"""


def there(cursor: Any) -> list[Table]:
    """The sealed tables as they are now, by name; months of events one by one."""
    known = keys()
    event_key = known.pop(Event._meta.db_table)
    cursor.execute(_TABLES, [list(known)])
    columns: dict[str, list[str]] = {}
    for table, column in cursor.fetchall():
        columns.setdefault(table, []).append(column)
    return [Table(name, known.get(name, event_key), tuple(listed)) for name, listed in columns.items()]


def logical(table: str) -> str:
    """The name under which erasures speak of a table: all months of events are one."""
    return EVENTS if table.startswith(f"{EVENTS}_") else table


def fix_texts(cursor: Any) -> None:
    """Until the transaction ends, values are written as text in one way only, whatever the session asks for."""
    for name, value in SETTINGS.items():
        cursor.execute("SELECT set_config(%s, %s, true)", [name, value])


def texts(table: Table, alias: str) -> sql.Composed:
    """An array of a row's columns as text, in their order."""
    columns = (
        sql.SQL("{}.{}::text").format(sql.Identifier(alias), sql.Identifier(one)) for one in table.columns
    )
    return sql.SQL("ARRAY[{}]").format(sql.SQL(", ").join(columns))


def leaf(table: Table, alias: str) -> sql.Composed:
    """The leaf of a row: SHA-256 of its salt and of a JSON list of its columns' texts."""
    return sql.SQL("sha256(uuid_send({}.salt) || convert_to(to_jsonb({})::text, 'UTF8'))").format(
        sql.Identifier(alias), texts(table, alias)
    )


def leaf_of(salt: UUID, values: Sequence[str | None]) -> bytes:
    """The same for texts that left the database; PostgreSQL and JSON write a list of texts alike."""
    return sha256(salt.bytes + json.dumps(list(values), ensure_ascii=False).encode()).digest()
