"""Pages of what the rooms share."""

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from accounts.access import SIGNED_IN, requires
from accounts.models import User
from approvals import notices, selectors


@requires(SIGNED_IN)
@require_GET
def open_notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Lead to what a notice is about, and mark it as read."""
    user = cast("User", request.user)
    notice = selectors.notice_for(user, notice_id)
    if notice is None:
        raise Http404
    notices.mark_read(user, notice)
    return redirect(notice.url)
