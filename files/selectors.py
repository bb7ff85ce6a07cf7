"""Reading stored files. Who may read which is decided by the room that the file belongs to."""

import hashlib

from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.storage import default_storage

from core.crypto import DecryptFailed, KeyUnknown, decrypt_bytes
from files.models import Blob, Discarded


class BlobDamaged(Exception):
    """The stored content is missing, or it is not what was stored."""


class BlobMissing(BlobDamaged):
    """Nothing is stored there."""


class BlobBare(BlobDamaged):
    """The content lies there as it is, without encryption."""


class BlobLocked(BlobDamaged):
    """The content lies there, under a key that this deployment lacks."""


class StoreSilent(OSError):
    """The store does not answer, or refuses: nothing is known of the content."""


def is_kept(blob: Blob) -> bool:
    """Whether its content was not given up."""
    return not Discarded.objects.filter(blob=blob).exists()


def content_context(blob: Blob) -> str:
    """What the ciphertext is bound to: it decrypts under its own row only."""
    return f"files.Blob.content:{blob.public_id}"


def open_blob(blob: Blob) -> bytes:
    """The plain content. Raises BlobDamaged when it is missing, was changed, or is not what its digest says;
    StoreSilent.
    """
    try:
        with default_storage.open(blob.storage_key, "rb") as stored:
            sealed: bytes = stored.read()
    except FileNotFoundError as missing:
        raise BlobMissing(str(blob.public_id)) from missing
    except (OSError, BotoCoreError, ClientError) as silent:
        raise StoreSilent(f"{type(silent).__name__} at {blob.public_id}") from silent
    try:
        content = decrypt_bytes(sealed, content_context(blob))
    except KeyUnknown as locked:
        raise BlobLocked(str(blob.public_id)) from locked
    except DecryptFailed as changed:
        bare = hashlib.sha256(sealed).hexdigest() == blob.sha256
        raise (BlobBare if bare else BlobDamaged)(str(blob.public_id)) from changed
    if hashlib.sha256(content).hexdigest() != blob.sha256:
        raise BlobDamaged(str(blob.public_id))
    return content
