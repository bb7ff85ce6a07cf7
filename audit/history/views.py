"""Pages of a history: every change, the file at a moment or between two, an earlier number whole."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires, user_of
from audit.history import actions, moments, selectors
from audit.history.forms import AskForm, MomentForm
from audit.history.selectors import Asked, Reach
from core.formatting import moment, moment_seconds
from records import opening, purposes

READERS = ("view_events", "view_student")
MOST_PAGES = 1000


def _purpose(request: HttpRequest, found: Reach) -> str:
    """What the file is read for in this session; auditors are not asked."""
    return "" if found.audits else purposes.chosen(request)


def _number(text: str) -> int:
    return min(max(int(text), 1), MOST_PAGES) if text.isascii() and text.isdigit() and len(text) < 8 else 1


def _values(found: Reach) -> dict[str, Any]:
    return {
        "found": found,
        "student": found.student,
        "stay": found.file.enrolment if found.file else None,
        "destroyed": found.destroyed,
        "watermark": f"{found.reader.name} {found.reader.staff_no} {moment(timezone.now())}",
    }


@requires(*READERS)
@require_GET
def history(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Every change of a student file, by part, field and time."""
    user = user_of(request)
    found = selectors.reach(user, public_id)
    if not found.audits and (question := opening.question(request)):
        return question
    actions.note_viewed(actor=user, found=found, purpose=_purpose(request, found))
    form = AskForm(request.GET)
    valid = form.is_valid()
    given = form.cleaned_data
    part = Asked(given.get("what", ""), given.get("since"), given.get("until"))
    page = _number(request.GET.get("page", ""))
    story = selectors.story(found, part, page) if valid else selectors.Story()
    values = _values(found) | {"form": form, "story": story, "part": part}
    return render(request, "audit/history.html", values, status=200 if valid else 422)


@requires(*READERS)
@require_GET
def history_at(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The file as it was at a moment, or what differs between two."""
    user = user_of(request)
    found = selectors.reach(user, public_id)
    if not found.audits and (question := opening.question(request)):
        return question
    form = MomentForm(request.GET if "at" in request.GET else None)
    values = _values(found) | {"form": form}
    asked_for: tuple[Any, ...] = ()
    if form.is_valid():
        asked_for = tuple(one for one in (form.cleaned_data["at"], form.cleaned_data["other"]) if one)
        look = moments.difference if len(asked_for) == 2 else moments.state
        values |= {"moments": asked_for, "parts": look(found, *asked_for)}
    told = tuple(moment_seconds(one) for one in asked_for)
    actions.note_viewed(actor=user, found=found, purpose=_purpose(request, found), moments=told)
    return render(
        request, "audit/history_at.html", values, status=422 if form.is_bound and form.errors else 200
    )


@requires("reveal_personal")
@require_POST
def history_reveal(request: HttpRequest, public_id: UUID, kind: str, row_id: int, field: str) -> HttpResponse:
    """An earlier number, whole, for the button beside it."""
    user = user_of(request)
    found = selectors.reach(user, public_id)
    value = actions.reveal(actor=user, found=found, kind=kind, row_id=row_id, field=field)
    return JsonResponse({"value": value})
