"""What a reader of an inquiry sees: sections in plain words, personal numbers masked."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from archive.edits.showing import is_secret
from records.models import Student
from records.sections import sections
from records.sheet import mask
from records.values import split

ALSO_SECRET = frozenset({"national_no"})


@dataclass(frozen=True, slots=True)
class Row:
    """One item in words; ``rows`` when it holds items itself."""

    label: str
    text: str = ""
    rows: tuple["Row", ...] = ()


def readable() -> list[tuple[str, Any]]:
    """Sections that can be asked for: key and title."""
    return [(one.key, one.title) for one in sections() if one.export]


def title_of(key: str) -> str:
    """The title of a section."""
    return str(dict(readable()).get(key, key))


def section_rows(student: Student, key: str) -> list[Row]:
    """A section of a student's file as labels and words."""
    section = next(one for one in sections() if one.key == key and one.export)
    assert section.export  # noqa: S101 - asked for above
    return _rows(section.export(student))


def _rows(data: Any) -> list[Row]:
    if isinstance(data, dict):
        return [_row(str(key), value) for key, value in data.items() if value not in ("", None, [], {})]
    found = []
    for number, one in enumerate(data, start=1):
        if isinstance(one, dict) and {"field", "label", "words"} <= one.keys():
            if one["value"]:
                found.append(Row(one["label"], _words(one)))
        else:
            found.append(Row(_("No. %(number)s") % {"number": number}, rows=tuple(_rows(one))))
    return found


def _words(item: dict[str, str]) -> str:
    name = split(item["field"])[1]
    if name in ALSO_SECRET or is_secret(item["field"]):
        return mask(name, item["value"])
    return item["words"] or item["value"]


def _row(key: str, value: Any) -> Row:
    if isinstance(value, dict | list):
        return Row(key, rows=tuple(_rows(value)))
    return Row(key, str(value))
