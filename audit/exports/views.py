"""Pages of exports: the register, asking for one, recognising a file."""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.access import requires, user_of
from accounts.models import User
from accounts.scope import units_with_any
from accounts.witness import NotIdentified, identified
from approvals import selectors as requests
from approvals.refusals import RequestRefused
from archive.keepers import holds_at_school, school_of
from audit.exports import actions, recognising, selectors
from audit.exports.forms import WHOLE, ExportForm, RecogniseForm
from audit.exports.lists import ExportList
from audit.models import ExportRequest
from core.workbook import WorkbookRefused
from records.lists import StudentList
from records.selectors import HITS, visible_enrolments
from school.models import Unit
from school.rules import rule


@requires(*selectors.READERS)
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """One's own exports, and all of the schools that one audits."""
    user = user_of(request)
    page = ExportList(request, selectors.exports(user), user=user)
    may = {
        "audits": bool(units_with_any(user, selectors.AUDIT)),
        "exports": holds_at_school(user, selectors.PERM),
    }
    return page.respond("audit/exports.html", may)


@dataclass(frozen=True, slots=True)
class _Choice:
    """The students of the list that may be exported, in its order, and how many of it may not."""

    people: list[int]
    left_out: int
    is_cut: bool = False

    @property
    def seen(self) -> str:
        """Digest of exactly these students, in whatever order."""
        return hashlib.sha256(repr(sorted(self.people)).encode()).hexdigest()


def _choice(request: HttpRequest, user: User, school: Unit, old: ExportRequest | None) -> _Choice:
    rows = selectors.within(user, school)
    if old is not None:
        here = set(selectors.among(rows, old.people).values_list("student_id", flat=True))
        found = [one for one in old.people if one in here]
        return _Choice(found, len(old.people) - len(found))
    page = StudentList(request, visible_enrolments(user), user=user)
    listed = list(page.filtered.values_list("pk", "student_id")[: actions.MOST + 1])
    mine = set(rows.values_list("pk", flat=True))
    found = [student for pk, student in listed if pk in mine]
    by_words = any(one.kind == "text" and one.value for one in page.shown_filters)
    cut = len(listed) > actions.MOST or (by_words and len(listed) > HITS)
    return _Choice(found, len(listed) - len(found), cut)


@requires(selectors.PERM)
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("second_password")
def new_export(request: HttpRequest) -> HttpResponse:
    """Ask for an export of what the list of students shows, or anew for what an earlier request asked."""
    user = user_of(request)
    school = school_of(user, selectors.PERM)
    sent = request.method == "POST"
    old = requests.to_replace(user, actions.KIND, school, request.GET.get("instead_of", ""), sent=sent)
    choice = _choice(request, user, school, old)
    form = ExportForm(user, school, old, request.POST if sent else None)
    if sent and _is_as_seen(request, form, choice) and form.is_valid():
        typed = _asked(request, form, user, school, choice, old)
        if typed is not None:
            messages.success(request, _told(typed))
            return redirect("approvals:request", typed.request.public_id)
    values = {
        "form": form,
        "old": old,
        "choice": choice,
        "school": school,
        "limit": rule(school, "export_limit"),
        "days": rule(school, "export_days"),
        "together": selectors.together(user, school, choice.people, old),
    }
    return render(request, "audit/export_new.html", values, status=422 if sent else 200)


def _is_as_seen(request: HttpRequest, form: ExportForm, choice: _Choice) -> bool:
    """Whether the list still holds exactly the students that the page counted."""
    if request.POST.get("seen") == choice.seen:
        return True
    words = _("The list has changed: it holds %(count)s students now. Look at it again, then ask.")
    form.add_error(None, words % {"count": len(choice.people)})
    return False


def _asked(
    request: HttpRequest,
    form: ExportForm,
    user: User,
    school: Unit,
    choice: _Choice,
    old: ExportRequest | None,
) -> ExportRequest | None:
    values = dict(form.cleaned_data)
    staff_no, password, named = (values.pop(name) for name in ("second_no", "second_password", "named"))
    whole = values.pop("numbers") == WHOLE
    try:
        second = named or identified(request, staff_no=staff_no, password=password)
        return actions.ask(
            actor=user, school=school, people=choice.people, named=second, stands_by=named is None, whole=whole,
            instead_of=old, is_cut=choice.is_cut, **values,
        )  # fmt: skip
    except NotIdentified as nobody:
        form.add_error("second_no", str(nobody))
    except RequestRefused as refused:
        form.add_error(None, str(refused))
    return None


def _told(typed: ExportRequest) -> str:
    if typed.second is None:
        return _("Sent to %(name)s to be confirmed.") % {"name": typed.named.name}
    if typed.needs_approval:
        return _("Confirmed by %(name)s. The head of archives approves next.") % {"name": typed.second.name}
    return _("Confirmed by %(name)s. The file is being made.") % {"name": typed.second.name}


@requires(*selectors.AUDIT)
@require_http_methods(["GET", "POST"])
def recognise(request: HttpRequest) -> HttpResponse:
    """From which export a file came."""
    user = user_of(request)
    form = RecogniseForm(request.POST or None, request.FILES or None)
    answer: Any = None
    if request.method == "POST" and form.is_valid():
        content, sha256 = form.cleaned_data["file"], form.cleaned_data["sha256"]
        try:
            if content:
                answer = recognising.by_file(actor=user, content=content)
            else:
                answer = recognising.by_digest(actor=user, sha256=sha256)
        except WorkbookRefused as refused:
            form.add_error("file", str(refused))
    status = 422 if request.method == "POST" and answer is None else 200
    values = {"form": form, "answer": answer, "least": recognising.LEAST}
    return render(request, "audit/export_recognise.html", values, status=status)
