"""The edit request as a kind of request: its steps by procedure and scheme, and how it is shown."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from approvals.kinds import Kind, Step
from approvals.models import Request
from archive.edits import actions, showing
from archive.models import EditChange, EditRequest

Path = EditRequest.Path

HEAD = Step(
    "department_head",
    gettext_lazy("Head of department"),
    "decide_as_head",
    "department_head",
    where="department",
)
REVIEW = Step("archive_review", gettext_lazy("Archives review"), "review_change", "archive_reviewer")
EXECUTE = Step(
    "execute", gettext_lazy("Carry out"), "execute_change", "executor", "verify_days", phase="carry_out",
    act=actions.apply, button=gettext_lazy("Change the file as approved"),
)  # fmt: skip
VERIFY_DEPARTMENT = Step(
    "verify_department", gettext_lazy("Department verifies"), "request_change", "department_verifier",
    "verify_days", where="department", phase="carry_out", reopens="execute",
    button=gettext_lazy("The file is right now"),
)  # fmt: skip
VERIFY_ARCHIVES = Step(
    "verify_archives", gettext_lazy("Archives verify"), "review_change", "archive_verifier", "verify_days",
    phase="carry_out", reopens="execute", button=gettext_lazy("The file is right now"),
)  # fmt: skip
REVIEW_AND_APPLY = Step(
    "archive_review", gettext_lazy("Archives review"), "review_change", "archive_reviewer", act=actions.apply
)
SMALL_VERIFY_DEPARTMENT = Step(
    "verify_department", gettext_lazy("Department verifies"), "request_change", "department_verifier",
    "verify_days", where="department", phase="carry_out", reopens="archive_review",
    button=gettext_lazy("The file is right now"),
)  # fmt: skip
SMALL_VERIFY_ARCHIVES = Step(
    "verify_archives", gettext_lazy("Archives verify"), "review_change", "archive_verifier", "verify_days",
    phase="carry_out", reopens="archive_review", button=gettext_lazy("The file is right now"),
)  # fmt: skip
QUICK_HEAD = Step(
    "department_head", gettext_lazy("Head of department"), "decide_as_head", "department_head", "quick_days",
    where="department",
)  # fmt: skip
QUICK_REVIEW = Step(
    "archive_review", gettext_lazy("Archives review"), "review_change", "archive_reviewer", "quick_days",
    act=actions.apply,
)  # fmt: skip

EVERY = (HEAD, REVIEW, EXECUTE, VERIFY_DEPARTMENT, VERIFY_ARCHIVES)
SMALL = (HEAD, REVIEW_AND_APPLY, SMALL_VERIFY_DEPARTMENT, SMALL_VERIFY_ARCHIVES)
QUICK = (QUICK_HEAD, QUICK_REVIEW)
SUPPLEMENT = (QUICK_REVIEW,)


def steps_of(typed: EditRequest) -> Sequence[Step]:
    """The steps of one request: its procedure and the scheme that was frozen with it."""
    if typed.path == Path.SUPPLEMENT:
        return SUPPLEMENT
    if typed.path == Path.QUICK:
        return QUICK
    return SMALL if typed.small else EVERY


def title_of(request: Request, typed: EditRequest) -> str:
    """How many fields of how many students; no name, since titles stand in lists."""
    changes = typed.changes.all()
    fields, students = len(changes), len({one.student_id for one in changes})
    if students == 1:
        return ngettext("%(count)s field", "%(count)s fields", fields) % {"count": fields}
    return _("%(fields)s fields of %(students)s students") % {"fields": fields, "students": students}


def form_url(request: Request) -> str:
    """The form for one student, or the one for many."""
    if request.subject:
        return reverse("archive:edit_new", args=[request.subject])
    return reverse("archive:edit_many")


def read(user: User, request: Request, typed: EditRequest) -> dict[str, Any]:
    """Fields with their values before and asked for, evidence, procedure."""
    return showing.context(user, request, typed)


KIND = Kind(
    actions.KIND,
    "XG",
    gettext_lazy("Edit request"),
    EditRequest,
    steps_of,
    EVERY,
    "request_change",
    "archive/edit.html",
    read,
    title_of,
    check=actions.check_ready,
    ended=lambda _request, typed: actions.file_evidence(typed),
    print_url="archive:edit_print",
    form_url=form_url,
    prefetch=(
        Prefetch(
            "changes",
            EditChange.objects.select_related("student").only("edit", "field", "student__public_id"),
        ),
    ),
)
