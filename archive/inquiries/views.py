"""Pages of inquiries: asking, and reading in the session."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import SIGNED_IN, requires, user_of
from accounts.scope import NotPermitted
from approvals import selectors as requests
from approvals.refusals import RequestRefused
from archive.inquiries import actions, reading, selectors
from archive.inquiries.forms import InquiryForm
from archive.keepers import school_of
from core.formatting import moment
from files.refusals import FileRefused
from files.serving import serve


@requires("request_inquiry")
@require_http_methods(["GET", "POST"])
def new_inquiry(request: HttpRequest) -> HttpResponse:
    """Ask to read files of others."""
    user = user_of(request)
    school = school_of(user, "request_inquiry")
    named = request.GET.get("instead_of", "")
    old = requests.to_replace(user, actions.KIND, school, named, sent=bool(request.POST))
    form = InquiryForm(old, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            typed = actions.draft(actor=user, school=school, instead_of=old, **form.cleaned_data)
        except (RequestRefused, FileRefused) as refused:
            form.add_error("letter" if isinstance(refused, FileRefused) else None, str(refused))
        else:
            messages.success(request, _("Drafted. Look it over and submit it."))
            return redirect("approvals:request", typed.request.public_id)
    status = 422 if request.method == "POST" else 200
    return render(request, "archive/inquiry_new.html", {"form": form, "old": old}, status=status)


@requires(SIGNED_IN)
@require_GET
def read(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """The files of a running session; ``student`` and ``section`` name the page that is read."""
    user = user_of(request)
    row = requests.request_for(user, request_id)
    typed = selectors.inquiry_of(row)
    if not actions.may_read(user, typed):
        raise NotPermitted("request_inquiry", unit_id=row.school_id, obj=row)
    student = selectors.granted_student(typed, request.GET.get("student", ""))
    section = request.GET.get("section", "")
    shown = None
    try:
        if student and section:
            shown = actions.read_page(actor=user, typed=typed, student=student, section=section)
        elif not actions.is_open(typed, row):
            raise actions.SessionOver(_("The session is over. What else is needed takes a new inquiry."))
    except RequestRefused as refused:
        messages.error(request, str(refused))
        return redirect("approvals:request", request_id)
    context = {
        **(shown.values if shown else {}),
        "section_template": shown.template if shown else "",
        "request_row": row,
        "typed": typed,
        "students": selectors.granted_students(typed),
        "sections": [(key, reading.title_of(key)) for key in typed.granted],
        "student": student,
        "section": section,
        "watermark": f"{typed.reader or user.name} {user.staff_no} {moment(timezone.now())}",
    }
    return render(request, "archive/inquiry_read.html", context)


@requires(SIGNED_IN)
@require_GET
def letter(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """The letter of a reader from outside, for whoever may read the request; each look is an event."""
    user = user_of(request)
    typed = selectors.inquiry_of(requests.request_for(user, request_id))
    if typed.letter is None:
        raise Http404
    answer = serve(typed.letter, "inline")
    actions.note_letter_viewed(actor=user, typed=typed)
    return answer
