"""Making a seal: everything that was committed since the last one, under one root, signed.

Rows commit out of order, so neither ids nor times tell what is new. The snapshot of the last seal does: new is what it
did not see and this one sees. Nobody has to wait for a slow transaction; its rows come with the seal after its commit.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from psycopg import sql

from core.crypto import parse_keys
from core.signing import sign
from ledger.models import Erasure, Seal, SealPart, SealShape
from ledger.seals import merkle
from ledger.seals.header import NOTHING_BEFORE, BadHeader, Header, digest, parse, part_digest
from ledger.seals.lock import alone
from ledger.seals.signed import is_signed, known_keys
from ledger.seals.snapshots import Snapshot
from ledger.seals.tables import Table, fix_texts, leaf, logical, there

log = logging.getLogger(__name__)

ROWS = 5000
"""Rows of a part at most, so that memory stays small however much is new."""

EMPTY_AFTER = timedelta(hours=1)
"""Without anything new a seal is made after this time, so that a silence is proved too."""

NOW = (
    "SELECT pg_current_snapshot()::text, clock_timestamp(), system_identifier::text FROM pg_control_system()"
)


class SealingStopped(Exception):
    """The last seal is not one that can be built upon; ``str()`` says why. An operator has to look at it."""


def seal() -> Seal | None:
    """Seal what is new. None when somebody else is sealing, or when nothing is new and the last seal is young.

    Not inside a transaction: it takes a snapshot of its own. Raises SealingStopped.
    """
    with alone() as held:
        return _seal() if held else None


@dataclass(slots=True)
class _Making:
    """A seal on its way. Its parts are written before it (the database asks for their seal at the end alone), so that
    no more than one part is held in memory.
    """

    cursor: Any
    seen: Snapshot | None
    seal_id: int
    rows: int = 0
    digests: list[bytes] = field(default_factory=list)
    shapes: dict[Table, SealShape] = field(default_factory=dict)

    def add(self, kind: str, table: Table, rows: list[tuple[int, bytes]]) -> None:
        """One more part, unless it is empty."""
        if not rows:
            return
        ids, leaves = [key for key, _leaf in rows], [bytes(one) for _key, one in rows]
        shape = self.shapes.get(table) or self.shapes.setdefault(table, _shape(table))
        part = SealPart(seal_id=self.seal_id, position=len(self.digests), kind=kind, shape=shape, ids=ids)
        part.leaves = b"".join(leaves)
        part.save()
        self.digests.append(
            part_digest(kind, table.name, table.key, list(table.columns), ids, merkle.root(leaves))
        )
        self.rows += len(rows)


@transaction.atomic(durable=True)
def _seal() -> Seal | None:
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        fix_texts(cursor)
        cursor.execute(NOW)
        text, at, database = cursor.fetchone()
        last = newest_signed()
        before = _built_upon(last, database, Snapshot.read(text)) if last else None
        cursor.execute("SELECT nextval(pg_get_serial_sequence('ledger_seal', 'id'))")
        making = _Making(cursor, Snapshot.read(before.snapshot) if before else None, cursor.fetchone()[0])
        erased = _erased_since(making.seen)
        for table in there(cursor):
            for rows in _new_rows(making, table, before.snapshot if before else None):
                making.add(SealPart.Kind.NEW, table, rows)
            _add_erased(making, table, sorted(erased.get(logical(table.name), ())))
        if not making.rows and before and timedelta(0) <= at - before.at < EMPTY_AFTER:
            return None
        return _written(making, last, before, at, text, database)


def newest_signed() -> Seal | None:
    """The newest seal whose signature holds. Others are no seals, whoever put them there. Raises SealingStopped."""
    keys = known_keys()
    for one in Seal.objects.order_by("-number", "-pk").iterator(chunk_size=10):
        if is_signed(one, keys):
            found: Seal = one
            return found
    if Seal.objects.exists():
        raise SealingStopped("No seal was signed with a key of LEDGER_SEAL_KEY")
    return None


def _built_upon(last: Seal, database: str, now: Snapshot) -> Header:
    """The header of the last seal. Raises SealingStopped when it is not this database's."""
    try:
        header = parse(last.header)
    except BadHeader as error:
        raise SealingStopped(f"Seal {last.number} cannot be read") from error
    if header.database != database or Snapshot.read(header.snapshot).xmax > now.xmax:
        raise SealingStopped(
            f"Seal {last.number} belongs to another database cluster: rows cannot be told apart by it"
        )
    return header


def _new_rows(making: _Making, table: Table, before: str | None) -> Iterator[list[tuple[int, bytes]]]:
    """Keys and leaves of what is new, by key, at most `ROWS` at once."""
    key = sql.Identifier(table.key)
    new = sql.SQL("t.{} > %(after)s").format(key)
    if before is not None:
        new += sql.SQL(
            " AND t.xid < pg_snapshot_xmax(pg_current_snapshot()) AND t.xid >= %(xmin)s::xid8 "
            "AND NOT pg_visible_in_snapshot(t.xid, %(before)s::pg_snapshot)"
        )
    statement = sql.SQL(
        "SELECT t.{key}, {leaf} FROM {table} t WHERE {new} ORDER BY t.{key} LIMIT %(most)s"
    ).format(key=key, leaf=leaf(table, "t"), table=sql.Identifier(table.name), new=new)
    asked: dict[str, Any] = {"after": -(2**63), "before": before, "most": ROWS}
    asked["xmin"] = str(making.seen.xmin) if making.seen else None
    while True:
        making.cursor.execute(statement, asked)
        rows = making.cursor.fetchall()
        if rows:
            yield rows
        if len(rows) < ROWS:
            return
        asked["after"] = rows[-1][0]


def _erased_since(seen: Snapshot | None) -> dict[str, list[int]]:
    """Rows that a destruction blanked since then, by table."""
    erasures = Erasure.objects.filter(xid__gte=seen.xmin) if seen else Erasure.objects.all()
    found: dict[str, list[int]] = {}
    for xid, table, rows in erasures.values_list("xid", "table", "rows"):
        if seen is None or not seen.sees(xid):
            found.setdefault(table, []).extend(rows)
    return found


def _add_erased(making: _Making, table: Table, keys: list[int]) -> None:
    """Seal erased rows anew, as they stand since."""
    statement = sql.SQL("SELECT t.{key}, {leaf} FROM {table} t WHERE t.{key} = ANY (%s) ORDER BY 1").format(
        key=sql.Identifier(table.key), leaf=leaf(table, "t"), table=sql.Identifier(table.name)
    )
    for at in range(0, len(keys), ROWS):
        making.cursor.execute(statement, [keys[at : at + ROWS]])
        making.add(SealPart.Kind.ERASED, table, making.cursor.fetchall())


def _written(
    making: _Making, last: Seal | None, before: Header | None, at: datetime, snapshot: str, database: str
) -> Seal:
    header = Header(
        number=_free_number(before.number + 1 if before else 1),
        at=at,
        previous=digest(last.header) if last else NOTHING_BEFORE,
        database=database,
        snapshot=snapshot,
        parts=len(making.digests),
        rows=making.rows,
        root=merkle.root(making.digests).hex(),
        key=next(iter(parse_keys(settings.LEDGER_SEAL_KEY))),
    )
    text = header.text()
    key_id, _public, signature = sign(settings.LEDGER_SEAL_KEY, text.encode())
    made = Seal(
        pk=making.seal_id, number=header.number, at=at, header=text, key_id=key_id, signature=signature
    )
    made.save(force_insert=True)
    log.info("sealed %s rows as %s", header.rows, header.number)
    return made


def _free_number(number: int) -> int:
    while Seal.objects.filter(number=number).exists():
        number += 1
    return number


def _shape(table: Table) -> SealShape:
    wanted = {"table": table.name, "key": table.key, "columns": list(table.columns)}
    found: SealShape | None = SealShape.objects.filter(**wanted).order_by("pk").first()
    if found is None:
        found = SealShape(**wanted)
        found.save()
    return found
