"""Pictures of what a question found: by day and result, by act, by person."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from accounts.models import User
from audit.searching.selectors import Window
from core.formatting import day
from core.ui import Chart, Series
from ledger import events
from ledger.models import Event

MOST_DAYS = 92
MOST_BARS = 8
_COUNT = """
    SELECT GROUPING(action), GROUPING(actor_id), day, result, action, actor_id, count(*) FROM ({found}) AS found
    GROUP BY GROUPING SETS ((day, result), (action), (actor_id))
"""


@dataclass(frozen=True, slots=True)
class _Counted:
    days: Counter[tuple[date, str]] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    people: Counter[int | None] = field(default_factory=Counter)


def charts(rows: QuerySet[Event], window: Window) -> list[Chart]:
    """The three pictures of ``rows``, which are unordered and of at most `MOST_DAYS` days; two queries, one pass."""
    counted = _count(rows)
    return [_by_day(counted, window), _by_action(counted), _by_person(counted)]


def _count(rows: QuerySet[Event]) -> _Counted:
    """All counts at once: the events of three months are read once and not three times."""
    found = rows.annotate(day=TruncDate("at")).values("day", "result", "action", "actor_id")
    counted = _Counted()
    try:
        sql, params = found.query.sql_with_params()
    except EmptyResultSet:
        return counted
    with connection.cursor() as cursor:
        cursor.execute(_COUNT.format(found=sql), params)
        for no_action, no_actor, on, result, action, actor, count in cursor.fetchall():
            if not no_action:
                counted.actions[action] = count
            elif not no_actor:
                counted.people[actor] = count
            else:
                counted.days[on, result] = count
    return counted


def _by_day(counted: _Counted, window: Window) -> Chart:
    days = [window.since + timedelta(days=number) for number in range(window.days)]
    return Chart(
        key="events-days",
        title=_("Events by day"),
        labels=[day(one) for one in days],
        series=[
            Series(label, [counted.days[one, result] for one in days])
            for result, label in Event.Result.choices
        ],
        kind="stacked",
    )


def _bars(key: str, title: str, counted: list[tuple[str, int]]) -> Chart:
    return Chart(
        key=key,
        title=title,
        labels=[label for label, _count in counted],
        series=[Series(_("Events"), [count for _label, count in counted])],
        kind="hbar",
        note=_("the most frequent") if len(counted) == MOST_BARS else "",
    )


def _by_action(counted: _Counted) -> Chart:
    most = counted.actions.most_common(MOST_BARS)
    return _bars("events-actions", _("Events by act"), [(events.label(name), count) for name, count in most])


def _by_person(counted: _Counted) -> Chart:
    most = counted.people.most_common(MOST_BARS)
    names = dict(User.objects.filter(pk__in=[pk for pk, _count in most if pk]).values_list("pk", "name"))
    labelled = [
        (names.get(pk, _("Nobody signed in")) if pk else _("Nobody signed in"), count) for pk, count in most
    ]
    return _bars("events-people", _("Events by person"), labelled)
