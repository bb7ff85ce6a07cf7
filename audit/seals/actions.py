"""Verifying the ledger, and keeping what came out."""

from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.models import Verification, VerificationFinding
from jobs import actions as jobs
from jobs.models import Job
from jobs.running import Running
from ledger import events
from ledger.context import acting, service_user
from ledger.seals.verifying import Proof, verify

JOB = "audit.verify"
NIGHTLY_DAYS = 35
"""Rows of so many days are compared each night, those of all times on Sundays."""

SUNDAY = 6


def order(*, actor: User) -> Job:
    """Have a job verify everything."""
    unit: Any = actor.unit
    return jobs.start(actor=actor, kind=JOB, unit=unit)


def work(running: Running) -> None:
    """The job. When a worker is killed it begins again; nothing was kept until then."""
    keep(actor=running.actor, proof=verify())


def nightly() -> Verification:
    """What the scheduler asks for."""
    today = timezone.localdate()
    begin = timezone.make_aware(datetime.combine(today - timedelta(days=NIGHTLY_DAYS), time.min))
    by: Any = service_user()
    return keep(actor=by, proof=verify(None if today.weekday() == SUNDAY else begin))


@transaction.atomic
def keep(*, actor: User, proof: Proof) -> Verification:
    """Write down a verification with its findings, and one event."""
    with acting(actor):
        made = Verification(
            by=actor,
            started_at=proof.started_at,
            ended_at=proof.ended_at,
            since=proof.since,
            seals=proof.seals,
            rows=proof.rows,
            count=proof.count,
        )
        made.save()
        for one in proof.findings:
            values = {**one.values(), "note": one.note[:300]}
            VerificationFinding(verification=made, **values).save()
        detail = {"seals": proof.seals, "rows": proof.rows, "faults": proof.count}
        events.record("ledger.verified", actor=actor, obj=made, detail=detail)
    return made
