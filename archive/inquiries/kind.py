"""The inquiry as a kind of request: its steps, and how it is shown."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from approvals.kinds import Kind, Step
from approvals.models import Request
from archive.inquiries import actions
from archive.inquiries.forms import CloseForm, NarrowForm, OpenForm
from archive.inquiries.reading import title_of as section_title
from archive.models import InquiryRequest, InquiryStudent

STEPS = (
    Step(
        "department_head", _("Head of department"), "decide_as_head", "department_head", where="department"
    ),
    Step(
        "archive_head", _("Head of archives"), "decide_for_archives", "archive_head",
        act=actions.narrow, form=NarrowForm,
    ),
    Step(
        "open", _("Open the session"), "escort_inquiry", "escort", phase="carry_out",
        act=actions.open_session, form=OpenForm, button=_("Open the session"),
    ),
    Step(
        "close", _("Close the session"), "escort_inquiry", "closer", phase="carry_out",
        act=actions.close_session, form=CloseForm, only="escort", button=_("Close the session"),
    ),
)  # fmt: skip


def steps_of(typed: InquiryRequest) -> Sequence[Step]:
    """The same way in every school."""
    return STEPS


def read(user: User, request: Request, typed: InquiryRequest) -> dict[str, Any]:
    """Whose files and which sections were asked for and granted, and what was read.

    Until the session was opened the requester sees the numbers that he typed, and no names.
    """
    running = actions.is_open(typed, request)
    views = typed.views.select_related("student", "by").order_by("pk")
    return {
        "named": user.pk != request.requester_id or typed.opened_at is not None,
        "students": list(typed.students.select_related("student").order_by("pk")),
        "sections": [(section_title(key), key in typed.granted) for key in typed.asked],
        "narrowed": bool(typed.granted),
        "views": [(one, section_title(one.section)) for one in views],
        "read_url": reverse("archive:inquiry_read", args=[request.public_id])
        if running and actions.may_read(user, typed)
        else "",
        "running": running,
    }


def title_of(request: Request, typed: InquiryRequest) -> str:
    """How many files; no name, since titles stand in lists."""
    count = len(typed.students.all())
    return ngettext("%(count)s file", "%(count)s files", count) % {"count": count}


def form_url(request: Request) -> str:
    """The form of every inquiry."""
    return reverse("archive:inquiry_new")


KIND = Kind(
    actions.KIND,
    "CY",
    _("Inquiry"),
    InquiryRequest,
    steps_of,
    STEPS,
    "request_inquiry",
    "archive/inquiry.html",
    read,
    title_of,
    check=actions.check_ready,
    form_url=form_url,
    bulk=False,
    prefetch=(
        Prefetch(
            "students",
            InquiryStudent.objects.select_related("student").only("inquiry", "student__public_id"),
        ),
    ),
)
