"""Codes of entries: what a form offers, what an action accepts, and labels joined to rows."""

from collections.abc import Mapping
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import get_language

from school.models import Code, Region, in_language

REWARD_CODES = {
    "level": "reward_level",
    "grade": "reward_grade",
    "category": "reward_category",
    "kind": "reward_type",
    "way": "reward_way",
}
EMPLOYMENT_CODES = {
    "destination": "graduate_destination",
    "post_kind": "post_kind",
    "industry": "industry",
}
PENALTY_CODES = {"violation": "violation_category", "proposed_kind": "penalty_kind", "kind": "penalty_kind"}


class UnknownCode(ValueError):
    """A value that its code list does not hold."""


def _valid(key: str) -> QuerySet[Code]:
    today = timezone.localdate()
    rows = Code.objects.filter(
        Q(valid_from=None) | Q(valid_from__lte=today),
        Q(valid_until=None) | Q(valid_until__gte=today),
        code_list__key=key,
    )
    ordered: QuerySet[Code] = rows.order_by("order", "code")
    return ordered


def choices(key: str) -> list[tuple[str, str]]:
    """The codes of a list that may be given today, with labels in the reader's language."""
    return [(one.code, one.label) for one in _valid(key)]


def labels(key: str) -> dict[str, str]:
    """Every code of a list, those of former days too."""
    rows = Code.objects.filter(code_list__key=key).values_list("code", "label_zh", "label_en")
    return {code: in_language(label_zh, label_en) for code, label_zh, label_en in rows}


def label_of(path: str, key: str) -> Subquery:
    """The label of the code that column ``path`` of a row holds, for ``annotate``; in the language of the moment."""
    column = "label_en" if (get_language() or "").startswith("en") else "label_zh"
    found = Code.objects.filter(code_list__key=key, code=OuterRef(path))
    return Subquery(found.values(column)[:1])


def with_labels(rows: QuerySet[Any], lists: Mapping[str, str]) -> QuerySet[Any]:
    """The rows with ``<column>_label`` for each column of ``lists``."""
    named: QuerySet[Any] = rows.annotate(
        **{f"{name}_label": label_of(name, key) for name, key in lists.items()}
    )
    return named


def demand_codes(values: Mapping[str, Any], lists: Mapping[str, str]) -> None:
    """Raise UnknownCode when a given value is not in its list today. Whether it may be empty, a form says."""
    for name, key in lists.items():
        value = values.get(name)
        if value and not _valid(key).filter(code=value).exists():
            raise UnknownCode(f"{value!r} is not in the code list {key}")


def region_label(code: str) -> str:
    """The name of a region; the code itself when it is not known."""
    row = Region.objects.filter(code=code).first() if code else None
    return in_language(row.name_zh, row.name_en) if row else code
