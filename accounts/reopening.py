"""A locked account is opened again: rooms above that note it say so when they start."""

from collections.abc import Callable

_notes: dict[str, Callable[..., None]] = {}


def register(key: str, note: Callable[..., None]) -> None:
    """Call ``note(actor=..., user=...)`` in the transaction in which an account is opened; the same key replaces."""
    _notes[key] = note


def tell(**who: object) -> None:
    """Call every note."""
    for note in _notes.values():
        note(**who)
