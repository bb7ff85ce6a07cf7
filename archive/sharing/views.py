"""Pages of sharings: the register, asking, and what is done after the release."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import SIGNED_IN, requires, user_of
from accounts.scope import holds
from approvals import selectors as requests
from approvals.refusals import RequestRefused
from archive.keepers import UnknownNumbers, school_of
from archive.models import SharingRequest
from archive.sharing import actions, selectors
from archive.sharing.forms import ReceiptForm, RevokeForm, SharingForm
from archive.sharing.lists import SharingList
from files.refusals import FileRefused
from files.serving import serve


@requires(*selectors.READERS)
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """What was given to whom."""
    user = user_of(request)
    page = SharingList(request, selectors.sharings(user), user=user)
    return page.respond("archive/sharings.html", {"may_ask": holds(user, "request_sharing")})


@requires("request_sharing")
@require_http_methods(["GET", "POST"])
def new_sharing(request: HttpRequest) -> HttpResponse:
    """Ask to give data to a receiver outside."""
    user = user_of(request)
    school = school_of(user, "request_sharing")
    named = request.GET.get("instead_of", "")
    old = requests.to_replace(user, actions.KIND, school, named, sent=bool(request.POST))
    form = SharingForm(school, old, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        values["fields"] = values.pop("fields_given")
        try:
            typed = actions.draft(actor=user, school=school, instead_of=old, **values)
        except UnknownNumbers as unknown:
            form.add_error("numbers", str(unknown))
        except (RequestRefused, FileRefused) as refused:
            form.add_error("letter" if isinstance(refused, FileRefused) else None, str(refused))
        else:
            messages.success(request, _("Drafted. Record the consents, look it over and submit it."))
            return redirect("approvals:request", typed.request.public_id)
    status = 422 if request.method == "POST" else 200
    return render(request, "archive/sharing_new.html", {"form": form, "old": old}, status=status)


@requires(SIGNED_IN)
@require_GET
def paper(request: HttpRequest, request_id: UUID, what: str) -> HttpResponse:
    """The letter or the agreement, for whoever may read the request."""
    user = user_of(request)
    row = requests.request_for(user, request_id)
    typed = selectors.of_request(row)
    blob = {"letter": typed.letter, "agreement": typed.agreement}.get(what)
    if blob is None:
        raise Http404
    answer = serve(blob, "inline")
    actions.note_viewed(actor=user, typed=typed, what=what)
    return answer


@requires("release_sharing")
@require_POST
def package(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """The package, to be handed over."""
    user = user_of(request)
    typed = selectors.sharing_for(user, request_id, "release_sharing")
    try:
        return actions.fetch_package(actor=user, typed=typed)
    except RequestRefused as refused:
        messages.error(request, str(refused))
        return redirect("approvals:request", request_id)


@requires("release_sharing")
@require_POST
def receipt(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Note who received the package."""
    user = user_of(request)
    typed = selectors.sharing_for(user, request_id, "release_sharing")
    form = ReceiptForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say who received it, and on which day."))
        return redirect("approvals:request", request_id)
    return _act(request, typed, lambda: actions.note_receipt(actor=user, typed=typed, **form.cleaned_data))


@requires("release_sharing")
@require_POST
def revoke(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """End a sharing early."""
    user = user_of(request)
    typed = selectors.sharing_for(user, request_id, "release_sharing")
    form = RevokeForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    return _act(request, typed, lambda: actions.revoke(actor=user, typed=typed, reason=reason))


def _act(request: HttpRequest, typed: SharingRequest, act: Callable[[], object]) -> HttpResponse:
    try:
        act()
    except RequestRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Noted."))
    return redirect("approvals:request", typed.request.public_id)
