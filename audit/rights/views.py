"""The page that asks for a role, and the printed form; what follows is a request like others."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import SIGNED_IN, requires, user_of
from accounts.scope import NotPermitted
from approvals import selectors as requests
from approvals.refusals import RequestRefused
from approvals.telling import handed_pdf
from audit.rights import actions, selectors
from audit.rights.forms import RoleForm

FIELDS = ("role", "unit", "valid_from", "valid_until", "reason")


@requires(SIGNED_IN)
@require_http_methods(["GET", "POST"])
def new_request(request: HttpRequest) -> HttpResponse:
    """Ask for a role for oneself."""
    user = user_of(request)
    if user.unit is None:
        raise NotPermitted("no unit")
    school = user.unit.employer
    named = request.GET.get("instead_of", "")
    old = requests.to_replace(user, actions.KIND, school, named, sent=bool(request.POST))
    start = {name: getattr(old, name) for name in FIELDS} if old else {"unit": school}
    form = RoleForm(request.POST or None, initial=start, units=selectors.units_of(school))
    if request.method == "POST" and form.is_valid():
        try:
            typed = actions.draft(actor=user, instead_of=old, **form.cleaned_data)
        except RequestRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Drafted. Look it over and submit it."))
            return redirect("approvals:request", typed.request.public_id)
    status = 422 if request.method == "POST" else 200
    return render(request, "audit/role_new.html", {"form": form, "old": old}, status=status)


@requires(SIGNED_IN)
@require_POST
def print_form(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """The form of a request, for whoever may read it."""
    user = user_of(request)
    row = requests.request_for(user, request_id)
    typed = selectors.asked_by(row)
    back = redirect("approvals:request", request_id)
    return handed_pdf(
        request, row.number or "role", lambda: actions.print_form(actor=user, typed=typed, request=row), back
    )
