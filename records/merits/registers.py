"""What this part of the room registers when it starts: events, sections of a file, inbox, menu."""

from ledger import events
from records.merits.events import EVENTS


def register_all() -> None:
    """Called once when the room starts."""
    for name, label in EVENTS.items():
        events.register(name, label)
