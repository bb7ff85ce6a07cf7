"""What makes people findable: search tokens, sort key, pinyin and blind indexes, filled from the plain fields."""

from collections.abc import Mapping
from typing import Any

from core.chinese import name_pinyin, name_sort_key, search_tokens
from core.crypto import blind_index_or_none

SORT_LENGTH = 120
NAME_FIELDS = ("name_pinyin", "name_sort", "name_tokens")
INDEXES = {"id_number": "id_number", "phone": "phone", "national_no": "national_no"}
"""Encrypted field to the kind under which its blind index is made; ``<field>_index`` holds it."""


def fill(person: Any) -> list[str]:
    """Fill what is derived from the name and the numbers of a person or family member; the names of the fields filled.

    ``name_pinyin`` is filled only while blank (somebody may have corrected a reading). An index of nothing is None.
    """
    filled: list[str] = []
    if hasattr(person, "name_tokens"):
        reading, person.name_sort, person.name_tokens = _from_name(person.name)
        person.name_pinyin = person.name_pinyin or reading
        filled += NAME_FIELDS
    for field, kind in INDEXES.items():
        if hasattr(person, f"{field}_index"):
            setattr(person, f"{field}_index", blind_index_or_none(kind, getattr(person, field)))
            filled.append(f"{field}_index")
    return filled


def search_columns(model: type[Any], columns: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """What `fill` fills, for many new rows of a model given in columns by name."""
    made: dict[str, list[Any]] = {}
    if hasattr(model, "name_tokens"):
        found = [_from_name(name) for name in columns["name"]]
        made = {field: [one[at] for one in found] for at, field in enumerate(NAME_FIELDS)}
    for field, kind in INDEXES.items():
        if hasattr(model, f"{field}_index") and field in columns:
            made[f"{field}_index"] = [blind_index_or_none(kind, value) for value in columns[field]]
    return made


def _from_name(name: str) -> tuple[str, str, list[str]]:
    """Pinyin, sort key and tokens, in the order of `NAME_FIELDS`."""
    return (
        (name_pinyin(name), name_sort_key(name)[:SORT_LENGTH], search_tokens(name)) if name else ("", "", [])
    )
