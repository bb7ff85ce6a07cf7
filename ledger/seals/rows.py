"""Verifying rows against their seals: changed, gone, added, misdated; and erased, by whom the register names alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.db.models import Max
from psycopg import sql

from ledger.models import ArchivedMonth, Erasure, SealPart
from ledger.seals import merkle
from ledger.seals.chain import Chain, Link
from ledger.seals.findings import Finding, Findings, Kind
from ledger.seals.header import part_digest
from ledger.seals.lawful import Erased, accounted
from ledger.seals.snapshots import Snapshot
from ledger.seals.tables import EVENTS, Table, leaf, logical, there

SLACK = timedelta(minutes=15)
"""By so much a row's own time may lie outside its transaction: other clocks, and times taken before the first write."""

TIMES = ("history_date", "at")
"""Columns that tell when a row of history, or an event, was written."""


SUBJECTS = ("history_subject", "subject")
"""Columns that tell whose file a row belongs to."""

OF_OTHERS = frozenset({"archive_historicalproblemrow"})
"""Tables in which a destruction blanks what rows of others say of the destroyed."""


@dataclass(slots=True)
class _Checking:
    """What the parts of all seals are checked with."""

    chain: Chain
    findings: Findings
    cursor: Any
    tables: dict[str, Table]
    archived: dict[str, int]
    erased: "Erasures"
    rows: int = 0


@dataclass(slots=True)
class Erasures:
    """Rows that a destruction blanked: by which erasure, by table and id, and their leaves since, where sealed.

    ``keys``: of the erasures that some act accounts for.
    """

    by: dict[tuple[str, int], Erased] = field(default_factory=dict)
    leaves: dict[tuple[str, int], bytes] = field(default_factory=dict)
    lawful: set[Erased] = field(default_factory=set)
    keys: list[int] = field(default_factory=list)


def check(chain: Chain, erasures: Erasures, findings: Findings, since: datetime | None) -> int:
    """Compare the rows that were sealed from ``since`` on with their leaves; how many rows."""
    if not chain.links:
        return 0
    first = chain.from_day(since)
    with connection.cursor() as cursor:
        tables = {one.name: one for one in there(cursor)}
        archived = dict(ArchivedMonth.objects.values_list("table", "rows"))
        checking = _Checking(chain, findings, cursor, tables, archived, erasures)
        _take_erased(checking)
        for link in chain.links[first:]:
            _check_seal(checking, link)
        for table in checking.tables.values():
            _find_added(checking, table, first)
        for name, left in checking.archived.items():
            if left and not first and name not in checking.tables:
                note = "its archive holds another number of rows"
                findings.add(Finding(Kind.ARCHIVE_DIFFERS, name, note=note))
    return checking.rows


def erasures(chain: Chain, findings: Findings) -> Erasures:
    """What was erased, and by which acts. Each erasure that no act accounts for is named, whatever it covers."""
    found = Erasures()
    rows = list(Erasure.objects.order_by("pk").values_list("pk", "table", "subject", "xid", "rows"))
    found.lawful = accounted({(subject, xid) for _pk, _table, subject, xid, _rows in rows}, _gone(chain))
    for pk, table, subject, xid, ids in rows:
        if (subject, xid) in found.lawful:
            found.keys.append(pk)
        else:
            findings.add(Finding(Kind.ERASED_UNNAMED, "ledger_erasure", pk, note=f"{table}, {subject}"))
        found.by.update(((table, row), (subject, xid)) for row in ids)
    return found


def _gone(chain: Chain) -> int:
    """Transactions of which the events may have left the database, as far as seals tell: they are signed."""
    tables = ArchivedMonth.objects.values("table")
    last = SealPart.objects.filter(shape__table__in=tables).aggregate(last=Max("seal__number"))["last"]
    ends = [end for link, end in zip(chain.links, chain.ends, strict=True) if link.header.number == last]
    return ends[0] if ends else 0


def _parts(link: Link, **which: Any) -> Iterator[SealPart]:
    rows = SealPart.objects.filter(seal_id=link.pk, **which).select_related("shape")
    return iter(rows.order_by("position").iterator(chunk_size=10))


def _take_erased(checking: _Checking) -> None:
    """The leaves of erased rows as they stand since; only of seals that are whole."""
    erased = SealPart.objects.filter(kind=SealPart.Kind.ERASED)
    holding = set(erased.values_list("seal_id", flat=True))
    for link in checking.chain.links:
        if link.pk not in holding or not is_whole(link):
            continue
        for part in _parts(link, kind=SealPart.Kind.ERASED):
            table = logical(part.shape.table)
            leaves = merkle.split(bytes(part.leaves))
            checking.erased.leaves.update(zip(((table, key) for key in part.ids), leaves, strict=True))


def digest_of(part: SealPart) -> bytes:
    """What the seal's root holds of a part, from the part as it stands."""
    shape, root = part.shape, merkle.root(merkle.split(bytes(part.leaves)))
    return part_digest(part.kind, shape.table, shape.key, shape.columns, part.ids, root)


def is_whole(link: Link) -> bool:
    """Whether a seal has the very parts that it was made of."""
    digests, rows = [], 0
    for part in _parts(link):
        if len(part.leaves) != merkle.SIZE * len(part.ids):
            return False
        digests.append(digest_of(part))
        rows += len(part.ids)
    header = link.header
    return (len(digests), rows, merkle.root(digests).hex()) == (header.parts, header.rows, header.root)


def _check_seal(checking: _Checking, link: Link) -> None:
    if not is_whole(link):
        note = "its parts are not those that it was made of"
        checking.findings.add(Finding(Kind.SEAL_CHANGED, seal=link.header.number, note=note))
        return
    for part in _parts(link, kind=SealPart.Kind.NEW):
        _check_part(checking, link, part)


def _check_part(checking: _Checking, link: Link, part: SealPart) -> None:
    shape, number = part.shape, link.header.number
    now = checking.tables.get(shape.table)
    if now is None and shape.table in checking.archived:
        checking.archived[shape.table] -= len(part.ids)
        return
    lacking = sorted(set(shape.columns) - set(now.columns)) if now else []
    if now is None or lacking:
        note = ", ".join(lacking)
        checking.findings.add(Finding(Kind.TABLE_MISSING, shape.table, seal=number, note=note))
        return
    was = Table(shape.table, shape.key, tuple(shape.columns))
    dated = next((one for one in TIMES if one in was.columns and _keeps_time(was)), None)
    leaves = merkle.split(bytes(part.leaves))
    try:
        with transaction.atomic():
            rows = _rows(checking, was, part.ids, dated)
    except DatabaseError as error:
        checking.findings.add(Finding(Kind.TABLE_MISSING, was.name, seal=number, note=str(error)[:200]))
        return
    for (key, found, xid, at, subject), expected in zip(rows, leaves, strict=True):
        checking.rows += 1
        if found is None:
            checking.findings.add(Finding(Kind.ROW_MISSING, was.name, key, number))
        elif bytes(found) != expected:
            _judge_changed(checking, was.name, key, number, bytes(found), subject)
        elif dated and not _is_dated(checking.chain, link, int(xid), at):
            checking.findings.add(Finding(Kind.ROW_MISDATED, was.name, key, number))


def _keeps_time(table: Table) -> bool:
    return "history_date" in table.columns or table.name.startswith(EVENTS)


def _rows(checking: _Checking, table: Table, ids: list[int], dated: str | None) -> list[tuple[Any, ...]]:
    whose = next((one for one in SUBJECTS if one in table.columns), None)
    statement = sql.SQL(
        "SELECT i.key, CASE WHEN t.{key} IS NOT NULL THEN {leaf} END, t.xid::text, {at}, {subject} "
        "FROM unnest(%s::bigint[]) WITH ORDINALITY AS i (key, place) LEFT JOIN {table} t ON t.{key} = i.key "
        "ORDER BY i.place"
    ).format(
        key=sql.Identifier(table.key),
        leaf=leaf(table, "t"),
        table=sql.Identifier(table.name),
        at=sql.SQL("t.{}").format(sql.Identifier(dated)) if dated else sql.SQL("NULL::timestamptz"),
        subject=sql.SQL("t.{}").format(sql.Identifier(whose)) if whose else sql.SQL("NULL::uuid"),
    )
    checking.cursor.execute(statement, [ids])
    rows: list[tuple[Any, ...]] = checking.cursor.fetchall()
    return rows


def _judge_changed(
    checking: _Checking, table: str, key: int, number: int, found: bytes, subject: UUID | None
) -> None:
    """A row that is not what was sealed: erased by a destruction and left alone since, or changed."""
    erased, place = checking.erased, (logical(table), key)
    by = erased.by.get(place)
    if by is None or not _is_as_left(checking, place, by, found):
        checking.findings.add(Finding(Kind.ROW_CHANGED, table, key, number))
    elif by not in erased.lawful or not _is_of(erased, subject, by, place[0]):
        checking.findings.add(Finding(Kind.ERASED_UNNAMED, table, key, number, str(by[0])))


def _is_as_left(checking: _Checking, place: tuple[str, int], by: Erased, found: bytes) -> bool:
    """Whether an erased row is what the seal after its erasure says; before that seal there is nothing to compare."""
    known = checking.erased.leaves.get(place)
    if known is not None:
        return found == known
    return not Snapshot.read(checking.chain.links[-1].header.snapshot).sees(int(by[1]))


def _is_of(erased: Erasures, subject: UUID | None, by: Erased, table: str) -> bool:
    """Whether a row belongs to somebody who was erased in that transaction, or to nobody."""
    return subject is None or table in OF_OTHERS or (subject, by[1]) in erased.lawful


def _is_dated(chain: Chain, link: Link, xid: int, at: datetime) -> bool:
    begun = chain.begun_after(xid)
    return (begun is None or at >= begun - SLACK) and at <= link.header.at + SLACK


def _find_added(checking: _Checking, table: Table, first: int) -> None:
    """Rows that the last seal must have seen, and no seal knows."""
    links = checking.chain.links
    asked: dict[str, Any] = {"last": links[-1].header.snapshot, "table": table.name}
    asked["seals"] = [one.pk for one in links[first:]]
    new: sql.Composable = sql.SQL("pg_visible_in_snapshot(t.xid, %(last)s::pg_snapshot)")
    future = sql.SQL("t.xid >= pg_snapshot_xmax(pg_current_snapshot())")
    if first:
        asked["before"] = links[first - 1].header.snapshot
        asked["xmin"] = asked["before"].partition(":")[0]
        new += sql.SQL(
            " AND t.xid >= %(xmin)s::xid8 AND NOT pg_visible_in_snapshot(t.xid, %(before)s::pg_snapshot)"
        )
    statement = sql.SQL(
        "WITH sealed AS MATERIALIZED (SELECT unnest(p.ids) AS key FROM ledger_sealpart p "
        "JOIN ledger_sealshape s ON s.id = p.shape_id WHERE s.\"table\" = %(table)s AND p.kind = 'new' "
        "AND p.seal_id = ANY (%(seals)s)) "
        "SELECT t.{key} FROM {table} t WHERE ({new} OR {future}) "
        "AND NOT EXISTS (SELECT FROM sealed s WHERE s.key = t.{key}) "
        "ORDER BY 1 LIMIT 1000"
    ).format(key=sql.Identifier(table.key), table=sql.Identifier(table.name), new=new, future=future)
    try:
        with transaction.atomic():
            checking.cursor.execute(statement, asked)
            found = checking.cursor.fetchall()
    except DatabaseError as error:
        checking.findings.add(Finding(Kind.TABLE_MISSING, table.name, note=str(error)[:200]))
        return
    for (key,) in found:
        checking.findings.add(Finding(Kind.ROW_ADDED, table.name, key))
