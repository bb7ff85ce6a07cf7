"""Reads of seals and verifications. They tell of tables and numbers, never of a person, and belong to no unit."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone

from audit.models import Verification
from ledger.models import Seal
from ledger.seals.chain import STOPPED_AFTER

PERM = "view_events"


@dataclass(frozen=True, slots=True)
class State:
    """How the proof stands. ``is_late``: nothing was sealed for longer than a silence lasts."""

    newest: Seal | None
    is_late: bool
    uncopied: int
    last: Verification | None


def state() -> State:
    """Three statements."""
    newest = Seal.objects.order_by("-number").first()
    uncopied = Seal.objects.filter(copy__isnull=True).count()
    return State(newest, is_late(newest.at if newest else None), uncopied, last_verification())


def is_late(at: datetime | None) -> bool:
    """Whether sealing has stopped."""
    return at is None or timezone.now() - at > STOPPED_AFTER


def last_verification() -> Verification | None:
    """The newest."""
    found: Verification | None = verifications().order_by("-pk").first()
    return found


def seals() -> QuerySet[Seal]:
    """All seals."""
    rows: QuerySet[Seal] = Seal.objects.select_related("copy")
    return rows


def seal_for(number: int) -> Seal:
    """One by its number; Http404 when there is none."""
    return get_object_or_404(seals(), number=number)


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
