"""Verifying rows against their seals: changed, gone, added, misdated; and erased, by whom the register names alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Max
from psycopg import sql

from ledger.models import ArchivedMonth, Erasure, SealPart
from ledger.seals import merkle
from ledger.seals.chain import Chain, Link
from ledger.seals.findings import Finding, Findings, Kind
from ledger.seals.header import part_digest
from ledger.seals.lawful import Erased, accounted
from ledger.seals.tables import EVENTS, Table, leaf, logical, there

SLACK = timedelta(minutes=15)
"""By so much a row's own time may lie outside its transaction: other clocks, and times taken before the first write."""

TIMES = ("history_date", "at")
"""Columns that tell when a row of history, or an event, was written."""


@dataclass(slots=True)
class _Checking:
    """What the parts of all seals are checked with."""

    chain: Chain
    findings: Findings
    cursor: Any
    tables: dict[str, Table]
    archived: dict[str, int]
    erased: "_Erasures"
    rows: int = 0


@dataclass(slots=True)
class _Erasures:
    """Rows that a destruction blanked: by which erasure, by table and id, and their leaves since, where sealed."""

    by: dict[tuple[str, int], Erased] = field(default_factory=dict)
    leaves: dict[tuple[str, int], bytes] = field(default_factory=dict)
    lawful: set[Erased] = field(default_factory=set)


def check(chain: Chain, findings: Findings, since: datetime | None) -> int:
    """Compare the rows that were sealed from ``since`` on with their leaves; how many rows."""
    if not chain.links:
        return 0
    first = chain.from_day(since)
    with connection.cursor() as cursor:
        tables = {one.name: one for one in there(cursor)}
        archived = dict(ArchivedMonth.objects.values_list("table", "rows"))
        checking = _Checking(chain, findings, cursor, tables, archived, _erasures())
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


def _erasures() -> _Erasures:
    found = _Erasures()
    for table, subject, xid, rows in (
        Erasure.objects.order_by("pk").values_list("table", "subject", "xid", "rows").iterator()
    ):
        for row in rows:
            found.by[table, row] = (subject, xid)
    gone = ArchivedMonth.objects.aggregate(last=Max("last_xid"))["last"] or 0
    found.lawful = accounted(set(found.by.values()), gone)
    return found


def _parts(link: Link, **which: Any) -> Iterator[SealPart]:
    rows = SealPart.objects.filter(seal_id=link.pk, **which).select_related("shape")
    return iter(rows.order_by("position").iterator(chunk_size=10))


def _take_erased(checking: _Checking) -> None:
    """The leaves of erased rows as they stand since; only of seals that are whole."""
    erased = SealPart.objects.filter(kind=SealPart.Kind.ERASED)
    holding = set(erased.values_list("seal_id", flat=True))
    for link in checking.chain.links:
        if link.pk not in holding or not _is_whole(link):
            continue
        for part in _parts(link, kind=SealPart.Kind.ERASED):
            table = logical(part.shape.table)
            leaves = merkle.split(bytes(part.leaves))
            checking.erased.leaves.update(zip(((table, key) for key in part.ids), leaves, strict=True))


def _is_whole(link: Link) -> bool:
    digests, rows = [], 0
    for part in _parts(link):
        leaves, shape = merkle.split(bytes(part.leaves)), part.shape
        if len(leaves) != len(part.ids):
            return False
        root = merkle.root(leaves)
        digests.append(part_digest(part.kind, shape.table, shape.key, shape.columns, len(leaves), root))
        rows += len(leaves)
    header = link.header
    return (len(digests), rows, merkle.root(digests).hex()) == (header.parts, header.rows, header.root)


def _check_seal(checking: _Checking, link: Link) -> None:
    if not _is_whole(link):
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
    for (key, found, xid, at), expected in zip(_rows(checking, was, part.ids, dated), leaves, strict=True):
        checking.rows += 1
        if found is None:
            checking.findings.add(Finding(Kind.ROW_MISSING, was.name, key, number))
        elif bytes(found) != expected:
            _judge_changed(checking, was.name, key, number, bytes(found))
        elif dated and not _is_dated(checking.chain, link, int(xid), at):
            checking.findings.add(Finding(Kind.ROW_MISDATED, was.name, key, number))


def _keeps_time(table: Table) -> bool:
    return "history_date" in table.columns or table.name.startswith(EVENTS)


def _rows(checking: _Checking, table: Table, ids: list[int], dated: str | None) -> list[tuple[Any, ...]]:
    statement = sql.SQL(
        "SELECT i.key, CASE WHEN t.{key} IS NOT NULL THEN {leaf} END, t.xid::text, {at} "
        "FROM unnest(%s::bigint[]) WITH ORDINALITY AS i (key, place) LEFT JOIN {table} t ON t.{key} = i.key "
        "ORDER BY i.place"
    ).format(
        key=sql.Identifier(table.key),
        leaf=leaf(table, "t"),
        table=sql.Identifier(table.name),
        at=sql.SQL("t.{}").format(sql.Identifier(dated)) if dated else sql.SQL("NULL::timestamptz"),
    )
    checking.cursor.execute(statement, [ids])
    rows: list[tuple[Any, ...]] = checking.cursor.fetchall()
    return rows


def _judge_changed(checking: _Checking, table: str, key: int, number: int, found: bytes) -> None:
    """A row that is not what was sealed: erased by a destruction and left alone since, or changed."""
    erased, place = checking.erased, (logical(table), key)
    by = erased.by.get(place)
    if by is None or erased.leaves.get(place, found) != found:
        checking.findings.add(Finding(Kind.ROW_CHANGED, table, key, number))
    elif by not in erased.lawful:
        checking.findings.add(Finding(Kind.ERASED_UNNAMED, table, key, number, str(by[0])))


def _is_dated(chain: Chain, link: Link, xid: int, at: datetime) -> bool:
    begun = chain.begun_after(xid)
    return (begun is None or at >= begun - SLACK) and at <= link.header.at + SLACK


def _find_added(checking: _Checking, table: Table, first: int) -> None:
    """Rows that the last seal must have seen, and no seal knows."""
    links = checking.chain.links
    asked: dict[str, Any] = {"last": links[-1].header.snapshot, "table": table.name}
    asked["seals"] = [one.pk for one in links[first:]]
    new: sql.Composable = sql.SQL("pg_visible_in_snapshot(t.xid, %(last)s::pg_snapshot)")
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
        "SELECT t.{key} FROM {table} t WHERE {new} AND NOT EXISTS (SELECT FROM sealed s WHERE s.key = t.{key}) "
        "ORDER BY 1 LIMIT 1000"
    ).format(key=sql.Identifier(table.key), table=sql.Identifier(table.name), new=new)
    checking.cursor.execute(statement, asked)
    for (key,) in checking.cursor.fetchall():
        checking.findings.add(Finding(Kind.ROW_ADDED, table.name, key))
