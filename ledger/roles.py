"""What the application's database role may do, and the triggers that keep ledger rows as they were written.

Runs after every migration as the owner of the tables; doing it again changes nothing.
"""

import logging
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from ledger.history import is_history
from ledger.models import Erasure, Event, InsertOnlyModel
from ledger.partitions import MONTHS_AHEAD

logger = logging.getLogger(__name__)

GUARD = "ledger_kept"


def kept_tables() -> list[str]:
    """Tables whose rows are only ever added: events, history, and insert-only rows of other rooms."""
    kept = [model for model in apps.get_models() if is_history(model) or issubclass(model, InsertOnlyModel)]
    return sorted(model._meta.db_table for model in kept)


def _existing(cursor: Any, tables: Iterable[str]) -> list[str]:
    cursor.execute(
        "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') "
        "AND (c.relname = ANY(%s) OR EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid "
        "AND i.inhparent = to_regclass(%s))) ORDER BY 1",
        [list(tables), Event._meta.db_table],
    )
    return [name for (name,) in cursor.fetchall()]


def add_guards(connection: Any) -> None:
    """Put the trigger that refuses UPDATE, DELETE and TRUNCATE, whoever asks, on every table of `kept_tables`."""
    with connection.cursor() as cursor:
        for table in _existing(cursor, kept_tables()):
            cursor.execute(
                f"CREATE OR REPLACE TRIGGER {GUARD} BEFORE UPDATE OR DELETE OR TRUNCATE "
                f"ON {connection.ops.quote_name(table)} FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()"
            )


def grant(connection: Any, role: str) -> None:
    """Let ``role`` read and write the business tables, and only read and add to the kept ones.

    Nobody else enters the database; bulk writing makes temporary tables.
    """
    quoted = connection.ops.quote_name(role)
    quote = connection.ops.quote_name
    database = quote(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        for statement in (
            f"REVOKE ALL ON DATABASE {database} FROM PUBLIC",
            f"GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {quoted}",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            f"REVOKE CREATE ON SCHEMA public FROM {quoted}",
            f"GRANT USAGE ON SCHEMA public TO {quoted}",
            f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {quoted}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted}",
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quoted}",
            f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {quoted}",
            "REVOKE ALL ON FUNCTION ledger_ensure_partitions(integer) FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION ledger_ensure_partitions(integer) TO {quoted}",
            "REVOKE ALL ON FUNCTION ledger_drop_month(text) FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION ledger_drop_month(text) TO {quoted}",
        ):
            cursor.execute(statement)
        for table in _existing(cursor, kept_tables()):
            cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {quote(table)} FROM {quoted}")
        if erasures := _existing(cursor, [Erasure._meta.db_table]):
            cursor.execute(f"REVOKE INSERT ON {quote(erasures[0])} FROM {quoted}")


def after_migrate(sender: Any, using: str = "default", **kwargs: Any) -> None:
    """Guards, partitions and grants. Raises ImproperlyConfigured when the application would own its tables."""
    connection = connections[using]
    role = str(settings.DATABASE_APP_ROLE)
    with connection.cursor() as cursor:
        if Event._meta.db_table not in connection.introspection.table_names(cursor):
            return
        cursor.execute("SELECT ledger_ensure_partitions(%s)", [MONTHS_AHEAD])
        cursor.execute("SELECT current_user, EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [role])
        owner, role_exists = cursor.fetchone()
    add_guards(connection)
    if owner == role or not role_exists:
        raise ImproperlyConfigured(
            f"Tables belong to one database role and the application signs in as another: migrated as {owner!r}, "
            f"but DATABASE_URL names {role!r}, which {'is the same' if role_exists else 'does not exist'}."
        )
    grant(connection, role)
