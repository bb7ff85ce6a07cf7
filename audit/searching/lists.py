"""The list of events: the questions who, to whom, what, when, from where, with which result."""

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from itertools import groupby
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from audit.searching import selectors
from audit.searching.charts import MOST_DAYS, charts
from audit.searching.selectors import FoundPeople, Window
from core.formatting import clock_seconds
from core.listpage import Column, Empty, Filter, ListPage
from core.listparts import Row, parse_date
from core.templatetags.xueji import badge
from core.ui import Chart
from ledger import events
from ledger.models import Event
from records.trace import role_label

DEEPEST = 10_000
"""Rows that can be paged through; who needs more asks for a shorter time."""

Result = Event.Result


def _who(row: Any) -> SafeString:
    if row.actor is None:
        return format_html('<span class="xj-soft">{}</span>', _("Nobody signed in"))
    return format_html(
        '<span class="person-name">{}</span> <span class="xj-soft">{}</span>',
        row.actor.name,
        role_label(row.role),
    )


def _whose(row: Any) -> SafeString:
    kind = selectors.thing(row.object_type)
    if row.person is None:
        return format_html('<span class="xj-soft">{}</span>', kind or "—")
    name = row.person.name or _("Destroyed file")
    return format_html(
        '<span class="person-name">{}</span> <span class="xj-code">{}</span>', name, row.person.number
    )


def _result(row: Event) -> str:
    if row.result == Result.REFUSED:
        return badge("red", Result.REFUSED.label, "lock")
    if row.result == Result.FAILED:
        return badge("orange", Result.FAILED.label, "alert-circle")
    return format_html('<span class="xj-soft">{}</span>', Result.DONE.label)


def _periods(user: Any) -> list[tuple[int, str]]:
    return [
        (days, ngettext("Last %(days)s day", "Last %(days)s days", days) % {"days": days})
        for days in selectors.PERIODS
    ]


def _as_it_is(rows: QuerySet[Event], value: Any) -> QuerySet[Event]:
    """Questions that the list answers as a whole."""
    return rows


def _by_actor(rows: QuerySet[Event], text: str) -> QuerySet[Event]:
    return rows.filter(actor_id__in=selectors.find_staff(text)[: selectors.MOST_PEOPLE])


def _by_address(rows: QuerySet[Event], text: str) -> QuerySet[Event]:
    address = selectors.client_address(text)
    return rows.filter(address=address) if address else rows.none()


class EventList(ListPage[Any]):
    """Events of a time, the newest first. Of a student stand here name and number and nothing else."""

    name = "audit.events"
    columns = (
        Column("at", _("Time"), lambda row: clock_seconds(row.at), sort=("at",), fixed=True, link=True, css="id"),
        Column("who", _("Who"), _who, fixed=True, css="name"),
        Column("action", _("Which act"), lambda row: events.label(row.action), fixed=True),
        Column("whose", _("Concerning"), _whose),
        Column("result", _("Result"), _result, css="state"),
        Column("unit", _("Unit"), lambda row: row.unit_label, phone=False, default=False),
        Column("address", _("From where"), lambda row: row.address or "", css="id", phone=False),
        Column("request_no", _("Request number"), lambda row: row.request_no, css="id", phone=False),
    )  # fmt: skip
    filters = (
        Filter("who", _("Who"), "text", _by_actor, placeholder=_("Staff number or name")),
        Filter("whose", _("Concerning"), "text", _as_it_is, placeholder=_("Student: name or number")),
        Filter("action", _("Which act"), "choice", "action", choices=selectors.action_choices),
        Filter("days", _("When"), "choice", _as_it_is, choices=_periods, blank=_("Last 30 days")),
        Filter("result", _("Result"), "choice", "result",
               choices=Result.choices),
        Filter("since", _("From"), "date", _as_it_is, rare=True),
        Filter("until", _("Until"), "date", _as_it_is, rare=True),
        Filter("address", _("From where"), "text", _by_address, rare=True, placeholder=_("IP address")),
        Filter("request_no", _("Request number"), "text",
               lambda rows, text: rows.filter(request_no=text.strip().upper()), rare=True),
    )  # fmt: skip
    default_sort = "-at"
    unit_path = "unit_id"
    empty = Empty("")
    results_template = "audit/event_results.html"

    def row_url(self, row: Any) -> str:
        """The event."""
        return reverse("audit:event", args=[row.pk])

    @cached_property
    def words(self) -> dict[str, str]:
        """What was answered to each question, as it was typed or chosen."""
        return {one.key: one.value for one in self.shown_filters}

    @cached_property
    def window(self) -> Window:
        """The time that is asked about."""
        days = {str(one): one for one in selectors.PERIODS}.get(self.words["days"])
        return selectors.window(days, parse_date(self.words["since"]), parse_date(self.words["until"]))

    @cached_property
    def found(self) -> FoundPeople | None:
        """The students whom the question names; None when it names nobody."""
        words = self.words["whose"]
        return selectors.find_people(self.user, words) if words else None

    @property
    def too_many_staff(self) -> bool:
        """Whether the name of who acted fits more people than are asked about."""
        return (
            bool(self.words["who"]) and len(selectors.find_staff(self.words["who"])) > selectors.MOST_PEOPLE
        )

    @property
    def draws(self) -> bool:
        """Whether this request is answered by rows, and not by leading to the address of the same question."""
        if self._posts("settings"):
            return False
        return not self._posts("filter") or self.request.headers.get("HX-Target") == "list-results"

    @cached_property
    def filtered(self) -> QuerySet[Any]:
        """The events of the time that answer every question."""
        rows = self.window.keep(super().filtered)
        return rows if self.found is None else rows.filter(subject__in=self.found.ids)

    @cached_property
    def page(self) -> int:
        """The page that is shown."""
        return min(super().page, DEEPEST // self.size)

    @property
    def has_next(self) -> bool:
        """Whether older events can be turned to."""
        return super().has_next and self.page < DEEPEST // self.size

    @cached_property
    def objects(self) -> list[Any]:
        """This page's events and one more, each with ``person`` and ``unit_label``.

        Their keys come first: indexes tell them by themselves, where a question leaves out most of what it reads.
        """
        start = (self.page - 1) * self.size
        keys = list(self.filtered.values_list("pk", "at")[start : start + self.size + 1])
        rows = selectors.whole(keys)
        people = selectors.people_of(self.user, (one.subject for one in rows))
        units = selectors.unit_names(one.unit_id for one in rows)
        for one in rows:
            one.person = people.get(one.subject)
            one.unit_label = units.get(one.unit_id, "")
        return rows

    @property
    def days(self) -> list[tuple[date, Sequence[Row]]]:
        """The lines of this page by their day."""
        pairs = zip(self.objects, self.rows, strict=False)
        by_day = groupby(pairs, key=lambda pair: timezone.localdate(pair[0].at))
        return [(day, [row for _event, row in group]) for day, group in by_day]

    @property
    def query(self) -> str:
        """The question as the part of an address behind the question mark, words left with the session."""
        return self.url.partition("?")[2]


class EventCharts(EventList):
    """The same question answered by pictures."""

    results_template = "audit/event_charts_results.html"

    @property
    def is_too_long(self) -> bool:
        return self.window.days > MOST_DAYS

    @cached_property
    def charts(self) -> list[Chart]:
        """Days and results, acts, people; none for a time that is too long or wrong."""
        if self.is_too_long or self.window.is_wrong:
            return []
        return charts(self.filtered.order_by(), self.window)

    @property
    def limit_text(self) -> str:
        return gettext("Charts show at most %(days)s days. Choose a shorter time.") % {"days": MOST_DAYS}
