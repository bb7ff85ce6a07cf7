"""Reads of sharings: the register, one of them, its students, what may be named."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.shortcuts import get_object_or_404

from accounts.models import User
from accounts.scope import units_with_any, visible_or_404
from approvals.models import Request
from archive.models import SharingRequest, SharingStudent
from files.models import Blob
from files.selectors import is_kept
from records.columns import SECTIONS, Column
from records.completeness import layout_for
from records.models import FamilyMember, Student
from records.values import split
from school.models import Unit

READERS = ("request_sharing", "release_sharing", "decide_for_archives")
STARTED = ("under_review", "approved", "returned", "closed", "lapsed")


def columns_of(school: Unit) -> list[Column]:
    """What can be given of a person and the family, in the order of the file's sections."""
    order = list(SECTIONS)
    held = [column for column in layout_for(school.stage).columns if _is_held(column)]
    return sorted(held, key=lambda column: order.index(column.section))


def _is_held(column: Column) -> bool:
    position, name = split(column.field)
    model = FamilyMember if position else Student
    return any(field.name == name for field in model._meta.concrete_fields)


def label_of(column: Column) -> str:
    """The label of a column; a family member's names whose."""
    position, _name = split(column.field)
    return f"{SECTIONS[column.section]} · {column.label}" if position else str(column.label)


def sharings(user: User) -> QuerySet[SharingRequest]:
    """The register: sharings of the schools where ``user`` asks for, decides on or releases them."""
    units = units_with_any(user, READERS)
    rows: QuerySet[SharingRequest] = SharingRequest.objects.filter(
        request__school_id__in=units, request__state__in=STARTED
    )
    rows = rows.select_related("request__school", "request__department", "requester", "releaser")
    given = Count("students", filter=Q(students__outcome="given"))
    return rows.annotate(asked=Count("students"), given=given)


def sharing_for(user: User, request_id: UUID, *perms: str) -> SharingRequest:
    """A sharing of a school where ``user`` holds one of ``perms``. Raises OutOfScope, Http404.

    A draft is its author's alone.
    """
    units = units_with_any(user, perms)
    every = SharingRequest.objects.select_related("request__school", "letter", "agreement", "package")
    begun = Q(request__state__in=STARTED) | Q(requester=user)
    mine = every.filter(begun, request__school_id__in=units)
    found: SharingRequest = visible_or_404(every, mine, request__public_id=request_id)
    return found


def letter_again(old: SharingRequest | None, *, receiver: str, basis: str) -> Blob | None:
    """The letter of an earlier sharing, if it is kept and speaks for this receiver and statutory basis too."""
    if old is None or old.letter is None or not basis:
        return None
    same = (receiver, basis) == (old.receiver, old.basis)
    return old.letter if same and is_kept(old.letter) else None


def students_of(typed: SharingRequest) -> list[SharingStudent]:
    """The students of a sharing by their numbers."""
    return list(typed.students.select_related("student").order_by("student_no", "pk"))


def visible_ids(user: User, student_ids: Collection[int]) -> set[int]:
    """Those of the students whose files ``user`` may open."""
    rows = Student.objects.visible_to(user).filter(pk__in=student_ids)
    return set(rows.values_list("pk", flat=True))


def of_request(request: Request) -> SharingRequest:
    """The sharing of a request that the caller may read. Raises Http404 when it is another kind of request."""
    rows = SharingRequest.objects.select_related("request", "letter", "agreement")
    found: SharingRequest = get_object_or_404(rows, request=request)
    return found
