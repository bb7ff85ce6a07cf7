"""The page on which the head of admissions hands a clerk's open work to another."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access import requires, user_of
from enrollment import open_work
from enrollment.actions import IntakeRefused
from enrollment.actions.handover import PERM, HandedOver, hand_over
from enrollment.views.common import tell
from enrollment.work_forms import HandOverForm


@requires(PERM)
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Clerks with open work; posting hands the drafts and returned applicants of one to another."""
    user = user_of(request)
    lines = open_work.clerks_with_work(user, PERM)
    shown = HandOverForm(
        request.POST or None,
        givers=[one.clerk for one in lines if one.count],
        takers=open_work.takers(user, PERM),
    )
    status = 200
    if request.method == "POST":
        status = 422
        if shown.is_valid():
            try:
                done = hand_over(actor=user, **shown.cleaned_data)
            except IntakeRefused as refused:
                shown.add_error("taker", str(refused))
            else:
                tell(request, _words(done))
                return redirect("enrollment:hand_over")
    return render(request, "enrollment/hand_over.html", {"lines": lines, "form": shown}, status=status)


def _words(done: HandedOver) -> str:
    words = ngettext("%(count)s applicant handed over", "%(count)s applicants handed over", done.count) % {
        "count": done.count
    }
    if done.left:
        words += _("; ") + ngettext(
            "%(count)s stayed: this colleague decided on it, or does not enter there",
            "%(count)s stayed: this colleague decided on them, or does not enter there",
            done.left,
        ) % {"count": done.left}
    return words
