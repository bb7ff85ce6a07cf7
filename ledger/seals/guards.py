"""Verifying that the triggers which keep ledger rows from being changed are in force."""

from django.db import connection

from ledger.roles import GUARD, kept_tables
from ledger.seals.findings import Finding, Findings, Kind

_LACKING = """
    SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        AND (c.relname = ANY (%s) OR EXISTS (
            SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid AND i.inhparent = 'public.ledger_event'::regclass
        ))
        AND NOT EXISTS (
            SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = %s AND t.tgenabled IN ('O', 'A')
                AND t.tgfoid = 'public.ledger_refuse_change()'::regprocedure
        )
    ORDER BY 1
"""


def check(findings: Findings) -> None:
    """Name every kept table whose trigger is missing or off."""
    with connection.cursor() as cursor:
        cursor.execute(_LACKING, [kept_tables(), GUARD])
        for (table,) in cursor.fetchall():
            findings.add(Finding(Kind.GUARD_OFF, table))
