"""Pages of reviews of roles: the list, one review with its roles, answering and finishing it, its report."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import requires, user_of
from accounts.scope import units_with
from approvals.refusals import RequestRefused
from approvals.telling import handed_pdf
from audit.grant_reviews import actions, selectors
from audit.grant_reviews.forms import AnswerForm, OpenForm
from audit.grant_reviews.lists import ItemList, ReviewList, review_badge
from core.ui import BulkAct


@requires(*selectors.READERS)
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Every review of one's schools."""
    user = user_of(request)
    schools = selectors.units_to_open(user)
    page = ReviewList(request, selectors.reviews(user), user=user)
    return page.respond("audit/grant_reviews.html", {"form": OpenForm(schools=schools) if schools else None})


@requires(selectors.RUN)
@require_POST
def open_review(request: HttpRequest) -> HttpResponse:
    """Open a review out of turn."""
    user = user_of(request)
    form = OpenForm(request.POST, schools=selectors.units_to_open(user))
    if form.is_valid():
        try:
            made = actions.open_review(actor=user, school=form.cleaned_data["school"])
        except RequestRefused as refused:
            messages.error(request, str(refused))
        else:
            return redirect("audit:grant_review", made.public_id)
    else:
        messages.error(request, _("A review of this unit is open already."))
    return redirect("audit:grant_reviews")


@requires(*selectors.READERS)
@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """One review: its roles, to be confirmed or marked, and finishing it."""
    user = user_of(request)
    row = selectors.review_for(user, review_id)
    answers = not row.closed_at and bool(selectors.answered_by(user, row))
    runs = row.school_id in units_with(user, selectors.RUN)
    url = reverse("audit:grant_review_answer", args=[row.public_id])
    bulk = [
        BulkAct(_("Still needed"), f"{url}?outcome=keep", "check", primary=True),
        BulkAct(_("To be ended"), url, "x", dialog="end-roles"),
    ]
    page = ItemList(request, selectors.items(user, row), user=user, bulk=bulk if answers else [])
    ends, own = selectors.ending(user, row) if runs and not row.closed_at else (0, False)
    context = {
        "ends": ends,
        "own": own,
        "review": row,
        "state": review_badge(row),
        "answers": answers,
        "finishes": runs and not row.closed_at and selectors.may_finish(row),
        "waits": runs and not row.closed_at and not selectors.may_finish(row),
        "reports": bool(row.closed_at) and (runs or row.school_id in units_with(user, selectors.READ)),
    }
    return page.respond("audit/grant_review.html", context)


@requires(selectors.HEAD, selectors.RUN)
@require_POST
def answer(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Confirm the ticked roles, or mark them to end."""
    user = user_of(request)
    row = selectors.review_for(user, review_id)
    form = AnswerForm(
        {"outcome": request.GET.get("outcome", "end"), "reason": request.POST.get("reason", "")}
    )
    ids = [one for text in request.POST.getlist("ids") if (one := _uuid(text))]
    if not form.is_valid() or not ids:
        messages.error(request, _("Tick the roles first."))
        return redirect("audit:grant_review", review_id)
    try:
        done, left = actions.decide(actor=user, review=row, ids=ids, **form.cleaned_data)
    except RequestRefused as refused:
        messages.error(request, str(refused))
    else:
        _tell(request, done, left)
    return redirect("audit:grant_review", review_id)


def _tell(request: HttpRequest, done: int, left: int) -> None:
    if done:
        words = ngettext("%(count)s role recorded.", "%(count)s roles recorded.", done)
        messages.success(request, words % {"count": done})
    if left:
        words = ngettext(
            "%(count)s role was left: another person answers for it.",
            "%(count)s roles were left: another person answers for them.",
            left,
        )
        messages.warning(request, words % {"count": left})


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@requires(selectors.RUN)
@require_POST
def finish(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """End the marked roles and finish the review."""
    user = user_of(request)
    row = selectors.review_for(user, review_id)
    try:
        ended, unanswered, stay = actions.finish(actor=user, review=row)
    except RequestRefused as refused:
        messages.error(request, str(refused))
    else:
        words = _("Finished. Roles ended: %(ended)s, not answered: %(unanswered)s.")
        messages.success(request, words % {"ended": ended, "unanswered": unanswered})
        if stay:
            messages.warning(request, _("Your own role stays in force: nobody else grants roles here."))
    return redirect("audit:grant_review", review_id)


@requires(selectors.RUN, selectors.READ)
@require_POST
def report(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """The report of a finished review."""
    user = user_of(request)
    row = selectors.review_for(user, review_id)
    back = redirect("audit:grant_review", review_id)
    return handed_pdf(request, row.number, lambda: actions.print_report(actor=user, review=row), back)
