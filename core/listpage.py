"""The one scaffold of every list: columns, filters, sorting, paging, column choice, density, bulk acts.

A list is declared in a room's ``lists.py``, gets a queryset that a selector has already cut to what the
reader may see, and is drawn by ``components/list.html``; htmx receives ``components/list_results.html``,
the same part that the page includes::

    class ApplicantList(ListPage[Applicant]):
        name = "enrollment.applicants"
        columns = (
            Column(
                "name", _("Name"), lambda a: a.name, sort=("name_sort",), fixed=True, link=True, css="name"
            ),
            Column("exam_no", _("Exam number"), lambda a: a.exam_no, sort=("exam_no",), css="id"),
            Column("state", _("State"), lambda a: badge(a.state_kind, a.state_label)),
            Column("born", _("Birth date"), lambda a: a.birth_date, default=False, css="date"),
        )
        filters = (
            Filter("q", _("Name"), "text", lambda rows, text: rows.filter(search=name_query(text))),
            Filter("state", _("State"), "choice", "state", choices=Applicant.State.choices),
            Filter("since", _("Entered since"), "date", "created_at__date__gte"),
        )
        default_sort = "-exam_no"
        empty = Empty(_("No applicants yet"), _("Enter the first or import a workbook."))

        def row_url(self, row: Applicant) -> str:
            return reverse("enrollment:applicant", args=[row.public_id])


    @requires("view_applicant")
    def applicants(request: HttpRequest) -> HttpResponse:
        page = ApplicantList(request, selectors.applicants(request.user), user=request.user)
        return page.respond("enrollment/applicants.html")

The template has ``{% include "components/list.html" %}`` in its content block; the list stands in the
context as ``list``.

The view must take POST as well: filters with words are posted, so that no name and no number stands in an
address (the words stay in the session, encrypted, under a token), and so are the reader's columns, page size and
density.

Pages are cut by offset with the primary key as the last sort key: rows never show twice or hide on account
of equal values. A cursor would have to carry names in the address. A list costs two queries whatever its
length, plus what the queryset prefetches; what only the drawn rows need belongs into ``dressed``, so that
counting does not pay for it.
"""

import secrets
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Generic
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core import shell
from core.crypto import DecryptFailed, decrypt, encrypt
from core.listparts import (
    Column,
    Filter,
    Heading,
    M,
    Row,
    ShownFilter,
    cell_start,
    cell_text,
    filter_value,
    parse_date,
)
from core.ui import BulkAct, Empty

__all__ = ["BulkAct", "Column", "Empty", "Filter", "ListPage"]

COUNT_LIMIT = 1000
MAX_PAGE = 100_000
MAX_WORDS_KEPT = 20
WORDS_MARK = "~"
_WORDS = "list_words"
_PREFERENCES = "list_preferences"


class SessionPreferences:
    """Keeps the reader's choices for lists with the session."""

    def get(self, request: HttpRequest, name: str) -> dict[str, Any]:
        return dict(request.session.get(_PREFERENCES, {}).get(name, {}))

    def put(self, request: HttpRequest, name: str, value: dict[str, Any]) -> None:
        request.session[_PREFERENCES] = {
            **request.session.get(_PREFERENCES, {}),
            name: value,
        }


_preferences = SessionPreferences()


def _unsealed(kept: str) -> str:
    """Kept words; "" for none, and for those that no key of today opens."""
    try:
        return decrypt(bytes.fromhex(kept), _WORDS) if kept else ""
    except (DecryptFailed, ValueError):
        return ""


class ListPage(Generic[M]):
    """A list for one request; see the module's text.

    ``unit_path``: the model path from a row to its unit; such a list keeps to the unit chosen in the top bar.

    Raises KeyError when ``default_sort`` names no sortable column.
    """

    name: str
    columns: Sequence[Column[M]]
    filters: Sequence[Filter] = ()
    default_sort: str = ""
    unit_path: str = ""
    page_sizes: tuple[int, ...] = (20, 50, 100)
    count_limit: int = COUNT_LIMIT
    bulk_limit: int = 500
    empty: Empty = Empty("")
    results_template = "components/list_results.html"

    def __init__(
        self,
        request: HttpRequest,
        queryset: QuerySet[M],
        *,
        user: Any,
        bulk: Sequence[BulkAct] = (),
        export_url: str = "",
    ) -> None:
        self.request = request
        self.user = user
        self.bulk = bulk
        self.export_url = export_url
        units = shell.narrowed(request) if self.unit_path else None
        self.is_narrowed = units is not None
        self._queryset = queryset if units is None else queryset.filter(**{f"{self.unit_path}__in": units})
        self._stored = _preferences.get(request, self.name)
        self._params = self._read_params()

    # What a list may say of its rows

    def row_url(self, row: M) -> str:
        """The page of a row; empty when it has none."""
        return ""

    def row_key(self, row: M) -> str:
        """What bulk acts post as ``ids``."""
        return str(getattr(row, "public_id", row.pk))

    def row_css(self, row: M) -> str:
        return ""

    def dressed(self, rows: QuerySet[M]) -> QuerySet[M, Any]:
        """The rows with what their cells need beyond the filters: joins, annotations, prefetches.

        A long list may give named tuples (``values_list(..., named=True)``, ``pk`` among them) in the place of models.
        """
        return rows

    # What the reader asked for

    def _read_params(self) -> dict[str, str]:
        source = self.request.POST if self._posts("filter") else self.request.GET
        params = {}
        for one in self.filters:
            value = source.get(one.key, "").replace("\0", "").strip()[:200]
            if one.kind == "text":
                value = self._keep_words(value) if self._posts("filter") else self._kept_words_token(value)
            if value:
                params[one.key] = value
        for key in ("sort", "page"):
            if key in source:
                params[key] = source[key]
        return params

    def _posts(self, form: str) -> bool:
        return self.request.method == "POST" and self.request.POST.get("list_form") == form

    def _keep_words(self, words: str) -> str:
        if not words:
            return ""
        kept: dict[str, str] = dict(self.request.session.get(_WORDS, {}))
        for token, old in kept.items():
            if _unsealed(old) == words:
                return token
        token = WORDS_MARK + secrets.token_hex(4)
        kept[token] = encrypt(words, _WORDS).hex()
        self.request.session[_WORDS] = dict(list(kept.items())[-MAX_WORDS_KEPT:])
        return token

    def _kept_words_token(self, value: str) -> str:
        return value if value in self.request.session.get(_WORDS, {}) else ""

    def _value(self, one: Filter) -> str:
        value = self._params.get(one.key, "")
        return _unsealed(self.request.session.get(_WORDS, {}).get(value, "")) if one.kind == "text" else value

    @cached_property
    def shown_filters(self) -> list[ShownFilter]:
        """The filters as the bar draws them."""
        shown = []
        for one in self.filters:
            value = self._value(one)
            fault = (
                _("Not a date; for example 2026-11-22")
                if one.kind == "date" and value and parse_date(value) is None
                else ""
            )
            options = one.options(self.user) if one.kind == "choice" else []
            shown.append(
                ShownFilter(
                    one.key,
                    one.label,
                    one.kind,
                    value,
                    options,
                    one.placeholder,
                    one.rare,
                    fault,
                    one.blank,
                )
            )
        return shown

    @property
    def common_filters(self) -> list[ShownFilter]:
        return [one for one in self.shown_filters if not one.rare]

    @property
    def rare_filters(self) -> list[ShownFilter]:
        return [one for one in self.shown_filters if one.rare]

    @property
    def asks_rarely(self) -> bool:
        """Whether a filter behind "More filters" is answered."""
        return any(one.value for one in self.rare_filters)

    @property
    def posts_filters(self) -> bool:
        """Whether a filter holds words, which must not stand in an address."""
        return any(one.kind == "text" for one in self.filters)

    @property
    def is_filtered(self) -> bool:
        return any(one.value for one in self.shown_filters)

    @cached_property
    def filtered(self) -> QuerySet[M]:
        """The rows that pass the filters, in the reader's order.

        Words come last: a search among them may be bounded, and must not spend its bound on what others leave out.
        """
        rows = self._queryset
        pairs = list(zip(self.filters, self.shown_filters, strict=True))
        for one, shown in sorted(pairs, key=lambda pair: pair[0].kind == "text"):
            value = filter_value(shown)
            if value is not None:
                rows = one.by(rows, value) if callable(one.by) else rows.filter(**{one.by: value})
        return rows.order_by(*self.ordering)

    @property
    def sort(self) -> str:
        """The sorted column's key, with ``-`` when descending; only keys of sortable columns pass."""
        asked = self._params.get("sort", "")
        return asked if asked.lstrip("-") in self._sortable else self.default_sort

    @property
    def _sortable(self) -> dict[str, tuple[str, ...]]:
        return {column.key: column.sort for column in self.columns if column.sort}

    @property
    def ordering(self) -> list[str]:
        sign = "-" if self.sort.startswith("-") else ""
        paths = self._sortable[self.sort.lstrip("-")] if self.sort else ()
        return [*(f"{sign}{path}" for path in paths), f"{sign}pk"]

    # Columns, page size and density: the reader's choice

    @cached_property
    def shown_columns(self) -> list[Column[M]]:
        chosen = self._stored.get("columns")
        if chosen is None:
            return [column for column in self.columns if column.default or column.fixed]
        return [column for column in self.columns if column.fixed or column.key in chosen]

    @property
    def shown_paths(self) -> list[str]:
        """What the shown columns say that they read, each path once."""
        return list(dict.fromkeys(path for column in self.shown_columns for path in column.reads))

    @property
    def column_choices(self) -> list[tuple[Column[M], bool]]:
        shown = {column.key for column in self.shown_columns}
        return [(column, column.key in shown) for column in self.columns]

    @property
    def size(self) -> int:
        size = self._stored.get("size")
        return size if size in self.page_sizes else self.page_sizes[0]

    @cached_property
    def density(self) -> str:
        """``compact`` or ``standard``, for all lists of the reader."""
        return str(_preferences.get(self.request, "*").get("density", "standard"))

    def _save_choice(self) -> None:
        posted = self.request.POST
        known = {column.key for column in self.columns}
        chosen = dict(self._stored)
        if "columns_shown" in posted:
            chosen["columns"] = [key for key in posted.getlist("column") if key in known]
        if (size := {str(one): one for one in self.page_sizes}.get(posted.get("size", ""))) is not None:
            chosen["size"] = size
        _preferences.put(self.request, self.name, chosen)
        if posted.get("density") in {"standard", "compact"}:
            _preferences.put(self.request, "*", {"density": posted["density"]})

    # The page of rows

    @cached_property
    def _counted(self) -> int:
        return self.filtered.order_by().values("pk")[: self.count_limit + 1].count()

    @property
    def is_counted(self) -> bool:
        """Whether the count is exact; above the limit it is not taken further."""
        return self._counted <= self.count_limit

    @property
    def total(self) -> int:
        return min(self._counted, self.count_limit)

    @property
    def count_text(self) -> str:
        """``45``, or ``1,000+``."""
        return f"{self.total:,}" if self.is_counted else f"{self.total:,}+"

    @cached_property
    def page(self) -> int:
        asked = self._params.get("page", "")
        page = min(int(asked), MAX_PAGE) if asked.isascii() and asked.isdigit() else 1
        if self.is_counted:
            page = min(page, -(-self._counted // self.size))
        return max(page, 1)

    @cached_property
    def objects(self) -> list[M]:
        """This page's rows, and one more when a next page exists (:attr:`has_next` cuts it off).

        A later page finds the keys of its rows first, so that the rows before it are not joined and dressed as well.
        """
        start = (self.page - 1) * self.size
        rows = self.filtered
        if start:
            keys = rows.values("pk")[start : start + self.size + 1]
            return list(self.dressed(rows.filter(pk__in=keys)))
        return list(self.dressed(rows)[: self.size + 1])

    @property
    def has_next(self) -> bool:
        return len(self.objects) > self.size

    @property
    def first_number(self) -> int:
        return (self.page - 1) * self.size + 1

    @property
    def last_number(self) -> int:
        return self.first_number + min(len(self.objects), self.size) - 1

    @cached_property
    def rows(self) -> list[Row]:
        """The lines of the table, ready to be written."""
        columns = self.shown_columns
        on_phones = [one for one in columns if one.phone]
        named = any(one.css == "name" for one in on_phones)
        lead = None if named else next(iter(on_phones), None)
        parts = [(column, cell_start(column, leads=column is lead)) for column in columns]
        return [self._row(row, parts) for row in self.objects[: self.size]]

    def _row(self, row: M, parts: list[tuple[Column[M], str]]) -> Row:
        url = self.row_url(row)
        cells = []
        for column, start in parts:
            text = cell_text(column.cell(row))
            if column.link and url:
                text = f'<a href="{escape(url)}">{text}</a>'
            cells.append(SafeString(f"{start}{text}</td>"))
        key = self.row_key(row) if self.bulk else ""
        return Row(key, self.row_css(row), cells, SafeString("".join(cells)))

    def export_rows(self) -> Iterator[list[object]]:
        """The shown columns of all rows that pass the filters, headings first, for an export job."""
        columns = self.shown_columns
        yield [str(column.label) for column in columns]
        for row in self.dressed(self.filtered).iterator(chunk_size=2000):
            yield [(column.value or column.cell)(row) for column in columns]

    @property
    def headings(self) -> list[Heading]:
        found = []
        for column in self.shown_columns:
            direction = url = ""
            if column.sort:
                ascending = self.sort == column.key
                direction = (
                    "ascending" if ascending else "descending" if self.sort == f"-{column.key}" else "none"
                )
                url = self._url(sort=f"-{column.key}" if ascending else column.key, page="")
            found.append(Heading(column.key, column.label, column.css, url, direction))
        return found

    @property
    def empty_kind(self) -> str:
        return "no_match" if self.is_filtered else "nothing"

    # Addresses and answers

    def _url(self, **changes: str) -> str:
        params = {key: value for key, value in {**self._params, **changes}.items() if value}
        return f"{self.request.path}?{urlencode(params)}" if params else self.request.path

    @property
    def url(self) -> str:
        """The address of exactly this state of the list, without words or names."""
        return self._url()

    @property
    def export_link(self) -> str:
        """Where exactly these rows are exported; empty when they are not."""
        if not self.export_url or not self.objects:
            return ""
        kept = {key: value for key, value in self._params.items() if value and key != "page"}
        return f"{self.export_url}?{urlencode(kept)}" if kept else self.export_url

    @property
    def clear_url(self) -> str:
        return self.request.path

    @property
    def previous_url(self) -> str:
        return self._url(page=str(self.page - 1)) if self.page > 1 else ""

    @property
    def next_url(self) -> str:
        return self._url(page=str(self.page + 1)) if self.has_next else ""

    def respond(self, template: str, context: dict[str, Any] | None = None) -> HttpResponse:
        """The answer to this request: the page, the results alone for htmx, or a redirect after a post."""
        if self._posts("settings"):
            self._save_choice()
            return HttpResponseRedirect(self._url(page=""))
        fragment = self.request.headers.get("HX-Target") == "list-results"
        if self._posts("filter") and not fragment:
            return HttpResponseRedirect(self.url)
        values = {**(context or {}), "list": self}
        response = render(self.request, self.results_template if fragment else template, values)
        response.headers["Vary"] = "HX-Request, HX-Target"
        if fragment:
            response.headers["HX-Replace-Url"] = self.url
        return response
