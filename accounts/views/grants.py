"""Who can see what and why: by unit; by person it stands on the user's page."""

from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts import selectors
from accounts.access import requires, user_of
from accounts.lists import GrantList
from school.models import Unit


@requires("view_grants", "manage_grants")
@require_http_methods(["GET"])
def grants(request: HttpRequest) -> HttpResponse:
    """The unit that the form names, else the first of one's units."""
    units = _units(request)
    named = request.GET.get("unit", "")
    unit = next((one for one in units if str(one.public_id) == named), units[0])
    address = reverse("accounts:unit_grants", args=[unit.public_id])
    perm = request.GET.get("perm", "")
    return redirect(
        f"{address}?{urlencode({'perm': perm})}" if perm in selectors.PERMISSION_LABELS else address
    )


@requires("view_grants", "manage_grants")
@require_http_methods(["GET", "POST"])
def unit_grants(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Everybody whose role reaches into a unit, each with the path; for one permission or for all."""
    user = user_of(request)
    unit = selectors.one_unit(user, public_id)
    perm = request.GET.get("perm", "")
    perm = perm if perm in selectors.PERMISSION_LABELS else ""
    page = GrantList(request, selectors.paths_into(user, unit, perm), user=user)
    context = {
        "unit": unit,
        "units": [(f"{'　' * len(one.ancestors)}{one.label}", one) for one in _units(request)],
        "perm": perm,
        "permissions": list(selectors.PERMISSION_LABELS.items()),
    }
    return page.respond("accounts/unit_grants.html", context)


def _units(request: HttpRequest) -> list[Unit]:
    user = user_of(request)
    return selectors.units_in_tree(user, "view_grants") or selectors.units_in_tree(user, "manage_grants")
