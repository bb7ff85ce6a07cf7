"""Reads of incidents. The suspect sees nothing of his case."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)  # fmt: skip
from django.db.models.functions import Coalesce

from accounts.grants import in_force
from accounts.models import Appointment, User
from accounts.roles import ROLE_PERMISSIONS
from accounts.scope import units_with, units_with_any, visible_or_404
from audit.incidents.steps import following
from audit.models import FrozenAccount, Incident, IncidentStep, IncidentStudent, Step
from ledger.models import Event
from records.models import Enrolment
from school.models import SchoolClass, Unit

MANAGE, CLOSE, LETTERS = "manage_incident", "close_incident", "decide_for_archives"
READERS = (MANAGE, CLOSE)
READING = (
    "student.viewed", "student.revealed", "student.document_viewed", "document.downloaded", "inquiry.read",
    "entry.viewed", "entry.evidence_viewed", "penalty.viewed", "penalty.evidence_viewed",
    "consent.viewed", "edit.viewed", "edit.printed", "form.printed", "student.printed", "student.copied",
    "student.packaged", "student.proved", "student.shared", "photo.exported", "student.exported", "certificate.issued",
    "certificate.copied", "certificate.viewed", "problem_row.viewed", "history.viewed", "history.revealed",
    "incident.letter_printed", "catalogue.printed", "account.opened", "account.password_reset",
)  # fmt: skip
"""Events by which somebody has read in a student's file, or taken something of it away."""


def _of(user: User, *perms: str) -> QuerySet[Any]:
    rows: QuerySet[Any] = Incident.objects.filter(school_id__in=units_with_any(user, perms))
    rows = rows.filter(Q(suspect__isnull=True) | ~Q(suspect=user))
    first = _untold().filter(incident=OuterRef("pk")).order_by("position").values("due")[:1]
    rows = rows.annotate(untold_due=Subquery(first))
    return rows.select_related("school", "reported_by", "suspect", "handler", "closer")


def duties() -> QuerySet[Appointment]:
    """Roles in force today by which somebody handles incidents at the school of the outer row."""
    roles = [role for role, perms in ROLE_PERMISSIONS.items() if MANAGE in perms]
    above = ExpressionWrapper(OuterRef("school__ancestors"), ArrayField(BigIntegerField()))
    held = Appointment.objects.filter(in_force(), role__in=roles).annotate(above=above)
    rows: QuerySet[Appointment] = held.filter(Q(unit=OuterRef("school")) | Q(above__contains=[F("unit_id")]))
    return rows


def handling(about: str) -> QuerySet[Appointment]:
    """Those of people who can sign in, but for the person whom a column of the outer row names."""
    return duties().filter(~Q(user=Coalesce(OuterRef(about), 0)), user__is_active=True)


def is_left(incident: Incident) -> bool:
    """Whether nobody but its suspect handles incidents there, so that the head of unit runs the case as well."""
    return bool(Incident.objects.filter(~Exists(handling("suspect")), pk=incident.pk).exists())


def perm_to_run(user: User, incident: Incident) -> str:
    """What running a case asks of ``user``: to handle incidents, or to close them while the case is left."""
    if incident.school_id in units_with(user, MANAGE) or not is_left(incident):
        return MANAGE
    return CLOSE


def runs(user: User, incident: Incident) -> bool:
    """Whether ``user`` takes the steps of a case."""
    return incident.school_id in units_with(user, perm_to_run(user, incident))


def open_concerned() -> QuerySet[IncidentStudent]:
    """Students whom open cases concern: their files are not destroyed meanwhile."""
    rows: QuerySet[IncidentStudent] = IncidentStudent.objects.filter(incident__closed_at__isnull=True)
    return rows


def _untold() -> QuerySet[IncidentStudent]:
    told = IncidentStep.objects.filter(incident=OuterRef("incident")).order_by().values("incident")
    last = Coalesce(Subquery(told.annotate(last=Max("concerned")).values("last")), 0)
    rows: QuerySet[IncidentStudent] = IncidentStudent.objects.filter(position__gt=last)
    return rows


def untold_of(incident: Incident) -> QuerySet[IncidentStudent]:
    """Students on the list whom no telling has reached yet."""
    return _untold().filter(incident=incident)


def incidents(user: User) -> QuerySet[Incident]:
    """The register, with how many students each case concerns."""
    rows: QuerySet[Incident] = _of(user, *READERS).annotate(concerned=Count("students"))
    return rows


def tellings_of(incident: Incident) -> list[tuple[IncidentStep, int]]:
    """Each step by which students were told, in their order on the list, and how many it told."""
    found, before = [], 0
    for one in incident.steps.filter(concerned__gt=0).order_by("concerned"):
        last = one.concerned or 0
        found.append((one, last - before))
        before = last
    return found


def told_otherwise(incident: Incident) -> list[tuple[IncidentStep, int]]:
    """Those of them whose text is not the one that the case holds now."""
    return [(one, count) for one, count in tellings_of(incident) if one.text != incident.text]


def done_steps(incident: Incident) -> set[str]:
    """The steps that hold: telling the students does not while some of them are untold."""
    done = set(incident.steps.values_list("step", flat=True))
    return done - {Step.STUDENTS_NOTIFIED} if untold_of(incident).exists() else done


def is_telling_over(incident: Incident) -> bool:
    """Whether everybody on the list was told, so that the text stays what they read."""
    return Step.STUDENTS_NOTIFIED in done_steps(incident) and incident.students.exists()


def reported_by(user: User) -> QuerySet[Incident]:
    """What ``user`` has reported, unless the case turned against him."""
    rows: QuerySet[Incident] = Incident.objects.filter(reported_by=user)
    return rows.filter(Q(suspect__isnull=True) | ~Q(suspect=user)).order_by("-pk")


def incident_for(user: User, public_id: UUID) -> Incident:
    """One case. Raises OutOfScope, also for the suspect, and Http404."""
    every: QuerySet[Incident] = Incident.objects.all()
    found: Incident = visible_or_404(every, _of(user, *READERS), public_id=public_id)
    return found


def incident_to_tell(user: User, public_id: UUID) -> Incident:
    """A case of which ``user`` prints the letters. Raises OutOfScope, Http404."""
    every: QuerySet[Incident] = Incident.objects.all()
    found: Incident = visible_or_404(every, _to_tell(user), public_id=public_id)
    return found


def _to_tell(user: User) -> QuerySet[Any]:
    rows = _of(user, LETTERS).filter(closed_at__isnull=True)
    return rows.filter(steps__step=Step.ASSESSED)


def waiting_letters(user: User) -> list[Any]:
    """Cases whose text is written, whose extent is known and of whose students some were not told yet."""
    rows = _to_tell(user).filter(untold_due__isnull=False).order_by("pk")
    return [one for one in rows if one.is_told]


def steps_of(incident: Incident) -> list[IncidentStep]:
    """The steps that were taken, in order."""
    return list(incident.steps.select_related("by"))


def open_steps(user: User, incident: Incident) -> list[str]:
    """The steps that ``user`` may take now."""
    done = done_steps(incident)
    closes = incident.school_id in units_with(user, CLOSE) and not incident.steps.filter(by=user).exists()
    takes = runs(user, incident)
    return [step for step in following(done) if (closes if step == Step.CLOSED else takes)]


def frozen_of(incident: Incident) -> list[FrozenAccount]:
    """Each time that an account was locked because of it."""
    return list(incident.frozen.select_related("user", "by", "released_by").order_by("pk"))


def extent_of(incident: Incident, *, untold: bool = False) -> list[tuple[SchoolClass | None, int]]:
    """How many students of each class it concerns, or are still to be told; and no names."""
    stays = stays_of(incident, untold=untold)
    rows = stays.values_list("school_class").annotate(count=Count("pk")).order_by("school_class")
    found = SchoolClass.objects.in_bulk([pk for pk, _count in rows if pk])
    return [(found.get(pk), count) for pk, count in rows]


def stays_of(incident: Incident, *, untold: bool = False) -> QuerySet[Enrolment]:
    """The newest stretch at the school of each student concerned, or still to be told."""
    every: QuerySet[IncidentStudent] = IncidentStudent.objects.filter(incident=incident)
    concerned = (untold_of(incident) if untold else every).values("student_id")
    stays = Enrolment.objects.filter(school_id=incident.school_id, student_id__in=concerned)
    newest = stays.order_by("student_id", "-started_on", "-pk").distinct("student_id")
    rows: QuerySet[Enrolment] = Enrolment.objects.filter(pk__in=newest.values("pk"))
    return rows.order_by()


def read_by(reader: User, school: Unit, since: datetime, until: datetime) -> QuerySet[Enrolment]:
    """Stretches at the school of students whose files ``reader`` opened in that time, by the ledger's events."""
    subjects = Event.objects.filter(
        actor=reader, action__in=READING, at__gte=since, at__lt=until, subject__isnull=False
    )
    rows: QuerySet[Enrolment] = Enrolment.objects.filter(
        school=school, student__public_id__in=subjects.order_by().values("subject")
    )
    return rows


def waiting_incidents(user: User) -> list[Any]:
    """Open cases that wait for ``user``: to be run, or to be closed once all else is done."""
    closes = units_with(user, CLOSE)
    ends = Q(state=Step.LESSONS, untold_due__isnull=True)
    left = Q(school_id__in=closes) & ~Exists(handling("suspect"))
    to_run = (Q(school_id__in=units_with(user, MANAGE)) | left) & ~ends
    took = IncidentStep.objects.filter(incident=OuterRef("pk"), by=user)
    to_close = Q(school_id__in=closes) & ends & ~Q(handler=user) & ~Exists(took)
    rows = _of(user, *READERS).filter(closed_at__isnull=True).filter(to_run | to_close)
    return list(rows.prefetch_related("steps").order_by("pk"))


def classes_of(incident: Incident) -> QuerySet[SchoolClass]:
    """The classes in use of the school where it happened."""
    rows: QuerySet[SchoolClass] = SchoolClass.objects.filter(school_id=incident.school_id, is_active=True)
    return rows.order_by("class_no")


def person_at(school: Unit, staff_no: str) -> User | None:
    """Somebody of the school or a unit around it, by staff number."""
    around = Q(unit=school) | Q(unit__ancestors__contains=[school.pk]) | Q(unit_id__in=school.ancestors)
    found: User | None = User.objects.filter(around, staff_no__iexact=staff_no.strip(), kind="staff").first()
    return found
