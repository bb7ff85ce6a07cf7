"""The code lists of a book: read once, and anew after each change."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from ledger.context import acting
from records import codebook
from records.cells import CodeBook
from school.models import Code, Region
from tests.cast import Cast


class _Undone(Exception):
    """Ends a transaction without keeping it."""


def book(cast: Cast) -> CodeBook:
    return codebook.code_book(cast.school, school_year=2026, today=timezone.localdate())


def renamed(cast: Cast, label: str) -> str:
    """Give the first state of health another label; its code."""
    row = Code.objects.filter(code_list__key="health").order_by("code")[0]
    row.label_zh = label
    with acting(cast.system_admin):
        row.save(update_fields=["label_zh"])
    return row.code


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The days for which the lists were read."""
    days: list[Any] = []
    real = codebook._entries
    monkeypatch.setattr(codebook, "_entries", lambda today: days.append(today) or real(today))
    return days


def test_the_lists_are_read_once_until_they_change(cast: Cast, read: list[Any]) -> None:
    first = book(cast)
    read.clear()
    assert book(cast).codes is first.codes and not read
    code = renamed(cast, "很健康")
    assert book(cast).codes["health"]["很健康"] == code
    region = Region.objects.filter(valid_until=None).order_by("code")[0]
    region.valid_until = timezone.localdate() - timedelta(days=1)
    with acting(cast.system_admin):
        region.save(update_fields=["valid_until"])
    assert book(cast).regions[region.code] is False
    assert len(read) == 2


def test_a_change_that_was_rolled_back_is_not_remembered(cast: Cast) -> None:
    with pytest.raises(_Undone), transaction.atomic():
        renamed(cast, "很健康")
        assert "很健康" in book(cast).codes["health"]
        raise _Undone
    assert "很健康" not in book(cast).codes["health"]
    renamed(cast, "健壮")
    assert "很健康" not in book(cast).codes["health"] and "健壮" in book(cast).codes["health"]
