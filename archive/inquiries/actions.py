"""Writes of inquiries: asked, narrowed, opened, read page by page, closed, lapsed."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import NotPermitted
from approvals import actions as requests
from approvals.authority import authority
from approvals.kinds import Doing, kind, step_of
from approvals.models import Request
from approvals.refusals import RequestRefused, WrongState
from archive.inquiries.reading import Page, page_of
from archive.inquiries.selectors import letter_again
from archive.keepers import demand_kept, named
from archive.models import InquiryRequest, InquiryStudent, InquiryView
from files.actions import Scan, copied, keep_scan
from ledger import events
from ledger.context import acting, service_user
from ledger.history import write_rows
from records.models import Student
from school.models import Unit
from school.rules import rule

KIND = "inquiry"
ESCORT = "escort_inquiry"


class SessionOver(RequestRefused):
    """The session was closed, or its time is over."""


@transaction.atomic
def draft(
    *,
    actor: User,
    school: Unit,
    numbers: Sequence[str],
    sections: Sequence[str],
    purpose: str,
    reader: str = "",
    reader_unit: str = "",
    letter: Scan | None = None,
    instead_of: InquiryRequest | None = None,
) -> InquiryRequest:
    """Ask to read these sections of these students' files.

    ``instead_of``: the requester's own draft or returned request, which is taken back; its letter is copied when the
    same reader from outside brings no new one. Raises UnknownNumbers, FileRefused, WrongState, NotPermitted.
    """
    typed: Any = requests.open_request(
        actor=actor,
        kind=kind(KIND),
        school=school,
        instead_of=instead_of,
        purpose=purpose.strip(),
        reader=reader.strip(),
        reader_unit=reader_unit.strip(),
        asked=list(sections),
    )
    role = typed.request.requester_role
    rows = [
        InquiryStudent(inquiry=typed, student=student, student_no=number)
        for student, number in named(school, numbers).items()
    ]
    write_rows(rows, actor=actor, role=role)
    known = letter_again(instead_of, reader=typed.reader, reader_unit=typed.reader_unit)
    if letter is not None or known is not None:
        with acting(actor, role=role):
            typed.letter = keep_scan(actor, letter) or (known and copied(actor, known))
            typed.save(update_fields=["letter"])
    made: InquiryRequest = typed
    return made


def check_ready(typed: InquiryRequest) -> None:
    """What is asked when an inquiry is submitted. Raises WrongState."""
    if not typed.students.exists() or not typed.asked:
        raise WrongState(_("Name at least one student and one section."))
    if typed.reader and typed.letter is None:
        raise WrongState(_("A reader from outside brings a letter; add its scan."))
    demand_kept([row.student for row in typed.students.select_related("student")], typed.request.school)


def narrow(doing: Doing) -> None:
    """Grant the sections and students that the head of archives ticked. Raises WrongState for none."""
    typed: InquiryRequest = doing.typed
    sections = doing.data.get("sections", typed.asked)
    kept = {int(one) for one in doing.data.get("students", typed.students.values_list("pk", flat=True))}
    rows = list(typed.students.select_for_update().select_related("student"))
    if not sections or not kept & {row.pk for row in rows}:
        raise WrongState(_("Name at least one student and one section."))
    demand_kept([row.student for row in rows if row.pk in kept], doing.request.school)
    for row in rows:
        if row.pk not in kept:
            row.granted = False
            row.save(update_fields=["granted"])
    typed.granted = [one for one in typed.asked if one in sections]
    typed.save(update_fields=["granted"])


def open_session(doing: Doing) -> None:
    """Open the session: from now on the reader sees what was granted, for as long as the rule says."""
    typed: InquiryRequest = doing.typed
    typed.place = str(doing.data.get("place", ""))[:80]
    typed.opened_at = timezone.now()
    typed.closes_at = typed.opened_at + timedelta(minutes=int(rule(doing.request.school, "inquiry_minutes")))
    typed.save(update_fields=["place", "opened_at", "closes_at"])


def close_session(doing: Doing) -> None:
    """Close the session with what was read and copied."""
    typed: InquiryRequest = doing.typed
    typed.report = str(doing.data.get("report", "")).strip()
    if typed.closes_at and typed.closes_at > timezone.now():
        typed.closes_at = timezone.now()
    typed.save(update_fields=["report", "closes_at"])


def is_open(typed: InquiryRequest, request: Request) -> bool:
    """Whether the session is running."""
    return request.step == "close" and typed.closes_at is not None and timezone.now() < typed.closes_at


def may_read(user: User, typed: InquiryRequest) -> bool:
    """Whether ``user`` reads in this session: the requester, or the escort's screen for a reader from outside."""
    return user.pk == (typed.escort_id if typed.reader else typed.requester_id)


@transaction.atomic
def read_page(*, actor: User, typed: InquiryRequest, student: Student, section: str) -> Page:
    """Let one page be read, and keep that it was. Raises NotPermitted, SessionOver, WrongState."""
    request, row = requests.locked(typed.request)
    if not may_read(actor, row):
        raise NotPermitted("request_inquiry", unit_id=request.school_id, obj=row)
    if not is_open(row, request):
        raise SessionOver(_("The session is over. What else is needed takes a new inquiry."))
    granted = row.students.filter(student=student, granted=True).exists()
    if section not in row.granted or not granted:
        raise NotPermitted("request_inquiry", unit_id=request.school_id, obj=row)
    file = demand_kept([student], request.school)[student.pk]
    role = _role(actor, request, row)
    with acting(actor, role=role, request_no=request.number):
        InquiryView.objects.create(inquiry=row, student=student, section=section, by=actor)
        events.record(
            "inquiry.read", actor=actor, obj=row, subject=student.public_id, unit_id=request.school_id,
            role=role, detail={"section": section, "number": request.number},
        )  # fmt: skip
    return page_of(actor, file, section)


def _role(actor: User, request: Request, row: InquiryRequest) -> str:
    """In which role somebody reads: as the requester, or for a reader from outside as the escort."""
    if not row.reader:
        return request.requester_role
    step = step_of(request, row)
    found = authority(actor, step, request) if step else None
    if found is None:
        raise NotPermitted(ESCORT, unit_id=request.school_id, obj=row)
    return found.role


@transaction.atomic
def note_letter_viewed(*, actor: User, typed: InquiryRequest) -> None:
    """Write down that somebody saw the letter and the identity document of a reader from outside."""
    events.record("inquiry.letter_viewed", actor=actor, obj=typed, unit_id=typed.request.school_id)


def lapse_unopened(now: Any = None) -> int:
    """End inquiries that were approved and not opened in time, and sessions that nobody closed in time."""
    today = timezone.localdate(now or timezone.now())
    due = Request.objects.filter(kind=KIND, state=Request.State.APPROVED, due_on__lt=today)
    return sum(_lapsed(request, today) for request in due)


@transaction.atomic
def _lapsed(request: Request, today: date) -> bool:
    """End this one, unless somebody opened or closed the session meanwhile, which has another due date."""
    row, _typed = requests.locked(request)
    if row.state != Request.State.APPROVED or row.due_on is None or row.due_on >= today:
        return False
    by: Any = service_user()
    requests.lapse(actor=by, request=row)
    return True
