"""Celery's tasks with their types."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from celery import shared_task

P = ParamSpec("P")
R = TypeVar("R")


def task(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A task under this name whose result nobody asks for; it can be called as the plain function that it is."""
    made: Any = shared_task(name=name, ignore_result=True)
    return cast("Callable[[Callable[P, R]], Callable[P, R]]", made)
