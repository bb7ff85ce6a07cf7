"""For migrations: a column of text becomes an encrypted one, in live and in history tables, or back.

History tables refuse UPDATE to everybody, so the column changes its type, which writes the table anew: each value is
sealed here and handed over by the row's key.
"""

from collections.abc import Callable
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from psycopg import sql

from core.crypto import decrypt, encrypt

CHUNK = 5000


def seal_column(editor: BaseDatabaseSchemaEditor, table: str, key: str, column: str, context: str) -> None:
    """Encrypt a text column for the field that ``context`` names (``records.Student.email``)."""
    _turn(editor, table, key, column, "bytea", lambda text: encrypt(text, context))


def unseal_column(
    editor: BaseDatabaseSchemaEditor, table: str, key: str, column: str, context: str, *, length: int
) -> None:
    """Undo `seal_column`; the column holds ``length`` characters afterwards."""
    _turn(editor, table, key, column, f"varchar({int(length)})", lambda blob: decrypt(bytes(blob), context))


def _turn(
    editor: BaseDatabaseSchemaEditor, table: str, key: str, column: str, kind: str, turn: Callable[[Any], Any]
) -> None:
    names = {"table": sql.Identifier(table), "key": sql.Identifier(key), "column": sql.Identifier(column)}
    names["kind"] = sql.SQL(kind)  # type: ignore[assignment]  # a word of ours
    with editor.connection.cursor() as cursor:
        cursor.execute(_say("CREATE TEMP TABLE turned_values (key bigint PRIMARY KEY, value {kind})", names))
        cursor.execute(_say("SELECT {key}, {column} FROM {table} WHERE length({column}) > 0", names))
        while rows := cursor.fetchmany(CHUNK):
            _hand_over(editor, [(row_key, turn(value)) for row_key, value in rows])
        cursor.execute(
            _say(
                "CREATE FUNCTION pg_temp.turned(bigint) RETURNS {kind} LANGUAGE sql STABLE AS "
                "'SELECT value FROM pg_temp.turned_values WHERE key = $1'",
                names,
            )
        )
        cursor.execute(
            _say(
                "ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind} "
                "USING COALESCE(pg_temp.turned({key}), ''::{kind})",
                names,
            )
        )
        cursor.execute("DROP FUNCTION pg_temp.turned(bigint)")
        cursor.execute("DROP TABLE pg_temp.turned_values")


def _say(text: str, names: dict[str, Any]) -> sql.Composed:
    return sql.SQL(text).format(**names)


def _hand_over(editor: BaseDatabaseSchemaEditor, pairs: list[tuple[int, Any]]) -> None:
    with editor.connection.cursor() as cursor:
        cursor.executemany("INSERT INTO pg_temp.turned_values VALUES (%s, %s)", pairs)
