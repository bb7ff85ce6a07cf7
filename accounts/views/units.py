"""The unit switcher of the top bar."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from accounts import unit_choice
from accounts.access import SIGNED_IN, requires


@requires(SIGNED_IN)
@require_GET
def unit_choices(request: HttpRequest) -> HttpResponse:
    """The units to choose from, fetched when the menu opens."""
    recent, every = unit_choice.menu(request)
    context = {"recent": recent, "every": every, "all_units": unit_choice.chosen(request) is None}
    return render(request, "accounts/unit_choices.html", context)


@requires(SIGNED_IN)
@require_POST
def switch_unit(request: HttpRequest) -> HttpResponse:
    """Choose the unit that lists keep to, and go back to the page."""
    unit_choice.choose(request, request.POST.get("unit", ""))
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(back if safe else resolve_url("reports:home"))
