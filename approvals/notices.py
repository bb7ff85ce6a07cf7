"""News for departments: who must be told, in one line each, counted up instead of repeated.

register("intake.accepted", ngettext_lazy("... of %(about)s", "... of %(about)s", "count"), "view_applicant")
tell("intake.accepted", school=school, duties=(Unit.Duty.TEACHING,), about=batch.name, url=url, count=46)
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import holds
from approvals.inbox import MOST_ROWS, InboxRow, Tab
from approvals.models import Notice, NoticeRead
from school.models import Unit

_TELL = """
    INSERT INTO approvals_notice AS notice (unit_id, duty, kind, about, url, day, count, first_at, last_at)
    VALUES (%(unit)s, %(duty)s, %(kind)s, %(about)s, %(url)s, %(day)s, %(count)s, %(now)s, %(now)s)
    ON CONFLICT (unit_id, duty, kind, url, day) DO UPDATE SET
    count = notice.count + excluded.count, last_at = clock_timestamp(), about = excluded.about
"""

_texts: dict[str, Any] = {}
_perms: dict[str, str] = {}


def register(kind: str, text: Any, perm: str = "") -> None:
    """Make a kind of notice known; ``text`` (a lazy ngettext) is filled with ``count`` and ``about``.

    Who holds ``perm`` can open the page that it leads to, everybody when it is ""; others read the text alone.
    """
    _texts[kind], _perms[kind] = text, perm


def leads_on(user: User, notice: Notice) -> bool:
    """Whether ``user`` may open the page that the notice is about."""
    perm = _perms[notice.kind]
    return not perm or holds(user, perm)


def text(notice: Notice) -> str:
    """The notice in the language in use."""
    return str(_texts[notice.kind] % {"count": notice.count, "about": notice.about})


def tell(kind: str, *, school: Unit, duties: Iterable[str], about: str, url: str, count: int = 1) -> None:
    """Tell the departments of ``school`` with these duties, in the transaction of the act.

    Raises KeyError for an unknown kind.
    """
    _texts[kind]
    now = timezone.now()
    what: dict[str, Any] = {"unit": school.pk, "kind": kind, "about": about[:80], "url": url}
    shared = {**what, "count": count, "now": now, "day": timezone.localdate(now)}
    with connection.cursor() as cursor:
        for duty in sorted(duties):
            cursor.execute(_TELL, {**shared, "duty": duty})


def told(kind: str, *, school: Unit, duty: str, url: str, day: date) -> bool:
    """Whether a department was told this news on this day already."""
    return Notice.objects.filter(unit=school, duty=duty, kind=kind, url=url, day=day).exists()


def mark_read(user: User, notice: Notice) -> None:
    """``user`` has read the notice as it is given; what was added meanwhile is news to him."""
    NoticeRead.objects.update_or_create(notice=notice, user=user, defaults={"at": notice.last_at})


def inbox_rows(user: User, tab: Tab) -> list[InboxRow]:
    """Unread notices as rows of the inbox; opening one marks it as read."""
    if tab != "waiting":
        return []
    unread = Notice.objects.visible_to(user).unread_by(user).order_by("-last_at")[:MOST_ROWS]
    return [
        InboxRow(
            kind=_("Notice"),
            title=text(one),
            url=reverse("approvals:notice", args=[one.pk]),
            count=one.count,
            is_notice=True,
        )
        for one in unread
    ]
