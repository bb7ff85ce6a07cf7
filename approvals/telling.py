"""Doing an act of a page, and telling on the next one what came of it."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest

from approvals.refusals import RequestRefused


def told(request: HttpRequest, done: str, act: Callable[[], object]) -> None:
    """Do it: the next page says ``done``, or why it was refused."""
    try:
        act()
    except RequestRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)
