"""Writes of inspections: planned, begun with a sample, files judged, areas scored, finished, printed."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import reading_role, units_with
from approvals import notices
from approvals.actions import new_number
from approvals.deadlines import due_after
from approvals.refusals import OwnFile, RequestRefused, SamePerson, WrongState
from approvals.relation import is_related, related_among
from audit.inspections.people import INSPECT, PLAN, READERS, demand_supervisor, may_supervise
from audit.inspections.printing import result_pdf
from audit.inspections.selectors import gone, last_quarter, unjudged, was_read, worked_on
from audit.inspections.words import demand_impersonal
from audit.models import FULL_SCORE, AreaFinding, Fault, InspectedFile, Inspection
from core.row_locks import locked_rows
from ledger import events
from ledger.context import acting, acting_for_job, service_user
from ledger.history import write_rows
from records.models import Student
from school.models import Unit
from school.rules import rule

PREFIX = "JC"
QUARTERLY_DAYS = 20
"""Working days in which a quarterly sample is looked at."""
FINISHED, OPENED = "inspection.finished", "inspection.opened"
State, Kind = Inspection.State, Inspection.Kind
REVIEWED = tuple(duty for duty in Unit.Duty if duty != Unit.Duty.ARCHIVES)
"""Departments of the quarterly sample: all but the archives, which draw it."""


@dataclass(frozen=True, slots=True)
class Points:
    """What was found in one area."""

    score: int
    words: str


@transaction.atomic
def plan(
    *,
    actor: User,
    unit: Unit,
    kind: str,
    period: tuple[date, date],
    planned_on: date,
    sample_size: int,
    inspector: User | None = None,
) -> Inspection:
    """Plan the inspection of a department; an inspection of the archives' safety draws no files.

    Raises NotPermitted, SamePerson for one's own department, RequestRefused.
    """
    school = unit.employer
    role = demand_supervisor(actor, PLAN, school, unit)
    if period[1] > timezone.localdate():
        raise RequestRefused(_("The period looked at ends today at the latest."))
    size = 0 if kind == Kind.SAFETY else sample_size
    if inspector is not None:
        _demand_fit(inspector, school, unit, size)
    with acting(actor, role=role):
        made: Inspection = Inspection.objects.create(
            number=new_number(PREFIX), school=school, unit=unit, kind=kind, period_from=period[0],
            period_until=period[1], planned_on=planned_on, sample_size=size, planned_by=actor,
            inspector=inspector, inspector_unit=inspector.unit if inspector else None,
        )  # fmt: skip
        _note("inspection.planned", actor, role, made, kind=kind)
    return made


def _demand_fit(person: User, school: Unit, unit: Unit, size: int) -> None:
    if not may_supervise(person, INSPECT, school.pk, unit) or person.unit is None:
        raise SamePerson(_("%(name)s cannot inspect this department.") % {"name": person.name})
    if size and school.pk not in units_with(person, "view_student"):
        words = _(
            "%(name)s cannot open student files: plan an inspection without files, or name another person."
        )
        raise SamePerson(words % {"name": person.name})


@transaction.atomic
def assign(*, actor: User, inspection: Inspection, inspector: User) -> Inspection:
    """Name who inspects, also instead of another one.

    Raises NotPermitted, SamePerson, OwnFile when a file of the sample is his own or of his family, WrongState once
    finished.
    """
    row = _locked(inspection)
    role = demand_supervisor(actor, PLAN, row.school, row.unit)
    if row.state == State.FINISHED:
        raise WrongState(_("This inspection is finished."))
    _demand_fit(inspector, row.school, row.unit, row.sample_size)
    if is_related(inspector, list(row.files.values_list("subject", flat=True))):
        words = _("The sample holds files from which %(name)s must stay away: name another person.")
        raise OwnFile(words % {"name": inspector.name})
    row.inspector, row.inspector_unit = inspector, inspector.unit
    with acting(actor, role=role, request_no=row.number):
        row.save(update_fields=["inspector", "inspector_unit"])
        _note("inspection.assigned", actor, role, row, person=inspector.pk)
    return row


def _locked(inspection: Inspection) -> Inspection:
    rows = locked_rows(Inspection.objects.filter(pk=inspection.pk))
    row: Inspection = rows.select_related("school", "unit", "inspector").get()
    return row


def _running(actor: User, inspection: Inspection) -> tuple[Inspection, str]:
    """The locked row and the role, while it is ``actor``'s to work on. Raises NotPermitted, SamePerson, WrongState."""
    row = _locked(inspection)
    role = demand_supervisor(actor, INSPECT, row.school, row.unit)
    if row.state != State.RUNNING:
        raise WrongState(_("This inspection is %(state)s.") % {"state": row.get_state_display()})
    if row.inspector is not None and row.inspector_id != actor.pk:
        raise SamePerson(_("%(name)s carries out this inspection.") % {"name": row.inspector.name})
    return row, role


@transaction.atomic
def begin(*, actor: User, inspection: Inspection) -> Inspection:
    """Take an inspection on and draw its sample, once. Raises NotPermitted, SamePerson, WrongState."""
    row = _locked(inspection)
    role = demand_supervisor(actor, INSPECT, row.school, row.unit)
    if row.state != State.PLANNED:
        raise WrongState(_("This inspection is %(state)s.") % {"state": row.get_state_display()})
    if row.inspector is not None and row.inspector_id != actor.pk:
        raise SamePerson(_("%(name)s carries out this inspection.") % {"name": row.inspector.name})
    _demand_fit(actor, row.school, row.unit, row.sample_size)
    drawn = _draw(row, actor)
    row.inspector, row.inspector_unit = actor, actor.unit
    row.state, row.begun_at = State.RUNNING, timezone.now()
    with acting(actor, role=role, request_no=row.number):
        row.save(update_fields=["inspector", "inspector_unit", "state", "begun_at", "population"])
        write_rows(drawn, actor=actor, role=role)
        _note("inspection.begun", actor, role, row, population=row.population, drawn=len(drawn))
    return row


def _draw(row: Inspection, actor: User) -> list[InspectedFile]:
    """As many as planned, each as likely as any other; files of the inspector's own family stay out."""
    if not row.sample_size:
        row.population = 0
        return []
    files = worked_on(row.school, row.unit, row.period_from, row.period_until)
    found = dict(files.values_list("public_id", "archive_no"))
    for one in related_among(actor, list(found)):
        del found[one]
    row.population = len(found)
    chosen = secrets.SystemRandom().sample(sorted(found), min(row.sample_size, len(found)))
    return [
        InspectedFile(inspection=row, position=place, subject=one, archive_no=found[one])
        for place, one in enumerate(chosen, start=1)
    ]


@transaction.atomic
def judge(*, actor: User, file: InspectedFile, faults: Sequence[str], note: str = "") -> InspectedFile:
    """Write what is wrong with a file of the sample, nothing: in order; again while the inspection runs.

    Raises NotPermitted, SamePerson, OwnFile; WrongState when ``actor`` has not opened the file or it was destroyed;
    RequestRefused for a fault without words, or words that name somebody.
    """
    inspection, role = _running(actor, file.inspection)
    row: InspectedFile = InspectedFile.objects.select_for_update().get(pk=file.pk)
    row.inspection = inspection
    here = Student.objects.select_for_update().filter(public_id=row.subject, destroyed_on__isnull=True)
    if not here.exists():
        raise WrongState(_("This file was destroyed."))
    if is_related(actor, [row.subject]):
        raise OwnFile(_("Nobody decides on his own file or on that of his family"))
    if not was_read(actor, row):
        raise WrongState(_("Open the file first."))
    if faults and not note.strip():
        raise RequestRefused(_("Say in words what is wrong."))
    demand_impersonal([note], [row.subject])
    row.faults = [one.value for one in Fault if one in faults]
    row.note, row.judged_by, row.judged_at = note.strip(), actor, timezone.now()
    with acting(actor, role=role, request_no=inspection.number):
        row.save(update_fields=["faults", "note", "judged_by", "judged_at"])
        events.record(
            "inspection.judged", actor=actor, obj=row, subject=row.subject, unit_id=inspection.school_id,
            role=role, detail={"faults": len(row.faults)},
        )  # fmt: skip
    return row


@transaction.atomic
def write_findings(*, actor: User, inspection: Inspection, points: Mapping[str, Points]) -> None:
    """Keep the points and words of each area; points that are missing ask for words.

    Raises NotPermitted, SamePerson, WrongState, RequestRefused.
    """
    row, role = _running(actor, inspection)
    if any(one.score < FULL_SCORE and not one.words.strip() for one in points.values()):
        raise RequestRefused(_("Say in words why points are missing."))
    demand_impersonal(
        [one.words for one in points.values()], list(row.files.values_list("subject", flat=True))
    )
    known = {one.area: one for one in row.findings.select_for_update()}
    with acting(actor, role=role, request_no=row.number):
        for area in row.areas:
            given = points.get(area)
            if given is None:
                continue
            finding = known.get(area) or AreaFinding(inspection=row, area=area)
            finding.score, finding.words, finding.written_by = given.score, given.words.strip(), actor
            finding.save(update_fields=["score", "words", "written_by"] if finding.pk else None)
        _note("inspection.scored", actor, role, row)


@transaction.atomic
def finish(*, actor: User, inspection: Inspection) -> Inspection:
    """Finish an inspection whose areas are scored and whose files are judged; the department is told.

    Raises NotPermitted, SamePerson, WrongState.
    """
    row, role = _running(actor, inspection)
    if row.findings.count() < len(row.areas):
        raise WrongState(_("Give points to every area first."))
    if left := unjudged(row):
        raise WrongState(_("Files still to be judged: %(count)s") % {"count": left})
    row.state, row.finished_at = State.FINISHED, timezone.now()
    with acting(actor, role=role, request_no=row.number):
        row.save(update_fields=["state", "finished_at"])
        _note("inspection.finished", actor, role, row, gone=len(gone(row)))
    tell(FINISHED, row.unit, row.school, row.number, reverse("audit:inspection", args=[row.public_id]))
    return row


def tell(kind: str, unit: Unit, school: Unit, about: str, url: str) -> None:
    """Tell the people of a department, where it has a duty."""
    if unit.duty:
        notices.tell(kind, school=school, duties=(unit.duty,), about=about, url=url)


@transaction.atomic
def print_result(*, actor: User, inspection: Inspection) -> bytes:
    """The result of a finished inspection as PDF/A, by archive numbers. Raises WrongState, PdfFailed."""
    if inspection.state != State.FINISHED:
        raise WrongState(_("This inspection is not finished."))
    content = result_pdf(inspection, actor)
    role = reading_role(actor, READERS, inspection.school_id)
    with acting(actor, role=role, request_no=inspection.number):
        _note("inspection.printed", actor, role, inspection)
    return content


def _note(action: str, actor: User, role: str, row: Inspection, **detail: Any) -> None:
    events.record(action, actor=actor, obj=row, unit_id=row.school_id, role=role, detail=detail)


def open_quarterly(today: date) -> int:
    """Plan the samples of last quarter for each department that worked on files in it; how many. Safe to run again."""
    since, until = last_quarter(today)
    known = Inspection.objects.filter(kind=Kind.QUARTERLY, period_from=since).values("unit")
    units = Unit.objects.filter(kind=Unit.Kind.DEPARTMENT, duty__in=REVIEWED, is_active=True)
    rows = units.exclude(pk__in=known).select_related("parent").order_by("pk")
    return sum(_open_one(unit, since, until, today) for unit in rows if unit.parent is not None)


def _open_one(unit: Unit, since: date, until: date, today: date) -> bool:
    """Plan one; False when the school wants none, nothing was worked on, or another run was first."""
    school = unit.employer
    size = int(rule(school, "quarterly_sample"))
    planned_on = due_after(school, QUARTERLY_DAYS, start=today).date
    if not size or not worked_on(school, unit, since, until).exists():
        return False
    try:
        with transaction.atomic(), acting_for_job():
            by: Any = service_user()
            made: Inspection = Inspection.objects.create(
                number=new_number(PREFIX), school=school, unit=unit, kind=Kind.QUARTERLY, period_from=since,
                period_until=until, planned_on=planned_on, sample_size=size, planned_by=by,
            )  # fmt: skip
            _note("inspection.planned", by, "", made, kind=Kind.QUARTERLY)
            url = reverse("audit:inspections")
            notices.tell(OPENED, school=school, duties=(Unit.Duty.ARCHIVES,), about=school.label, url=url)
    except IntegrityError:
        return False
    return True
