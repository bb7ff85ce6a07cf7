"""Storing files: checked by content, scanned, digested, encrypted, under a name that tells nothing."""

import contextlib
import hashlib
import logging
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import PurePosixPath

from cryptography.hazmat.primitives import hashes
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core.crypto import encrypt_bytes
from files.inspection import FILE_TYPES, SCANS, inspected
from files.models import Blob, Discarded
from files.refusals import FileRefused
from files.scanning import scan
from files.selectors import BlobDamaged, StoreSilent, content_context, is_kept, open_blob

MAX_FILENAME = 120
ORPHAN_AGE = timedelta(days=1)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan as it came with a form, not checked yet."""

    filename: str
    content: bytes


def store(*, actor: User, content: bytes, filename: str, allowed: Collection[str]) -> Blob:
    """Check, scan, encrypt and keep a file; its row. ``allowed`` holds keys of `files.inspection.FILE_TYPES`.

    The digest and the size are those of the content as it is kept (images are encoded anew, without what a camera wrote
    into them). If the transaction is rolled back, `sweep_orphans` takes the stored content away. Raises FileRefused,
    NotChecked.
    """
    kind, clean, pages = inspected(content, allowed)
    scan(content)
    return _keep(actor, kind, clean, filename, pages)


def keep_scan(actor: User, scan: Scan | None) -> Blob | None:
    """Store a scan that came with a form; None when none came. Raises as `store`."""
    if scan is None:
        return None
    return store(actor=actor, content=scan.content, filename=scan.filename, allowed=SCANS)


def store_made(*, actor: User, content: bytes, filename: str, kind: str, pages: int | None = None) -> Blob:
    """Keep what this product made itself, byte by byte: a printed form, a photo to specification, a package."""
    return _keep(actor, kind, content, filename, pages)


def copied(actor: User, blob: Blob) -> Blob:
    """A copy of its own of a stored file, so that either can be destroyed alone.

    Raises FileRefused for one that was given up or cannot be read now.
    """
    if not is_kept(blob):
        raise FileRefused("not_copied")
    try:
        content = open_blob(blob)
    except (BlobDamaged, StoreSilent) as unread:
        log.exception("stored content of %s cannot be copied", blob.public_id)
        raise FileRefused("not_copied") from unread
    kind = next(key for key, one in FILE_TYPES.items() if one.content_type == blob.content_type)
    return _keep(actor, kind, content, blob.filename, blob.pages)


def _keep(actor: User, kind: str, content: bytes, filename: str, pages: int | None) -> Blob:
    blob = Blob(
        filename=plain_filename(filename, kind),
        content_type=FILE_TYPES[kind].content_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        sm3=sm3(content) if settings.FILE_SM3 else "",
        pages=pages,
        storage_key=_new_key(timezone.localdate()),
        created_by=actor,
    )
    sealed = encrypt_bytes(content, content_context(blob))
    blob.storage_key = default_storage.save(blob.storage_key, ContentFile(sealed))
    try:
        with transaction.atomic():
            blob.save()
    except BaseException:
        with contextlib.suppress(OSError):
            default_storage.delete(blob.storage_key)
        raise
    return blob


def plain_filename(name: str, kind: str) -> str:
    """The last part of a name, without control characters and paths, ending as its content is.

    Long names are cut in the middle. ``kind``: a key of `files.inspection.FILE_TYPES`.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    bare = "".join(char for char in last if char.isprintable()).strip(" .") or "file"
    file_type = FILE_TYPES[kind]
    ending = PurePosixPath(bare).suffix
    if ending.lower() not in (file_type.ending, *file_type.other_endings):
        bare, ending = bare + file_type.ending, file_type.ending
    return bare if len(bare) <= MAX_FILENAME else bare[: MAX_FILENAME - len(ending)] + ending


def sm3(content: bytes) -> str:
    """The SM3 digest (GB/T 32905) in hexadecimal."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(content)
    return digest.finalize().hex()


def discard(blob: Blob) -> None:
    """Give the stored content up with the running transaction; the row stays, with its digest.

    The content is deleted after the commit, or by `sweep_orphans` when that fails.
    """
    Discarded.objects.get_or_create(blob=blob)
    transaction.on_commit(lambda: default_storage.delete(blob.storage_key), robust=True)


def _new_key(day: date) -> str:
    return f"{day:%Y/%m/%d}/{secrets.token_hex(16)}"


def sweep_orphans(*, now: datetime | None = None, older_than: timedelta = ORPHAN_AGE) -> int:
    """Delete stored contents that no row names, left by transactions that were rolled back, and discarded ones.

    ``older_than`` must exceed the longest transaction. Returns how many were deleted.
    """
    now = now or timezone.now()
    deleted = 0
    for folder in _day_folders():
        keys = {f"{folder}/{name}" for name in default_storage.listdir(folder)[1]}
        kept = Blob.objects.filter(storage_key__in=keys, discarded=None)
        keys -= set(kept.values_list("storage_key", flat=True))
        for key in keys:
            if default_storage.get_modified_time(key) <= now - older_than:
                default_storage.delete(key)
                deleted += 1
    if deleted:
        log.info("swept %s stored contents that nobody keeps", deleted)
    return deleted


def _day_folders() -> list[str]:
    """The folders of `_new_key`, the oldest first: ``2026/09/01``."""
    found = [""]
    for _level in ("year", "month", "day"):
        found = [f"{above}/{name}".lstrip("/") for above in found for name in _folders_in(above)]
    return found


def _folders_in(folder: str) -> list[str]:
    try:
        names, _files = default_storage.listdir(folder)
    except FileNotFoundError:
        return []
    return sorted(name for name in names if name.isdigit())
