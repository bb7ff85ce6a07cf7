"""Pages of what the rooms share."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from accounts.access import SIGNED_IN, requires
from accounts.models import User
from approvals import notices, selectors


@requires(SIGNED_IN)
@require_GET
def open_notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Mark a notice as read, and lead to what it is about; home where the reader has no business with that page."""
    user = cast("User", request.user)
    notice = selectors.notice_for(user, notice_id)
    if notice is None:
        raise Http404
    notices.mark_read(user, notice)
    if notices.leads_on(user, notice):
        return redirect(notice.url)
    messages.info(request, notices.text(notice))
    return redirect("/")
