"""Parts of seals are found by the ids in them, the largest id of all included."""

import pytest
from django.db import connection
from django.utils import timezone

from ledger.models import Seal, SealPart, SealShape
from ledger.seals.proving import HOLDING

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S0-1.3-1")]

LARGEST = 2**63 - 1


def part(*ids: int) -> int:
    """A part with these ids in a seal of its own."""
    number = Seal.objects.count() + 1
    seal = Seal(number=number, at=timezone.now(), header="x", key_id="k", signature=b"")
    seal.save()
    shape = SealShape(table="t", key="id", columns=["id"])
    shape.save()
    row = SealPart(seal=seal, position=0, kind="new", shape=shape, ids=list(ids), leaves=b"")
    row.save()
    return int(row.pk)


def holding(*ids: int) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(HOLDING, [list(ids)])
        return {one for (one,) in cursor.fetchall()}


def test_first_last_and_largest_id_are_found() -> None:
    low, high = part(3, 5, 9), part(12, LARGEST)
    assert holding(3) == holding(9) == holding(5) == {low}
    assert holding(LARGEST) == {high}
    assert holding(2, 10) == set()
    assert holding(9, 12) == {low, high}


def test_they_are_found_by_index() -> None:
    part(3, 9)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {HOLDING}", [[5]])
        plan = " ".join(line for (line,) in cursor.fetchall())
    assert "seal_part_ids" in plan
