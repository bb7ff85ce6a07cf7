"""Lists about pupils without an identity number: the bureau's cases, and those to follow up after acceptance."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from accounts.access import requires, user_of
from enrollment import follow_up
from enrollment.work_lists import BureauList, WithoutNumberList


@requires("approve_no_hukou")
@require_http_methods(["GET", "POST"])
def bureau(request: HttpRequest) -> HttpResponse:
    """Pupils without household registration that schools of the bureau have entered."""
    user = user_of(request)
    return BureauList(request, follow_up.bureau_cases(user), user=user).respond(
        "enrollment/follow_up/bureau.html"
    )


@requires("view_applicant")
@require_http_methods(["GET", "POST"])
def without_number(request: HttpRequest) -> HttpResponse:
    """Accepted pupils without an identity number, until they have one."""
    user = user_of(request)
    return WithoutNumberList(request, follow_up.without_number(user), user=user).respond(
        "enrollment/follow_up/without_number.html"
    )
