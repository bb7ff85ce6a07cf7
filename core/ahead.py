"""Making the next while the caller works on this one."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
_END: Any = object()


def ahead(items: Iterator[T]) -> Generator[T, None, None]:
    """The same items, each made by another thread while the caller works on the one before.

    It pays where the caller waits, for the database for one. Making an item may ask nothing of the database: another
    thread has another connection, outside the caller's transaction. What it raises is raised here.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:
        coming = thread.submit(next, items, _END)
        while (item := coming.result()) is not _END:
            coming = thread.submit(next, items, _END)
            yield item
