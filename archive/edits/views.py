"""Pages that begin an edit request: for one student all fields, for many students one field."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import SIGNED_IN, requires, user_of
from accounts.scope import NotPermitted
from approvals import selectors as requests
from approvals.refusals import RequestRefused
from approvals.telling import handed_pdf
from archive.edits import actions, selectors
from archive.edits.checking import Asked, asked
from archive.edits.fields import columns_for, current
from archive.edits.forms import FieldsForm, ManyForm, ReasonsForm
from archive.edits.many import Many, asked_of_many
from archive.edits.printing import edit_form
from archive.edits.showing import evidence_for, is_secret
from archive.keepers import files_kept, school_of
from archive.models import EditRequest
from files.refusals import FileRefused
from files.serving import serve
from records import opening
from records.selectors import student_file
from school.models import Unit


@requires("request_change")
@require_http_methods(["GET", "POST"])
def new_edit(request: HttpRequest, student_id: UUID) -> HttpResponse:
    """Ask for a change of one student's file: fields, reasons, proofs."""
    user = user_of(request)
    file = student_file(user, student_id)
    if not file.allows("request_change"):
        raise NotPermitted("request_change", obj=file.student, unit_id=file.enrolment.unit_id)
    stage = file.enrolment.school.stage
    names = [column.field for column in columns_for(stage)]
    now = current(file.student, file.enrolment, names)
    secret = {name for name in names if is_secret(name)}
    named = request.GET.get("instead_of", "")
    old = requests.to_replace(user, actions.KIND, file.enrolment.school, named, sent=bool(request.POST))
    fields = FieldsForm(stage, now, secret, request.POST or None)
    reasons = ReasonsForm(request.POST or None, request.FILES or None, initial=_reasons_of(old))
    if old is not None:
        fields.initial.update({one.field: one.new for one in old.changes.filter(student=file.student)})
    if request.method == "POST" and fields.is_valid() & reasons.is_valid():
        wanted = asked(file.student, file.enrolment, _typed(fields, now, secret))
        for field, words in wanted.faults.items():
            fields.add_error(field if field in fields.fields else None, words)
        if not wanted.faults:
            made = _draft(request, file.enrolment.school, [wanted], reasons, old)
            if made is not None:
                return made
    opening.note(request, file, again=True)
    status = 422 if request.method == "POST" else 200
    context = {"file": file, "student": file.student, "fields": fields, "reasons": reasons, "old": old}
    return render(request, "archive/edit_new.html", context, status=status)


@requires("request_change")
@require_http_methods(["GET", "POST"])
def new_edit_of_many(request: HttpRequest) -> HttpResponse:
    """Ask for a change of one field of many students."""
    user = user_of(request)
    school = school_of(user, "request_change")
    named = request.GET.get("instead_of", "")
    old = requests.to_replace(user, actions.KIND, school, named, sent=bool(request.POST))
    form = ManyForm(school.stage, request.POST or None, initial=_lines_of(old))
    reasons = ReasonsForm(request.POST or None, request.FILES or None, initial=_reasons_of(old))
    if request.method == "POST" and form.is_valid() & reasons.is_valid():
        many = _many(school, form)
        if many is not None:
            made = _draft(request, school, many.asked, reasons, old)
            if made is not None:
                _tell_same(request, many.same)
                return made
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "reasons": reasons, "old": old}
    return render(request, "archive/edit_many.html", context, status=status)


def _reasons_of(old: EditRequest | None) -> dict[str, str]:
    return {"cause": old.cause, "reason": old.reason, "basis": old.basis} if old else {}


def _lines_of(old: EditRequest | None) -> dict[str, str]:
    """A request of many students as the lines that it was made of."""
    if old is None:
        return {}
    changes = list(old.changes.select_related("student"))
    numbers = {
        pk: row.student_no
        for pk, row in files_kept([one.student for one in changes], old.request.school).items()
    }
    lines = [f"{numbers[one.student_id]} {one.new}" for one in changes if one.student_id in numbers]
    return {"field": changes[0].field if changes else "", "lines": "\n".join(lines)}


def _many(school: Unit, form: ManyForm) -> Many | None:
    """What the lines ask for; None with the faults at the form."""
    try:
        found = asked_of_many(school, form.cleaned_data["field"], form.cleaned_data["values"])
    except RequestRefused as refused:
        form.add_error("lines", str(refused))
        return None
    for number, words in found.faults:
        form.add_error("lines", f"{number}: {words}")
    return None if found.faults else found


def _tell_same(request: HttpRequest, count: int) -> None:
    if count:
        words = ngettext(
            "%(count)s student holds this value already and is left out.",
            "%(count)s students hold this value already and are left out.",
            count,
        )
        messages.info(request, words % {"count": count})


def _typed(form: FieldsForm, now: dict[str, str], secret: set[str]) -> dict[str, str]:
    """What was typed; a masked field left blank stays as it is."""
    return {
        name: text
        for name, text in form.cleaned_data.items()
        if not (name in secret and not text) and text != now.get(name, "")
    }


def _draft(
    request: HttpRequest, school: Unit, wanted: Sequence[Asked], form: ReasonsForm, old: EditRequest | None
) -> HttpResponse | None:
    values: dict[str, Any] = form.cleaned_data
    proofs = []
    if values["proof"]:
        proofs = [actions.Proof(values["proof_kind"], values["proof"])]
    try:
        typed = actions.draft(
            actor=user_of(request),
            school=school,
            asked=wanted,
            cause=values["cause"],
            reason=values["reason"],
            basis=values["basis"],
            proofs=proofs,
            instead_of=old,
        )
    except (RequestRefused, FileRefused) as refused:
        form.add_error("proof" if isinstance(refused, FileRefused) else None, str(refused))
        return None
    messages.success(request, _("Drafted. Look it over and submit it."))
    return redirect("approvals:request", typed.request.public_id)


@requires(SIGNED_IN)
@require_POST
def print_edit(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """The form of an edit request, for whoever may read it."""
    user = user_of(request)
    row = requests.request_for(user, request_id)
    typed = selectors.edit_of(row)
    back = redirect("approvals:request", request_id)
    return handed_pdf(
        request, row.number or "edit", lambda: edit_form(actor=user, request=row, typed=typed), back
    )


@requires(SIGNED_IN)
@require_GET
def evidence(request: HttpRequest, evidence_id: UUID) -> HttpResponse:
    """A scan of an edit request, for whoever may read the request; each look is an event."""
    user = user_of(request)
    found = evidence_for(user, evidence_id)
    answer = serve(found.blob, "inline")
    actions.note_viewed(actor=user, typed=found.edit)
    return answer
