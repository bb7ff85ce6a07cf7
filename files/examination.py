"""A stored file looked at anew: is it still what was stored, is it what its row says, does it open, is it harmless."""

from collections.abc import Collection, Iterator

from files.actions import sm3
from files.inspection import FILE_TYPES, must_open, type_of
from files.models import Blob
from files.refusals import FileRefused, NotChecked
from files.scanning import scan
from files.selectors import BlobBare, BlobDamaged, BlobLocked, BlobMissing, StoreSilent, open_blob

OF_REFUSAL = {
    "password": "locked",
    "active_content": "active",
    "foreign_content": "active",
    "too_heavy": "too_heavy",
}
"""What a refusal to open a content tells; any other says that it does not open."""


def examine(blob: Blob, allowed: Collection[str], *, opening: bool = True) -> frozenset[str]:
    """What is wrong with a stored file; empty for a sound one. Reads the whole content.

    ``missing``; ``changed``: not what its digests say; ``bare``: stored without encryption; ``size``, ``format``: not
    what the row says; ``type_not_allowed``: none of ``allowed`` (keys of `files.inspection.FILE_TYPES`). With
    ``opening`` also ``unopened``, ``locked`` by a password, ``too_heavy`` to show, ``active``: something in it runs,
    ``infected``.

    Raises NotChecked when something could not be tried just now.
    """
    try:
        content = open_blob(blob)
    except StoreSilent as silent:
        raise NotChecked("store_silent") from silent
    except BlobLocked as locked:
        raise NotChecked("key_missing") from locked
    except BlobMissing:
        return frozenset({"missing"})
    except BlobBare:
        return frozenset({"changed", "bare"})
    except BlobDamaged:
        return frozenset({"changed"})
    found = {*_against_row(blob, content, allowed)}
    if opening:
        found |= {*_opened(content, allowed, found)}
    return frozenset(found)


def _against_row(blob: Blob, content: bytes, allowed: Collection[str]) -> Iterator[str]:
    if blob.sm3 and sm3(content) != blob.sm3:
        yield "changed"
    if len(content) != blob.size:
        yield "size"
    try:
        kind = type_of(content)
    except FileRefused:
        yield "format"
        return
    if FILE_TYPES[kind].content_type != blob.content_type:
        yield "format"
    if kind not in allowed:
        yield "type_not_allowed"


def _opened(content: bytes, allowed: Collection[str], found: Collection[str]) -> Iterator[str]:
    if not {"type_not_allowed", "format"} & set(found):
        try:
            must_open(content, allowed)
        except NotChecked:
            raise
        except FileRefused as refused:
            yield OF_REFUSAL.get(refused.code, "unopened")
    try:
        scan(content)
    except NotChecked:
        raise
    except FileRefused:
        yield "infected"
