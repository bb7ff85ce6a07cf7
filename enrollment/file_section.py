"""What the intake room adds to a student file: how the student came in, step by step.

Steps taken at schools outside the reader's scope are counted and no more: he has no business with their persons.
"""

from dataclasses import replace
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scope import units_with
from approvals.reasons import ReturnReason
from core.ui import TimelineRow
from enrollment.models import IntakeDecision, Scheme
from enrollment.selectors import role_name
from records.sections import Act, Section
from records.selectors import StudentFile

Outcome = IntakeDecision.Outcome
LOOKS: dict[str, tuple[Any, str]] = {
    Outcome.PASSED: ("green", "check"),
    Outcome.RETURNED: ("orange", "arrow-back-up"),
    Outcome.RECALLED: ("grey", "arrow-back"),
    Outcome.REFUSED: ("red", "x"),
    Outcome.GIVEN_UP: ("grey", "circle-dashed"),
}

PERMS = ("view_student", "view_applicant")
MOST_ROWS = 200


def _read(user: User, file: StudentFile) -> dict[str, Any]:
    taken = IntakeDecision.objects.filter(applicant__student=file.student)
    units = {unit for perm in PERMS for unit in units_with(user, perm)}
    own = taken.filter(applicant__unit_id__in=sorted(units))
    rows = list(own.select_related("actor", "applicant__batch").order_by("-at", "-pk")[:MOST_ROWS])
    elsewhere = taken.exclude(applicant__unit_id__in=sorted(units)).count()
    merged = any(one.applicant.scheme == Scheme.SMALL for one in rows)
    return {"rows": [_row(one) for one in rows], "elsewhere": elsewhere, "merged": merged}


def _row(one: IntakeDecision) -> TimelineRow:
    row = timeline_row(one)
    note = " · ".join(str(words) for words in (row.note, one.applicant.batch.name) if words)
    return replace(row, request_no=one.applicant.number, note=note)


def timeline_row(one: IntakeDecision) -> TimelineRow:
    """A decision as a line of a timeline: what, by whom, in which role, why."""
    kind, icon = LOOKS[one.outcome]
    reason = ReturnReason(one.reason).label if one.reason in ReturnReason.values else one.reason
    return TimelineRow(
        at=one.at,
        sentence=f"{one.get_step_display()} · {one.get_outcome_display()}",
        actor=one.actor.name,
        role=role_name(one.role),
        kind=kind,
        icon=icon,
        note=" · ".join(str(words) for words in (reason, one.comment) if words),
    )


SECTION = Section(
    "process", _("Process record"), 80, "enrollment/file_section.html", _read, perms=("view_student",)
)


def _card(user: User, file: StudentFile) -> str:
    return reverse("enrollment:student_card", args=[file.student.public_id])


CARD = Act(_("School record card"), "printer", _card, ("print_student",), key="p")
