"""Reads of student files: who may see which, finding somebody in a second, what a list shows.

Lists read the columns that they show and no others: decrypting what nobody looks at is slow and unneeded.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Value
from django.db.models.functions import Length, NullIf

from accounts.models import User
from accounts.scope import holds, units_with, visible_or_404
from core.chinese import clean_text, name_query
from core.crypto import EncryptedTextField, blind_index
from core.idnumber import normalise_id_number
from core.lookups import AnyOf
from records.completeness import FACTS, MEASURED, Completeness, completeness
from records.models import (
    Document,
    DocumentKind,
    Enrolment,
    EnrolmentQuerySet,
    FamilyMember,
    Student,
    later_enrolments,
    own_class_ids,
)
from records.stale import last_change
from school.models import ClassStaff, Programme, SchoolClass, Unit, in_force, labels_in_use

HITS = 1000
"""A search fetches at most this many hits and orders them; ordering first would walk the whole sort index."""

SHOWN = 50
SUGGESTED = 8
SHORTEST_SECRET = 7


_PERSON = tuple(f"student__{name}" for name in ("public_id", "name", "name_pinyin", "sex"))
_LABELS = tuple(
    f"{joined}__{name}" for joined in ("school_class", "unit", "school") for name in ("name", "label_en")
)
HIT = (*_PERSON, *_LABELS, "student_no", "seat_no", "status", "started_on", "ended_on")
"""What the roster and hits of the search show of an enrolment; whatever else is read of one costs a query."""


HEAVY = (
    *(field.name for field in Student._meta.concrete_fields if isinstance(field, EncryptedTextField)),
    "name_tokens",
)
"""Columns that lists which name a whole student leave where they are: decrypting them is slow and unneeded."""


@dataclass(frozen=True)
class Found:
    """What a search found: enrolments in order, whether there were more, and whether a blind index was asked."""

    enrolments: Sequence[Enrolment]
    more: bool
    by_number: bool = False


READING = (
    "view_student", "reveal_personal", "print_student", "view_secret_document", "manage_retention", "check_files",
    "export_package",
)  # fmt: skip
"""What may be done with a file in the inactive archive."""


@dataclass(frozen=True)
class StudentFile:
    """A student with the enrolments that the reader may see, the one that stands for him first.

    ``has_left``: the student went on to a school that is not the reader's. The reader keeps the name, the number and
    the stretches of the own school; what the other school writes into the file is closed.
    """

    reader: User
    student: Student
    enrolments: Sequence[Enrolment]
    has_left: bool = False

    @property
    def enrolment(self) -> Enrolment:
        """The open enrolment, else the newest that the reader may see."""
        return self.enrolments[0]

    @property
    def is_shelved(self) -> bool:
        """Whether the file lies in the inactive archive, where it is read and no more."""
        return all(one.shelved_on is not None for one in self.enrolments)

    @cached_property
    def own_classes(self) -> frozenset[int]:
        """Ids of the reader's own classes today."""
        return frozenset(own_class_ids(self.reader)) if holds(self.reader, "view_own_class") else frozenset()

    def allows(self, *perms: str, past: bool = False) -> bool:
        """Whether the reader holds one of ``perms`` where one of these enrolments is.

        Once the student has left, only for what is asked as ``past``: the stretches themselves. In the inactive
        archive only for reading.
        """
        if self.has_left and not past:
            return False
        if self.is_shelved:
            perms = tuple(perm for perm in perms if perm in READING)
        for enrolment in self.enrolments:
            for perm in perms:
                if perm == "view_own_class" and enrolment.school_class_id in self.own_classes:
                    return True
                if perm != "view_own_class" and enrolment.unit_id in units_with(self.reader, perm):
                    return True
        return False


def files_in_use(user: User) -> EnrolmentQuerySet:
    """The stretches under which ``user`` adds to files: of each file the newest, where it is not shelved."""
    rows: EnrolmentQuerySet = Enrolment.objects.visible_to(user).current().filter(shelved_on__isnull=True)
    return rows


def visible_enrolments(user: User) -> QuerySet[Enrolment]:
    """The enrolments that ``user`` may see, to be asked for what a page needs of them (`facts`)."""
    rows: QuerySet[Enrolment] = Enrolment.objects.visible_to(user)
    return rows


def enrolments(user: User) -> QuerySet[Enrolment]:
    """The same with student, class and unit joined, nothing decrypted."""
    return _shown(visible_enrolments(user))


def _shown(rows: QuerySet[Enrolment]) -> QuerySet[Enrolment]:
    return rows.select_related("student", "school_class", "unit", "school").only(*HIT)


def counting_documents() -> QuerySet[Document]:
    """Documents that count as being there: the newest versions that nobody found unfit. Their kinds alone."""
    rows: QuerySet[Document] = Document.objects.filter(is_current=True).exclude(review=Document.Review.UNFIT)
    return rows.only("student_id", "kind")


def facts(rows: QuerySet[Enrolment], paths: Iterable[str] = FACTS) -> QuerySet[Enrolment, Any]:
    """These paths of enrolments as named tuples, in one query and nothing decrypted.

    Beside columns there are `records.completeness.FACTS`, ``last_change`` of the file, and ``has_left`` of the
    stretches after which the student went on to another one: his file is kept there.
    """
    asked = dict.fromkeys(("pk", *paths))
    worked_out = {name: expression for name, expression in _worked_out().items() if name in asked}
    return rows.annotate(**worked_out).values_list(*asked, named=True)


@cache
def _worked_out() -> dict[str, Any]:
    """What no column holds.

    ``contact_id`` is a scalar and no EXISTS, which the planner would answer by reading every family of the country.
    """
    reachable = FamilyMember.objects.filter(student=OuterRef("student"), phone_index__isnull=False)
    kinds = counting_documents().filter(student=OuterRef("student")).values("kind")
    filled = {f"has_{name}": NullIf(Length(F(f"student__{name}")), Value(0)) for name in MEASURED}
    return {
        "contact_id": Subquery(reachable.order_by().values("pk")[:1]),
        "document_kinds": ArraySubquery(kinds),
        "has_left": Exists(later_enrolments()),
        "last_change": last_change(),
        **filled,
    }


def completeness_of(file: StudentFile) -> Completeness:
    """What the file lacks, as its enrolment stands."""
    return completeness(facts(Enrolment.objects.filter(pk=file.enrolment.pk)).get())


def student_file(user: User, public_id: UUID) -> StudentFile:
    """The file of this student. Raises OutOfScope when he belongs to others, Http404 when there is none."""
    row = visible_or_404(Student.objects.all(), Student.objects.visible_to(user), public_id=public_id)
    own = Enrolment.objects.visible_to(user).filter(student=row)
    own = own.select_related("school_class", "unit", "school", "programme")
    own = own.annotate(has_left=_worked_out()["has_left"])
    shown = list(own.order_by(F("ended_on").desc(nulls_first=True), "-started_on", "-pk"))
    return StudentFile(user, row, shown, has_left=all(one.has_left for one in shown))


def photo_of(file: StudentFile) -> Document | None:
    """The photo of this file in its newest version."""
    photos: QuerySet[Document] = Document.objects.select_related("blob").filter(
        student=file.student, kind=DocumentKind.PHOTO, is_current=True
    )
    return photos.first()


# Finding somebody


def holds_digits(text: str) -> bool:
    """Whether a search text may hold somebody's number: such words are never kept, logged or put into an address."""
    return any(character.isdigit() for character in clean_text(text))


def looks_secret(text: str) -> bool:
    """Whether a search text could be a whole identity number or phone."""
    bare = clean_text(text).replace(" ", "").replace("-", "")
    return len(bare) >= SHORTEST_SECRET and sum(one.isdigit() for one in bare) >= SHORTEST_SECRET - 1


def search(user: User, text: str, *, secrets: bool = True, limit: int = SHOWN) -> Found:
    """Students whom ``text`` names: part of the name, pinyin, a number of the school, an identity number or phone.

    Numbers of the school are looked for from their beginning on. Encrypted ones are looked for whole, through their
    blind index, when ``secrets`` allows it and no number of the school fits.
    """
    return search_among(Enrolment.objects.visible_to(user), text, secrets=secrets, limit=limit)


def search_among(visible: EnrolmentQuerySet, text: str, *, secrets: bool = True, limit: int = SHOWN) -> Found:
    """The same among ``visible``, which the caller has cut to what the reader may find."""
    text = clean_text(text)
    if holds_digits(text):
        hits = _by_number(visible, text.replace(" ", "").upper())
        if not hits and secrets and looks_secret(text):
            return _ordered(_by_secret(visible, text), limit, by_number=True)
        return _ordered(hits, limit)
    query = name_query(text)
    return _ordered(_by_name(visible, query), limit) if query else Found((), False)


def name_hits(rows: QuerySet[Enrolment], text: str) -> QuerySet[Enrolment]:
    """The rows of a list whose student's name or number fits, as a bounded set that any order may be laid upon.

    One more than a list counts exactly, so that it says when there are more.
    """
    text = clean_text(text)
    if holds_digits(text):
        hits = _by_number(rows, text.replace(" ", "").upper())
        return rows.filter(pk__in=[hit.pk for hit in hits[: HITS + 1]])
    query = name_query(text)
    if not query:
        return rows.none()
    named = rows.order_by().filter(student__name_tokens__matches=query)
    return rows.filter(pk__in=named.values("pk")[: HITS + 1])


class _Hit(NamedTuple):
    """An enrolment that a search found, with what the hits are put into order by."""

    name: str
    pk: int
    student: int


def _hits(rows: QuerySet[Enrolment], limit: int = HITS + 1) -> list[_Hit]:
    found = rows.order_by().values_list("student__name_sort", "pk", "student_id")
    return [_Hit(*one) for one in found[:limit]]


def _by_name(visible: QuerySet[Enrolment], query: str) -> list[_Hit]:
    return _hits(visible.filter(student__name_tokens__matches=query))


def _by_number(visible: QuerySet[Enrolment], number: str) -> list[_Hit]:
    hits = _hits(visible.filter(student_no__startswith=number))
    if len(hits) < HITS:
        hits += _hits(visible.filter(exam_no=number).exclude(exam_no=""))
        hits += _hits(visible.filter(student__archive_no__startswith=number))
    return hits


def _by_secret(visible: EnrolmentQuerySet, text: str) -> list[_Hit]:
    compact = text.replace(" ", "")
    phone = blind_index("phone", compact)
    of_family = FamilyMember.objects.filter(phone_index=phone).values("student_id")
    hits: list[_Hit] = []
    for rows in (
        visible.filter(student__id_number_index=blind_index("id_number", normalise_id_number(compact))),
        visible.filter(student__national_no_index=blind_index("national_no", compact.upper())),
        visible.filter(student__phone_index=phone).current(),
        visible.filter(student_id__in=of_family).current(),
    ):
        hits += _hits(rows, SHOWN)
    return hits


def _ordered(hits: list[_Hit], limit: int, *, by_number: bool = False) -> Found:
    """The first of the hits by name, the newest enrolment of each student alone; only these are read in full."""
    newest = {hit.student: hit for hit in sorted(hits[:HITS], key=lambda hit: hit.pk)}
    ordered = sorted(newest.values())
    shown = [hit.pk for hit in ordered[:limit]]
    rows = {row.pk: row for row in _shown(Enrolment.objects.filter(pk__in=shown))} if shown else {}
    more = len(ordered) > limit or len(hits) > HITS
    return Found([rows[pk] for pk in shown if pk in rows], more, by_number)


# What the filters of a list offer


def unit_choices(user: User) -> list[tuple[int, str]]:
    """Units in which ``user`` may see files and that have classes or enrolments of their own."""
    units = Unit.objects.filter(AnyOf(F("pk"), units_with(user, "view_student")))
    used = Exists(Enrolment.objects.filter(unit_id=OuterRef("pk")))
    rows = units.filter(used).order_by("ancestors", "order", "pk").values_list("pk", "name", "label_en")
    label = labels_in_use()
    return [(pk, label(*labels)) for pk, *labels in rows]


def _classes(user: User) -> QuerySet[SchoolClass]:
    here = AnyOf(F("unit_id"), units_with(user, "view_student"))
    classes: QuerySet[SchoolClass] = SchoolClass.objects.filter(here, is_active=True)
    return classes.order_by("school_id", "class_no")


def class_choices(user: User) -> list[tuple[int, str]]:
    """Classes in use of the units in which ``user`` may see files."""
    rows = _classes(user).values_list("pk", "class_no", "name", "label_en")[:500]
    label = labels_in_use()
    return [(pk, f"{class_no} {label(*labels)}") for pk, class_no, *labels in rows]


def grade_choices(user: User) -> list[tuple[int, int]]:
    """Grade levels of those classes."""
    levels = _classes(user).order_by("grade_level").values_list("grade_level", flat=True).distinct()
    return [(one, one) for one in levels]


def programme_choices(user: User) -> list[tuple[int, str]]:
    """Programmes of those units."""
    programmes = Programme.objects.filter(AnyOf(F("unit_id"), units_with(user, "view_student")))
    rows = programmes.order_by("unit_id", "code").values_list("pk", "code", "name", "label_en")
    label = labels_in_use()
    return [(pk, f"{code} {label(*labels)}") for pk, code, *labels in rows]


# One's own classes


def own_classes(user: User) -> QuerySet[SchoolClass]:
    """Classes on whose staff ``user`` is today."""
    found: QuerySet[SchoolClass] = SchoolClass.objects.filter(pk__in=own_class_ids(user))
    return found.select_related("school").order_by("school", "class_no")


def own_class(user: User, public_id: UUID) -> SchoolClass:
    """One of them. Raises OutOfScope for another's class, Http404 when there is none."""
    found: SchoolClass = visible_or_404(SchoolClass.objects.all(), own_classes(user), public_id=public_id)
    return found


def duties_in(user: User, classes: Iterable[SchoolClass]) -> dict[int, str]:
    """What ``user`` is in each of these classes today, in words."""
    rows = ClassStaff.objects.filter(in_force(), user=user, school_class__in=list(classes)).order_by("-duty")
    return {row.school_class_id: row.get_duty_display() for row in rows}


def roster(user: User, school_class: SchoolClass) -> list[tuple[Enrolment, Completeness]]:
    """The class with its open enrolments in seat order, each with the family's phones and its completeness."""
    rows = enrolments(user).filter(school_class=school_class, ended_on__isnull=True)
    keep = FamilyMember.objects.only(
        "student_id",
        "position",
        "name",
        "relation",
        "phone",
        "phone_index",
        "is_guardian",
        "is_first_guardian",
    )
    stands = {row.pk: completeness(row) for row in facts(rows)}
    seated = rows.order_by(F("seat_no").asc(nulls_last=True), "student__name_sort", "pk")
    pupils = seated.prefetch_related(Prefetch("student__family", queryset=keep))
    return [(row, stands[row.pk]) for row in pupils if row.pk in stands]


def adviser_of(school_class_id: int | None) -> User | None:
    """The class adviser or counsellor of a class today."""
    if school_class_id is None:
        return None
    today = ClassStaff.objects.filter(school_class_id=school_class_id).filter(in_force())
    duties = [ClassStaff.Duty.CLASS_ADVISER, ClassStaff.Duty.COUNSELLOR]
    row = today.filter(duty__in=duties).select_related("user").order_by("duty").first()
    return row.user if row else None


def may_reveal_in(user: User, rows: Sequence[Enrolment]) -> bool:
    """Whether ``user`` may have masked values of these rows shown; they lie in one class."""
    return bool(rows) and rows[0].unit_id in units_with(user, "reveal_personal")


def own_or_family(user: User, subjects: Collection[UUID]) -> Collection[UUID]:
    """Those of the students who are ``user``, or to whose family he belongs, by the number in his account."""
    own = user.id_number_index
    if own is None:
        return ()
    member = FamilyMember.objects.filter(student=OuterRef("pk"), id_number_index=own)
    rows = Student.objects.filter(Q(id_number_index=own) | Exists(member), public_id__in=subjects)
    return set(rows.values_list("public_id", flat=True))
