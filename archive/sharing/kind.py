"""The sharing as a kind of request: its steps, and how it is shown."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Prefetch
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.scope import units_with, units_with_any
from approvals.kinds import Kind, Step
from approvals.models import Request
from archive.assessments.selectors import READERS as IMPACT_READERS
from archive.consents.selectors import standing
from archive.models import SharingRequest, SharingStudent
from archive.sharing import actions
from archive.sharing.forms import AgreementForm, ReceiptForm, ReleaseForm, RevokeForm
from archive.sharing.selectors import READERS, columns_of, label_of, students_of, visible_ids

HEAD = Step(
    "department_head", _("Head of department"), "decide_as_head", "department_head", where="department",
    act=actions.still_wanted,
)  # fmt: skip
ARCHIVE_HEAD = Step(
    "archive_head", _("Head of archives"), "decide_for_archives", "archive_head", act=actions.still_wanted
)
AGREEMENT = Step(
    "agreement", _("Agreement"), "request_sharing", "agreement_by", where="department", phase="carry_out",
    act=actions.note_agreement, form=AgreementForm, button=_("File the agreement"),
)  # fmt: skip
RELEASE = Step(
    "release", _("Release of the package"), "release_sharing", "releaser", phase="carry_out", act=actions.release,
    form=ReleaseForm, button=_("Make and release the package"), sure=True, reopens="agreement",
)  # fmt: skip

EVERY = (HEAD, ARCHIVE_HEAD, AGREEMENT, RELEASE)
BY_STATUTE = (HEAD, ARCHIVE_HEAD, replace(RELEASE, reopens=""))


def steps_of(typed: SharingRequest) -> Sequence[Step]:
    """An authority that asks by law signs no agreement."""
    return BY_STATUTE if typed.basis else EVERY


def read(user: User, request: Request, typed: SharingRequest) -> dict[str, Any]:
    """To whom, what, of whom; who consented; what became of it."""
    agreed = standing(typed)
    releases = request.school_id in units_with(user, "release_sharing")
    labels = {column.field: label_of(column) for column in columns_of(request.school)}
    listed = students_of(typed)
    rows = [(one, one.student_id in agreed) for one in listed]
    keeps = request.school_id in units_with(user, "record_consent")
    return {
        "students": rows,
        "agreed": sum(1 for _row, given in rows if given),
        "field_labels": [labels.get(one, one) for one in typed.fields],
        "may_record": keeps and not typed.basis and typed.released_at is None,
        "opened": visible_ids(user, [one.student_id for one in listed]) if keeps else set(),
        "reads_impact": request.school_id in units_with_any(user, IMPACT_READERS),
        "releases": releases and typed.released_at is not None,
        "receipt_form": ReceiptForm(),
        "revoke_form": RevokeForm(),
    }


def title_of(request: Request, typed: SharingRequest) -> str:
    """The receiver and how many students; no student's name, since titles stand in lists."""
    count = len(typed.students.all())
    people = ngettext("%(count)s student", "%(count)s students", count) % {"count": count}
    return f"{typed.receiver} · {people}"


def form_url(request: Request) -> str:
    """The form of every sharing."""
    return reverse("archive:sharing_new")


KIND = Kind(
    actions.KIND,
    "TG",
    _("Sharing"),
    SharingRequest,
    steps_of,
    EVERY,
    "request_sharing",
    "archive/sharing.html",
    read,
    title_of,
    check=actions.check_ready,
    form_url=form_url,
    bulk=False,
    readers=(*READERS, "record_consent"),
    prefetch=(
        Prefetch(
            "students",
            SharingStudent.objects.select_related("student").only("sharing", "student__public_id"),
        ),
    ),
)
