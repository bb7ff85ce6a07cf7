"""Ed25519 signatures of this installation. Keys: ``id:base64,id:base64`` of 32-byte seeds; the first signs."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core.crypto import parse_keys


def sign(keys: str, content: bytes) -> tuple[str, bytes, bytes]:
    """Under the key that signs now: its id, its public half, the signature. Raises ImproperlyConfigured."""
    key_id, seed = next(iter(parse_keys(keys).items()))
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return key_id, _public(key), key.sign(content)


def holds(public: bytes, signature: bytes, content: bytes) -> bool:
    """Whether the signature of the content holds under this public key, whosever it is."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_keys(keys: str) -> dict[str, bytes]:
    """The public halves by id, those too that sign no more. Raises ImproperlyConfigured."""
    return {
        key_id: _public(Ed25519PrivateKey.from_private_bytes(seed))
        for key_id, seed in parse_keys(keys).items()
    }


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
