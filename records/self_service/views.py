"""Pages of students' accounts: those of a class, that of one student, the student's own page and what he says on it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import OWN_FILE, requires, user_of
from accounts.scope import NotPermitted
from approvals.refusals import AlreadyDecided, RequestRefused
from approvals.relation import is_related
from approvals.telling import handed_pdf
from core.pdf import PdfFailed
from files.serving import serve_bytes
from records import opening
from records.lists import status_badge
from records.selectors import StudentFile, student_file
from records.self_service import actions, selectors
from records.self_service.forms import AnswerForm, CorrectionForm
from records.self_service.lists import CorrectionList, section_title, state_badge
from records.self_service.showing import parts as parts_of

PDF = "application/pdf"


def _own_page(
    request: HttpRequest, file: StudentFile, *, whole: bool = False, form: CorrectionForm | None = None
) -> HttpResponse:
    """The own page; ``form``: a correction that could not be asked for."""
    parts = actions.read(actor=user_of(request), file=file, whole=whole)
    checks = list(selectors.checks(file))
    context = {
        "file": file,
        "parts": parts,
        "whole": whole,
        "status": status_badge(file.enrolment),
        "checks": [(one, section_title(one), state_badge(one)) for one in checks],
        "may_confirm": not selectors.open_corrections(file).exists(),
        "confirmed": selectors.last_confirmed(file),
        "form": form or CorrectionForm(parts=parts),
    }
    return render(request, "records/own_file.html", context, status=422 if form else 200)


def _closed(request: HttpRequest) -> HttpResponse:
    return render(request, "records/own_file_closed.html", status=403)


@requires(OWN_FILE)
@require_http_methods(["GET", "POST"])
def own_file(request: HttpRequest) -> HttpResponse:
    """One's own file; a POST shows one's numbers and addresses this once."""
    file = selectors.own_file(user_of(request))
    return _closed(request) if file is None else _own_page(request, file, whole=request.method == "POST")


@requires(OWN_FILE)
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Everything in the own file is right."""
    user = user_of(request)
    file = selectors.own_file(user)
    if file is None:
        return _closed(request)
    try:
        actions.confirm(actor=user, file=file)
    except RequestRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Thank you. It is kept that your file is right."))
    return redirect("records:own_file")


@requires(OWN_FILE)
@require_POST
def ask_correction(request: HttpRequest) -> HttpResponse:
    """Something in the own file is wrong."""
    user = user_of(request)
    file = selectors.own_file(user)
    if file is None:
        return _closed(request)
    form = CorrectionForm(request.POST, parts=parts_of(file, whole=False))
    if not form.is_valid():
        return _own_page(request, file, form=form)
    try:
        actions.ask_correction(actor=user, file=file, **form.cleaned_data)
    except RequestRefused as refused:
        form.add_error(None, str(refused))
        return _own_page(request, file, form=form)
    messages.success(request, _("Your words are with the office. The answer will stand on this page."))
    return redirect("records:own_file")


@requires(selectors.ANSWERS)
@require_http_methods(["GET", "POST"])
def corrections(request: HttpRequest) -> HttpResponse:
    """Corrections that students asked for."""
    user = user_of(request)
    return CorrectionList(request, selectors.corrections(user), user=user).respond("records/corrections.html")


@requires(selectors.ANSWERS)
@require_http_methods(["GET", "POST"])
def correction(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One correction; a POST answers it."""
    user = user_of(request)
    file, row = selectors.correction_for(user, public_id)
    if asked := opening.question(request):
        return asked
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            actions.answer(actor=user, check=row, words=values["answer"], request_no=values["request_no"])
        except AlreadyDecided as refused:
            messages.error(request, str(refused))
            return redirect("records:correction", public_id)
        except RequestRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Answered."))
            return redirect("records:correction", public_id)
    opening.note(request, file, again=True)
    context = {
        "row": row,
        "file": file,
        "student": file.student,
        "section": section_title(row),
        "state": state_badge(row),
        "form": None if row.answered_at else form,
        "is_own": is_related(user, [file.student.public_id]),
    }
    return render(request, "records/correction.html", context, status=422 if form.errors else 200)


@requires(selectors.PERM)
@require_GET
def student_accounts(request: HttpRequest) -> HttpResponse:
    """The classes, and who has an account in them."""
    rows = list(selectors.classes(user_of(request)))
    return render(request, "records/student_accounts.html", {"rows": rows})


@requires(selectors.PERM)
@require_POST
def open_class(request: HttpRequest, class_id: UUID) -> HttpResponse:
    """Open the accounts that a class lacks; answers the PDF of slips. ``unused``: for who has no own password too."""
    user = user_of(request)
    school_class = selectors.one_class(user, class_id)
    try:
        slips = actions.open_class(
            actor=user, school_class=school_class, site=_site(request), unused="unused" in request.POST
        )
    except (RequestRefused, PdfFailed) as refused:
        messages.error(request, refused.message if isinstance(refused, PdfFailed) else str(refused))
        return redirect("records:student_accounts")
    if slips.left_out:
        messages.warning(request, _left_out(slips.left_out))
    return serve_bytes(slips.content, "login-slips.pdf", PDF)


def _left_out(count: int) -> str:
    words = ngettext(
        "The slips leave out %(count)s student of your own family. A colleague opens the account.",
        "The slips leave out %(count)s students of your own family. A colleague opens their accounts.",
        count,
    )
    return words % {"count": count}


def _site(request: HttpRequest) -> str:
    return request.build_absolute_uri("/")


def _file(request: HttpRequest, public_id: UUID) -> StudentFile:
    file = student_file(user_of(request), public_id)
    if not file.allows(selectors.PERM):
        raise NotPermitted(selectors.PERM, obj=file.student, unit_id=file.enrolment.unit_id)
    return file


@requires(selectors.PERM)
@require_GET
def student_account(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The account of one student."""
    file = _file(request, public_id)
    opening.note(request, file, again=True)
    account = selectors.account_of(file.student)
    serves = account is not None and account.is_active and account.unit_id == file.enrolment.school_id
    context = {
        "file": file,
        "student": file.student,
        "account": account,
        "serves": serves and file.enrolment.ended_on is None,
        "may_open": file.enrolment.ended_on is None,
    }
    return render(request, "records/student_account.html", context)


@requires(selectors.PERM)
@require_POST
def open_one(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Open the account, or give it a new first password; the answer is the slip."""
    file = _file(request, public_id)
    user, back = user_of(request), redirect("records:student_account", public_id)
    return handed_pdf(
        request, "login-slip", lambda: actions.open_one(actor=user, file=file, site=_site(request)), back,
        "attachment",
    )  # fmt: skip


@requires(selectors.PERM)
@require_POST
def close(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Close the account."""
    actions.close(actor=user_of(request), file=_file(request, public_id))
    messages.success(request, _("The account is closed."))
    return redirect("records:student_account", public_id)
