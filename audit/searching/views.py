"""Pages of the search: the list of events, its pictures, one event, saved queries."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires, user_of
from audit.history.selectors import changes_of
from audit.seals.lists import standing_badge
from audit.seals.selectors import standing_of
from audit.searching import actions, selectors
from audit.searching.forms import SaveForm
from audit.searching.lists import EventCharts, EventList
from core.formatting import number, size
from ledger import events as ledger_events
from records.purposes import PURPOSES
from records.trace import role_label

DETAIL_WORDS = {
    "purpose": gettext_lazy("Purpose"),
    "field": gettext_lazy("Field"),
    "found": gettext_lazy("Number found"),
    "fields": gettext_lazy("Fields"),
    "kind": gettext_lazy("Kind"),
    "step": gettext_lazy("Step"),
    "unit": gettext_lazy("Unit"),
    "role": gettext_lazy("Role"),
    "reason": gettext_lazy("Reason"),
    "row": gettext_lazy("Row"),
    "rows": gettext_lazy("Rows"),
    "seals": gettext_lazy("Seals compared"),
    "faults": gettext_lazy("Faults"),
    "files": gettext_lazy("Files"),
    "students": gettext_lazy("Students"),
    "count": gettext_lazy("Count"),
    "code": gettext_lazy("Code"),
    "bytes": gettext_lazy("Size"),
    "roles": gettext_lazy("Roles"),
    "number": gettext_lazy("Number"),
    "left_out": gettext_lazy("Left out"),
}
"""Words for what events tell most often; the rest stands as it is kept."""
COUNTED = ("rows", "seals", "faults", "files", "students", "count", "found", "roles", "left_out")


def _answer(request: HttpRequest, page: EventList, template: str) -> HttpResponse:
    user = user_of(request)
    if page.found is not None and page.draws:
        actions.note_search(actor=user, found=page.found)
    return page.respond(template, {"saved": selectors.saved_queries(user), "form": SaveForm()})


@requires(selectors.PERM)
@require_http_methods(["GET", "POST"])
def events(request: HttpRequest) -> HttpResponse:
    """Every event of one's units, by the questions of the bar."""
    user = user_of(request)
    return _answer(request, EventList(request, selectors.events(user), user=user), "audit/events.html")


@requires(selectors.PERM)
@require_http_methods(["GET", "POST"])
def charts(request: HttpRequest) -> HttpResponse:
    """Pictures of the same question."""
    user = user_of(request)
    return _answer(
        request, EventCharts(request, selectors.events(user), user=user), "audit/event_charts.html"
    )


def _detail(detail: dict[str, Any]) -> list[tuple[Any, str]]:
    """What an event tells besides, in words as far as there are any."""
    told = []
    for key, value in detail.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        if key == "purpose":
            text = str(PURPOSES.get(text, text))
        elif key == "field":
            text = selectors.field_label(text)
        elif key == "role":
            text = role_label(text) or text
        elif key == "unit" and isinstance(value, int):
            text = selectors.unit_names([value]).get(value, text)
        elif key == "bytes" and isinstance(value, int):
            text = size(value)
        elif key in COUNTED and isinstance(value, int):
            text = number(value)
        told.append((DETAIL_WORDS.get(key, key), text))
    return told


@requires(selectors.PERM)
@require_GET
def event(request: HttpRequest, event_id: int) -> HttpResponse:
    """One event with all that it tells, and what was changed by it."""
    user = user_of(request)
    row = selectors.event_for(user, event_id)
    if row.subject is not None:
        actions.note_opened(actor=user, event=row)
    standing, seal = standing_of(row)
    values = {
        "event": row,
        "standing": standing_badge(standing),
        "seal": seal,
        "sentence": ledger_events.label(row.action),
        "role": role_label(row.role),
        "person": selectors.people_of(user, [row.subject]).get(row.subject) if row.subject else None,
        "thing": selectors.thing(row.object_type),
        "unit": selectors.unit_names([row.unit_id]).get(row.unit_id or 0, ""),
        "detail": _detail(row.detail),
        "changes": changes_of(user, row),
    }
    return render(request, "audit/event.html", values)


@requires(selectors.PERM)
@require_POST
def saved_query_new(request: HttpRequest) -> HttpResponse:
    """Keep the question of the address under a name."""
    user = user_of(request)
    page = EventList(request, selectors.events(user), user=user)
    form = SaveForm(request.POST)
    if form.is_valid():
        try:
            actions.save_query(actor=user, name=form.cleaned_data["name"], words=page.words)
        except actions.NotSaved as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("Saved."))
    else:
        messages.error(request, _("Give the query a name of at most 40 characters."))
    return redirect(f"{reverse('audit:events')}?{page.query}")


@requires(selectors.PERM)
@require_POST
def saved_query_drop(request: HttpRequest, query_id: UUID) -> HttpResponse:
    """Delete one of one's own queries."""
    user = user_of(request)
    actions.drop_query(actor=user, query=selectors.saved_query(user, query_id))
    messages.success(request, _("Deleted."))
    return redirect("audit:events")
