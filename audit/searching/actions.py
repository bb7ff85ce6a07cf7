"""Acts of searching: what of it the ledger keeps, and keeping a question for oneself."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import NotPermitted, holds, reading_role
from audit.models import SavedQuery
from audit.searching import selectors
from audit.searching.selectors import MOST_QUERIES, PERM, FoundPeople
from core.listparts import parse_date
from core.row_locks import locked_rows
from ledger import events
from ledger.context import acting
from ledger.history import delete_rows
from ledger.models import Event


class NotSaved(Exception):
    """The question cannot be kept; the text says why."""


def _role(actor: User, unit_id: int | None) -> str:
    return reading_role(actor, (PERM,), unit_id) if unit_id else ""


@transaction.atomic
def note_search(*, actor: User, found: FoundPeople) -> None:
    """Somebody asked for events about a person: one event; what was typed is not kept."""
    subject = found.ids[0] if len(found.ids) == 1 else None
    detail = {"found": len(found.ids)}
    events.record("events.searched", actor=actor, subject=subject, unit_id=actor.unit_id, detail=detail)


@transaction.atomic
def note_opened(*, actor: User, event: Event) -> None:
    """Somebody opened an event that is about a person: one event."""
    events.record(
        "events.opened", actor=actor, subject=event.subject, unit_id=event.unit_id,
        role=_role(actor, event.unit_id), detail={"event": event.pk, "of": event.action},
    )  # fmt: skip


def _asker(words: Mapping[str, str]) -> int | None:
    """The one account that the question names, if it names any. Raises NotSaved for several or none."""
    if not words["who"]:
        return None
    found = selectors.find_staff(words["who"])
    if len(found) != 1:
        raise NotSaved(_("Name one person by the staff number, then save the query."))
    return found[0]


def _checked_name(name: str) -> str:
    """Raises NotSaved for a name that holds a personal number."""
    try:
        events.check_detail({"query": name})
    except events.BadDetail:
        raise NotSaved(_("The name of a query holds no personal numbers.")) from None
    return name


@transaction.atomic
def save_query(*, actor: User, name: str, words: Mapping[str, str]) -> SavedQuery:
    """Keep the answers to the questions under a name; whom they concern is left out.

    ``words``: by key of the filters of the list. Raises NotSaved, NotPermitted.
    """
    if not holds(actor, PERM):
        raise NotPermitted(PERM)
    locked_rows(User.objects.filter(pk=actor.pk))
    own = SavedQuery.objects.filter(owner=actor)
    if own.filter(name=name).exists():
        raise NotSaved(_("You have a query of this name already."))
    if own.count() >= MOST_QUERIES:
        raise NotSaved(_("You have %(most)s saved queries; delete one first.") % {"most": MOST_QUERIES})
    values: dict[str, Any] = {
        "who_id": _asker(words),
        "action": words["action"] if words["action"] in events.actions() else "",
        "result": words["result"] if words["result"] in Event.Result.values else "",
        "days": {str(one): one for one in selectors.PERIODS}.get(words["days"]),
        "since": parse_date(words["since"]),
        "until": parse_date(words["until"]),
        "address": selectors.client_address(words["address"]),
        "request_no": words["request_no"].strip().upper()[:40],
    }
    row = SavedQuery(owner=actor, name=_checked_name(name), **values)
    with acting(actor):
        row.save()
        events.record("events.query_saved", actor=actor, obj=row, unit_id=actor.unit_id)
    return row


@transaction.atomic
def drop_query(*, actor: User, query: SavedQuery) -> None:
    """Delete one of one's own. Raises NotPermitted for another's."""
    row = locked_rows(SavedQuery.objects.filter(pk=query.pk)).first()
    if row is None:
        return
    if row.owner_id != actor.pk:
        raise NotPermitted(PERM)
    with acting(actor):
        events.record("events.query_dropped", actor=actor, obj=row, unit_id=actor.unit_id)
        delete_rows([row], actor=actor)
