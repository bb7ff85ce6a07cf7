"""Months of events that are old enough leave the database: written off site first, and let go once that is proved.

A month is written to the store of the seals as JSON lines, packed and encrypted (age) to the keys that open snapshots.
A row of `ArchivedMonth` says so. When that row is sealed and the seal is copied, the partition is dropped; the leaves
of its rows stay, so that the archive can be checked against them for ever.
"""

import gzip
import hashlib
import json
import logging
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pyrage
from django.conf import settings
from django.core.files import File
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from psycopg import sql
from pyrage import x25519

from ledger import events
from ledger.context import acting, service_user
from ledger.models import ArchivedMonth, Seal, SealPart
from ledger.seals import chain, merkle, rows
from ledger.seals.copies import archive_name, is_whole, store
from ledger.seals.findings import Finding, Findings, Kind
from ledger.seals.header import canonical, parse
from ledger.seals.snapshots import Snapshot
from ledger.seals.tables import Table, fix_texts, leaf_of, texts, there

log = logging.getLogger(__name__)

FORMAT = "xueji-events/1"
AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Written:
    """A month in a file: its rows, its newest transaction, and the digest of what it says."""

    rows: int
    last_xid: int
    sha256: str


def first_day(table: str) -> date | None:
    """Of the month that a partition holds; None for the default partition."""
    with suppress(ValueError):
        return date.fromisoformat(f"{table[-6:-2]}-{table[-2:]}-01")
    return None


def is_old(table: str) -> bool:
    """Whether the last day of the month is behind by `EVENTS_KEEP_DAYS`."""
    first = first_day(table)
    if first is None:
        return False
    following = (first + timedelta(days=32)).replace(day=1)
    return following + timedelta(days=settings.EVENTS_KEEP_DAYS) <= timezone.localdate()


def archive_due() -> int:
    """Write off site what is old enough and was not yet; how many months. Without a key nothing is archived."""
    if not settings.SNAPSHOT_RECIPIENTS:
        return 0
    done = set(ArchivedMonth.objects.values_list("table", flat=True))
    with connection.cursor() as cursor:
        due = [
            one for one in there(cursor) if first_day(one.name) and one.name not in done and is_old(one.name)
        ]
    return sum(archive(one) for one in due)


def archive(table: Table) -> bool:
    """Write one month off site; False while some row of it is not sealed."""
    with tempfile.TemporaryDirectory() as folder:
        plain, encrypted = Path(folder, "plain"), Path(folder, "encrypted")
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            fix_texts(cursor)
            if not _is_sealed(cursor, table.name):
                return False
            written = _write(cursor, table, plain)
            keys = [x25519.Recipient.from_str(one) for one in settings.SNAPSHOT_RECIPIENTS]
            with plain.open("rb") as source, encrypted.open("wb") as target:
                pyrage.encrypt_io(source, target, keys)
            with encrypted.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            name = archive_name(table.name, sha256)
            with encrypted.open("rb") as file:
                if store().save(name, File(file)) != name:
                    raise FileExistsError(name)
            by: Any = service_user()
            with acting(by, role="service"):
                made = ArchivedMonth(
                    table=table.name, rows=written.rows, last_xid=written.last_xid, name=name, by=by
                )
                made.sha256, made.content_sha256 = sha256, written.sha256
                made.save()
                detail = {"table": table.name, "rows": written.rows}
                events.record("ledger.month_archived", actor=by, obj=made, role="service", detail=detail)
    return True


def _newest() -> Seal | None:
    found: Seal | None = Seal.objects.order_by("-number").first()
    return found


def _is_sealed(cursor: Any, table: str) -> bool:
    newest = _newest()
    if newest is None:
        return False
    statement = sql.SQL(
        "SELECT NOT EXISTS (SELECT FROM {} t WHERE NOT pg_visible_in_snapshot(t.xid, %s::pg_snapshot))"
    )
    cursor.execute(statement.format(sql.Identifier(table)), [parse(newest.header).snapshot])
    (whole,) = cursor.fetchone()
    return bool(whole)


def _write(cursor: Any, table: Table, path: Path) -> Written:
    statement = sql.SQL(
        "SELECT t.{key}, t.xid::text, t.salt::text, {texts} FROM {table} t "
        "WHERE t.{key} > %s ORDER BY 1 LIMIT %s"
    ).format(key=sql.Identifier(table.key), texts=texts(table, "t"), table=sql.Identifier(table.name))
    head = {"format": FORMAT, "table": table.name, "key": table.key, "columns": list(table.columns)}
    digest, rows, last, after = hashlib.sha256(), 0, 0, -(2**63)
    with gzip.open(path, "wb") as file:

        def line(value: dict[str, Any]) -> None:
            text = f"{canonical(value)}\n".encode()
            digest.update(text)
            file.write(text)

        line(head)
        while True:
            cursor.execute(statement, [after, AT_ONCE])
            found = cursor.fetchall()
            for key, xid, salt, values in found:
                line({"id": key, "salt": salt, "values": values})
                after, last = key, max(last, int(xid))
            rows += len(found)
            if len(found) < AT_ONCE:
                return Written(rows, last, digest.hexdigest())


def drop_due() -> int:
    """Let months go whose archive is sealed, the seal copied, and whose file off site is the one that was written."""
    count = 0
    for month in ArchivedMonth.objects.order_by("table"):
        if _is_there(month.table) and _is_proved(month):
            count += _drop(month)
    return count


def _is_there(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"public.{table}"])
        (found,) = cursor.fetchone()
        return bool(found)


def _is_proved(month: ArchivedMonth) -> bool:
    copied = Seal.objects.filter(copy__isnull=False).order_by("-number").first()
    if copied is None or not Snapshot.read(parse(copied.header).snapshot).sees(int(month.xid)):
        return False
    return store().exists(month.name) and is_whole(month, [month.name], thoroughly=True)


def _drop(month: ArchivedMonth) -> bool:
    """False when the table is in use or got an event since its archive; the next day tries again."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT ledger_drop_month(%s)", [month.table])
            by: Any = service_user()
            with acting(by, role="service"):
                detail = {"table": month.table, "rows": month.rows}
                events.record("ledger.month_dropped", actor=by, obj=month, role="service", detail=detail)
    except (OperationalError, IntegrityError):
        log.exception("%s stays for another day", month.table)
        return False
    return True


class BadArchive(ValueError):
    """No archive of a month."""


def check_file(path: Path) -> Findings:
    """Compare a decrypted archive with the leaves of the seals: changed, missing, added rows. Raises BadArchive."""
    findings = Findings()
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            table = json.loads(next(file))["table"]
            leaves = _leaves(table)
            seen = set(_compared(file, table, leaves, findings))
    except (OSError, EOFError, StopIteration, ValueError, KeyError, TypeError) as error:
        raise BadArchive(str(path)) from error
    for key in sorted(leaves.keys() - seen)[:1000]:
        findings.add(Finding(Kind.ROW_MISSING, table, key))
    return findings


def _compared(
    lines: Iterable[str], table: str, leaves: dict[int, set[bytes]], findings: Findings
) -> Iterator[int]:
    for text in lines:
        row = json.loads(text)
        known = leaves.get(row["id"])
        if known is None:
            findings.add(Finding(Kind.ROW_ADDED, table, row["id"]))
        elif leaf_of(UUID(row["salt"]), row["values"]) not in known:
            findings.add(Finding(Kind.ROW_CHANGED, table, row["id"]))
        yield row["id"]


def _leaves(table: str) -> dict[int, set[bytes]]:
    """What a row of the table may be: as it was sealed, or as a destruction left it. Only of seals that are whole."""
    found: dict[int, set[bytes]] = {}
    trusted = {one.pk: one for one in chain.check(Findings()).links}
    seals = set(SealPart.objects.filter(shape__table=table).values_list("seal_id", flat=True))
    whole = [pk for pk in sorted(seals & trusted.keys()) if rows.is_whole(trusted[pk])]
    for part in (
        SealPart.objects.filter(shape__table=table, seal_id__in=whole).order_by("pk").iterator(chunk_size=20)
    ):
        for key, one in zip(part.ids, merkle.split(bytes(part.leaves)), strict=True):
            found.setdefault(key, set()).add(one)
    return found
