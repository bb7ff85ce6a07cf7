"""Items of the four checks in words: what was looked at, how it came out, what it is about."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from archive.four_checks.items import CHECKS, ITEMS
from archive.models import FourCheckItem
from core.templatetags.xueji import badge
from records.columns import HIGHER, NATIONAL, SECTIONS, VOCATIONAL
from records.models import Student
from records.values import split

Outcome = FourCheckItem.Outcome
MOST_NAMED = 20
SCANNED = "4-1"
PROCESS = {
    "opened": gettext_lazy("the opening of the file"),
    "student": gettext_lazy("the first entry of the student"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One item for a reader."""

    code: str
    check: Any
    title: Any
    outcome: str
    badge: SafeString
    detail: str


def lines_of(items: Iterable[FourCheckItem]) -> list[Line]:
    """Items in the reader's language."""
    return [_line(one) for one in items]


def _line(item: FourCheckItem) -> Line:
    known = ITEMS[item.number]
    return Line(
        code=item.code,
        check=CHECKS[item.number[0]][1],
        title=known.title,
        outcome=item.outcome,
        badge=outcome_badge(item),
        detail=_detail(item),
    )


def outcome_badge(item: FourCheckItem) -> SafeString:
    """How an item came out."""
    looks = {Outcome.PASSED: ("green", "circle-check"), Outcome.FAILED: ("red", "x")}
    kind, icon = looks.get(Outcome(item.outcome), ("grey", "circle-dashed"))
    return badge(kind, item.get_outcome_display(), icon)


def _detail(item: FourCheckItem) -> str:
    if item.outcome == Outcome.NOT_APPLICABLE:
        return (
            _("Nothing was scanned.") if item.number == SCANNED else _("There is nothing of this kind here.")
        )
    if item.outcome == Outcome.PASSED:
        return ""
    named = [named_in_words(one) for one in item.about[:MOST_NAMED]]
    if len(item.about) > MOST_NAMED:
        named.append(_("and %(count)s more") % {"count": len(item.about) - MOST_NAMED})
    return f"{ITEMS[item.number].failed} {_(', ').join(named)}".strip()


def named_in_words(name: str) -> str:
    """What a finding is about: ``field:phone``, ``document:3.2``, ``item:4``, ``attachment:…``, ``process:opened``."""
    kind, _sep, what = name.partition(":")
    if kind == "field":
        return _labels().get(what, what) if split(what)[0] == 0 else _of_family(what)
    if kind == "document":
        number, _dot, version = what.partition(".")
        return _("document %(number)s, version %(version)s") % {"number": number, "version": version}
    if kind == "item":
        return _("document %(number)s") % {"number": what}
    if kind == "attachment":
        return _("attachment %(number)s") % {"number": what}
    return str(PROCESS.get(what, "")) if kind == "process" else _("the stored values")


def _labels() -> dict[str, str]:
    return {field: str(label) for field, label in _known().items()}


@cache
def _known() -> dict[str, Any]:
    found: dict[str, Any] = {"archive_no": Student._meta.get_field("archive_no").verbose_name}
    for layout in (HIGHER, VOCATIONAL, NATIONAL):
        for column in layout.columns:
            found[column.field] = column.label
    return found


def _of_family(field: str) -> str:
    position, _name = split(field)
    section = SECTIONS.get(f"member{position}", f"{position}")
    return f"{section} · {_known().get(field, field)}"
