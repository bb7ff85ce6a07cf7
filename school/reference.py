"""Code lists and regions as data: loaded from CSV files, editable afterwards, and loaded again without harm.

Loading adds what is new and mends what is there as long as nobody changed it on a page; an entry that the file no
longer has is left alone, because files of students may carry its code.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction

from ledger import events
from ledger.context import service_user
from ledger.history import update_rows, write_rows
from school.models import Code, CodeList, Region

DATA = Path(__file__).parent / "data"


@dataclass
class Loaded:
    """How many entries a load added and changed."""

    added: int = 0
    changed: int = 0


def read_csv(path: Path) -> list[dict[str, str]]:
    """The rows of one data file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@transaction.atomic
def load_reference_data(*, actor: Any, folder: Path = DATA) -> Loaded:
    """Load every list of ``folder`` (lists.csv names them) and the regions."""
    loaded = Loaded()
    lists = read_csv(folder / "lists.csv")
    _sync(CodeList, ("key",), [_list_values(row) for row in lists], actor, loaded)
    by_key = {code_list.key: code_list for code_list in CodeList.objects.all()}
    codes: list[dict[str, Any]] = []
    for row in lists:
        path = folder / f"{row['key']}.csv"
        codes.extend(_code_values(by_key[row["key"]], n, entry) for n, entry in enumerate(read_csv(path)))
    _sync(Code, ("code_list_id", "code"), codes, actor, loaded)
    _sync(Region, ("code",), [_region_values(row) for row in read_csv(folder / "regions.csv")], actor, loaded)
    if loaded.added or loaded.changed:
        events.record(
            "school.reference_loaded", actor=actor, detail={"added": loaded.added, "changed": loaded.changed}
        )
    return loaded


def _sync(
    model: type[Any], key: Sequence[str], wanted: Iterable[dict[str, Any]], actor: Any, loaded: Loaded
) -> None:
    present = {tuple(getattr(row, name) for name in key): row for row in model.objects.all()}
    by_hand = set(model.history.exclude(history_user=service_user()).values_list("id", flat=True))
    new, changed, names = [], [], []
    for values in wanted:
        names = [name for name in values if name not in key]
        row = present.get(tuple(values[name] for name in key))
        if row is None:
            new.append(model(**values))
        elif row.pk not in by_hand and any(getattr(row, name) != values[name] for name in names):
            for name in names:
                setattr(row, name, values[name])
            changed.append(row)
    write_rows(new, actor=actor, reason="reference data")
    update_rows(changed, names, actor=actor, reason="reference data")
    loaded.added += len(new)
    loaded.changed += len(changed)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _many(text: str) -> list[str]:
    return [part for part in text.split("|") if part]


def _list_values(row: dict[str, str]) -> dict[str, Any]:
    kept = ("key", "label_zh", "label_en", "standard", "source", "licence")
    return {name: row[name] for name in kept} | {"stages": _many(row["stages"])}


def _code_values(code_list: CodeList, order: int, row: dict[str, str]) -> dict[str, Any]:
    return {
        "code_list_id": code_list.pk,
        "code": row["code"],
        "label_zh": row["label_zh"],
        "label_en": row["label_en"],
        "aliases": _many(row["aliases"]),
        "order": order,
        "valid_from": _day(row["valid_from"]),
        "valid_until": _day(row["valid_to"]),
    }


def _region_values(row: dict[str, str]) -> dict[str, Any]:
    return {
        "code": row["code"],
        "name_zh": row["name_zh"],
        "name_en": row["name_en"],
        "parent_code": row["parent"],
        "level": int(row["level"]),
        "valid_from": _day(row["valid_from"]),
        "valid_until": _day(row["valid_to"]),
        "source": row["source"],
    }
