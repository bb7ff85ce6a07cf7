"""Pages of bulletins: the list, publishing one, reading and printing it."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires, user_of
from accounts.scope import holds
from approvals.refusals import RequestRefused
from approvals.telling import handed_pdf
from audit.bulletins import actions, selectors
from audit.bulletins.forms import BulletinForm
from audit.bulletins.lists import BulletinList
from audit.bulletins.printing import quarter_words, shown
from audit.inspections.people import PLAN


@requires(*selectors.ALL_READERS)
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Published bulletins."""
    user = user_of(request)
    page = BulletinList(request, selectors.bulletins(user), user=user)
    return page.respond("audit/bulletins.html", {"may_publish": holds(user, PLAN)})


@requires(PLAN)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Publish a bulletin, after looking at its figures on demand."""
    user = user_of(request)
    form = BulletinForm(request.POST or None, user=user, initial={"key": uuid4()})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if "preview" in request.POST:
            context = {"form": form, "tables": shown(selectors.lines(given["school"], form.quarter()))}
            return render(request, "audit/bulletin_new.html", {**context, "looked": True})
        try:
            made = actions.publish(
                actor=user,
                key=given["key"],
                school=given["school"],
                quarter=form.quarter(),
                words=given["words"],
            )
        except RequestRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Published. The departments are told."))
            return redirect("audit:bulletin", made.public_id)
    status = 422 if request.method == "POST" else 200
    return render(request, "audit/bulletin_new.html", {"form": form}, status=status)


@requires(*selectors.ALL_READERS)
@require_GET
def bulletin(request: HttpRequest, bulletin_id: UUID) -> HttpResponse:
    """One bulletin."""
    row = selectors.bulletin_for(user_of(request), bulletin_id)
    context = {"bulletin": row, "quarter": quarter_words(row.year, row.quarter), "tables": shown(row.lines)}
    return render(request, "audit/bulletin.html", context)


@requires(*selectors.ALL_READERS)
@require_POST
def print_bulletin(request: HttpRequest, bulletin_id: UUID) -> HttpResponse:
    """The bulletin as PDF."""
    user = user_of(request)
    row = selectors.bulletin_for(user, bulletin_id)
    back = redirect("audit:bulletin", bulletin_id)
    return handed_pdf(request, row.number, lambda: actions.print_bulletin(actor=user, row=row), back)
