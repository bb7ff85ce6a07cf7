"""What is done about an incident: reporting, steps, freezing accounts, the extent, what students are told, closing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import lock_user
from accounts.models import User
from accounts.scope import NotPermitted, role_for, units_with_any
from approvals.actions import new_number
from approvals.refusals import RequestRefused, SamePerson, WrongState
from audit.incidents.selectors import (
    CLOSE,
    LETTERS,
    MANAGE,
    done_steps,
    is_telling_over,
    perm_to_run,
    person_at,
    read_by,
    stays_of,
    tellings_of,
    untold_of,
)
from audit.incidents.steps import following, furthest
from audit.models import TEXT, DataKind, FrozenAccount, Incident, IncidentStep, IncidentStudent, Step
from core.pdf import render_pdf
from core.row_locks import locked_rows
from ledger import events
from ledger.context import acting
from ledger.history import write_rows
from ledger.models import Event
from records.models import Enrolment
from school.models import SchoolClass, Unit
from school.rules import rule

PREFIX = "AQ"
Source = IncidentStudent.Source


@dataclass(frozen=True, slots=True)
class Notice:
    """The notice to the authority: whom, under which number, when."""

    authority: str
    reference: str
    told_at: datetime


@transaction.atomic
def report(
    *,
    actor: User,
    kind: str,
    what: str,
    noticed_at: datetime,
    school: Unit | None = None,
    suspect: User | None = None,
) -> Incident:
    """Report an incident at one's own school. Raises NotPermitted, RequestRefused for a time to come.

    Who handles or closes incidents at another ``school`` may report it there, and name the ``suspect`` at once.
    """
    if actor.unit is None:
        raise NotPermitted(MANAGE)
    at = (school or actor.unit.employer).pk
    if (school is not None or suspect is not None) and at not in units_with_any(actor, (MANAGE, CLOSE)):
        raise NotPermitted(MANAGE, CLOSE, unit_id=at)
    now = timezone.now()
    if noticed_at > now:
        raise RequestRefused(_("The time lies in the future."))
    school = school or actor.unit.employer
    hours = timedelta(hours=rule(school, "incident_authority_hours"))
    with acting(actor):
        made: Incident = Incident.objects.create(
            number=new_number(PREFIX), school=school, kind=kind, what=what.strip(), noticed_at=noticed_at,
            reported_by=actor, reported_at=now, authority_due=now + hours, suspect=suspect,
        )  # fmt: skip
        events.record("incident.reported", actor=actor, obj=made, detail={"kind": kind})
    return made


def _open(actor: User, incident: Incident, perm: str) -> tuple[Incident, str]:
    """The case, locked and not closed, and the role. Raises NotPermitted, SamePerson for the suspect, WrongState.

    The head of unit runs it too while nobody but the suspect handles incidents there.
    """
    rows = locked_rows(Incident.objects.filter(pk=incident.pk))
    row: Incident = rows.select_related("school", "suspect").get()
    role = role_for(actor, perm_to_run(actor, row) if perm == MANAGE else perm, row.school_id)
    if row.suspect_id == actor.pk:
        raise SamePerson(_("The suspect takes no part in the case."))
    if row.closed_at is not None:
        raise WrongState(_("This incident is closed."))
    return row, role


@transaction.atomic
def take_step(
    *, actor: User, incident: Incident, step: str, note: str, notice: Notice | None = None
) -> IncidentStep:
    """Take one of the steps up to the lessons; whoever takes one runs the case. Raises WrongState, SamePerson."""
    row, role = _open(actor, incident, MANAGE)
    _demand_next(row, step)
    if step == Step.CLOSED:
        raise NotPermitted(CLOSE, obj=row)
    if step == Step.ASSESSED and not row.students.exists() and not note.strip():
        raise WrongState(_("List the students concerned, or say why there are none."))
    if step == Step.STUDENTS_NOTIFIED and row.students.exists():
        _demand_whole(row)
        _demand_printed_as_written(row)
    if notice is not None and notice.told_at > timezone.now():
        raise RequestRefused(_("The time lies in the future."))
    row.handler = actor
    with acting(actor, role=role, request_no=row.number):
        made = _write(row, actor, step, note, notice)
        _moved(row, "handler")
        events.record("incident.step", actor=actor, obj=row, role=role, detail={"step": step})
    return made


def _demand_printed_as_written(row: Incident) -> None:
    """Raise WrongState when a student who is told now was printed a letter with an earlier text."""
    of_case = Event.objects.filter(request_no=row.number)
    written = of_case.filter(action="incident.letter").aggregate(last=Max("at"))["last"]
    letters = of_case.filter(
        action="incident.letter_printed", subject__in=untold_of(row).values("student__public_id")
    )
    if written and letters.values("subject").annotate(last=Max("at")).filter(last__lt=written).exists():
        raise WrongState(
            _("The text was changed after letters were printed. Print these letters again first.")
        )


def _demand_next(row: Incident, step: str) -> None:
    done = done_steps(row)
    if step in done:
        raise WrongState(_("This step was taken already."))
    if step not in following(done):
        raise WrongState(_("Other steps come first."))


def _write(row: Incident, actor: User, step: str, note: str, notice: Notice | None) -> IncidentStep:
    told: dict[str, Any] = {}
    if step == Step.STUDENTS_NOTIFIED:
        concerned = row.students.count()
        told = {"concerned": concerned, **(row.text if concerned else {})}
    if notice is not None and step == Step.AUTHORITY_NOTIFIED:
        told = {
            "authority": notice.authority.strip(), "reference": notice.reference.strip(),
            "told_at": notice.told_at,
        }  # fmt: skip
    made: IncidentStep = IncidentStep.objects.create(
        incident=row, step=step, by=actor, note=note.strip(), suspect=row.suspect, **told
    )
    return made


def _moved(row: Incident, *fields: str) -> None:
    row.state = furthest(set(row.steps.values_list("step", flat=True)))
    row.save(update_fields=["state", *fields])


@transaction.atomic
def close(*, actor: User, incident: Incident, note: str) -> IncidentStep:
    """Close the case as head of unit. Raises SamePerson for whoever took a step of it, WrongState, also while students
    are still to be told.
    """
    row, role = _open(actor, incident, CLOSE)
    _demand_next(row, Step.CLOSED)
    if row.handler_id == actor.pk or row.steps.filter(by=actor).exists():
        raise SamePerson(_("Who ran the case does not close it."))
    row.closer, row.closed_at = actor, timezone.now()
    with acting(actor, role=role, request_no=row.number):
        made = _write(row, actor, Step.CLOSED, note, None)
        _moved(row, "closer", "closed_at")
        events.record("incident.step", actor=actor, obj=row, role=role, detail={"step": Step.CLOSED})
    return made


def _person(row: Incident, staff_no: str) -> User:
    person = person_at(row.school, staff_no)
    if person is None:
        raise RequestRefused(_("Nobody around this school has this staff number."))
    return person


@transaction.atomic
def name_suspect(*, actor: User, incident: Incident, staff_no: str) -> None:
    """Name who is suspected; from now on the case is closed to him. Raises SamePerson for who runs it."""
    row, role = _open(actor, incident, MANAGE)
    person = _person(row, staff_no)
    if row.handler_id == person.pk:
        raise SamePerson(_("This person runs the case; another one must take a step of it first."))
    row.suspect = person
    with acting(actor, role=role, request_no=row.number):
        row.save(update_fields=["suspect"])
        events.record("incident.suspect", actor=actor, obj=row, role=role, detail={"person": person.pk})


@transaction.atomic
def freeze(*, actor: User, incident: Incident, staff_no: str) -> FrozenAccount:
    """Lock an account because of the case, again after it was opened. Raises RequestRefused, also for one's own.

    NotPermitted for an account around the case that is not of this school; WrongState for a locked one.
    """
    row, role = _open(actor, incident, MANAGE)
    person = _person(row, staff_no)
    if not person.is_active:
        raise WrongState(_("This account is frozen already."))
    with acting(actor, role=role, request_no=row.number):
        try:
            lock_user(actor=actor, user=person, reason=row.number, perm=perm_to_run(actor, row))
        except ValidationError as refused:
            raise RequestRefused(" ".join(refused.messages)) from refused
        made: FrozenAccount = FrozenAccount.objects.create(incident=row, user=person, by=actor)
        events.record("incident.frozen", actor=actor, obj=row, role=role, detail={"person": person.pk})
    return made


def note_opened(*, actor: User, user: User) -> None:
    """Note on the freezing that stands that the account was opened again, in the transaction of opening it."""
    row = FrozenAccount.objects.select_for_update().filter(user=user, released_at__isnull=True).first()
    if row is not None:
        row.released_by, row.released_at = actor, timezone.now()
        row.save(update_fields=["released_by", "released_at"])


# The extent


@transaction.atomic
def add_class(*, actor: User, incident: Incident, school_class: SchoolClass) -> int:
    """Put a whole class on the list; how many were new. Raises WrongState, NotPermitted."""
    row, role = _open(actor, incident, MANAGE)
    stays = Enrolment.objects.filter(school=row.school, school_class=school_class, ended_on__isnull=True)
    return _add(row, actor, role, stays.values_list("student_id", flat=True), Source.CLASS)


@transaction.atomic
def add_numbers(*, actor: User, incident: Incident, numbers: list[str]) -> int:
    """Put students on the list by number. Raises RequestRefused with the numbers that nobody has."""
    row, role = _open(actor, incident, MANAGE)
    stays = Enrolment.objects.filter(school=row.school, student_no__in=numbers)
    known = dict(stays.values_list("student_no", "student_id"))
    if lacking := [one for one in numbers if one not in known]:
        words = _("Nobody at this school has these student numbers: %(numbers)s")
        raise RequestRefused(words % {"numbers": ", ".join(lacking)})
    return _add(row, actor, role, known.values(), Source.NUMBERS)


@transaction.atomic
def add_viewed(*, actor: User, incident: Incident, staff_no: str, since: date, until: date) -> int:
    """Put those on the list whose files a person opened from one day to another, both included."""
    row, role = _open(actor, incident, MANAGE)
    person = _person(row, staff_no)
    begins, ends = (timezone.make_aware(datetime.combine(day, time())) for day in (since, until))
    stays = read_by(person, row.school, begins, ends + timedelta(days=1))
    return _add(row, actor, role, stays.values_list("student_id", flat=True), Source.VIEWED)


@transaction.atomic
def add_students(
    *,
    actor: User,
    incident: Incident,
    school_class: SchoolClass | None = None,
    numbers: list[str] | None = None,
    staff_no: str = "",
    since: date | None = None,
    until: date | None = None,
) -> int:
    """Put students on the list in every way that is named; all of it or nothing. Raises as the ways do."""
    added = 0
    if school_class is not None:
        added += add_class(actor=actor, incident=incident, school_class=school_class)
    if numbers:
        added += add_numbers(actor=actor, incident=incident, numbers=numbers)
    if staff_no and since and until:
        added += add_viewed(actor=actor, incident=incident, staff_no=staff_no, since=since, until=until)
    return added


def _add(row: Incident, actor: User, role: str, ids: Iterable[int], source: str) -> int:
    known = set(row.students.values_list("student_id", flat=True))
    new = sorted(set(ids) - known)
    due = timezone.now() + timedelta(hours=rule(row.school, "incident_students_hours"))
    made = [
        IncidentStudent(
            incident=row, student_id=pk, source=source, added_by=actor, position=position, due=due
        )
        for position, pk in enumerate(new, start=len(known) + 1)
    ]  # fmt: skip
    with acting(actor, role=role, request_no=row.number):
        if made:
            write_rows(made, actor=actor, role=role)
        detail = {"source": source, "added": len(made)}
        events.record("incident.extent", actor=actor, obj=row, role=role, detail=detail)
    return len(made)


# What the students and the authority are told


@transaction.atomic
def write_letter(
    *,
    actor: User,
    incident: Incident,
    data_kinds: list[str],
    cause: str,
    harm: str,
    measures: str,
    contact: str,
) -> None:
    """Write what the students are told (PIPL art. 57). Raises WrongState once all of them were told.

    ``data_kinds``: codes of `DataKind`. The same text again changes nothing: letters that were printed stay good.
    """
    row, role = _open(actor, incident, MANAGE)
    if is_telling_over(row):
        raise WrongState(_("The students were told already."))
    before = row.text
    row.cause, row.harm, row.measures, row.contact = (one.strip() for one in (cause, harm, measures, contact))
    row.data_kinds = [one.value for one in DataKind if one in data_kinds]
    if row.text == before:
        return
    with acting(actor, role=role, request_no=row.number):
        row.save(update_fields=TEXT)
        events.record("incident.letter", actor=actor, obj=row, role=role)


@transaction.atomic
def print_letters(*, actor: User, incident: Incident, class_id: int | None, untold: bool = False) -> bytes:
    """The letters to the students of one class (or without one) with the list to sign. One event for each student.

    Who was told already gets the text that he was told. ``untold``: to those alone who were not told yet. Raises
    WrongState while the text is not written, PdfFailed, NotPermitted.
    """
    row, role = _open(actor, incident, LETTERS)
    _demand_whole(row)
    stays = stays_of(row, untold=untold).filter(school_class_id=class_id)
    stays = stays.select_related("student", "school_class")
    people = list(stays.order_by("seat_no", "student__name_sort", "pk"))
    tellings = [step for step, _count in tellings_of(row)]
    position = dict(row.students.values_list("student_id", "position"))
    told = [
        {
            "name": one.student.name,
            "student_no": one.student_no,
            "class_name": one.school_class.label if one.school_class else "",
            "text": sum((step.concerned or 0) < position[one.student_id] for step in tellings),
        }
        for one in people
    ]
    texts = [one.text for one in (*tellings, row)]
    content = render_pdf("incident_letters", _facts(row, actor) | {"people": told, "texts": texts})
    with acting(actor, role=role, request_no=row.number):
        students = [one.student for one in people]
        events.record_many("incident.letter_printed", students, actor=actor, role=role)
    return content


def _demand_whole(row: Incident) -> None:
    if not row.is_told:
        raise WrongState(_("Write first what the students are told."))


def _facts(row: Incident, actor: User) -> dict[str, Any]:
    return {
        "school": row.school.label,
        "printed_by": actor.name,
        "printed_at": f"{timezone.localtime():%Y-%m-%d %H:%M}",
        "number": row.number,
        "kind": row.kind,
        "noticed_on": timezone.localdate(row.noticed_at),
        "printed_on": timezone.localdate(),
    }


@transaction.atomic
def print_notice(*, actor: User, incident: Incident) -> bytes:
    """The letter to the authority: what the students are told, and how many they are; no names.

    Raises WrongState while the text is not written, PdfFailed, NotPermitted.
    """
    row, role = _open(actor, incident, MANAGE)
    _demand_whole(row)
    told = {"concerned": row.students.count(), "texts": [row.text]}
    content = render_pdf("incident_letters", _facts(row, actor) | told)
    with acting(actor, role=role, request_no=row.number):
        events.record("incident.notice_printed", actor=actor, obj=row, role=role)
    return content
