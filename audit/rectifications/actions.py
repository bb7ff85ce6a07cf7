"""Writes of rectification notices. Each locks the notice, asks again who may act, writes a step and an event."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import reading_role
from approvals import notices
from approvals.actions import new_number
from approvals.deadlines import due_after
from approvals.refusals import AlreadyDecided, RequestRefused, SamePerson, StaleVersion, WrongState
from audit.inspections.actions import tell
from audit.inspections.people import INSPECT, PLAN, READERS, demand_answerer, demand_supervisor
from audit.inspections.words import demand_impersonal
from audit.models import (
    Inspection,
    Opinion,
    Rectification,
    RectificationEvidence,
    RectificationStep,
)
from audit.rectifications.printing import notice_pdf
from audit.rectifications.selectors import (
    NOT_ISSUED,
    is_party,
    may_verify,
    missed,
    overtaken,
    students_behind,
)
from core.row_locks import locked_rows
from files.actions import Scan, discard, keep_scan
from ledger import events
from ledger.context import acting, acting_for_job, service_user
from school.models import Unit
from school.rules import rule

PREFIX = "ZG"
ISSUED, ANSWERED, REOPENED, OVERDUE = (
    f"rectification.{one}" for one in ("issued", "answered", "reopened", "overdue")
)
MOST_DAYS, MOST_SCANS = 120, 10
State, Kind = Rectification.State, RectificationStep.Kind


@transaction.atomic
def draft(
    *,
    actor: User,
    source: Inspection | Opinion,
    unit: Unit,
    problem: str,
    basis: str,
    measure: str,
    days: int,
) -> Rectification:
    """Draft a notice to ``unit`` from a finished inspection of it, or from an opinion.

    Raises NotPermitted, SamePerson for one's own department, WrongState, RequestRefused for words that name somebody.
    """
    school = source.school
    role = demand_supervisor(actor, INSPECT, school, unit)
    of = source if isinstance(source, Inspection) else None
    if unit.employer != school or (of is not None and of.unit_id != unit.pk):
        raise WrongState(_("This department is not concerned."))
    if of is not None and of.state != Inspection.State.FINISHED:
        raise WrongState(_("Finish the inspection first."))
    demand_impersonal([problem, basis, measure], students_behind(source))
    _demand_days(days)
    with acting(actor, role=role):
        made: Rectification = Rectification.objects.create(
            school=school, unit=unit, inspection=of, opinion=source if isinstance(source, Opinion) else None,
            problem=problem.strip(), basis=basis.strip(), measure=measure.strip(), days=days, inspector=actor,
        )  # fmt: skip
        _step(made, Kind.DRAFTED, actor, role)
    return made


def _demand_impersonal(row: Rectification, words: str) -> None:
    source = row.inspection or row.opinion
    demand_impersonal([words], students_behind(source) if source is not None else ())


def _demand_days(days: int) -> None:
    if not 1 <= days <= MOST_DAYS:
        raise RequestRefused(_("Give from 1 to %(most)s working days.") % {"most": MOST_DAYS})


def _step(
    row: Rectification, kind: str, by: User, role: str, *, note: str = "", due_on: date | None = None
) -> RectificationStep:
    made: RectificationStep = RectificationStep.objects.create(
        rectification=row, kind=kind, by=by, note=note.strip(), due_on=due_on
    )
    events.record(
        f"rectification.{kind}", actor=by, obj=row, unit_id=row.school_id, role=role, detail={"unit": row.unit_id}
    )  # fmt: skip
    return made


def _locked(row: Rectification, state: str, version: int | None, actor: User) -> Rectification:
    """The notice, locked. Raises AlreadyDecided, WrongState, StaleVersion when the page showed something else."""
    rows = locked_rows(Rectification.objects.filter(pk=row.pk))
    found: Rectification = rows.select_related(
        "school", "unit", "inspector__unit", "inspection", "opinion"
    ).get()
    if found.state != state:
        last = found.steps.select_related("by").last()
        if last is not None and last.by_id != actor.pk:
            raise AlreadyDecided(last.by, last.at, str(last.get_kind_display()))
        raise WrongState(_("This notice is %(state)s.") % {"state": found.get_state_display()})
    if version is not None and version != found.version:
        raise StaleVersion(_("This notice was changed meanwhile."))
    return found


def _save(row: Rectification, state: str, *fields: str) -> None:
    row.state, row.version = state, row.version + 1
    row.save(update_fields=["state", "version", *fields])


def _url(row: Rectification) -> str:
    return reverse("audit:rectification", args=[row.public_id])


@transaction.atomic
def sign(*, actor: User, row: Rectification, version: int | None = None) -> Rectification:
    """Sign and issue a drafted notice: it gets its number and its deadlines in working days of the school.

    Raises NotPermitted, SamePerson, AlreadyDecided, WrongState, StaleVersion.
    """
    role = demand_supervisor(actor, PLAN, row.school, row.unit)
    row = _locked(row, State.DRAFT, version, actor)
    row.number, row.signer, row.issued_at = new_number(PREFIX), actor, timezone.now()
    row.acknowledge_by = due_after(row.school, int(rule(row.school, "acknowledgement_days"))).date
    row.due_on = due_after(row.school, row.days).date
    with acting(actor, role=role, request_no=row.number):
        _save(row, State.ISSUED, "number", "signer", "issued_at", "acknowledge_by", "due_on")
        _step(row, Kind.ISSUED, actor, role, due_on=row.due_on)
    tell(ISSUED, row.unit, row.school, row.number, _url(row))
    return row


@transaction.atomic
def drop(*, actor: User, row: Rectification, note: str, version: int | None = None) -> Rectification:
    """Issue no notice of this draft, with a reason.

    Raises as `sign`; RequestRefused without a reason, or for one that names somebody.
    """
    role = demand_supervisor(actor, PLAN, row.school, row.unit)
    if not note.strip():
        raise RequestRefused(_("Say why."))
    row = _locked(row, State.DRAFT, version, actor)
    _demand_impersonal(row, note)
    with acting(actor, role=role):
        _save(row, State.DROPPED)
        _step(row, Kind.DROPPED, actor, role, note=note)
    return row


def _for_department(
    actor: User, row: Rectification, state: str, version: int | None
) -> tuple[Rectification, str]:
    role = demand_answerer(actor, row.school, row.unit)
    row = _locked(row, state, version, actor)
    if is_party(actor, row):
        raise SamePerson(_("Who asked for this notice or judged an answer to it does not answer it."))
    return row, role


@transaction.atomic
def acknowledge(*, actor: User, row: Rectification, version: int | None = None) -> Rectification:
    """Acknowledge a notice for one's department. Raises NotPermitted, SamePerson, AlreadyDecided, WrongState."""
    row, role = _for_department(actor, row, State.ISSUED, version)
    row.acknowledger = actor
    if row.due_on is not None and row.due_on >= timezone.localdate():
        row.overdue_on = None
    with acting(actor, role=role, request_no=row.number):
        _save(row, State.RECTIFYING, "acknowledger", "overdue_on")
        _step(row, Kind.ACKNOWLEDGED, actor, role)
    return row


@transaction.atomic
def answer(
    *, actor: User, row: Rectification, words: str, scans: Sequence[Scan], version: int | None = None
) -> Rectification:
    """Say for one's department what was done, with at least one scan that proves it.

    Raises NotPermitted, SamePerson, AlreadyDecided, WrongState, RequestRefused, FileRefused.
    """
    row, role = _for_department(actor, row, State.RECTIFYING, version)
    if not words.strip():
        raise RequestRefused(_("Say what was done."))
    if not 1 <= len(scans) <= MOST_SCANS:
        raise RequestRefused(_("Add from 1 to %(most)s scans as evidence.") % {"most": MOST_SCANS})
    _demand_impersonal(row, words)
    row.answerer = actor
    with acting(actor, role=role, request_no=row.number):
        _save(row, State.ANSWERED, "answerer")
        made = _step(row, Kind.ANSWERED, actor, role, note=words)
        for scan in scans:
            RectificationEvidence.objects.create(step=made, blob=keep_scan(actor, scan))
    return row


@transaction.atomic
def verify(
    *, actor: User, row: Rectification, enough: bool, note: str, days: int | None = None,
    version: int | None = None,
) -> Rectification:  # fmt: skip
    """Judge an answer: close the notice, or open it again with a new deadline of ``days`` working days.

    When it closes, evidence goes that stayed for it alone though a file of the school was destroyed since.
    Raises NotPermitted, SamePerson for anybody but its inspector, AlreadyDecided, WrongState, StaleVersion,
    RequestRefused without words, or for words that name somebody.
    """
    role = demand_supervisor(actor, INSPECT, row.school, row.unit)
    row = _locked(row, State.ANSWERED, version, actor)
    if not may_verify(actor, row):
        raise SamePerson(_("%(name)s judges the answer to this notice.") % {"name": row.inspector.name})
    if not note.strip():
        raise RequestRefused(_("Say what you looked at and found."))
    _demand_impersonal(row, note)
    row.verifier = actor
    with acting(actor, role=role, request_no=row.number):
        if enough:
            row.closed_at = timezone.now()
            _save(row, State.CLOSED, "verifier", "closed_at")
            _step(row, Kind.CLOSED, actor, role, note=note)
            for one in overtaken(row):
                discard(one.blob)
        else:
            _demand_days(days or 0)
            row.due_on, row.overdue_on = due_after(row.school, days or 0).date, None
            _save(row, State.RECTIFYING, "verifier", "due_on", "overdue_on")
            _step(row, Kind.REOPENED, actor, role, note=note, due_on=row.due_on)
            tell(REOPENED, row.unit, row.school, row.number, _url(row))
    return row


def mark_overdue(today: date) -> int:
    """Mark notices whose deadline has passed, tell the department and the archives; how many. Safe to run again."""
    return sum(_mark(pk, today) for pk in missed(today).order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _mark(pk: int, today: date) -> bool:
    """Mark one, unless it was acknowledged, answered or marked meanwhile."""
    Rectification.objects.select_for_update().get(pk=pk)
    row = missed(today).select_related("school", "unit").filter(pk=pk).first()
    if row is None:
        return False
    by: Any = service_user()
    missed_day = row.due_on if row.due_on and row.due_on < today else row.acknowledge_by
    row.overdue_on = today
    with acting_for_job(request_no=row.number):
        row.save(update_fields=["overdue_on"])
        if not row.steps.filter(kind=Kind.OVERDUE, due_on=missed_day).exists():
            _step(row, Kind.OVERDUE, by, "", due_on=missed_day)
    duties = {duty for duty in (row.unit.duty, Unit.Duty.ARCHIVES) if duty}
    notices.tell(OVERDUE, school=row.school, duties=duties, about=row.number, url=_url(row))
    return True


@transaction.atomic
def note_viewed(*, actor: User, evidence: RectificationEvidence) -> None:
    """A scan of an answer was opened."""
    row = evidence.step.rectification
    role = reading_role(actor, READERS, row.school_id)
    with acting(actor, role=role, request_no=row.number):
        events.record("rectification.evidence_viewed", actor=actor, obj=row, unit_id=row.school_id, role=role)


@transaction.atomic
def print_notice(*, actor: User, row: Rectification) -> bytes:
    """The notice and its course as PDF/A. Raises WrongState before it is issued, PdfFailed."""
    if row.state in NOT_ISSUED:
        raise WrongState(_("This notice is not issued."))
    content = notice_pdf(row, actor)
    role = reading_role(actor, READERS, row.school_id)
    with acting(actor, role=role, request_no=row.number):
        events.record("rectification.printed", actor=actor, obj=row, unit_id=row.school_id, role=role)
    return content
