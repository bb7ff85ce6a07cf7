"""Reads of events: which ones an auditor sees, how a question is put to them, what they say in words.

Every question has a period, so that only the monthly partitions of that time are opened.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.scope import units_with, visible_or_404
from archive.models import DestroyedFile
from audit.models import Alert, Incident, SavedQuery
from core.lookups import AnyOf
from enrollment.models import Applicant
from ledger.events import actions
from ledger.models import Event
from records import selectors as records
from records.models import Enrolment, FamilyMember, Student
from school.models import Unit

PERM = "view_events"
PERIODS = (1, 7, 92, 366, 1100)
"""Days back that the bar offers beside the usual ones."""

USUAL = 30
"""Days back where nothing is said."""

MOST_PEOPLE = 20
"""A name may fit so many students or members of the staff; of more the reader is asked for a number."""

MOST_QUERIES = 50


def events(user: User) -> QuerySet[Event]:
    """Events of the units where ``user`` reads them; those of no unit for who reads them on every topmost unit."""
    units = units_with(user, PERM)
    every: QuerySet[Event] = Event.objects.all()
    for label, about_him in _about(user).items():
        if about_him:
            every = every.exclude(object_type=label, object_id__in=about_him)
    if not units:
        return every.none()
    if Unit.objects.count() == len(units):
        return every
    here = Q(AnyOf(F("unit_id"), units))
    topmost = Unit.objects.filter(parent__isnull=True).values_list("pk", flat=True)
    if set(topmost) <= set(units):
        here |= Q(unit_id__isnull=True)
    return every.filter(here)


def _about(user: User) -> dict[str, list[int]]:
    """Incidents that suspect the reader, and alerts about him: he reads nothing of them here either."""
    incidents = Incident.objects.filter(suspect=user).values_list("pk", flat=True)
    alerts = Alert.objects.filter(person=user).values_list("pk", flat=True)
    return {Incident._meta.label: list(incidents), Alert._meta.label: list(alerts)}


def event_for(user: User, event_id: int) -> Event:
    """One event with its actor. Raises OutOfScope for one of other units, Http404 for none."""
    found: Event = visible_or_404(
        Event.objects.all(), events(user).select_related("actor__unit"), pk=event_id
    )
    return found


def whole(keys: Sequence[tuple[int, datetime]]) -> list[Any]:
    """The events of these keys, given from the newest on, with their actors."""
    if not keys:
        return []
    between = Event.objects.filter(pk__in=[pk for pk, _at in keys], at__gte=keys[-1][1], at__lte=keys[0][1])
    return list(between.select_related("actor").order_by("-at", "-pk"))


# When


@dataclass(frozen=True, slots=True)
class Window:
    """The time that is asked about, both days included. ``is_wrong``: the first day lies after the last."""

    since: date
    until: date

    @property
    def is_wrong(self) -> bool:
        return self.since > self.until

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    def keep(self, rows: QuerySet[Event]) -> QuerySet[Event]:
        """The events of this time; none where it is wrong."""
        if self.is_wrong:
            return rows.none()
        return rows.filter(at__gte=_midnight(self.since), at__lt=_midnight(self.until + timedelta(days=1)))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def window(days: int | None, since: date | None, until: date | None) -> Window:
    """The time that these answers name; the last thirty days where nothing is said.

    A first day alone reaches until today, a last day alone so many ``days`` back.
    """
    last = until or timezone.localdate()
    first = since or last - timedelta(days=(days or USUAL) - 1)
    return Window(first, last)


# Whose


@dataclass(frozen=True, slots=True)
class Person:
    """Whom an event is about: no more than name and number. ``public_id`` leads to the history of his file."""

    public_id: UUID
    name: str
    number: str = ""
    is_student: bool = True


@dataclass(frozen=True, slots=True)
class FoundPeople:
    """The students whom the words of a question fit; ``more``: too many to ask about."""

    people: tuple[Person, ...] = ()
    more: bool = False

    @property
    def ids(self) -> list[UUID]:
        return [one.public_id for one in self.people]


def find_people(user: User, text: str) -> FoundPeople:
    """Students of the units whose events ``user`` reads: by name, student, archive or whole identity number.

    A destroyed file is found by its archive number.
    """
    units = units_with(user, PERM)
    rows = Enrolment.objects.filter(AnyOf(F("unit_id"), units))
    hits = records.search_among(rows, text, limit=MOST_PEOPLE)
    if hits.enrolments:
        people = tuple(
            Person(one.student.public_id, one.student.name, one.student_no) for one in hits.enrolments
        )
        return FoundPeople(people, hits.more)
    gone = DestroyedFile.objects.filter(AnyOf(F("school_id"), units), archive_no=text.strip().upper())
    return FoundPeople(tuple(Person(one.subject, "", one.archive_no) for one in gone[:1]))


def people_of(user: User, subjects: Iterable[UUID | None]) -> dict[UUID, Person]:
    """Name and number of those subjects who are students, destroyed files or applicants of the reader's units."""
    wanted = {one for one in subjects if one is not None}
    if not wanted:
        return {}
    units = units_with(user, PERM)
    found: dict[UUID, Person] = {}
    applicants = Applicant.objects.filter(AnyOf(F("unit_id"), units), public_id__in=wanted)
    for pk, name, number in applicants.values_list("public_id", "name", "exam_no"):
        found[pk] = Person(pk, name, number, is_student=False)
    for pk, number in DestroyedFile.objects.filter(
        AnyOf(F("school_id"), units), subject__in=wanted
    ).values_list("subject", "archive_no"):
        found[pk] = Person(pk, "", number)
    stretches = Enrolment.objects.filter(AnyOf(F("unit_id"), units), student__public_id__in=wanted)
    columns = ("student__public_id", "student__name", "student_no")
    for pk, name, number in stretches.order_by("pk").values_list(*columns):
        found[pk] = Person(pk, name, number)
    return found


# Who


def find_staff(text: str) -> list[int]:
    """Ids of the accounts with this staff number, else of those whose name holds it; one more than is asked about."""
    exact = User.objects.filter(staff_no__iexact=text.strip()).values_list("pk", flat=True)
    named = User.objects.filter(name__icontains=text.strip()).order_by("pk").values_list("pk", flat=True)
    return list(exact) or list(named[: MOST_PEOPLE + 1])


def action_choices(user: User) -> list[tuple[str, Any]]:
    """Every act that can be recorded, by its label."""
    return sorted(((one.name, one.label) for one in actions().values()), key=lambda pair: str(pair[1]))


def client_address(text: str) -> str | None:
    """A client address as the ledger keeps it, None for what is none."""
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        return None


# What an event is about


def thing(object_type: str) -> str:
    """The kind of a thing in words; "" for none."""
    if not object_type:
        return ""
    try:
        return str(apps.get_model(object_type)._meta.verbose_name)
    except LookupError:
        return object_type


def field_label(name: str) -> str:
    """What a field of a student file is called; the name itself for anything else. ``member2.phone``: of the family."""
    owner, _dot, bare = name.rpartition(".")
    model: Any = FamilyMember if owner else Student
    try:
        return str(getattr(model._meta.get_field(bare), "verbose_name", name))
    except FieldDoesNotExist:
        return name


def unit_names(ids: Iterable[int | None]) -> dict[int, str]:
    """Labels of units by id."""
    return {one.pk: one.label for one in Unit.objects.filter(pk__in={*ids} - {None})}


# Saved queries


def saved_queries(user: User) -> QuerySet[SavedQuery]:
    """One's own."""
    found: QuerySet[SavedQuery] = SavedQuery.objects.filter(owner=user)
    return found.select_related("who")


def saved_query(user: User, public_id: UUID) -> SavedQuery:
    """One of them. Raises OutOfScope for another's, Http404 for none."""
    found: SavedQuery = visible_or_404(SavedQuery.objects.all(), saved_queries(user), public_id=public_id)
    return found
