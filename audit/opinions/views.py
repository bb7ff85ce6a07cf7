"""Pages of reports and opinions: writing one, the register, answering."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import SIGNED_IN, requires, user_of
from approvals.refusals import RequestRefused
from audit.inspections.people import INSPECT
from audit.opinions import actions, selectors
from audit.opinions.forms import AnswerForm, WriteForm
from audit.opinions.lists import OpinionList, state_badge
from audit.rectifications.lists import state_badge as notice_badge
from audit.rectifications.selectors import notices_of


@requires(SIGNED_IN)
@require_http_methods(["GET", "POST"])
def write(request: HttpRequest) -> HttpResponse:
    """Write a report or opinion; below, one's own with their answers."""
    user = user_of(request)
    form = WriteForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.write(actor=user, **form.cleaned_data)
        except RequestRefused as refused:
            form.add_error(None, str(refused))
        else:
            words = _("Kept under number %(number)s. The answer will stand on this page.")
            messages.success(request, words % {"number": made.number})
            return redirect("audit:opinion_write")
    rows = [(one, state_badge(one)) for one in selectors.written_by(user)]
    status = 422 if request.method == "POST" else 200
    return render(request, "audit/opinion_write.html", {"form": form, "rows": rows}, status=status)


@requires(INSPECT)
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Reports and opinions that do not concern one's own department."""
    user = user_of(request)
    return OpinionList(request, selectors.opinions(user), user=user).respond("audit/opinions.html")


@requires(INSPECT)
@require_http_methods(["GET", "POST"])
def opinion(request: HttpRequest, opinion_id: UUID) -> HttpResponse:
    """One of them; it is answered here, and a notice can follow from it."""
    user = user_of(request)
    row = selectors.opinion_for(user, opinion_id)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.answer(actor=user, opinion=row, words=form.cleaned_data["words"])
        except RequestRefused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("Recorded."))
        return redirect("audit:opinion", opinion_id)
    context = {
        "opinion": row,
        "state": state_badge(row),
        "form": form,
        "may_answer": selectors.may_answer(user, row),
        "rectifications": [(one, notice_badge(one)) for one in notices_of(user, opinion=row)],
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "audit/opinion.html", context, status=status)
