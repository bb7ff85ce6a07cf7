"""Verifying live rows against the newest row of their history: what changed behind its back."""

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.db import DatabaseError, connection, transaction
from psycopg import sql

from ledger.bulk import history_model
from ledger.models import RecordedModel
from ledger.seals.findings import Finding, Findings, Kind

MOST = 1000
"""Rows of a table that are named at most."""

_KINDS = {"+": Kind.LIVE_UNRECORDED, "~": Kind.LIVE_CHANGED, "-": Kind.LIVE_MISSING}


def recorded() -> list[Any]:
    """Models that keep history."""
    return [
        model
        for model in apps.get_models()
        if issubclass(model, RecordedModel) and hasattr(model._meta, "simple_history_manager_attribute")
    ]


def check(findings: Findings, erasures: Sequence[int]) -> None:
    """Compare every live row with its newest history. What these erasures blanked is passed over."""
    with connection.cursor() as cursor:
        for model in recorded():
            table = model._meta.db_table
            asked: dict[str, Any] = {
                "table": history_model(model)._meta.db_table,
                "erasures": list(erasures),
                "most": MOST,
            }
            try:
                with transaction.atomic():
                    cursor.execute(_statement(model), asked)
                    found = cursor.fetchall()
            except DatabaseError as error:
                findings.add(Finding(Kind.TABLE_MISSING, table, note=str(error)[:200]))
                continue
            for key, kind in found:
                findings.add(Finding(_KINDS[kind], table, key))


def _statement(model: Any) -> sql.Composed:
    """Live row without history, or after its deletion: ``+``; another than its history says: ``~``; gone: ``-``."""
    history = history_model(model)
    key = model._meta.pk.column
    copied = {field.column for field in history._meta.concrete_fields}
    same = [
        field.column
        for field in model._meta.concrete_fields
        if field.column in copied and field.column != key
    ]
    differs = sql.SQL(" OR ").join(
        sql.SQL("l.{0}::text IS DISTINCT FROM h.{0}::text").format(sql.Identifier(one)) for one in same
    )
    return sql.SQL(
        "WITH newest AS (SELECT DISTINCT ON (h.{key}) h.* FROM {history} h ORDER BY h.{key}, h.history_id DESC), "
        'erased AS MATERIALIZED (SELECT unnest(rows) AS id FROM ledger_erasure WHERE "table" = %(table)s '
        "AND id = ANY (%(erasures)s)) "
        "SELECT coalesce(l.{key}, h.{key}), CASE WHEN l.{key} IS NULL THEN '-' "
        "WHEN h.{key} IS NULL OR h.history_type = '-' THEN '+' ELSE '~' END "
        "FROM {live} l FULL JOIN newest h ON h.{key} = l.{key} "
        "WHERE (CASE WHEN l.{key} IS NULL THEN h.history_type <> '-' "
        "WHEN h.{key} IS NULL OR h.history_type = '-' THEN true ELSE {differs} END) "
        "AND NOT EXISTS (SELECT FROM erased e WHERE e.id = h.history_id) ORDER BY 1 LIMIT %(most)s"
    ).format(
        key=sql.Identifier(key),
        history=sql.Identifier(history._meta.db_table),
        live=sql.Identifier(model._meta.db_table),
        differs=differs or sql.SQL("false"),
    )
