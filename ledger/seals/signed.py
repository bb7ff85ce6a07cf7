"""Whether a seal was signed with a key of this installation."""

from collections.abc import Mapping

from django.conf import settings

from core.signing import holds, public_keys
from ledger.models import Seal


def known_keys() -> dict[str, bytes]:
    """The public keys by id, that which signs now first. Raises ImproperlyConfigured."""
    return public_keys(settings.LEDGER_SEAL_KEY)


def is_signed(seal: Seal, keys: Mapping[str, bytes]) -> bool:
    """Whether the signature holds under the key that the seal names, and that key is among these."""
    key = keys.get(seal.key_id)
    return key is not None and holds(key, bytes(seal.signature), seal.header.encode())
