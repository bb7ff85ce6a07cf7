"""Pages of consents: one student's, those of a sharing, withdrawing, and the scan."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires, user_of
from accounts.scope import NotPermitted, units_with
from approvals.refusals import RequestRefused
from archive.consents import actions, selectors
from archive.consents.forms import ConsentForm, GivenForm
from archive.sharing import selectors as sharing_selectors
from archive.sharing.selectors import visible_ids
from files.refusals import FileRefused
from files.serving import serve
from records import opening
from records.selectors import student_file


@requires(*selectors.READERS)
@require_http_methods(["GET", "POST"])
def consents(request: HttpRequest, student_id: UUID) -> HttpResponse:
    """The consents of one student, also of one who has left since, and a form for a new one."""
    user = user_of(request)
    file = student_file(user, student_id)
    rows = selectors.consents_of(user, file.student)
    if not file.allows(*selectors.READERS) and not rows:
        raise NotPermitted(actions.PERM, obj=file.student, unit_id=file.enrolment.unit_id)
    form = ConsentForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.record(
                actor=user,
                school=file.enrolment.school,
                students=[file.student],
                matter=form.cleaned_data["matter"],
                given=form.given(),
            )
        except (RequestRefused, FileRefused) as refused:
            form.add_error("scan" if isinstance(refused, FileRefused) else None, str(refused))
        else:
            messages.success(request, _("Recorded."))
            return redirect("archive:consents", student_id)
    opening.note(request, file, again=True)
    context = {
        "file": file,
        "student": file.student,
        "rows": [(row, selectors.stands(row)) for row in rows],
        "form": form,
        "may_record": file.allows(actions.PERM),
        "withdraws_at": units_with(user, actions.PERM),
    }
    return render(request, "archive/consents.html", context, status=422 if form.errors else 200)


@requires(actions.PERM)
@require_http_methods(["GET", "POST"])
def sharing_consents(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """The consents to one sharing, recorded for all ticked students at once."""
    user = user_of(request)
    typed = sharing_selectors.sharing_for(user, request_id, actions.PERM)
    posted = request.method == "POST"
    form = GivenForm(request.POST, request.FILES) if posted else GivenForm()
    if posted and form.is_valid():
        ticked = set(request.POST.getlist("students"))
        rows = sharing_selectors.students_of(typed)
        chosen = [one.student for one in rows if str(one.student.public_id) in ticked]
        if not chosen:
            form.add_error(None, _("Tick at least one student."))
        else:
            try:
                made = actions.record(
                    actor=user, school=typed.request.school, students=chosen, matter="sharing",
                    given=form.given(), sharing=typed,
                )  # fmt: skip
            except (RequestRefused, FileRefused) as refused:
                form.add_error("scan" if isinstance(refused, FileRefused) else None, str(refused))
            else:
                words = ngettext("%(count)s consent recorded.", "%(count)s consents recorded.", len(made))
                messages.success(request, words % {"count": len(made)})
                return redirect("archive:sharing_consents", request_id)
    standing = selectors.standing(typed)
    context = {
        "request_row": typed.request,
        "typed": typed,
        "rows": [(one, standing.get(one.student_id)) for one in sharing_selectors.students_of(typed)],
        "form": form,
    }
    return render(request, "archive/sharing_consents.html", context, status=422 if form.errors else 200)


@requires(actions.PERM)
@require_POST
def withdraw(request: HttpRequest, consent_id: UUID) -> HttpResponse:
    """Withdraw a consent."""
    user = user_of(request)
    row = selectors.consent_for(user, consent_id)
    try:
        actions.withdraw(actor=user, consent=row)
    except RequestRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Withdrawn."))
    if visible_ids(user, [row.student_id]):
        return redirect("archive:consents", row.student.public_id)
    return redirect("/")


@requires(*selectors.READERS)
@require_GET
def scan(request: HttpRequest, consent_id: UUID) -> HttpResponse:
    """The scan of a consent."""
    user = user_of(request)
    row = selectors.consent_for(user, consent_id)
    if row.scan is None:
        raise Http404
    answer = serve(row.scan, "inline")
    actions.note_viewed(actor=user, consent=row)
    return answer
