"""Pages of the four checks: files that fail, and the runs over one file."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import requires, user_of
from accounts.scope import NotPermitted
from archive.four_checks import actions, selectors
from archive.four_checks.lists import FailingList
from archive.four_checks.showing import lines_of
from files.refusals import NotChecked
from records import opening
from records.selectors import student_file


@requires(selectors.PERM)
@require_http_methods(["GET", "POST"])
def failing(request: HttpRequest) -> HttpResponse:
    """How the files stand, and those that fail."""
    user = user_of(request)
    page = FailingList(request, selectors.failing(user), user=user)
    return page.respond("archive/four_checks.html", {"figures": selectors.figures(user)})


@requires(selectors.PERM)
@require_http_methods(["GET", "POST"])
def of_file(request: HttpRequest, student_id: UUID) -> HttpResponse:
    """The last runs over a file; a POST checks it now."""
    user = user_of(request)
    file = student_file(user, student_id)
    if not file.allows(selectors.PERM):
        raise NotPermitted(selectors.PERM, obj=file.student, unit_id=file.enrolment.unit_id)
    if request.method == "POST":
        try:
            run = actions.check_by_hand(actor=user, file=file)
        except NotChecked as silent:
            messages.error(request, str(silent))
        else:
            if run.faults:
                messages.error(request, _("The file fails the four checks; what is wrong stands below."))
            else:
                messages.success(request, _("The file passed the four checks."))
        return redirect("archive:file_checks", student_id)
    opening.note(request, file, again=True)
    runs = [(run, lines_of(run.items.all())) for run in selectors.runs_of(file.student)]
    context = {"file": file, "student": file.student, "runs": runs}
    return render(request, "archive/file_checks.html", context)
