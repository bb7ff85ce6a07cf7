"""Reads of seals and verifications. They tell of tables and numbers, never of a person, and belong to no unit."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import Count, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from audit.models import Verification, VerificationFinding
from ledger.models import Event, Seal
from ledger.seals.chain import STOPPED_AFTER
from ledger.seals.copies import COPIED_WITHIN
from ledger.seals.header import BadHeader, parse
from ledger.seals.rows import SLACK
from ledger.seals.snapshots import Snapshot

PERM = "view_events"
ANY_WITHIN, WHOLE_WITHIN = timedelta(hours=36), timedelta(days=8)
"""How old the newest verification, and the newest of everything, may be."""

SEALS_LOOKED_AT = 100
"""Seals after an event among which its own is looked for: a transaction that ran longer shows as not sealed."""


@dataclass(frozen=True, slots=True)
class State:
    """How the proof stands. ``is_late``: nothing was sealed for longer than a silence lasts.

    ``uncopied``: seals that should lie off site by now. ``faulty``: the verifications whose faults stand: until one
    that looked at everything finds none. ``is_overdue``: nobody verified for too long.
    """

    newest: Seal | None
    is_late: bool
    uncopied: int
    last: Verification | None
    faulty: list[Verification]
    is_overdue: bool


def state() -> State:
    """Six statements."""
    newest = Seal.objects.filter(at__lte=timezone.now() + SLACK).order_by("-number").first()
    due = timezone.now() - COPIED_WITHIN
    uncopied = Seal.objects.filter(copy__isnull=True, at__lt=due).count()
    last = last_verification()
    return State(
        newest, is_late(newest.at if newest else None), uncopied, last, standing_faults(), _is_overdue(newest)
    )


def standing_faults() -> list[Verification]:
    """The newest verification with faults and, when that looked at less, the newest of everything with faults.

    None, once everything was looked at since and no fault was found.
    """
    rows = _faulty().order_by("-pk")
    found = {one.pk: one for one in (*rows[:1], *rows.filter(since__isnull=True)[:1])}
    return list(found.values())


def _faulty() -> QuerySet[Verification]:
    """Every verification with faults since everything was looked at and none was found."""
    clean = verifications().filter(since__isnull=True, count=0).order_by("-pk").first()
    return verifications().filter(count__gt=0, pk__gt=clean.pk if clean else 0)


def _is_overdue(newest: Seal | None) -> bool:
    """Whether the nightly verification, or that of everything on Sundays, does not come to its end any more."""
    now, rows = timezone.now(), verifications()
    if newest is None or not Seal.objects.filter(at__lt=now - ANY_WITHIN).exists():
        return False
    old = Seal.objects.filter(at__lt=now - WHOLE_WITHIN).exists()
    whole = rows.filter(since__isnull=True, ended_at__gte=now - WHOLE_WITHIN).exists()
    return not rows.filter(ended_at__gte=now - ANY_WITHIN).exists() or (old and not whole)


def is_late(at: datetime | None) -> bool:
    """Whether sealing has stopped."""
    return at is None or timezone.now() - at > STOPPED_AFTER


def last_verification() -> Verification | None:
    """The newest."""
    found: Verification | None = verifications().order_by("-pk").first()
    return found


class Standing(models.TextChoices):
    """How far an event is proved."""

    WAITING = "waiting", _("Not sealed yet")
    SEALED = "sealed", _("Sealed, not verified since")
    VERIFIED = "verified", _("Sealed and verified")
    BROKEN = "broken", _("Verification failed")


def standing_of(event: Event) -> tuple[Standing, Seal | None]:
    """How far an event is proved, and by which seal: the first whose snapshot saw its transaction."""
    after = Seal.objects.filter(at__gte=event.at - SLACK).order_by("number")[:SEALS_LOOKED_AT]
    seal = next((one for one in after if _saw(one, int(event.xid))), None)
    if seal is None:
        return Standing.WAITING, None
    if _is_named(event, seal):
        return Standing.BROKEN, seal
    covering = verifications().filter(seals__gte=seal.number, ended_at__gte=seal.at)
    covered = covering.filter(Q(since__isnull=True) | Q(since__lte=seal.at)).exists()
    return (Standing.VERIFIED if covered else Standing.SEALED), seal


def _is_named(event: Event, seal: Seal) -> bool:
    """Whether faults that stand are about this event or its seal, whichever verification found them."""
    about = Q(table__startswith=Event._meta.db_table, row=event.pk) | Q(seal=seal.number, row__isnull=True)
    found: QuerySet[VerificationFinding] = VerificationFinding.objects.filter(verification__in=_faulty())
    return found.filter(about).exists()


def _saw(seal: Seal, xid: int) -> bool:
    try:
        return Snapshot.read(parse(seal.header).snapshot).sees(xid)
    except BadHeader:
        return False


def seals() -> QuerySet[Seal]:
    """All seals."""
    rows: QuerySet[Seal] = Seal.objects.select_related("copy")
    return rows


def seal_for(number: int) -> Seal:
    """One by its number; Http404 when there is none."""
    return get_object_or_404(seals(), number=number)


@cache
def _models() -> dict[str, type[Any]]:
    """Whose rows the tables hold; of a table of changes, the model that was changed."""
    every: list[Any] = apps.get_models()
    return {one._meta.db_table: getattr(one, "instance_type", one) for one in every}


def table_words(table: str) -> str:
    """What stands in a table, in words; nothing for a table that is gone. Months of one table are told as one."""
    model = _models().get(re.sub(r"_\d{6}$", "", table))
    return capfirst(str(model._meta.verbose_name)) if model else ""


def parts_of(seal: Seal) -> list[tuple[str, str, int]]:
    """Of which tables how many rows are in a seal: kind, table, count."""
    counts: dict[tuple[str, str], int] = {}
    for part in seal.parts.select_related("shape").defer("leaves").order_by("position"):
        place = part.get_kind_display(), part.shape.table
        counts[place] = counts.get(place, 0) + len(part.ids)
    return [(kind, table, count) for (kind, table), count in counts.items()]


def verifications() -> QuerySet[Verification]:
    """All verifications."""
    rows: QuerySet[Verification] = Verification.objects.select_related("by")
    return rows


def verification_for(public_id: UUID) -> Verification:
    """One of them; Http404 when there is none."""
    return get_object_or_404(verifications(), public_id=public_id)


def by_kind(row: Verification) -> list[tuple[str, int]]:
    """How many of the faults that were kept are of which kind, in words."""
    found = row.findings.values("kind").annotate(number=Count("pk")).order_by("kind")
    labels = dict(row.findings.model._meta.get_field("kind").flatchoices)
    return [(labels.get(one["kind"], one["kind"]), one["number"]) for one in found]
