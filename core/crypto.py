"""Field encryption and blind indexes.

A ciphertext is ``version, cipher, length of key id, key id, nonce, encrypted text, tag`` and is bound to the field it
belongs to: one that was moved to another column, cut or changed does not decrypt. Keys come from ``FIELD_KEYS``
(``id:base64,id:base64``; the first one encrypts, all of them decrypt), so that keys can be replaced while old rows stay
readable. ``FIELD_CIPHER`` chooses what new values are written with; reading goes by what the ciphertext says.
"""

import base64
import binascii
import hmac
import os
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core import checks
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models

VERSION = 1
NONCE_LENGTH = 12
TAG_LENGTH = 16
BLIND_INDEX_LENGTH = 32

Seal = Callable[[bytes, bytes, bytes], bytes]


class DecryptFailed(Exception):
    """The ciphertext was changed, belongs to another field, or its key is not among ``FIELD_KEYS``."""


class KeyUnknown(DecryptFailed):
    """The ciphertext names a key that is not among ``FIELD_KEYS``."""


def _aes_gcm(key: bytes) -> tuple[Seal, Seal]:
    cipher = AESGCM(key)
    return cipher.encrypt, cipher.decrypt


def _sm4_gcm(key: bytes) -> tuple[Seal, Seal]:
    algorithm = algorithms.SM4(key)

    def seal(nonce: bytes, data: bytes, bound: bytes) -> bytes:
        encryptor = Cipher(algorithm, modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(bound)
        return encryptor.update(data) + encryptor.finalize() + encryptor.tag

    def unseal(nonce: bytes, data: bytes, bound: bytes) -> bytes:
        decryptor = Cipher(algorithm, modes.GCM(nonce, data[-TAG_LENGTH:])).decryptor()
        decryptor.authenticate_additional_data(bound)
        return decryptor.update(data[:-TAG_LENGTH]) + decryptor.finalize()

    return seal, unseal


@dataclass(frozen=True, slots=True)
class _Scheme:
    code: int
    key_length: int
    make: Callable[[bytes], tuple[Seal, Seal]]


_SCHEMES = {"AES-256-GCM": _Scheme(1, 32, _aes_gcm), "SM4-GCM": _Scheme(2, 16, _sm4_gcm)}
_SCHEME_BY_CODE = {scheme.code: scheme for scheme in _SCHEMES.values()}


@lru_cache(maxsize=32)
def parse_keys(text: str) -> dict[str, bytes]:
    """Keys by id from ``id:base64,id:base64``, the active one first.

    Raises ImproperlyConfigured for an empty list, a repeated id, or a key that is not 32 bytes of URL-safe base64.
    """
    keys: dict[str, bytes] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        key_id, colon, encoded = part.partition(":")
        try:
            key = base64.b64decode(encoded, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not colon or not 1 <= len(key_id.encode()) <= 255 or len(key) != 32 or key_id in keys:
            raise ImproperlyConfigured(
                f"Key {key_id!r}: each key needs an id of its own and 32 bytes in base64"
            )
        keys[key_id] = key
    if not keys:
        raise ImproperlyConfigured("No key is set")
    return keys


@lru_cache(maxsize=32)
def _writer(keys: str, cipher_name: str) -> tuple[bytes, Seal]:
    scheme = _SCHEMES.get(cipher_name)
    if scheme is None:
        raise ImproperlyConfigured(f"FIELD_CIPHER must be one of {', '.join(_SCHEMES)}")
    key_id, key = next(iter(parse_keys(keys).items()))
    encoded_id = key_id.encode()
    return bytes((VERSION, scheme.code, len(encoded_id))) + encoded_id, scheme.make(key_for(scheme, key))[0]


def key_for(scheme: _Scheme, key: bytes) -> bytes:
    """The key itself, or for a cipher with shorter keys one derived from it, so that no key serves two ciphers."""
    if scheme.key_length == len(key):
        return key
    return hmac.digest(key, f"field key {scheme.code}".encode(), "sha256")[: scheme.key_length]


@lru_cache(maxsize=64)
def _reader(keys: str, header: bytes) -> Seal:
    scheme = _SCHEME_BY_CODE.get(header[1])
    key = parse_keys(keys).get(header[3:].decode(errors="replace"))
    if header[0] != VERSION or scheme is None:
        raise DecryptFailed("Unknown version or cipher")
    if key is None:
        raise KeyUnknown("Unknown key")
    return scheme.make(key_for(scheme, key))[1]


@lru_cache(maxsize=1024)
def _bound(header: bytes, context: str) -> bytes:
    return header + context.encode()


def encrypt_bytes(data: bytes, context: str) -> bytes:
    """Encrypt with the active key; ``context`` names where the data belongs (``records.Student.id_number``)."""
    header, seal = _writer(settings.FIELD_KEYS, settings.FIELD_CIPHER)
    nonce = os.urandom(NONCE_LENGTH)
    return header + nonce + seal(nonce, data, _bound(header, context))


def decrypt_bytes(blob: bytes, context: str) -> bytes:
    """Undo `encrypt_bytes`. Raises DecryptFailed for a changed, cut or moved ciphertext and for an unknown key."""
    if len(blob) < 3 or len(blob) < 3 + blob[2] + NONCE_LENGTH + TAG_LENGTH:
        raise DecryptFailed("Too short")
    start = 3 + blob[2]
    header = blob[:start]
    unseal = _reader(settings.FIELD_KEYS, header)
    try:
        return unseal(
            blob[start : start + NONCE_LENGTH], blob[start + NONCE_LENGTH :], _bound(header, context)
        )
    except InvalidTag:
        raise DecryptFailed(f"Not what was encrypted for {context}") from None


def encrypt(text: str, context: str) -> bytes:
    """`encrypt_bytes` for text."""
    return encrypt_bytes(text.encode(), context)


def decrypt(blob: bytes, context: str) -> str:
    """`decrypt_bytes` for text."""
    return decrypt_bytes(blob, context).decode()


def encrypt_many(texts: Iterable[str], context: str) -> list[bytes]:
    """`encrypt` for many values of one field, with one look-up of key and context and one draw of nonces."""
    header, seal = _writer(settings.FIELD_KEYS, settings.FIELD_CIPHER)
    bound = _bound(header, context)
    texts = list(texts)
    random = os.urandom(NONCE_LENGTH * len(texts))
    nonces = [random[at : at + NONCE_LENGTH] for at in range(0, len(random), NONCE_LENGTH)]
    return [
        header + nonce + seal(nonce, text.encode(), bound) for nonce, text in zip(nonces, texts, strict=True)
    ]


@lru_cache(maxsize=256)
def _index_digest(keys: str, kind: str) -> hmac.HMAC:
    """The keyed digest of a kind, before any value; to be copied."""
    key = hmac.digest(next(iter(parse_keys(keys).values())), b"blind index " + kind.encode(), "sha256")
    return hmac.new(key, digestmod="sha256")


def blind_index(kind: str, value: str) -> bytes:
    """32 bytes by which an encrypted value is found again exactly.

    ``kind`` (``id_number``, ``phone``) keeps equal texts of different kinds apart. Full-width characters, blanks and
    letter case do not count. Raises ValueError for a blank value: blanks must not all look alike, store NULL.
    """
    regular = value.isascii() and value.isalnum()
    plain = (value if regular else "".join(unicodedata.normalize("NFKC", value).split())).upper()
    if not plain:
        raise ValueError("A blank value has no index")
    digest = _index_digest(settings.BLIND_INDEX_KEY, kind).copy()
    digest.update(plain.encode())
    return digest.digest()


def blind_index_or_none(kind: str, value: str | None) -> bytes | None:
    """`blind_index`, or None for a missing or blank value."""
    return blind_index(kind, value) if value and value.strip() else None


class EncryptedTextField(models.CharField):  # type: ignore[type-arg]  # generic in the stubs only
    """Text that stands encrypted in the database (``bytea``) and is plain in Python.

    It can be asked for ``isnull`` and nothing else: search goes through a `BlindIndexField` beside it. A blank value is
    stored as NULL when the field may be null. A list that does not show the field leaves it out with ``defer``, since
    every value that is read is decrypted. ``context`` is set only on copies of a field (history) and after a rename:
    it names the field whose ciphertexts this one reads and writes.
    """

    def __init__(self, *args: Any, context: str = "", **kwargs: Any) -> None:
        self.fixed_context = context
        super().__init__(*args, **kwargs)

    @property
    def context(self) -> str:
        """``app.Model.field`` that ciphertexts are bound to."""
        return self.fixed_context or f"{self.model._meta.label}.{self.name}"

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        if self.fixed_context:
            kwargs["context"] = self.fixed_context
        return name, path, args, kwargs

    def get_internal_type(self) -> str:
        return "BinaryField"

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        found: list[checks.CheckMessage] = list(super().check(**kwargs))
        if self.unique or getattr(self, "db_index", False):
            found.append(
                checks.Error("An encrypted field cannot be unique or indexed.", obj=self, id="core.E001")
            )
        return found

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(
                f"{self.name} is encrypted: search it through its blind index, not with {lookup_name!r}"
            )
        return super().get_lookup(lookup_name)

    def get_transform(self, name: str) -> Any:
        raise FieldError(f"{self.name} is encrypted: {name!r} cannot be asked of it")

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None:
            return None
        text = self.to_python(value)
        if text == "":
            return None if self.null else b""
        return encrypt_bytes(text.encode(), self.context)

    def prepare_many(self, values: list[Any]) -> list[bytes | None]:
        """`get_db_prep_value` for a whole column."""
        texts = [value if value is None else self.to_python(value) for value in values]
        blank = None if self.null else b""
        sealed = iter(encrypt_many([text for text in texts if text], self.context))
        return [None if text is None else next(sealed) if text else blank for text in texts]

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        if value is None:
            return None
        blob = bytes(value)
        return decrypt_bytes(blob, self.context).decode() if blob else ""


class BlindIndexField(models.BinaryField):  # type: ignore[type-arg]  # generic in the stubs only
    """What `blind_index` made of the encrypted field beside it: asked with ``exact``, ``in`` and ``isnull``.

    Null when that field is empty. Give it ``db_index=True`` or a constraint where it is searched.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["null"] = True
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name not in {"exact", "in", "isnull"}:
            raise FieldError(f"{self.name} is a blind index: only exact, in and isnull can be asked")
        return super().get_lookup(lookup_name)

    def prepare_many(self, values: list[Any]) -> list[bytes | None]:
        """Values as they are; raises ValueError for one that is no blind index."""
        for value in values:
            if value is not None and (type(value) is not bytes or len(value) != BLIND_INDEX_LENGTH):
                raise ValueError(f"{self.name} takes what blind_index() gives, {BLIND_INDEX_LENGTH} bytes")
        return values

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return self.prepare_many([value])[0]

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> bytes | None:
        return None if value is None else bytes(value)
