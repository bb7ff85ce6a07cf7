"""Which erasures the register of destruction accounts for."""

from collections.abc import Collection

from archive.models import DestroyedFile
from ledger.models import Event
from ledger.seals.lawful import Erased

ACTS = ("file.destroyed", "file.destroyed_again")


def destructions(moments: Collection[int]) -> set[Erased]:
    """Subjects of the register, each with the transactions among these in which its file was destroyed."""
    acts = Event.objects.filter(action__in=ACTS, xid__in=moments)
    registered = acts.filter(subject__in=DestroyedFile.objects.values("subject"))
    return set(registered.values_list("subject", "xid"))


def accounted(erased: Collection[Erased]) -> Collection[Erased]:
    """Those of them that were erased when the file that the register names was destroyed."""
    return destructions({xid for _subject, xid in erased}) & set(erased)
