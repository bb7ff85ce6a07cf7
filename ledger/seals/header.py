"""What a seal says, as the bytes that are signed."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

FORMAT = "xueji-seal/1"
NOTHING_BEFORE = "0" * 64
"""What the first seal names as the digest of the one before."""


class BadHeader(ValueError):
    """No header of a seal."""


@dataclass(frozen=True, slots=True)
class Header:
    """One seal. ``previous``: SHA-256 of the header before it; ``snapshot``: of the database (`pg_snapshot`).

    ``root`` is over the digests of the parts (`part_digest`), ``rows`` and ``parts`` count them. ``database`` tells one
    cluster from another. ``at`` is the moment, UTC.
    """

    number: int
    at: datetime
    previous: str
    database: str
    snapshot: str
    parts: int
    rows: int
    root: str
    key: str

    def text(self) -> str:
        """Canonical JSON."""
        values = {
            "format": FORMAT,
            **asdict(self),
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
        }
        return canonical(values)


def canonical(value: Any) -> str:
    """JSON with sorted names and no blanks."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def parse(text: str) -> Header:
    """The header that a text holds. Raises BadHeader for anything that is not exactly one."""
    try:
        values = json.loads(text)
        if values.pop("format") != FORMAT:
            raise BadHeader(text[:100])
        found = Header(**{**values, "at": datetime.fromisoformat(values["at"])})
        if found.text() != text:
            raise BadHeader(text[:100])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadHeader(text[:100]) from error
    return found


def digest(text: str) -> str:
    """By which the next seal names this header."""
    return sha256(text.encode()).hexdigest()


def ids_digest(ids: Sequence[int]) -> str:
    """SHA-256 of the ids of a part's rows, in their order."""
    return sha256(canonical(list(ids)).encode()).hexdigest()


def part_digest(
    kind: str, table: str, key: str, columns: list[str], ids: Sequence[int], root: bytes
) -> bytes:
    """What the seal's root holds of a part: of which table and columns, which rows, under which root."""
    values = {
        "kind": kind,
        "table": table,
        "key": key,
        "columns": columns,
        "rows": len(ids),
        "ids": ids_digest(ids),
        "root": root.hex(),
    }
    return sha256(canonical(values).encode()).digest()
