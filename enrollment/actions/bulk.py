"""Bulk approval (批量通过) of a class at one step: only those without warnings, only after a sample without faults."""

from collections.abc import Callable, Iterable, Sequence

from django.db import transaction
from django.db.models import Prefetch, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import role_for, units_with
from core.row_locks import locked_rows
from enrollment.actions.acceptance import accept_apart
from enrollment.actions.decisions import Outcome, advance, decision, due_dates
from enrollment.actions.notify import tell_of_acceptance, tell_of_approval
from enrollment.actions.refusals import IntakeRefused
from enrollment.actions.sampling import close_sample, write_sample
from enrollment.bulk_plan import (
    enrolled_already,
    open_sample,
    plan,
    unhandled_faults,
    view_of,
    waiting_at,
    why_left_out,
)
from enrollment.four_checks import Results, four_checks
from enrollment.models import Applicant, ApplicantDocument, BulkSkip, IntakeBatch, IntakeSample
from enrollment.relations import related_among
from enrollment.selectors import book_of
from enrollment.steps import ACCEPTANCE, HEAD_REVIEW, STEPS, Step
from files.refusals import NotChecked
from jobs import actions as jobs
from jobs.models import Job
from jobs.running import JobRefused, Running
from ledger import events
from ledger.history import update_rows, write_rows
from school.models import Unit
from school.rules import rule

JOB = "enrollment.bulk"
MOST_AT_ONCE = 200
"""More than these are passed by a job, so that nobody waits for the page."""

Told = Callable[[int, int], None]


class SampleNotSeen(IntakeRefused):
    """Not every applicant of the sample was opened."""


class SampleFaulty(IntakeRefused):
    """The sample showed faults that are not handled yet."""


class SampleClosed(IntakeRefused):
    """The sample was used or given up already."""


@transaction.atomic
def draw_sample(*, actor: User, batch: IntakeBatch, class_no: str, step: Step) -> IntakeSample:
    """Draw a sample of those who would pass; an older open one of the same class is closed with what it showed.

    Raises SampleFaulty while faults of an earlier sample are not handled, IntakeRefused when nobody would pass,
    NotPermitted.
    """
    role = role_for(actor, step.perm, _unit_id_of(actor, batch, step))
    IntakeBatch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    found = open_sample(actor, batch, class_no, step.key)
    older = found and _locked_sample(found)
    if older and older.job and older.job.is_open:
        raise SampleClosed(_("The bulk approval of this class is running already."))
    _refuse_unhandled(actor, batch, class_no, step)
    if older and not older.closed_at:
        close_sample(actor=actor, sample=older, role=role)
    ready = plan(actor, batch, class_no, step).passing
    if not ready:
        raise IntakeRefused(_("Nobody of this class can be passed at once."))
    return write_sample(actor, role, batch, class_no, step.key, [row.pk for row in ready])


def _unit_id_of(actor: User, batch: IntakeBatch, step: Step) -> int:
    """A unit on which ``actor`` takes the step: one where somebody waits, else any of the school's, else the school."""
    waiting = waiting_at(actor, batch, step).values_list("unit_id", flat=True).first()
    here = Q(pk=batch.school_id) | Q(ancestors__contains=[batch.school_id])
    own = Unit.objects.filter(here, pk__in=list(units_with(actor, step.perm))).order_by("pk")
    return waiting or own.values_list("pk", flat=True).first() or batch.school_id


def _refuse_unhandled(actor: User, batch: IntakeBatch, class_no: str, step: Step) -> None:
    count = unhandled_faults(actor, batch, class_no, step).count()
    if count:
        raise SampleFaulty(
            _(
                "The sample showed faults in %(count)s applicants. They must be mended before the class can pass."
            )
            % {"count": count}
        )


@transaction.atomic
def start_bulk(*, actor: User, sample: IntakeSample) -> IntakeSample:
    """Pass the class of a seen sample: at once, or by a job when that takes long (then ``job`` is set).

    Raises SampleNotSeen, SampleFaulty, SampleClosed, NotPermitted.
    """
    held, role = _ready_sample(actor, sample)
    if not takes_long(_step_of(held), _count_ready(actor, held)):
        _pass(actor, role, held, _silent)
        return held
    held.job = jobs.start(actor=actor, kind=JOB, unit=held.batch.school)
    held.save(update_fields=["job"])
    return held


def takes_long(step: Step, count: int) -> bool:
    """Whether a job passes them. Acceptance always: the four checks open every scan."""
    return step == ACCEPTANCE or count > MOST_AT_ONCE


def _count_ready(actor: User, held: IntakeSample) -> int:
    """About how many would pass: those of the class without warnings."""
    return (
        waiting_at(actor, held.batch, _step_of(held)).filter(class_no=held.class_no, warning_count=0).count()
    )


def _step_of(held: IntakeSample) -> Step:
    return STEPS[held.step]  # type: ignore[index]  # written from a step's key


def _locked_sample(sample: IntakeSample) -> IntakeSample:
    row = locked_rows(IntakeSample.objects.filter(pk=sample.pk))
    return row.select_related("batch__school", "job").get()


def _ready_sample(actor: User, sample: IntakeSample, *, in_job: bool = False) -> tuple[IntakeSample, str]:
    """The locked sample, seen and without fault, with the role in which ``actor`` passes its class."""
    held = _locked_sample(sample)
    if held.closed_at or held.drawn_by_id != actor.pk:
        raise SampleClosed(_("This sample is closed. Draw a new one."))
    if held.job and held.job.is_open and not in_job:
        raise SampleClosed(_("The bulk approval of this class is running already."))
    step = _step_of(held)
    role = role_for(actor, step.perm, _unit_id_of(actor, held.batch, step))
    _refuse_unhandled(actor, held.batch, held.class_no, step)
    shown = view_of(held)
    if shown.faulty:
        raise SampleFaulty(_("The sample showed faults. Draw a new one when they are handled."))
    if shown.unopened:
        raise SampleNotSeen(_("%(count)s of the sample were not looked at yet.") % {"count": shown.unopened})
    return held, role


def _pass(actor: User, role: str, held: IntakeSample, told: Told) -> None:
    """Pass everybody of the sample's class whom nothing keeps out, each with a decision and an event of his own."""
    step = _step_of(held)
    rows = _locked_rows(actor, held, step)
    limit, now = int(rule(held.batch.school, "bulk_limit")), timezone.now()
    skipped: dict[int, str] = {}
    passing: list[Applicant] = []
    related = related_among(actor, (row.pk for row in rows))
    for row in rows:
        reason = why_left_out(row, actor, step, now=now, related=related, sample=held)
        if not reason and len(passing) >= limit:
            reason = "limit"
        if reason:
            skipped[row.pk] = reason
        else:
            passing.append(row)
    passed = _take(actor, held, step, passing, skipped, told)
    _tell(step, held.batch, passed)
    BulkSkip.objects.bulk_create(
        BulkSkip(sample=held, applicant_id=pk, reason=reason) for pk, reason in skipped.items()
    )
    close_sample(actor=actor, sample=held, role=role, passed=passed)
    events.record(
        "applicant.bulk_passed",
        actor=actor,
        obj=held,
        role=role,
        unit_id=held.batch.school_id,
        detail={"step": held.step, "passed": passed, "skipped": len(skipped)},
    )


def _silent(done: int, total: int) -> None:
    """Nobody waits at a bar."""


def _tell(step: Step, batch: IntakeBatch, count: int) -> None:
    if count and step == ACCEPTANCE:
        tell_of_acceptance(batch, count)
    elif count and step == HEAD_REVIEW:
        tell_of_approval(batch, count)


def _locked_rows(actor: User, held: IntakeSample, step: Step) -> list[Applicant]:
    """Whoever waits now and whoever was drawn, locked; those that another act moved meanwhile included."""
    wanted = set(
        waiting_at(actor, held.batch, step).filter(class_no=held.class_no).values_list("pk", flat=True)
    )
    wanted |= set(held.items.values_list("applicant_id", flat=True))
    rows = locked_rows(Applicant.objects.filter(pk__in=wanted))
    rows = rows.select_related("batch__school", "unit", "programme")
    if step == ACCEPTANCE:
        scans = Prefetch("documents", queryset=ApplicantDocument.objects.select_related("blob"))
        rows = rows.prefetch_related("members", "typed_cells", scans)
    return list(rows.order_by("pk"))


def _take(
    actor: User,
    held: IntakeSample,
    step: Step,
    rows: list[Applicant],
    skipped: dict[int, str],
    told: Told,
) -> int:
    if step == ACCEPTANCE:
        return _accept(actor, held, rows, skipped, told)
    now = timezone.now()
    due = due_dates()
    for role, group in _by_role(actor, step, rows):
        names: Sequence[str] = ()
        for row in group:
            names = advance(step, row, actor, now=now, due=due)
        update_rows(group, names, actor=actor, role=role)
        made = [decision(row, step.key, Outcome.PASSED, actor, role) for row in group]
        for one in made:
            one.sample = held
        write_rows(made, actor=actor, role=role)
        events.record_many(step.event, group, actor=actor, role=role)
    told(len(rows), len(rows))
    return len(rows)


def _by_role(actor: User, step: Step, rows: Iterable[Applicant]) -> list[tuple[str, list[Applicant]]]:
    """The rows by the role in which ``actor`` decides on them: it may differ from college to college."""
    roles: dict[int, str] = {}
    groups: dict[str, list[Applicant]] = {}
    for row in rows:
        if row.unit_id not in roles:
            roles[row.unit_id] = role_for(actor, step.perm, row.unit_id)
        groups.setdefault(roles[row.unit_id], []).append(row)
    return list(groups.items())


def _accept(
    actor: User, held: IntakeSample, rows: list[Applicant], skipped: dict[int, str], told: Told
) -> int:
    book = book_of(held.batch)
    enrolled = enrolled_already(rows)
    results: dict[int, Results] = {}
    good = []
    for done, row in enumerate(rows):
        told(done, len(rows))
        row.batch = held.batch
        if row.pk in enrolled:
            skipped[row.pk] = "enrolled"
            continue
        try:
            results[row.pk] = four_checks(row, book)
        except NotChecked:
            skipped[row.pk] = "not_checked"
            continue
        if results[row.pk].passed:
            good.append(row)
        else:
            skipped[row.pk] = "checks"
            events.record(
                ACCEPTANCE.event,
                actor=actor,
                obj=row,
                role=role_for(actor, ACCEPTANCE.perm, row.unit_id),
                result="failed",
                detail=results[row.pk].detail,
            )
    passed = 0
    for role, group in _by_role(actor, ACCEPTANCE, good):
        refused = accept_apart(group, results, actor=actor, role=role, sample=held)
        skipped.update(refused)
        passed += len(group) - len(refused)
    told(len(rows), len(rows))
    return passed


def work(running: Running) -> None:
    """The job: pass the class. Everything stands in one transaction, so a killed worker leaves nothing.

    Raises JobRefused when the sample or one of the class stands in the way.
    """
    sample = IntakeSample.objects.get(job=running.job)
    if sample.closed_at:
        return
    try:
        with transaction.atomic():
            held, role = _ready_sample(running.actor, sample, in_job=True)
            _pass(running.actor, role, held, running.progress)
    except IntakeRefused as refused:
        raise JobRefused(str(refused)) from refused


def ended_badly(job: Job) -> None:
    """After a failed or cancelled job the sample waits as before."""
    IntakeSample.objects.filter(job=job, closed_at=None).update(job=None)
