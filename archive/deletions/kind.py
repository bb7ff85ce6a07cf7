"""The deletion as a kind of request: its steps by scheme, and how it is shown."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from approvals.kinds import Kind, Step
from approvals.models import Request
from archive.deletions import actions
from archive.keepers import destroyed_number, not_kept
from archive.models import DeletionRequest

HEAD = Step(
    "department_head", _("Head of department"), "decide_as_head", "department_head", where="department"
)
ARCHIVE_HEAD = Step(
    "archive_head", _("Head of archives"), "decide_for_archives", "archive_head", act=actions.still_free
)
EXECUTE = Step(
    "execute", _("Carry out"), "execute_change", "executor", "verify_days", phase="carry_out",
    act=actions.shelve, button=_("Move to the inactive archive"), sure=True,
)  # fmt: skip
SMALL_ARCHIVE_HEAD = Step(
    "archive_head", _("Head of archives"), "decide_for_archives", "archive_head", sure=True,
    act=actions.shelve, button=_("Approve and move to the inactive archive"),
)  # fmt: skip

EVERY = (HEAD, ARCHIVE_HEAD, EXECUTE)
SMALL = (HEAD, SMALL_ARCHIVE_HEAD)


def steps_of(typed: DeletionRequest) -> Sequence[Step]:
    """The steps by the scheme that was frozen with the request."""
    return SMALL if typed.small else EVERY


def read(user: User, request: Request, typed: DeletionRequest) -> dict[str, Any]:
    """Whose file, what stands in the way now, and the snapshot."""
    waits = request.state not in (Request.State.CLOSED, Request.State.REFUSED, Request.State.RECALLED)
    gone = not_kept([typed.student_id], request.school) if waits else ""
    found = actions.obstacles(typed.student, typed.cause, own=request) if waits and not gone else []
    return {
        "gone": destroyed_number(request.subject),
        "student": typed.student,
        "obstacles": [gone] if gone else found,
        "snapshot": typed.snapshot,
    }


def title_of(request: Request, typed: DeletionRequest) -> str:
    """The cause; no name, since titles stand in lists."""
    return str(typed.get_cause_display())


def form_url(request: Request) -> str:
    """The form for this student."""
    return reverse("archive:deletion_new", args=[request.subject])


KIND = Kind(
    actions.KIND,
    "SC",
    _("Deletion request"),
    DeletionRequest,
    steps_of,
    EVERY,
    "request_change",
    "archive/deletion.html",
    read,
    title_of,
    check=actions.check_ready,
    form_url=form_url,
    bulk=False,
)
