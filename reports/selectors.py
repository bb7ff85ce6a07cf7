"""Figures and charts of the home page: counts of what the reader may count, never a row."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import holds, units_with
from approvals.models import Notice
from core.lookups import AnyOf
from core.ui import Chart, Series
from enrollment.models import Applicant, ImportFault, ImportRow, IntakeBatch, IntakeDecision
from records.faults import Fault, describe
from records.models import Enrolment, Student, own_class_ids

State = Applicant.State
RECENT = timedelta(days=30)
MOST_KINDS = 8
DECIDERS = ("review_applicant", "approve_applicant", "accept_applicant", "approve_no_hukou")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its name; ``url`` leads to what is behind it."""

    label: str
    value: int
    icon: str
    url: str = ""
    kind: str = ""
    note: str = ""


def figures(user: User) -> list[Figure]:
    """The reader's own numbers by what he does; few queries, whatever the data."""
    found: list[Figure] = []
    if holds(user, "enter_applicant"):
        found += _entered(user)
    if any(holds(user, perm) for perm in DECIDERS):
        found.append(_decided(user))
    if holds(user, "view_own_class"):
        found += _own_pupils(user)
    if holds(user, "view_student") or holds(user, "view_figures"):
        found += _students(user)
    return found


def _entered(user: User) -> list[Figure]:
    mine = Applicant.objects.filter(entered_by=user).aggregate(
        recent=Count("state", filter=Q(entered_at__gte=timezone.now() - RECENT)),
        drafts=Count("state", filter=Q(state=State.DRAFT)),
        accepted=Count("state", filter=Q(state=State.ACCEPTED)),
    )
    recent = _("in the last 30 days")
    return [
        Figure(_("Entered by me"), mine["recent"], "user-plus", note=recent),
        Figure(_("My drafts"), mine["drafts"], "file-pencil", kind="amber" if mine["drafts"] else ""),
        Figure(_("Mine accepted"), mine["accepted"], "circle-check"),
    ]


def _decided(user: User) -> Figure:
    decided = IntakeDecision.objects.filter(actor=user, at__gte=timezone.now() - RECENT)
    decided = decided.exclude(step=IntakeDecision.Step.SELF_CHECK)
    return Figure(_("Decided by me"), decided.count(), "checklist", note=_("in the last 30 days"))


def _own_pupils(user: User) -> list[Figure]:
    classes = own_class_ids(user)
    if not classes:
        return []
    count = Enrolment.objects.filter(school_class_id__in=classes, ended_on__isnull=True).count()
    return [Figure(_("Students of my classes"), count, "users-group", url=reverse("records:my_classes"))]


def _students(user: User) -> list[Figure]:
    units = sorted({*units_with(user, "view_student"), *units_with(user, "view_figures")})
    here = Enrolment.objects.filter(AnyOf(F("unit_id"), units), ended_on__isnull=True)
    enrolled = here.filter(status=Student.Status.ENROLLED).count()
    classless = here.filter(school_class__isnull=True).count()
    url = reverse("records:students") if holds(user, "view_student") else ""
    kind = "amber" if classless else ""
    return [
        Figure(_("Students enrolled"), enrolled, "id", url=url and f"{url}?status=enrolled"),
        Figure(_("Without a class"), classless, "users", url=url and f"{url}?no_class=1", kind=kind),
    ]


def next_deadline(user: User) -> date | None:
    """The next entry deadline of an open batch that the reader works on."""
    today = timezone.localdate()
    batches = IntakeBatch.objects.visible_to(user).filter(is_open=True, entry_deadline__gte=today)
    return batches.order_by("entry_deadline").values_list("entry_deadline", flat=True).first()


def unread_notices(user: User, until: datetime) -> QuerySet[Notice]:
    """Notices that ``user`` has not read, counted up at ``until`` for the last time, or before; at most 200."""
    unread = Notice.objects.visible_to(user).unread_by(user)
    return unread.filter(last_at__lte=until).order_by("-last_at")[:200]


def newest_notice(user: User) -> datetime | None:
    """When the newest notice that ``user`` has not read was made, or counted up."""
    unread = Notice.objects.visible_to(user).unread_by(user)
    newest: datetime | None = unread.aggregate(newest=Max("last_at"))["newest"]
    return newest


# Charts


def chart_keys(user: User) -> list[str]:
    """The charts that this reader gets, in order."""
    if not holds(user, "view_figures"):
        return []
    if _open_batches(user).filter(Exists(Applicant.objects.filter(batch=OuterRef("pk")))).exists():
        return ["progress", "faults"]
    return ["students"]


def _open_batches(user: User) -> QuerySet[IntakeBatch]:
    return IntakeBatch.objects.visible_to(user, "view_figures").filter(is_open=True)


def batches(user: User) -> list[IntakeBatch]:
    """Intake batches of whom ``user`` reads figures: those with applicants, the newest work first, at most 20."""
    found = _open_batches(user).annotate(last=Max("applicants__entered_at"), size=Count("applicants"))
    worked = found.filter(size__gt=0)
    return list(worked.order_by("-size", "-last", "pk")[:20])


def chosen_batch(user: User, public_id: str) -> tuple[IntakeBatch | None, list[IntakeBatch]]:
    """The batch that a chart is about, and those that could be chosen."""
    every = batches(user)
    named = [one for one in every if str(one.public_id) == public_id]
    shown = named or every
    return (shown[0] if shown else None), every


PROGRESS = (
    State.DRAFT,
    State.RETURNED,
    State.SELF_CHECKED,
    State.INITIAL_REVIEWED,
    State.HEAD_APPROVED,
    State.ACCEPTED,
)


def progress(batch: IntakeBatch) -> Chart:
    """How far the applicants of a batch are, by state."""
    rows = Applicant.objects.filter(batch=batch).values_list("state").annotate(count=Count("pk"))
    counts: dict[str, int] = dict(rows.order_by())
    note = ""
    if batch.quota:
        share = counts.get(State.ACCEPTED, 0) / batch.quota
        note = _("quota %(quota)s, %(share)s accepted") % {
            "quota": f"{batch.quota:,}",
            "share": f"{share:.1%}",
        }
    return Chart(
        key="progress",
        title=_("Progress of the intake batch"),
        labels=[state.label for state in PROGRESS],
        series=[Series(_("Applicants"), [counts.get(state, 0) for state in PROGRESS])],
        kind="hbar",
        unit=_("persons"),
        note=note,
    )


def faults(batch: IntakeBatch) -> Chart | None:
    """Errors of imported rows that still stand, by kind; None when there are none."""
    standing = ImportFault.objects.filter(
        row__import_job__batch=batch, row__state=ImportRow.State.PROBLEM, level=ImportFault.Level.ERROR
    )
    kinds = list(standing.values_list("code").annotate(count=Count("pk")).order_by("-count", "code"))
    if not kinds:
        return None
    shown, rest = kinds[:MOST_KINDS], sum(count for _code, count in kinds[MOST_KINDS:])
    labels = [describe(Fault("", code, detail="…"))[0] for code, _count in shown]
    values: list[float] = [count for _code, count in shown]
    if rest:
        labels.append(_("Other faults"))
        values.append(rest)
    return Chart(
        key="faults",
        title=_("Problem data by kind of fault"),
        labels=labels,
        series=[Series(_("Faults"), values)],
        kind="hbar",
        note=_("imports of this intake batch"),
    )


def students_by_grade(user: User) -> Chart | None:
    """Enrolled students by grade level in the units of which the reader reads figures."""
    enrolled = Enrolment.objects.filter(
        unit_id__in=list(units_with(user, "view_figures")), ended_on__isnull=True, school_class__isnull=False
    )
    grade = "school_class__grade_level"
    rows: list[Any] = list(enrolled.values_list(grade).annotate(count=Count("pk")).order_by(grade))
    if not rows:
        return None
    return Chart(
        key="students",
        title=_("Students by grade level"),
        labels=[_("Grade %(grade)s") % {"grade": level} for level, _count in rows],
        series=[Series(_("Students"), [count for _level, count in rows])],
        unit=_("persons"),
    )
