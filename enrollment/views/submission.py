"""The page on which a clerk submits whole classes of drafts after the self-check."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access import requires, user_of
from enrollment import selectors
from enrollment.actions import IntakeRefused
from enrollment.actions.submission import PERM, Submitted, submit_drafts
from enrollment.views.common import tell
from school.rules import rule


@requires(PERM)
@require_http_methods(["GET", "POST"])
def self_check(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Classes with drafts of one's own; posting submits the ticked ones."""
    user = user_of(request)
    batch = selectors.batch_for(user, batch_id, PERM)
    if request.method == "POST":
        classes, compared = request.POST.getlist("ids"), request.POST.get("compared") == "1"
        try:
            done = submit_drafts(actor=user, batch=batch, classes=classes, compared=compared)
        except IntakeRefused as refused:
            tell(request, refused, fault=True)
        else:
            tell(request, _words(done), fault=not done.count)
        return redirect("enrollment:self_check", batch_id)
    lines = selectors.own_drafts_by_class(user, batch)
    context = {"batch": batch, "lines": lines, "limit": rule(batch.school, "bulk_limit")}
    context["total"] = sum(line["count"] for line in lines)
    return render(request, "enrollment/bulk/self_check.html", context)


def _words(done: Submitted) -> str:
    words = [
        ngettext("%(count)s applicant submitted", "%(count)s applicants submitted", done.count)
        % {"count": done.count}
    ]
    if done.open:
        words.append(
            ngettext("%(count)s is not complete", "%(count)s are not complete", done.open)
            % {"count": done.open}
        )
    if done.later:
        words.append(
            ngettext("%(count)s waits for the next go", "%(count)s wait for the next go", done.later)
            % {"count": done.later}
        )
    return _("; ").join(words)
