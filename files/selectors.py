"""Reading stored files. Who may read which is decided by the room that the file belongs to."""

import hashlib

from django.core.files.storage import default_storage

from core.crypto import DecryptFailed, decrypt_bytes
from files.models import Blob


class BlobDamaged(Exception):
    """The stored content is missing, or it is not what was stored."""


class BlobMissing(BlobDamaged):
    """Nothing is stored there."""


class BlobBare(BlobDamaged):
    """The content lies there as it is, without encryption."""


def content_context(blob: Blob) -> str:
    """What the ciphertext is bound to: it decrypts under its own row only."""
    return f"files.Blob.content:{blob.public_id}"


def open_blob(blob: Blob) -> bytes:
    """The plain content. Raises BlobDamaged when it is missing, was changed, or is not what its digest says."""
    try:
        with default_storage.open(blob.storage_key, "rb") as stored:
            sealed: bytes = stored.read()
    except FileNotFoundError as missing:
        raise BlobMissing(str(blob.public_id)) from missing
    try:
        content = decrypt_bytes(sealed, content_context(blob))
    except DecryptFailed as changed:
        bare = hashlib.sha256(sealed).hexdigest() == blob.sha256
        raise (BlobBare if bare else BlobDamaged)(str(blob.public_id)) from changed
    if hashlib.sha256(content).hexdigest() != blob.sha256:
        raise BlobDamaged(str(blob.public_id))
    return content
