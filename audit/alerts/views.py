"""Pages of alerts: the list, and one alert with its answer."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import requires, user_of
from accounts.roles import Role
from accounts.scope import holds
from approvals.refusals import RequestRefused
from approvals.showing import role_name
from audit.alerts import actions, selectors
from audit.alerts.forms import AnswerForm
from audit.alerts.lists import AlertList, state_badge
from audit.alerts.words import told
from ledger.events import label


@requires(*selectors.READERS)
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Every alert of one's schools."""
    user = user_of(request)
    return AlertList(request, selectors.alerts(user), user=user).respond("audit/alerts.html")


@requires(*selectors.READERS)
@require_http_methods(["GET", "POST"])
def alert(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """One alert with what the person did on that day; what was found is written here."""
    user = user_of(request)
    row = selectors.alert_for(user, alert_id)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.answer(actor=user, alert=row, **form.cleaned_data)
        except RequestRefused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("Recorded."))
        return redirect("audit:alert", alert_id)
    context = {
        "alert": row,
        "told": told(row),
        "state": state_badge(row),
        "events": [(one, label(one.action), role_name(one.role)) for one in selectors.events_behind(row)],
        "most_events": selectors.MOST_EVENTS,
        "roles": [(one, Role(one.role).label) for one in selectors.roles_behind(row)],
        "sees_person": any(holds(user, perm) for perm in ("manage_users", "manage_grants", "view_grants")),
        "form": form,
    }
    return render(request, "audit/alert.html", context, status=422 if request.method == "POST" else 200)
