"""Proving that the ledger is whole: the chain of seals, every sealed row, every live row, the guards, the copies."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from ledger.seals import chain, copies, guards, live, rows
from ledger.seals.findings import Finding, Findings
from ledger.seals.tables import fix_texts


@dataclass(frozen=True, slots=True)
class Proof:
    """What a verification saw. ``findings`` are the first of each kind and table; ``count`` counts all of them."""

    started_at: datetime
    ended_at: datetime
    since: datetime | None
    seals: int
    rows: int
    findings: list[Finding]
    count: int


def verify(since: datetime | None = None) -> Proof:
    """Look at everything; rows only of the seals from ``since`` on. Not inside a transaction; changes nothing."""
    started, findings = timezone.now(), Findings()
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        fix_texts(cursor)
        links = chain.check(findings)
        erased = rows.erasures(links, findings)
        count = rows.check(links, erased, findings, since)
        live.check(findings, erased.keys)
        guards.check(findings)
    copies.check(links, findings, since)
    return Proof(started, timezone.now(), since, len(links.links), count, findings.kept, findings.count)
