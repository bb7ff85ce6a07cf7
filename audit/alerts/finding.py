"""What the scheduler looks for in a day that is over: reading at odd hours or of relatives, refusals, what is not used.

Thresholds are rules of the school (``alert_...``), each with the word never; ``limit`` of an alert is what was allowed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.grants import in_force
from accounts.models import Appointment, User
from approvals.relation import related_among
from audit.incidents.selectors import READING
from audit.models import Alert
from core.workingdays import is_working_day
from ledger.models import Event
from records.models import FamilyMember
from school.calendar import shifted_days
from school.models import CalendarPeriod, Unit
from school.rules import NEVER, hours, rule

Kind = Alert.Kind
LONGEST_AWAY = 366
"""Days of vacations and holidays that lengthen the time in which a role may rest unused."""
REFUSED = (Event.Result.REFUSED, Event.Result.FAILED)


@dataclass(frozen=True, slots=True)
class Found:
    """An alert to be raised."""

    kind: str
    school: Unit
    person: User
    count: int
    limit: int
    appointments: tuple[int, ...] = ()


@dataclass(slots=True)
class _Reading:
    """The students whose files one person read at one school on the day, and those that he read at odd hours."""

    person: User
    school: Unit
    subjects: set[UUID]
    odd: set[UUID]


def done_on(day: date) -> Iterator[Found]:
    """What was done on that day and calls for an alert by its rules."""
    for reading in _readings(day):
        yield from _of_reading(reading, day)
    yield from _refusals(day)


def unused_on(day: date) -> Iterator[Found]:
    """Accounts and roles that were not used for too long when that day ended."""
    yield from _unused_accounts(day)
    yield from _unused_roles(day)


def _limit(school: Unit, key: str, day: date) -> int | None:
    value = rule(school, key, on=day)
    return None if value == NEVER else int(value)


def bounds(day: date) -> tuple[datetime, datetime]:
    """The first moment of a day, and that of the next."""
    begins = timezone.make_aware(datetime.combine(day, time()))
    return begins, timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))


def events_of(day: date) -> QuerySet[Event]:
    """The events of a day."""
    begins, ends = bounds(day)
    found: QuerySet[Event] = Event.objects.filter(at__gte=begins, at__lt=ends)
    return found


def read_on(day: date) -> QuerySet[Event]:
    """Reading of that day that no request and no other work led to."""
    work = events_of(day).filter(action="student.viewed", detail__has_key="work")
    led = work.filter(actor=OuterRef("actor"), subject=OuterRef("subject"))
    found = events_of(day).filter(action__in=READING, result="done", subject__isnull=False, request_no="")
    return found.filter(~Exists(led), actor__kind=User.Kind.STAFF).order_by()


def at_school(rows: QuerySet[Event], school: Unit, *, below: bool) -> QuerySet[Event]:
    """Those of these events that happened at the school and its departments, or at every unit below it."""
    under = Q(ancestors__contains=[school.pk]) if below else Q(parent=school, kind=Unit.Kind.DEPARTMENT)
    here = Unit.objects.filter(Q(pk=school.pk) | under)
    found: QuerySet[Event] = rows.filter(unit_id__in=list(here.values_list("pk", flat=True)))
    return found


def _units(ids: Iterable[int]) -> dict[int, Unit]:
    found: dict[int, Unit] = Unit.objects.select_related("parent").in_bulk(set(ids))
    return found


def _readings(day: date) -> list[_Reading]:
    rows = list(read_on(day).values_list("actor_id", "subject", "unit_id", "at"))
    units = _units(unit for _actor, _subject, unit, _at in rows if unit)
    people = User.objects.in_bulk({actor for actor, *_rest in rows})
    found: dict[tuple[int, int], _Reading] = {}
    odd: dict[int, Any] = {}
    for actor, subject, unit_id, at in rows:
        if subject is None or unit_id not in units:
            continue
        school = units[unit_id].employer
        odd.setdefault(school.pk, _odd_hours(school, day))
        one = found.setdefault((actor, school.pk), _Reading(people[actor], school, set(), set()))
        one.subjects.add(subject)
        if odd[school.pk](at):
            one.odd.add(subject)
    return list(found.values())


def _odd_hours(school: Unit, day: date) -> Any:
    begins, ends = hours(str(rule(school, "alert_hours", on=day)))
    works, _certain = is_working_day(day, shifted=shifted_days(school, day, day))

    def is_odd(at: datetime) -> bool:
        return not works or not begins <= timezone.localtime(at).time() < ends

    return is_odd


def _of_reading(reading: _Reading, day: date) -> Iterator[Found]:
    own = related_among(reading.person, reading.subjects)
    counts = (
        (Kind.HOURS, "alert_outside_hours", len(reading.odd)),
        (Kind.FAMILY, "alert_family", len(own)),
        (Kind.COLLEAGUES, "alert_colleagues", len(_of_colleagues(reading, own))),
    )
    for kind, key, count in counts:
        limit = _limit(reading.school, key, day) if count else None
        if limit is not None and count > limit:
            yield Found(kind, reading.school, reading.person, count, limit)


def _of_colleagues(reading: _Reading, own: set[UUID]) -> set[UUID]:
    """Those of the students to whose families others of the school's staff belong, by the numbers in their accounts."""
    school = reading.school
    staff = User.objects.filter(
        _at(school), kind=User.Kind.STAFF, is_active=True, id_number_index__isnull=False
    )
    members = FamilyMember.objects.filter(
        student__public_id__in=reading.subjects - own,
        id_number_index__in=staff.exclude(pk=reading.person.pk).values("id_number_index"),
    )
    return set(members.values_list("student__public_id", flat=True))


def _at(school: Unit) -> Q:
    return Q(unit=school) | Q(unit__parent=school, unit__kind=Unit.Kind.DEPARTMENT)


def _refusals(day: date) -> Iterator[Found]:
    """Refusals wherever they were: who works for a school is told of there, also of what he tried elsewhere."""
    refused = events_of(day).filter(result__in=REFUSED).order_by()
    most: Counter[int] = Counter(refused.filter(actor__isnull=False).values_list("actor_id", flat=True))
    nobody = refused.filter(actor__isnull=True, object_type=User._meta.label, object_id__isnull=False)
    most.update(pk for pk in nobody.values_list("object_id", flat=True) if pk)
    people = User.objects.filter(pk__in=most, kind=User.Kind.STAFF).select_related("unit__parent")
    for person in people:
        if person.unit is not None:
            school = person.unit.employer
            limit = _limit(school, "alert_refusals", day)
            if limit is not None and most[person.pk] > limit:
                yield Found(Kind.REFUSALS, school, person, most[person.pk], limit)


def _staff_by_school() -> Iterator[tuple[Unit, list[User]]]:
    rows = User.objects.filter(kind=User.Kind.STAFF, is_active=True, unit__isnull=False)
    schools: dict[int, tuple[Unit, list[User]]] = {}
    for person in rows.select_related("unit__parent"):
        school = person.unit.employer
        schools.setdefault(school.pk, (school, []))[1].append(person)
    yield from schools.values()


def _told_since(kind: str, school: Unit, day: date) -> set[int]:
    told = Alert.objects.filter(kind=kind, school=school, day__gt=day)
    return set(told.values_list("person_id", flat=True))


def _unused_accounts(day: date) -> Iterator[Found]:
    """Accounts that nobody signed in with for too long, counted from their opening when nobody ever did.

    Told once in as many days as are allowed.
    """
    for school, people in _staff_by_school():
        limit = _limit(school, "alert_account_days", day)
        if limit is None:
            continue
        told = _told_since(Kind.ACCOUNT, school, day - timedelta(days=limit))
        for person in people:
            opened = person.password_changed_at
            seen = person.last_seen_on or (timezone.localdate(opened) if opened else None)
            if seen is not None and (day - seen).days > limit and person.pk not in told:
                yield Found(Kind.ACCOUNT, school, person, (day - seen).days, limit)


def _unused_roles(day: date) -> Iterator[Found]:
    """Roles in force since long in which nothing was done on their unit or below it.

    Told once in as many days as are allowed. Vacations and holidays of the school's calendar do not count as days.
    """
    for school, people in _staff_by_school():
        limit = _limit(school, "alert_grant_days", day)
        if limit is None:
            continue
        since = _back(school, day, limit)
        told = _told_since(Kind.GRANTS, school, since)
        lasting = Appointment.objects.filter(in_force(day), valid_from__lt=since)
        held = lasting.filter(user__in=[one for one in people if one.pk not in told])
        idle = _idle(list(held.order_by("pk")), since, day)
        for person in people:
            if person.pk in idle:
                pks = tuple(idle[person.pk])
                yield Found(Kind.GRANTS, school, person, len(pks), limit, pks)


def _back(school: Unit, day: date, days: int) -> date:
    """The day from which on the school had so many days outside vacations and holidays; a year of these at most."""
    first = day - timedelta(days=days + LONGEST_AWAY)
    off = CalendarPeriod.objects.filter(
        unit_id__in=[school.pk, *school.ancestors], valid_from__lte=day, valid_until__gte=first,
        kind__in=[CalendarPeriod.Kind.VACATION, CalendarPeriod.Kind.HOLIDAY],
    )  # fmt: skip
    spans = list(off.values_list("valid_from", "valid_until"))
    while days and day > first:
        days -= not any(begins <= day <= ends for begins, ends in spans)
        day -= timedelta(days=1)
    return day


def _idle(held: list[Appointment], since: date, day: date) -> dict[int, list[int]]:
    """Ids of the appointments without an event in their role on their unit's subtree, by person."""
    begins, ends = bounds(since)[1], bounds(day)[1]
    done = Event.objects.filter(
        actor__in={one.user_id for one in held}, at__gte=begins, at__lt=ends, result="done"
    ).exclude(role="")
    acts = list(done.order_by().values_list("actor_id", "role", "unit_id").distinct())
    units = Unit.objects.in_bulk({unit for _actor, _role, unit in acts if unit})
    used = set()
    for actor, role, unit_id in acts:
        unit = units.get(unit_id)
        used |= {(actor, role, place) for place in ((unit.pk, *unit.ancestors) if unit else (None,))}
    found: dict[int, list[int]] = defaultdict(list)
    for one in held:
        if not {(one.user_id, one.role, one.unit_id), (one.user_id, one.role, None)} & used:
            found[one.user_id].append(one.pk)
    return found
