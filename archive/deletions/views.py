"""The page that begins a deletion request."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import requires, user_of
from accounts.scope import NotPermitted
from approvals import selectors as requests
from approvals.refusals import RequestRefused
from archive.deletions import actions
from archive.deletions.forms import DeletionForm
from records import opening
from records.selectors import student_file


@requires("request_change")
@require_http_methods(["GET", "POST"])
def new_deletion(request: HttpRequest, student_id: UUID) -> HttpResponse:
    """Ask that a student's file be moved to the inactive archive."""
    user = user_of(request)
    file = student_file(user, student_id)
    if not file.allows("request_change"):
        raise NotPermitted("request_change", obj=file.student, unit_id=file.enrolment.unit_id)
    named = request.GET.get("instead_of", "")
    old = requests.to_replace(user, actions.KIND, file.enrolment.school, named, sent=bool(request.POST))
    form = DeletionForm(
        request.POST or None, initial={"cause": old.cause, "reason": old.reason} if old else {}
    )
    if request.method == "POST" and form.is_valid():
        try:
            typed = actions.draft(
                actor=user,
                school=file.enrolment.school,
                student=file.student,
                instead_of=old,
                **form.cleaned_data,
            )
        except RequestRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Drafted. Look it over and submit it."))
            return redirect("approvals:request", typed.request.public_id)
    opening.note(request, file, again=True)
    status = 422 if request.method == "POST" else 200
    context = {"file": file, "student": file.student, "form": form, "old": old}
    return render(request, "archive/deletion_new.html", context, status=status)
