"""What makes people findable: search tokens, sort key, pinyin and blind indexes, filled from the plain fields."""

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
        person.name_pinyin = person.name_pinyin or (name_pinyin(person.name) if person.name else "")
        person.name_sort = name_sort_key(person.name)[:SORT_LENGTH] if person.name else ""
        person.name_tokens = search_tokens(person.name) if person.name else []
        filled += NAME_FIELDS
    for field, kind in INDEXES.items():
        if hasattr(person, f"{field}_index"):
            setattr(person, f"{field}_index", blind_index_or_none(kind, getattr(person, field)))
            filled.append(f"{field}_index")
    return filled
