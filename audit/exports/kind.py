"""The export as a kind of request: who confirms and approves it, and how it is shown."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.scope import units_with_any
from approvals.kinds import Kind, Step
from approvals.models import Request
from archive.assessments.selectors import READERS as IMPACT_READERS
from archive.keepers import holds_at_school
from audit.exports import actions
from audit.exports.columns import chosen, label_of
from audit.exports.fetching import bars
from audit.exports.selectors import AUDIT, CONFIRM, PERM, classes_of
from audit.models import ExportRequest
from jobs.models import Job
from jobs.selectors import how_far

SECOND = Step(
    actions.SECOND, _("Second person"), CONFIRM, "second", days="quick_days", act=actions.still_fit,
    button=_("Confirm the export"), sure=True, only="named",
)  # fmt: skip
APPROVAL = Step(
    actions.APPROVAL, _("Head of archives"), "decide_for_archives", "approver", act=actions.still_fit,
    button=_("Approve the export"),
)  # fmt: skip
EVERY = (SECOND, APPROVAL)


def steps_of(typed: ExportRequest) -> Sequence[Step]:
    """The head of archives approves what is large or unmasked."""
    return EVERY if typed.needs_approval else (SECOND,)


def read(user: User, request: Request, typed: ExportRequest) -> dict[str, Any]:
    """What is asked for, and what came of it; the file is the requester's alone."""
    own = request.requester_id == user.pk
    job = typed.job
    bar = how_far(job, url=reverse("jobs:progress", args=[job.public_id])) if job else None
    return {
        "labels": [label_of(column) for column in chosen(request.school, typed.columns)],
        "classes": classes_of(typed),
        "left_out": typed.asked - typed.rows if typed.rows else 0,
        "making": bar if job and own and typed.made_at is None else None,
        "failed": job is not None and typed.made_at is None and not job.is_open,
        "own": own,
        "reads_impact": request.school_id in units_with_any(user, IMPACT_READERS),
        "bar": bars(user, [typed]).get(typed.pk),
    }


def title_of(request: Request, typed: ExportRequest) -> str:
    """What for, and how many; no student's name, since titles stand in lists."""
    people = ngettext("%(count)s student", "%(count)s students", typed.asked) % {"count": typed.asked}
    return f"{typed.get_purpose_display()} · {people}"


def form_url(request: Request) -> str:
    """The form of every export."""
    return reverse("audit:export_new")


def page_of(job: Job) -> str:
    """The page of the export that a job makes."""
    typed = ExportRequest.objects.select_related("request").filter(job=job).first()
    return reverse("approvals:request", args=[typed.request.public_id]) if typed else ""


def url_for(user: User) -> str:
    """The form, for who may export where he works; "" for others."""
    return reverse("audit:export_new") if holds_at_school(user, PERM) else ""


KIND = Kind(
    actions.KIND,
    "DC",
    _("Export of students"),
    ExportRequest,
    steps_of,
    EVERY,
    PERM,
    "audit/export.html",
    read,
    title_of,
    ended=actions.start,
    form_url=form_url,
    readers=AUDIT,
    bulk=False,
)
