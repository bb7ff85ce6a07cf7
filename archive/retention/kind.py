"""The application to destroy files as a kind of request. Its steps are the same in every school, however small."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from approvals.kinds import Kind, Step
from approvals.models import Request
from archive.models import AppraisedFile, DestructionRequest
from archive.retention import destroying
from archive.retention.obstacles import in_the_way

STEPS = (
    Step(
        "unit_head", _("Head of the unit"), "approve_destruction", "approver", act=destroying.still_due,
        sure=True,
    ),
    Step(
        "begin", _("First executor"), "destroy_files", "first_executor", "verify_days", phase="carry_out",
        act=destroying.still_due, button=_("Begin the destruction"), sure=True,
    ),
    Step(
        "confirm", _("Second executor"), "destroy_files", "second_executor", "verify_days", phase="carry_out",
        act=destroying.destroy, button=_("Destroy these files for good"), sure=True, reopens="begin",
    ),
)  # fmt: skip


def steps_of(typed: DestructionRequest) -> Sequence[Step]:
    """No scheme merges them: three persons at least stand behind every destruction."""
    return STEPS


def read(user: User, request: Request, typed: DestructionRequest) -> dict[str, Any]:
    """Which files by their numbers, the report, and what stands in the way now."""
    waits = request.state in (Request.State.DRAFT, Request.State.UNDER_REVIEW, Request.State.APPROVED)
    doomed = typed.doomed()
    blocked = in_the_way([one.student_id for one in doomed], request.school) if waits else {}
    return {
        "doomed": [(one, blocked.get(one.student_id, [])) for one in doomed],
        "round_url": reverse("archive:round", args=[typed.round.public_id]),
        "report_url": reverse("archive:round_report", args=[typed.round.public_id]),
    }


def title_of(request: Request, typed: DestructionRequest) -> str:
    """How many files."""
    return ngettext("%(count)s file", "%(count)s files", typed.quantity) % {"count": typed.quantity}


KIND = Kind(
    destroying.KIND,
    "XH",
    _("Destruction of files"),
    DestructionRequest,
    steps_of,
    STEPS,
    "manage_retention",
    "archive/destruction.html",
    read,
    title_of,
    check=destroying.check_ready,
    ended=destroying.end,
    bulk=False,
    prefetch=(
        "round__appraisers",
        Prefetch(
            "round__files",
            AppraisedFile.objects.select_related("student").only(
                "round", "outcome", "archive_no", "left_on", "expired_on", "student__public_id"
            ),
        ),
    ),
)
