"""Verifying the chain of seals: numbers, signatures, links, times."""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from ledger.models import Seal
from ledger.seals.findings import Finding, Findings, Kind
from ledger.seals.header import NOTHING_BEFORE, BadHeader, Header, digest, parse
from ledger.seals.making import EMPTY_AFTER
from ledger.seals.signed import is_signed, known_keys
from ledger.seals.snapshots import Snapshot

STOPPED_AFTER = EMPTY_AFTER + timedelta(minutes=15)
"""Sealing has stopped when the newest seal is older than this: without news one comes every `EMPTY_AFTER`."""


@dataclass(frozen=True, slots=True)
class Link:
    """A seal whose signature holds."""

    pk: int
    header: Header
    text_digest: str

    @property
    def copy_name(self) -> str:
        """Under which it is copied off site."""
        return copy_name(self.header, self.text_digest)


def copy_name(header: Header, text_digest: str) -> str:
    """By month, number, and digest, so that no other seal can take its place."""
    return f"{header.at:%Y/%m}/{header.number:012d}-{text_digest[:16]}.json"


@dataclass(slots=True)
class Chain:
    """The seals that can be built upon, oldest first. ``ends``: where the snapshot of each ends, never falling."""

    links: list[Link] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def add(self, link: Link) -> None:
        """The next one."""
        self.links.append(link)
        end = Snapshot.read(link.header.snapshot).xmax
        self.ends.append(max(end, self.ends[-1] if self.ends else end))

    def begun_after(self, xid: int) -> datetime | None:
        """The time of the newest seal after which this transaction began; None when it began before all."""
        at = bisect_right(self.ends, xid)
        return self.links[at - 1].header.at if at else None

    def from_day(self, since: datetime | None) -> int:
        """The place of the first seal at or after this moment."""
        if since is None:
            return 0
        return next(
            (place for place, one in enumerate(self.links) if one.header.at >= since), len(self.links)
        )


def check(findings: Findings) -> Chain:
    """Read every seal. Those that cannot be trusted are named and left out of the chain."""
    public = known_keys()
    order = list(reversed(public))
    chain, expected, previous, oldest_key = Chain(), 1, NOTHING_BEFORE, 0
    for seal in Seal.objects.order_by("number", "pk").iterator(chunk_size=1000):
        for number in range(expected, min(seal.number, expected + 100)):
            findings.add(Finding(Kind.SEAL_MISSING, seal=number))
        expected = max(expected, seal.number + 1)
        header = _trusted(seal, public, findings)
        if header is None:
            continue
        before = chain.links[-1].header.number if chain.links else 0
        if header.previous != previous and header.number == before + 1:
            findings.add(
                Finding(Kind.SEAL_CHANGED, seal=seal.number, note="it does not name the seal before it")
            )
        if chain.links and header.at < chain.links[-1].header.at:
            findings.add(Finding(Kind.SEAL_BACKDATED, seal=seal.number))
        key_age = order.index(seal.key_id)
        if key_age < oldest_key:
            findings.add(Finding(Kind.SEAL_UNSIGNED, seal=seal.number, note="its key had been replaced"))
        oldest_key = max(oldest_key, key_age)
        previous = digest(seal.header)
        chain.add(Link(seal.pk, header, previous))
    _demand_fresh(chain, findings)
    return chain


def _trusted(seal: Seal, public: dict[str, bytes], findings: Findings) -> Header | None:
    if not is_signed(seal, public):
        note = "" if seal.key_id in public else f"unknown key {seal.key_id}"
        findings.add(Finding(Kind.SEAL_UNSIGNED, seal=seal.number, note=note))
        return None
    try:
        header = parse(seal.header)
    except BadHeader:
        header = None
    if header is None or (header.number, header.at, header.key) != (seal.number, seal.at, seal.key_id):
        findings.add(Finding(Kind.SEAL_CHANGED, seal=seal.number, note="its columns say something else"))
        return None
    return header


def _demand_fresh(chain: Chain, findings: Findings) -> None:
    newest = chain.links[-1].header if chain.links else None
    if newest is None or timezone.now() - newest.at > STOPPED_AFTER:
        findings.add(Finding(Kind.SEALING_STOPPED, seal=newest.number if newest else None))
