"""Routes that refuse in each way that a room can."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.urls import include, path

from accounts.scope import OutOfScope
from ledger.context import current
from ledger.models import Event
from school.models import Unit


@transaction.atomic
def denied(request: HttpRequest) -> HttpResponse:
    Unit(kind="department", name="must be rolled back").save()
    raise PermissionDenied


def outside(request: HttpRequest) -> HttpResponse:
    raise OutOfScope("school.unit", obj=Unit(pk=77))


def missing(request: HttpRequest) -> HttpResponse:
    raise Http404


def forbidden(request: HttpRequest) -> HttpResponse:
    return HttpResponseForbidden()


def allowed(request: HttpRequest) -> HttpResponse:
    unit = Unit(kind="department", name="written")
    unit.save()
    context = current()
    return HttpResponse(f"{context.actor} {context.address} {Event.objects.count()}")


def quiet(request: HttpRequest) -> HttpResponse:
    return HttpResponse("nothing asked for the user")


def signing_in(request: HttpRequest) -> HttpResponse:
    from django.contrib.auth import authenticate, login

    values: Any = request.POST
    user = authenticate(request, username=values["username"], password=values["password"])
    if user is None:
        return HttpResponse("wrong")
    login(request, user)
    return HttpResponse("signed in")


urlpatterns = [
    path("", include("config.urls")),
    path("denied/", denied, name="denied"),
    path("outside/", outside, name="outside"),
    path("missing/", missing, name="missing"),
    path("forbidden/", forbidden, name="forbidden"),
    path("allowed/", allowed, name="allowed"),
    path("quiet/", quiet, name="quiet"),
    path("probe-sign-in/", signing_in, name="sign_in"),
]
