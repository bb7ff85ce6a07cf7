"""Merkle trees as in RFC 6962: a leaf is hashed behind a zero byte, a node behind a one byte."""

from collections.abc import Sequence
from hashlib import sha256

EMPTY = sha256(b"").digest()
SIZE = 32
"""Bytes of a hash."""


def _leaf(content: bytes) -> bytes:
    return sha256(b"\0" + content).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def _above(level: list[bytes]) -> list[bytes]:
    """The next level; a last one without a partner goes up as it is."""
    paired = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    return [*paired, level[-1]] if len(level) % 2 else paired


def root(contents: Sequence[bytes]) -> bytes:
    """The root over contents in their order."""
    level = [_leaf(one) for one in contents]
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else EMPTY


def path(contents: Sequence[bytes], at: int) -> list[tuple[str, bytes]]:
    """What proves that the content at this place is under the root: hashes from below, each ``left`` or ``right``."""
    found: list[tuple[str, bytes]] = []
    level = [_leaf(one) for one in contents]
    while len(level) > 1:
        beside = at ^ 1
        if beside < len(level):
            found.append(("left" if beside < at else "right", level[beside]))
        level, at = _above(level), at // 2
    return found


def split(leaves: bytes) -> list[bytes]:
    """Leaves that were stored one behind the other."""
    return [leaves[at : at + SIZE] for at in range(0, len(leaves), SIZE)]
