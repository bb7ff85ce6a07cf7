"""Reads of responsibility letters: who is asked to sign which, who did, and who did not."""

import hashlib
from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.utils import timezone

from accounts.grants import in_force
from accounts.models import Appointment, User
from accounts.scope import units_with_any, visible_or_404
from audit.inspections.people import INSPECT, PLAN
from audit.models import Letter, LetterSignature, LetterVersion
from school.models import Unit

PUBLISH, REGISTER, READ = PLAN, INSPECT, "view_grants"
READERS = (PUBLISH, REGISTER, READ)


def digest(title: str, text: str) -> str:
    """SHA-256 of what is signed, in hexadecimal."""
    return hashlib.sha256(f"{title}\n{text}".encode()).hexdigest()


def _versions() -> QuerySet[LetterVersion]:
    """Without their texts: the page that shows one reads it by itself."""
    rows: QuerySet[LetterVersion] = LetterVersion.objects.select_related("letter__school", "published_by")
    return rows.defer("text")


def newest() -> QuerySet[LetterVersion]:
    """The newest version of each letter."""
    later = LetterVersion.objects.filter(letter=OuterRef("letter"), version__gt=OuterRef("version"))
    return _versions().filter(~Exists(later))


def asking() -> QuerySet[LetterVersion]:
    """The versions that are to be signed today."""
    return newest().filter(letter__ended_at__isnull=True, valid_until__gte=timezone.localdate())


def covers(version: LetterVersion, role: str, unit_id: int, above: Collection[int]) -> bool:
    """Whether who holds this role on this unit signs this version; ``above``: ids of the units above it."""
    return role in version.roles and version.letter.school_id in (unit_id, *above)


HELD = ("user_id", "role", "unit_id", "unit__ancestors")


def asked(versions: Collection[LetterVersion], held: Q | None = None) -> dict[int, set[int]]:
    """Ids of the people who sign each version: those who hold one of its roles today, at the school or below it.

    ``held``: a condition on appointments in the place of that. One query for any number of versions.
    """
    schools = {one.letter.school_id for one in versions}
    rows = Appointment.objects.filter(
        held or in_force() & Q(user__is_active=True),
        Q(unit_id__in=schools) | Q(unit__ancestors__overlap=list(schools)),
        role__in={role for one in versions for role in one.roles},
    )
    return _matched(versions, rows.values_list(*HELD))


def _matched(versions: Collection[LetterVersion], held: Iterable[tuple[Any, ...]]) -> dict[int, set[int]]:
    """Whom of these appointments (`HELD`) each version asks."""
    found: dict[int, set[int]] = {one.pk: set() for one in versions}
    for person, role, unit, above in held:
        for one in versions:
            if covers(one, role, unit, above):
                found[one.pk].add(person)
    return found


def _less_signed(found: dict[int, set[int]]) -> dict[int, set[int]]:
    done = LetterSignature.objects.filter(version__in=found).values_list("version_id", "person_id")
    for version, person in done:
        found[version].discard(person)
    return found


def unsigned(versions: Collection[LetterVersion]) -> dict[int, set[int]]:
    """Who has not signed each version: of those whom it asks today, or asked in its time if it asks no more."""
    ends = stopped(versions)
    found = asked([one for one in versions if one.pk not in ends])
    return _less_signed(found | asked_in_time({one: ends[one.pk] for one in versions if one.pk in ends}))


def _open(people: Collection[int]) -> list[tuple[LetterVersion, set[int]]]:
    """The versions of these people's own schools and roles, with who of them has not signed; three queries."""
    rows = Appointment.objects.filter(in_force(), user__is_active=True, user__in=people)
    held = list(rows.values_list(*HELD))
    schools = {place for _person, _role, unit, above in held for place in (unit, *above)}
    theirs = asking().filter(letter__school_id__in=schools, roles__overlap=[role for _, role, *_ in held])
    versions = list(theirs.order_by("valid_until", "pk"))
    left = _less_signed(_matched(versions, held))
    return [(one, left[one.pk]) for one in versions]


def open_letters(people: Collection[int]) -> dict[int, int]:
    """How many letters each of these people has not signed; the same queries for any number of them.

    A letter that ran out counts for those whom it asked, until its next version is published or it is ended.
    """
    rows = Appointment.objects.filter(user__in=people).values_list("unit_id", "unit__ancestors")
    schools = {place for unit, above in rows for place in (unit, *above)}
    late = newest().filter(letter__ended_at__isnull=True, valid_until__lt=timezone.localdate())
    ran_out = unsigned(list(late.filter(letter__school_id__in=schools)))
    found = dict.fromkeys(people, 0)
    for persons in (*(left for _version, left in _open(people)), *ran_out.values()):
        for person in persons & found.keys():
            found[person] += 1
    return found


def to_sign(user: User) -> list[LetterVersion]:
    """The letters that ``user`` has not signed."""
    return [one for one, persons in _open([user.pk]) if persons]


def must_sign(user: User, version: LetterVersion) -> bool:
    """Whether ``user`` holds a role today whose people sign this version."""
    return bool(asked([version], in_force() & Q(user=user, user__is_active=True))[version.pk])


def _held_between(since: datetime, until: datetime) -> Q:
    """Condition on appointments: held at some time between the two, whatever became of it afterwards."""
    held = Q(valid_from__lte=timezone.localdate(until))
    held &= Q(valid_until__isnull=True) | Q(valid_until__gte=timezone.localdate(since))
    stood = Q(withdrawn_at__gte=since, withdrawn_at__date__gte=F("valid_from"))
    return held & (Q(withdrawn_at__isnull=True) | stood)


def stopped(versions: Collection[LetterVersion]) -> dict[int, datetime]:
    """Since when those of them that ask no more do so: the next version, the letter's end, or the end of the last day.

    One query for any number of versions.
    """
    later = LetterVersion.objects.filter(letter=OuterRef("letter"), version__gt=OuterRef("version"))
    following = Subquery(later.order_by("version").values("published_at")[:1])
    rows = LetterVersion.objects.filter(pk__in=[one.pk for one in versions]).annotate(following=following)
    found = {}
    for pk, last, *acts in rows.values_list("pk", "valid_until", "following", "letter__ended_at"):
        found[pk] = min([_end_of(last), *(at for at in acts if at is not None)])
    now = timezone.now()
    return {pk: at for pk, at in found.items() if at <= now}


def _end_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.max))


def asked_in_time(ends: dict[LetterVersion, datetime]) -> dict[int, set[int]]:
    """Ids of the people who held one of the roles of each version between its publishing and its end (`stopped`).

    Also who left before the end, and whose account was locked then. One query for any number of versions.
    """
    found: dict[int, set[int]] = {one.pk: set() for one in ends}
    parts = [
        Appointment.objects.filter(
            _held_between(one.published_at, end),
            Q(unit_id=one.letter.school_id) | Q(unit__ancestors__contains=[one.letter.school_id]),
            role__in=one.roles,
        ).annotate(version=Value(one.pk)).values_list("version", "user_id")
        for one, end in ends.items()
    ]  # fmt: skip
    if parts:
        for version, person in parts[0].union(*parts[1:]):
            found[version].add(person)
    return found


def asked_since(version: LetterVersion) -> QuerySet[User]:
    """People who held one of its roles at any time while it was to be signed, and have not signed: for papers."""
    until = stopped([version]).get(version.pk, timezone.now())
    found = _less_signed(asked([version], _held_between(version.published_at, until)))
    rows: QuerySet[User] = User.objects.filter(pk__in=found[version.pk])
    return rows.select_related("unit__parent").order_by("name", "pk")


def was_asked_on(version: LetterVersion, person: User, day: date) -> bool:
    """Whether this person held one of its roles on this day, or after it was published on that day."""
    since = max(version.published_at, timezone.make_aware(datetime.combine(day, time.min)))
    held = _held_between(since, _end_of(day)) & Q(user=person)
    return bool(asked([version], held)[version.pk])


def letters(user: User) -> QuerySet[Any]:
    """The newest versions of the letters of schools where ``user`` publishes, registers or reads, with signatures."""
    rows = newest().filter(letter__school_id__in=units_with_any(user, READERS))
    found: QuerySet[Any] = rows.annotate(signed=Count("signatures"))
    return found


def version_for(user: User, public_id: UUID) -> LetterVersion:
    """A version of these letters, superseded ones too. Raises OutOfScope, Http404."""
    mine = _versions().filter(letter__school_id__in=units_with_any(user, READERS))
    found: LetterVersion = visible_or_404(LetterVersion.objects.all(), mine, public_id=public_id)
    return found


def version_to_read(user: User, public_id: UUID) -> LetterVersion:
    """A version of a letter that ``user`` is asked to sign, has signed, or reads with the office.

    A superseded one too, so that whoever still has it open is told. Raises OutOfScope, Http404.
    """
    mine = Q(letter__in=[one.letter_id for one in to_sign(user)])
    mine |= Q(pk__in=LetterSignature.objects.filter(person=user).values("version"))
    mine |= Q(letter__school_id__in=units_with_any(user, READERS))
    every: QuerySet[LetterVersion] = LetterVersion.objects.all()
    found: LetterVersion = visible_or_404(every, _versions().filter(mine), public_id=public_id)
    return found


def versions_of(letter: Letter) -> list[LetterVersion]:
    """Every version, the newest first."""
    return list(letter.versions.defer("text").order_by("-version"))


def latest_of(letter: Letter) -> LetterVersion:
    """The newest version of one letter."""
    found: LetterVersion = _versions().filter(letter=letter).latest("version")
    return found


def is_asking(version: LetterVersion) -> bool:
    """Whether this version is to be signed today."""
    return asking().filter(pk=version.pk).exists()


def signature_of(user: User, version: LetterVersion) -> LetterSignature | None:
    """How ``user`` signed this version, None while he has not."""
    rows = LetterSignature.objects.select_related("person__unit", "registered_by")
    found: LetterSignature | None = rows.filter(version=version, person=user).first()
    return found


def signed_by(user: User) -> QuerySet[LetterSignature]:
    """What ``user`` signed, the newest first."""
    rows: QuerySet[LetterSignature] = LetterSignature.objects.filter(person=user)
    rows = rows.select_related("version__letter__school", "registered_by").defer("version__text")
    return rows.order_by("-signed_on", "-pk")


def signature_for(user: User, public_id: UUID) -> LetterSignature:
    """A signature on paper, for those who read the register. Raises OutOfScope, Http404."""
    every: QuerySet[LetterSignature] = LetterSignature.objects.filter(scan__isnull=False)
    mine = every.filter(version__letter__school_id__in=units_with_any(user, READERS))
    rows = mine.select_related("scan", "version__letter").defer("version__text")
    found: LetterSignature = visible_or_404(every, rows, public_id=public_id)
    return found


def people(version: LetterVersion) -> QuerySet[Any]:
    """Everybody who signed a version or is asked to, with when and how, and whether he is asked today.

    Of a version that asks no more: whom it asked in its time.
    """
    end = stopped([version]).get(version.pk)
    asks = asked([version])[version.pk] if end is None else set()
    known = asks if end is None else asked_in_time({version: end})[version.pk]
    mine = LetterSignature.objects.filter(version=version, person=OuterRef("pk"))
    done = LetterSignature.objects.filter(version=version)
    rows: QuerySet[Any] = User.objects.filter(Q(pk__in=known) | Q(pk__in=done.values("person")))
    found: QuerySet[Any] = rows.select_related("unit__parent").annotate(
        signed_on=Subquery(mine.values("signed_on")),
        registrar=Subquery(mine.values("registered_by__name")),
        paper=Subquery(mine.filter(scan__isnull=False).values("public_id")),
        still_asked=ExpressionWrapper(Q(pk__in=asks), output_field=BooleanField()),
    )  # fmt: skip
    return found


def in_unit(rows: QuerySet[Any], unit_id: int) -> QuerySet[Any]:
    """Those of `people` who work in a unit or below it."""
    found: QuerySet[Any] = rows.filter(Q(unit_id=unit_id) | Q(unit__ancestors__contains=[unit_id]))
    return found


def units_read(user: User) -> QuerySet[Unit]:
    """Units by which ``user`` filters a register, in the order of the tree."""
    rows: QuerySet[Unit] = Unit.objects.filter(pk__in=units_with_any(user, READERS))
    return rows.select_related("parent").order_by("ancestors", "order", "name")


def ending(user: User, within: int) -> list[LetterVersion]:
    """Letters that ``user`` publishes and whose newest version ends within so many days, or ended already."""
    last = timezone.localdate() + timedelta(days=within)
    rows = newest().filter(letter__ended_at__isnull=True, valid_until__lte=last)
    return list(
        rows.filter(letter__school_id__in=units_with_any(user, (PUBLISH,))).order_by("valid_until", "pk")
    )


def letters_for(person: User, role: str, unit: Unit) -> list[tuple[LetterVersion, LetterSignature | None]]:
    """The letters that come with a role on a unit, and how ``person`` signed each."""
    above = (unit.pk, *unit.ancestors)
    versions = list(asking().filter(letter__school_id__in=above, roles__contains=[role]).order_by("pk"))
    rows = LetterSignature.objects.filter(person=person, version__in=[one.pk for one in versions])
    done = {one.version_id: one for one in rows}
    return [(one, done.get(one.pk)) for one in versions]
