"""What the page of one row shows, with numbers masked, and what its reader may do."""

import re
from typing import Any

from django.urls import reverse

from accounts.models import User
from accounts.scope import units_with
from archive.keepers import not_kept
from archive.models import ProblemRow
from archive.problems import selectors
from archive.problems.forms import ExplainForm, MendForm, ReturnForm, VersionForm
from archive.problems.lists import match_badge, state_badge
from core.masking import mask_id_number
from records.models import Enrolment

_NUMBER = re.compile(r"[0-9A-Za-z]*[0-9]{7,}[0-9A-Za-z]*")
State = ProblemRow.State


def masked(text: str) -> str:
    """A text with every long number in it masked."""
    return _NUMBER.sub(lambda found: mask_id_number(found[0]), text)


def row_context(user: User, row: ProblemRow) -> dict[str, Any]:
    """The row for a reader who may see it."""
    unit = selectors.unit_of(row)
    stretch = selectors.stretch_of(row) if row.student else None
    opens = stretch is not None and Enrolment.objects.visible_to(user).filter(pk=stretch.pk).exists()
    start = {"version": row.version}
    requests = selectors.requests_for(row)
    works = unit in units_with(user, selectors.WORK) and row.state == State.OPEN
    answered = row.state == State.ANSWERED
    kept = stretch is not None and not not_kept([stretch.student_id], row.problem_list.school)
    return {
        "row": row,
        "list_url": reverse("archive:problem_list", args=[row.problem_list.public_id]),
        "number": masked(row.listed_number),
        "text": masked(row.text),
        "reason": masked(row.reason),
        "returned": masked(row.returned),
        "stretch": stretch if opens else None,
        "state": state_badge(row),
        "match": match_badge(row),
        "works": works,
        "may_edit": works and kept,
        "requests": requests,
        "explain_form": ExplainForm(initial=start),
        "mend_form": MendForm(requests, initial=start) if requests else None,
        "confirms": answered and unit in units_with(user, selectors.CONFIRM),
        "is_own": row.answered_by_id == user.pk,
        "version_form": VersionForm(initial=start),
        "return_form": ReturnForm(initial=start),
    }
