"""The clerk's pages: lists of applicants and the form."""

from typing import cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import requires
from accounts.models import User
from accounts.scope import units_with
from enrollment import selectors
from enrollment.lists import ApplicantList, BatchList

READERS = ("view_applicant", "enter_applicant")


def user_of(request: HttpRequest) -> User:
    """The signed-in user."""
    return cast("User", request.user)


@requires("view_applicant")
@require_http_methods(["GET", "POST"])
def batches(request: HttpRequest) -> HttpResponse:
    """Intake batches in scope."""
    user = user_of(request)
    page = BatchList(request, selectors.batches(user), user=user)
    return page.respond("enrollment/batches.html")


@requires("view_applicant")
@require_http_methods(["GET", "POST"])
def applicants(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The applicants of one batch."""
    user = user_of(request)
    batch = selectors.batch_for(user, batch_id)
    may_enter = batch.school_id in units_with(user, "enter_applicant")
    start_url = reverse("enrollment:applicant_start", args=[batch.public_id]) if may_enter else ""
    page = ApplicantList(
        request,
        selectors.applicants_of(user, batch),
        user=user,
        class_choices=selectors.class_choices(batch),
        start_url=start_url,
    )
    context = {"batch": batch, "may_enter": may_enter, "page_title": _("Applicants")}
    return page.respond("enrollment/applicants.html", context)
