"""Which erasures the register of destruction accounts for."""

from collections.abc import Collection

from archive.models import DestroyedFile
from ledger.models import Event
from ledger.seals.lawful import Erased

ACTS = ("file.destroyed", "file.destroyed_again")


def destructions(erased: Collection[Erased], gone: int) -> set[Erased]:
    """Those of them whose subject stands in the register, and which belong to the destruction of its file."""
    acts = Event.objects.filter(action__in=ACTS, xid__in={xid for _subject, xid in erased})
    told = set(acts.values_list("subject", "xid"))
    registered = set(DestroyedFile.objects.values_list("subject", flat=True))
    return {one for one in erased if one[0] in registered and (one in told or one[1] <= gone)}
