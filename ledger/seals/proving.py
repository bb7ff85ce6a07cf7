"""Proofs for outsiders: rows of somebody's ledger, each with its way up to a signed seal (docs/seals.md)."""

import base64
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from psycopg import sql

from core.signing import public_keys
from ledger.history import is_history
from ledger.models import Event, Seal, SealPart
from ledger.seals import merkle, tables
from ledger.seals.header import ids_digest
from ledger.seals.rows import digest_of
from ledger.seals.tables import Table, fix_texts, leaf

FORMAT = "xueji-proof/1"
NOT_OF_THE_FILE = ("audit", "accounts")
"""Rooms whose rows are about those who handle a file: incidents, alerts, accounts."""

NO_EVENT_OF_THE_FILE = ("incident", "alert", "reading", "inspection")
"""Acts that are about those who handle it."""


HOLDING = (
    "SELECT DISTINCT p.id FROM unnest(%s::bigint[]) AS wanted (id) "
    "JOIN ledger_sealpart p ON numrange(p.ids[1], p.ids[array_upper(p.ids, 1)], '[]') @> wanted.id::numeric"
)
"""Parts between whose first and last id one of these lies, whatever the table. By index."""


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A seal as a proof says it, and the digests of its parts in their order, by their keys."""

    said: dict[str, Any]
    digests: dict[int, bytes]


@transaction.atomic
def proof_of(subject: UUID) -> dict[str, Any]:
    """Every sealed row of history and every sealed event about a subject, with what proves it; as plain JSON values.

    Values are the texts that were digested: encrypted columns as ciphertext. Rows that are not sealed yet are left out,
    and so are rows that a destruction erased: nothing of them is left to prove.
    """
    seals: dict[int, _Sealed] = {}
    rows: list[dict[str, Any]] = []
    with connection.cursor() as cursor:
        fix_texts(cursor)
        for table, key in _tables():
            of_events = table == tables.EVENTS
            cursor.execute(
                sql.SQL("SELECT {key} FROM {table} WHERE {subject} = %s {left_out} ORDER BY 1").format(
                    key=sql.Identifier(key),
                    table=sql.Identifier(table),
                    subject=sql.Identifier("subject" if of_events else "history_subject"),
                    left_out=sql.SQL("AND split_part(action, '.', 1) <> ALL (%s)" if of_events else ""),
                ),
                [subject, list(NO_EVENT_OF_THE_FILE)] if of_events else [subject],
            )
            ids = [one for (one,) in cursor.fetchall()]
            rows += _proved(cursor, table, ids, seals) if ids else []
    public = public_keys(settings.LEDGER_SEAL_KEY)
    keys = {
        one.said["key"]: base64.b64encode(public[one.said["key"]]).decode()
        for one in seals.values()
        if one.said["key"] in public
    }
    return {
        "format": FORMAT,
        "subject": str(subject),
        "keys": keys,
        "seals": [one.said for one in seals.values()],
        "rows": rows,
    }


def _tables() -> list[tuple[str, str]]:
    known = [
        model
        for model in tables.models()
        if (is_history(model) or model is Event) and model._meta.app_label not in NOT_OF_THE_FILE
    ]
    return [(model._meta.db_table, model._meta.pk.column) for model in known]


def _proved(cursor: Any, table: str, ids: list[int], seals: dict[int, _Sealed]) -> list[dict[str, Any]]:
    """Proofs of the rows of one table, part by part."""
    found = []
    named = {"shape__table__startswith": f"{table}_"} if table == tables.EVENTS else {"shape__table": table}
    cursor.execute(HOLDING, [ids])
    near = [one for (one,) in cursor.fetchall()]
    parts = SealPart.objects.filter(kind=SealPart.Kind.NEW, pk__in=near, ids__overlap=ids, **named)
    for part in parts.select_related("seal", "shape").order_by("seal__number", "position"):
        was = Table(part.shape.table, part.shape.key, tuple(part.shape.columns))
        leaves = merkle.split(bytes(part.leaves))
        place = {key: at for at, key in enumerate(part.ids)}
        head = _head(part, seals)
        for key, salt, digested, values in _texts(cursor, was, sorted(place.keys() & set(ids))):
            if bytes(digested) == leaves[place[key]]:
                path = [[side, one.hex()] for side, one in merkle.path(leaves, place[key])]
                found.append({**head, "salt": str(salt), "values": values, "path": path})
    return found


def _texts(cursor: Any, table: Table, ids: list[int]) -> list[tuple[Any, ...]]:
    statement = sql.SQL(
        "SELECT t.{key}, t.salt, {leaf}, {texts} FROM {table} t WHERE t.{key} = ANY (%s) ORDER BY 1"
    ).format(
        key=sql.Identifier(table.key),
        leaf=leaf(table, "t"),
        texts=tables.texts(table, "t"),
        table=sql.Identifier(table.name),
    )
    cursor.execute(statement, [ids])
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _sealed(seal: Seal) -> _Sealed:
    siblings = seal.parts.select_related("shape").order_by("position").iterator(chunk_size=10)
    said = {"header": seal.header, "key": seal.key_id, "signature": bytes(seal.signature).hex()}
    return _Sealed(said, {one.pk: digest_of(one) for one in siblings})


def _head(part: SealPart, seals: dict[int, _Sealed]) -> dict[str, Any]:
    """What all rows of a part share: its own digest's contents, and its way up in the seal."""
    seal: Seal = part.seal
    sealed = seals.get(seal.number) or seals.setdefault(seal.number, _sealed(seal))
    at = list(sealed.digests).index(part.pk)
    return {
        "seal": seal.number,
        "kind": part.kind,
        "table": part.shape.table,
        "key": part.shape.key,
        "columns": part.shape.columns,
        "rows": len(part.ids),
        "ids": ids_digest(part.ids),
        "up": [[side, one.hex()] for side, one in merkle.path(list(sealed.digests.values()), at)],
    }
