"""Items made ahead by another thread."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from core.ahead import ahead


def test_the_items_come_in_order_from_another_thread() -> None:
    makers = []

    def items() -> Iterator[int]:
        for number in range(5):
            makers.append(threading.current_thread())
            yield number

    assert list(ahead(items())) == [0, 1, 2, 3, 4]
    assert threading.current_thread() not in makers and len(set(makers)) == 1
    assert list(ahead(iter([]))) == []


def test_the_next_item_is_made_while_the_caller_works_on_this_one() -> None:
    made = threading.Event()

    def items() -> Iterator[str]:
        yield "this"
        made.set()
        yield "next"

    for item in ahead(items()):
        assert made.wait(timeout=60), item


def test_a_fault_reaches_the_caller_in_its_place() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise LookupError

    found = ahead(items())
    assert next(found) == 1
    with pytest.raises(LookupError):
        next(found)


def test_a_caller_that_stops_leaves_no_thread() -> None:
    before = threading.active_count()
    with closing(ahead(iter(range(1_000_000)))) as found:
        assert next(found) == 0
    assert threading.active_count() == before
