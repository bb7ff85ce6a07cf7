"""The printed form of an edit request (信息修改申请表), as the office files it."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from accounts.models import User
from approvals import showing as request_showing
from approvals.models import Request
from archive.edits.actions import note_printed
from archive.edits.showing import context
from archive.models import EditRequest
from core.formatting import moment
from core.pdf import render_pdf


@transaction.atomic
def edit_form(*, actor: User, request: Request, typed: EditRequest) -> bytes:
    """The form as a PDF/A, with the values as ``actor`` may see them now. Raises PdfFailed."""
    shown = context(actor, request, typed)
    form = {
        "number": request.number,
        "name": _("Edit request form"),
        "facts": _facts(request, typed, shown["changes"]),
        "several": shown["several"],
        "changes": [
            {"student": f"{one.student.name} {one.student_no}", "field": one.label, "before": one.old,
             "after": one.new}
            for one in shown["changes"]
        ],
        "evidence": [str(one["row"].get_kind_display()) for one in shown["evidence"]],
        "steps": [
            {"name": what, "person": person, "at": at, "words": words}
            for what, person, at, words in request_showing.course(request)
        ],
    }  # fmt: skip
    content = render_pdf(
        "edit_request",
        {
            "lang": "en" if (get_language() or "").startswith("en") else "zh",
            "school": request.school.label,
            "printed_by": actor.name,
            "printed_at": moment(timezone.now()),
            "form": form,
        },
    )
    note_printed(actor=actor, typed=typed)
    return content


def _facts(request: Request, typed: EditRequest, changes: Any) -> list[tuple[str, str]]:
    """What stands above the values; one student is named here, several beside their values."""
    students = {one.student.pk: f"{one.student.name} {one.student_no}" for one in changes}
    found = [
        (pgettext("request", "Number"), request.number or ""),
        (pgettext("request", "State"), str(request.get_state_display())),
        (_("Department"), request.department.label),
        (_("Requester"), request.requester.name),
        (_("Procedure"), str(typed.get_path_display())),
        (_("Cause"), str(typed.get_cause_display())),
        (_("Reason"), typed.reason),
        (_("Basis"), typed.basis),
    ]
    return [*((_("Student"), one) for one in students.values()), *found] if len(students) == 1 else found
