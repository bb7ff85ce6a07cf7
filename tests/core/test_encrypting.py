"""A plain column becomes an encrypted one, also in a table that refuses to change its rows, and back."""

from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from core.crypto import decrypt
from core.encrypting import seal_column, unseal_column

CONTEXT = "records.Student.email"


@pytest.fixture
def owner(committed_db: str) -> Any:
    """A connection of the owner of the tables."""
    import os

    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
        yield connection
        connection.rollback()


def test_each_value_is_sealed_and_comes_back(owner: psycopg.Connection[Any]) -> None:
    owner.execute("CREATE TABLE kept (history_id bigint PRIMARY KEY, email varchar(80) NOT NULL)")
    owner.execute("INSERT INTO kept VALUES (1, 'wang@example.cn'), (2, ''), (3, 'wang@example.cn')")
    owner.execute("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'kept'; END$$")
    owner.execute("CREATE TRIGGER no BEFORE UPDATE ON kept FOR EACH ROW EXECUTE FUNCTION no()")
    editor: Any = SimpleNamespace(connection=owner)

    seal_column(editor, "kept", "history_id", "email", CONTEXT)

    rows = owner.execute("SELECT email FROM kept ORDER BY history_id").fetchall()
    sealed = [bytes(value) for (value,) in rows]
    assert sealed[1] == b""
    assert sealed[0] != sealed[2]
    assert all(b"wang" not in value for value in sealed)
    assert [decrypt(value, CONTEXT) for value in (sealed[0], sealed[2])] == ["wang@example.cn"] * 2
    unseal_column(editor, "kept", "history_id", "email", CONTEXT, length=80)
    rows = owner.execute("SELECT email FROM kept ORDER BY history_id").fetchall()
    assert [value for (value,) in rows] == ["wang@example.cn", "", "wang@example.cn"]
