"""A code list or the regions as a CSV file: what it would change, before anything is changed.

The columns are those of the files that come with the product (``school/data``).
"""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from core.chinese import clean_text
from school.models import Code, CodeList, Region

CODE_HEADER = ("code", "label_zh", "label_en", "valid_from", "valid_to", "aliases")
REGION_HEADER = ("code", "name_zh", "name_en", "parent", "level", "valid_from", "valid_to", "source")
CODE_FIELDS = ("label_zh", "label_en", "aliases", "order", "valid_from", "valid_until")
REGION_FIELDS = ("name_zh", "name_en", "parent_code", "level", "valid_from", "valid_until", "source")
LARGEST_FILE = 4 * 1024 * 1024
MOST_ROWS = 20_000
MOST_FAULTS = 200


class NotReadable(Exception):
    """The file is no CSV text with the expected columns; ``str()`` says what is wrong."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a line of the file (the header is line 1)."""

    line: int
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """An entry with its new values set, not saved, and what changes: field, before, after."""

    row: Any
    changes: list[tuple[str, str, str]]


@dataclass(slots=True)
class Plan:
    """What a file would do."""

    fields: tuple[str, ...]
    added: list[Any] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    same: int = 0
    missing: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        """Changes with anything that the plan would write."""
        told = [[row.code, *(str(getattr(row, name)) for name in self.fields)] for row in self.added]
        told += [[change.row.code, *map(list, change.changes)] for change in self.changed]
        return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def decoded(content: bytes) -> str:
    """The text of a file in UTF-8 (with or without a mark) or GB18030. Raises NotReadable."""
    if len(content) > LARGEST_FILE:
        raise NotReadable(_("The file is too large."))
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotReadable(_("The file is neither UTF-8 nor GB18030 text."))


def _rows(text: str, header: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    if "\0" in text:
        raise NotReadable(_("This is no CSV file."))
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        if missing := [name for name in header if name not in (reader.fieldnames or ())]:
            raise NotReadable(_("These columns are missing: %(columns)s") % {"columns": ", ".join(missing)})
        for number, row in enumerate(reader, start=2):
            if number > MOST_ROWS + 1:
                raise NotReadable(_("More than %(count)s lines.") % {"count": MOST_ROWS})
            yield number, {name: clean_text(row.get(name) or "") for name in header}
    except csv.Error as error:
        raise NotReadable(_("This is no CSV file.")) from error


class _Planner:
    """Compares the lines of a file with what stands in the database."""

    def __init__(self, present: dict[str, Any], fields: tuple[str, ...], new: Callable[[str], Any]) -> None:
        self.plan = Plan(fields)
        self._present, self._new = present, new
        self._seen: set[str] = set()

    def fault(self, line: int, column: str, text: str) -> None:
        if len(self.plan.faults) < MOST_FAULTS:
            self.plan.faults.append(Fault(line, column, text))

    def day(self, line: int, column: str, text: str) -> date | None:
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            self.fault(line, column, _("Write days as 2026-09-01."))
            return None

    def days(self, line: int, row: dict[str, str]) -> dict[str, date | None]:
        first = self.day(line, "valid_from", row["valid_from"])
        last = self.day(line, "valid_to", row["valid_to"])
        if first and last and last < first:
            self.fault(line, "valid_to", _("The last day lies before the first."))
        return {"valid_from": first, "valid_until": last}

    def take(self, line: int, code: str, values: dict[str, Any]) -> None:
        if not code:
            self.fault(line, "code", _("The code is missing."))
            return
        if code in self._seen:
            self.fault(line, "code", _("The code %(code)s stands twice in the file.") % {"code": code})
            return
        self._seen.add(code)
        row = self._present.get(code)
        if row is None:
            row = self._new(code)
            self._set(row, values)
            self.plan.added.append(row)
            return
        changes = [
            (name, _shown(getattr(row, name)), _shown(value))
            for name, value in values.items()
            if getattr(row, name) != value
        ]
        self._set(row, values)
        if changes:
            self.plan.changed.append(Change(row, changes))
        else:
            self.plan.same += 1

    def _set(self, row: Any, values: dict[str, Any]) -> None:
        for name, value in values.items():
            setattr(row, name, value)

    def done(self) -> Plan:
        self.plan.missing = sorted(set(self._present) - self._seen)
        return self.plan

    def too_long(self, line: int, row: dict[str, str], limits: dict[str, int]) -> None:
        for column, limit in limits.items():
            if any(len(part) > limit for part in row[column].split("|")):
                self.fault(line, column, _("At most %(count)s characters.") % {"count": limit})


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "|".join(value)
    return "" if value is None else str(value)


def code_fault(code: str) -> str:
    """What is wrong with the code of an entry, which stands in addresses; "" when nothing is."""
    sound = code.isascii() and code.replace(".", "").isalnum()
    return "" if sound else _("Letters, digits and dots only")


def spellings_of(row: Code) -> set[str]:
    """Everything in a cell that means this entry."""
    return {row.code, row.label_zh, row.label_en, *row.aliases} - {""}


def plan_codes(code_list: CodeList, text: str) -> Plan:
    """What a file would change in a code list. Raises NotReadable."""
    present = {row.code: row for row in Code.objects.filter(code_list=code_list)}
    planner = _Planner(present, CODE_FIELDS, lambda code: Code(code_list=code_list, code=code))
    rows = list(_rows(text, CODE_HEADER))
    left = present.keys() - {row["code"] for _line, row in rows}
    spellings = {spelling: code for code in left for spelling in spellings_of(present[code])}
    for line, row in rows:
        planner.too_long(line, row, {"code": 8, "label_zh": 80, "label_en": 120, "aliases": 80})
        aliases = [part for part in row["aliases"].split("|") if part]
        if row["code"]:
            _check_code(planner, line, row, aliases, spellings)
        if not row["label_zh"]:
            planner.fault(line, "label_zh", _("The Chinese label is missing."))
        planner.take(
            line,
            row["code"],
            {
                "label_zh": row["label_zh"],
                "label_en": row["label_en"],
                "aliases": aliases,
                "order": line - 2,
                **planner.days(line, row),
            },
        )
    return planner.done()


def _check_code(
    planner: _Planner, line: int, row: dict[str, str], aliases: list[str], spellings: dict[str, str]
) -> None:
    if fault := code_fault(row["code"]):
        planner.fault(line, "code", fault)
    for spelling in {row["code"], row["label_zh"], row["label_en"], *aliases} - {""}:
        if spellings.setdefault(spelling, row["code"]) != row["code"]:
            told = {"spelling": spelling, "code": spellings[spelling]}
            planner.fault(line, "aliases", _("%(spelling)s already means code %(code)s.") % told)


def plan_regions(text: str) -> Plan:
    """What a file would change in the regions. Raises NotReadable."""
    present = {row.code: row for row in Region.objects.all()}
    planner = _Planner(dict(present), REGION_FIELDS, lambda code: Region(code=code))
    parents: list[tuple[int, str]] = []
    for line, row in _rows(text, REGION_HEADER):
        planner.too_long(line, row, {"name_zh": 60, "name_en": 80, "source": 120})
        if len(row["code"]) != 6 or not row["code"].isascii() or not row["code"].isdigit():
            planner.fault(line, "code", _("A region code has six digits."))
            continue
        if not row["name_zh"]:
            planner.fault(line, "name_zh", _("The Chinese name is missing."))
        if row["level"] not in {"1", "2", "3"}:
            planner.fault(line, "level", _("The level is 1, 2 or 3."))
            continue
        parents.append((line, row["parent"]))
        planner.take(
            line,
            row["code"],
            {
                "name_zh": row["name_zh"],
                "name_en": row["name_en"],
                "parent_code": row["parent"],
                "level": int(row["level"]),
                **planner.days(line, row),
                "source": row["source"],
            },
        )
    known = {*present, *(row.code for row in planner.plan.added)}
    for line, parent in parents:
        if parent and parent not in known:
            planner.fault(line, "parent", _("No region has this code."))
    return planner.done()
