"""Reads of exports: whom one may export, who may stand by, the register."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import holders, units_with, units_with_any
from approvals.models import Request
from audit.models import ExportRequest
from core.lookups import AnyOf
from ledger.models import Event
from records.models import Enrolment
from records.selectors import files_in_use
from school.models import SchoolClass, Unit
from school.rules import rule

PERM, CONFIRM, REVEAL = "export_students", "view_student", "reveal_personal"
AUDIT = ("view_events", "manage_incident")
READERS = (PERM, *AUDIT)
State = Request.State
ON_ITS_WAY = (State.UNDER_REVIEW, State.APPROVED, State.RETURNED)


def within(user: User, school: Unit, *, whole: bool = False) -> QuerySet[Enrolment]:
    """Files in use of the school that ``user`` may export today; ``whole``: with unmasked numbers."""
    units = set(units_with(user, PERM))
    if whole:
        units &= set(units_with(user, REVEAL))
    rows: QuerySet[Enrolment] = files_in_use(user).filter(AnyOf(F("unit_id"), sorted(units)), school=school)
    return rows


def among(rows: QuerySet[Enrolment], students: Sequence[int]) -> QuerySet[Enrolment]:
    """Those of the rows that belong to these students, by their ids."""
    return rows.filter(AnyOf(F("student_id"), list(students)))


def seconds_for(user: User, school: Unit) -> QuerySet[User]:
    """Who may stand by an export of ``user``: colleagues who see the files of the whole school anyway."""
    people = holders(CONFIRM, school).filter(kind=User.Kind.STAFF).exclude(pk=user.pk)
    here = Q(unit=school) | Q(unit__parent=school, unit__kind=Unit.Kind.DEPARTMENT)
    return people.filter(here).select_related("unit").order_by("name", "pk")


def exports(user: User) -> QuerySet[ExportRequest]:
    """The register: one's own exports, and all of the schools where ``user`` audits."""
    audited = Q(request__school_id__in=units_with_any(user, AUDIT))
    rows: QuerySet[ExportRequest] = ExportRequest.objects.filter(
        audited | Q(requester=user), request__submitted_at__isnull=False
    )
    rows = rows.select_related("request__school", "requester__unit", "named", "second", "approver", "job")
    return rows.defer("use")


def together(
    user: User, school: Unit, people: Collection[int], instead_of: ExportRequest | None = None
) -> int:
    """How many students, each once, the exports of ``user`` of the last days hold together with these ones.

    The days are those of the rule ``export_days``, from when the file was made, or all had agreed to it. What waits or
    came back counts on any day, since it can be given still; what was refused or recalled, and what this one takes the
    place of, does not.
    """
    since = timezone.now() - timedelta(days=int(rule(school, "export_days")))
    given = Q(request__state=State.CLOSED, given_at__gt=since)
    mine = ExportRequest.objects.filter(requester=user, request__school=school)
    earlier = mine.alias(given_at=Coalesce("made_at", "request__closed_at")).filter(
        given | Q(request__state__in=ON_ITS_WAY)
    )
    if instead_of is not None:
        earlier = earlier.exclude(pk=instead_of.pk)
    return len(set(people).union(*earlier.values_list("people", flat=True)))


def classes_of(typed: ExportRequest) -> list[tuple[str, int]]:
    """How many students of each class an export asks for, or holds once it is made; and no names."""
    here = Enrolment.objects.current().filter(school=typed.request.school)
    counted = among(here, typed.people).values_list("school_class").annotate(count=Count("pk"))
    found = dict(counted.order_by("school_class__class_no", "school_class"))
    classes = SchoolClass.objects.in_bulk([pk for pk in found if pk])
    return [(classes[pk].label if pk else _("Without a class"), count) for pk, count in found.items()]


def to_fetch(user: User) -> QuerySet[ExportRequest]:
    """Files that ``user`` asked for, that are there still, and that he has not fetched yet."""
    fetched = Event.objects.filter(
        actor=user,
        action="job.result_downloaded",
        object_uuid=OuterRef("job__public_id"),
        at__gte=OuterRef("made_at"),
    )
    rows: QuerySet[ExportRequest] = ExportRequest.objects.filter(
        ~Exists(fetched), requester=user, lapses_at__gt=timezone.now(), discarded_at__isnull=True
    )
    return rows.select_related("request__school").order_by("lapses_at")


def waiting_files(student_ids: Collection[int]) -> QuerySet[ExportRequest]:
    """Exports whose file is there still and holds one of these students."""
    rows: QuerySet[ExportRequest] = ExportRequest.objects.filter(
        people__overlap=list(student_ids), file__isnull=False, discarded_at__isnull=True
    )
    return rows.select_related("file")
