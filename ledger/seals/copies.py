"""Copies of seals off site: what a superuser of the database, or its loss, does not reach.

The store is the one called ``seals`` in the settings: a bucket that keeps what it has (object lock), or a directory.
"""

import hashlib
import json
import logging
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils import timezone

from ledger.models import ArchivedMonth, Seal, SealCopy
from ledger.seals.chain import Chain, copy_name
from ledger.seals.findings import Finding, Findings, Kind
from ledger.seals.header import BadHeader, canonical, digest, parse
from ledger.seals.lock import alone
from ledger.seals.signed import is_signed, known_keys

log = logging.getLogger(__name__)

ARCHIVES = "events/"
"""Where archived months of events lie beside the seals."""

COPIED_WITHIN = timedelta(hours=1)
"""A seal that was not copied after this time is missing off site."""

SILENT = (BotoCoreError, ClientError, OSError)
"""What a store raises that does not answer, or refuses."""


def store() -> Any:
    """The place for copies."""
    return storages["seals"]


def name_of(seal: Seal) -> str:
    """Under which a seal is copied."""
    return copy_name(parse(seal.header), digest(seal.header))


def content_of(seal: Seal) -> bytes:
    """What is copied: header, signature, and the key's id."""
    values = {"header": seal.header, "key": seal.key_id, "signature": bytes(seal.signature).hex()}
    return canonical(values).encode()


def send() -> int:
    """Copy every seal that was not copied yet, oldest first; how many. Nothing while somebody else seals or copies.

    Raises one of `SILENT`; what was copied until then stays.
    """
    with alone() as held:
        return sum(_sent(one) for one in _uncopied()) if held else 0


def _uncopied() -> Iterator[Seal]:
    keys = known_keys()
    for one in Seal.objects.filter(copy__isnull=True).order_by("number").iterator(chunk_size=100):
        if is_signed(one, keys):
            yield one


def _sent(seal: Seal) -> bool:
    name, content = name_of(seal), content_of(seal)
    if not store().exists(name):
        store().save(name, ContentFile(content))
    elif _read(name) != content:
        log.error("off site lies something else under %s", name)
        return False
    SealCopy.objects.get_or_create(seal=seal, defaults={"name": name})
    return True


def _read(name: str) -> bytes:
    with store().open(name, "rb") as file:
        content: bytes = file.read()
    return content


def check(chain: Chain, findings: Findings, since: datetime | None) -> None:
    """Compare the copies with the chain: that of each seal is there, none tells of another one, and those of the seals
    from ``since`` on say the same word for word.
    """
    known = {one.header.number: one for one in chain.links}
    read = {one.header.number for one in chain.links[chain.from_day(since) :]}
    due = timezone.now() - COPIED_WITHIN
    try:
        found = _names("")
        for name in (one for one in found if not one.startswith(ARCHIVES)):
            number = _number(name)
            link = known.get(number)
            if link is None or not _digest(name) or not link.text_digest.startswith(_digest(name)):
                findings.add(_unknown(name, known))
            elif number in read and _said(name) != link.text_digest:
                findings.add(Finding(Kind.COPY_DIFFERS, seal=number, note=name))
    except SILENT:
        log.exception("the copies of seals cannot be read")
        findings.add(Finding(Kind.COPIES_SILENT))
        return
    there = set(found)
    for link in chain.links:
        if link.header.at < due and link.copy_name not in there:
            findings.add(Finding(Kind.COPY_MISSING, seal=link.header.number, note=link.copy_name))
    for month in ArchivedMonth.objects.order_by("table"):
        if not is_whole(month, there, thoroughly=since is None):
            findings.add(Finding(Kind.ARCHIVE_DIFFERS, month.table, note=month.name))


def archive_name(table: str, sha256: str) -> str:
    """Under which an archived month is stored: no other file, and no copy of a seal, can stand for it."""
    return f"{ARCHIVES}{table}-{sha256[:16]}.jsonl.gz.age"


def is_whole(month: ArchivedMonth, names: Collection[str], *, thoroughly: bool) -> bool:
    """Whether the file of an archived month is among the names, and, ``thoroughly``, the one that was written."""
    if month.name != archive_name(month.table, month.sha256) or month.name not in names:
        return False
    return not thoroughly or _sha256(month.name) == month.sha256


def _sha256(name: str) -> str:
    with store().open(name, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _names(directory: str) -> list[str]:
    try:
        directories, files = store().listdir(directory)
    except FileNotFoundError:
        return []
    below = f"{directory}/" if directory else ""
    deeper = (name for one in sorted(directories) for name in _names(below + one))
    return [*(below + one for one in sorted(files)), *deeper]


def _number(name: str) -> int:
    stem = name.rpartition("/")[2].partition("-")[0]
    return int(stem) if stem.isascii() and stem.isdigit() else 0


def _digest(name: str) -> str:
    return name.removesuffix(".json").rpartition("-")[2]


def _header(name: str) -> str:
    """The header in a copy; empty when there is none."""
    try:
        values = json.loads(_read(name))
        return str(parse(values["header"]).text())
    except (ValueError, KeyError, TypeError, BadHeader):
        return ""


def _said(name: str) -> str:
    return digest(_header(name))


def _unknown(name: str, known: Collection[int]) -> Finding:
    """A copy of a seal that the database lost, or has otherwise; or nothing of ours."""
    text = _header(name)
    if not text or parse(text).key not in known_keys():
        return Finding(Kind.COPY_DIFFERS, note=name)
    number = parse(text).number
    return Finding(Kind.COPY_DIFFERS if number in known else Kind.COPY_UNKNOWN, seal=number, note=name)
