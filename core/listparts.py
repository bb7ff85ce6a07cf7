"""What a list is declared from (:class:`Column`, :class:`Filter`) and what its templates get."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import Any, Generic, Literal, TypeVar

from django import forms
from django.db.models import Model, QuerySet
from django.utils.functional import Promise
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from core.formatting import NO_VALUE, day, moment

M = TypeVar("M", bound=Model)
Label = str | Promise
Choices = Sequence[tuple[Any, Any]]
_BETWEEN = "\x00"
"""Stands in no text: PostgreSQL keeps none with it."""


@dataclass(frozen=True, slots=True)
class Column(Generic[M]):
    """A column. ``cell`` gives text, a number, a date or safe HTML for a row, and must not query.

    ``sort``: model paths that the heading sorts by (none: it does not sort). ``fixed``: cannot be hidden.
    ``default``: shown until the reader chooses. ``css``: num, id, date, name or own. ``link``: leads to the
    row's page. ``phone``: shown on phones. ``value``: what an export writes, when it is not what ``cell``
    shows. ``reads``: the paths that the cell reads, for a list that asks only for what is shown.
    """

    key: str
    label: Label
    cell: Callable[[M], object]
    sort: tuple[str, ...] = ()
    default: bool = True
    fixed: bool = False
    css: str = ""
    link: bool = False
    phone: bool = True
    value: Callable[[M], object] | None = None
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of the bar. ``by``: a model lookup, or a function of queryset and value.

    ``kind``: choice (only the given values count), date, flag, or text (kept out of the address).
    ``choices`` may be a function of the user. ``rare`` ones stand behind "More filters". ``blank``: what no choice
    means, where it is not all of them.
    """

    key: str
    label: Label
    kind: Literal["choice", "date", "flag", "text"]
    by: str | Callable[[QuerySet[Any], Any], QuerySet[Any]]
    choices: Choices | Callable[[Any], Choices] = ()
    rare: bool = False
    placeholder: Label = ""
    blank: Label = ""

    def options(self, user: Any) -> list[tuple[str, Any]]:
        found = self.choices(user) if callable(self.choices) else self.choices
        return [(str(value), label) for value, label in found if value not in ("", None)]


@dataclass(frozen=True, slots=True)
class ShownFilter:
    """A filter with what the reader chose."""

    key: str
    label: Label
    kind: str
    value: str
    options: list[tuple[str, Any]]
    placeholder: Label
    rare: bool
    fault: str = ""
    blank: Label = ""

    @property
    def options_html(self) -> SafeString:
        """The options as HTML, written at once: a list may offer hundreds of classes."""
        chosen = escape(self.value)
        values = _escaped([value for value, _label in self.options])
        labels = _escaped([str(label) for _value, label in self.options])
        return SafeString(
            "".join(
                f'<option value="{value}"{" selected" if value == chosen else ""}>{label}</option>'
                for value, label in zip(values, labels, strict=True)
            )
        )


def _escaped(texts: list[str]) -> list[str]:
    """Each text escaped, in one go for all of them."""
    whole = escape(_BETWEEN.join(texts))
    return whole.split(_BETWEEN) if texts else []


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's heading: where a click on it leads, and how the list is sorted by it now."""

    key: str
    label: Label
    css: str
    url: str
    direction: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: each cell is a whole ``<td>``; ``html`` is all of them, written at once for speed."""

    key: str
    css: str
    cells: list[SafeString]
    html: SafeString


def parse_date(text: str) -> date | None:
    """The day that a filter names, None for what is no day."""
    try:
        return forms.DateField().to_python(text)
    except forms.ValidationError:
        return None


def filter_value(shown: ShownFilter) -> object | None:
    """What is asked of the database; None for nothing chosen and for what is not a choice."""
    if not shown.value or shown.fault:
        return None
    if shown.kind == "date":
        return parse_date(shown.value)
    if shown.kind == "flag":
        return True
    if shown.kind == "choice" and shown.value not in {value for value, _label in shown.options}:
        return None
    return shown.value


def cell_start(column: Column[Any], *, leads: bool = False) -> str:
    """The opening tag of a column's cells, with the label that phones show. ``leads``: the row's heading there."""
    marks = (
        column.css,
        "no-phone" * (not column.phone),
        "link" * column.link * (column.css != "name"),
        "lead" * leads,
    )
    css = " ".join(filter(None, marks))
    return format_html('<td class="{}" data-label="{}">', css, column.label)


def cell_text(value: object) -> str:
    """What stands in a cell, escaped."""
    if isinstance(value, SafeString):
        return value
    if isinstance(value, str):
        return escape(value) if value else NO_VALUE
    if value is None:
        return NO_VALUE
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return conditional_escape(str(value))
