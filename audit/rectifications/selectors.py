"""Reads of rectification notices: supervisors see those to other departments, a department its own once issued."""

from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value

from accounts.models import User
from accounts.scope import visible_or_404
from archive.models import DestroyedFile
from audit.inspections.people import (
    ANSWER,
    INSPECT,
    PLAN,
    answered_for,
    may_answer,
    may_supervise,
    supervised,
)
from audit.models import Inspection, Opinion, Rectification, RectificationEvidence, RectificationStep
from records.models import Enrolment, Student

State = Rectification.State
OPEN = (State.ISSUED, State.RECTIFYING, State.ANSWERED)
NOT_ISSUED = (State.DRAFT, State.DROPPED)


def _seen(user: User) -> Q:
    return supervised(user) | answered_for(user) & ~Q(state__in=NOT_ISSUED)


def rectifications(user: User) -> QuerySet[Any]:
    """The register."""
    rows: QuerySet[Any] = Rectification.objects.filter(_seen(user))
    return rows.select_related("school", "unit__parent", "inspector", "signer", "inspection", "opinion")


def rectification_for(user: User, public_id: UUID) -> Rectification:
    """One notice. Raises OutOfScope, Http404."""
    every: QuerySet[Rectification] = Rectification.objects.all()
    found: Rectification = visible_or_404(every, rectifications(user), public_id=public_id)
    return found


def notices_of(user: User, **source: Any) -> QuerySet[Any]:
    """The notices that followed from an ``inspection`` or ``opinion``, as far as ``user`` sees them."""
    rows: QuerySet[Any] = Rectification.objects.filter(_seen(user), **source).order_by("pk")
    return rows


def evidence_for(user: User, public_id: UUID) -> RectificationEvidence:
    """A scan of an answer. Raises OutOfScope, Http404."""
    every: QuerySet[RectificationEvidence] = RectificationEvidence.objects.select_related(
        "blob", "step__rectification"
    ).filter(blob__discarded__isnull=True)
    mine = every.filter(step__rectification__in=Rectification.objects.filter(_seen(user)))
    found: RectificationEvidence = visible_or_404(every, mine, public_id=public_id)
    return found


def steps_of(row: Rectification) -> list[RectificationStep]:
    """Its steps in order."""
    return list(row.steps.select_related("by"))


def evidence_of(row: Rectification) -> QuerySet[RectificationEvidence]:
    """The scans of its answers; those that went with a destroyed file are left out."""
    rows: QuerySet[RectificationEvidence] = RectificationEvidence.objects.filter(
        step__rectification=row, blob__discarded__isnull=True
    )
    return rows.select_related("blob", "step").order_by("pk")


def evidence_gone(row: Rectification) -> int:
    """How many of these scans went with a destroyed file."""
    rows = RectificationEvidence.objects.filter(step__rectification=row, blob__discarded__isnull=False)
    return int(rows.count())


def overtaken(row: Rectification) -> QuerySet[RectificationEvidence]:
    """Scans of a notice that followed from an opinion, older than the last destruction of a file of its school."""
    last = DestroyedFile.objects.filter(school=row.school_id).order_by("-at").first()
    every = evidence_of(row)
    return every.none() if row.opinion_id is None or last is None else every.filter(step__at__lte=last.at)


def may_verify(user: User, row: Rectification) -> bool:
    """Whether ``user`` judges the answer: its inspector, or any other once he can no longer."""
    if not may_supervise(user, INSPECT, row.school_id, row.unit):
        return False
    if user.pk in (row.acknowledger_id, row.answerer_id):
        return False
    return row.inspector_id == user.pk or not may_supervise(row.inspector, INSPECT, row.school_id, row.unit)


def students_behind(source: Inspection | Opinion) -> list[UUID]:
    """Whom words of a notice could name: students of the sample, or those of the school whom the opinion names."""
    if isinstance(source, Inspection):
        return list(source.files.values_list("subject", flat=True))
    said = Value(f"{source.words}\n{source.answer}", output_field=CharField())
    here = Enrolment.objects.filter(school=source.school_id).values("student")
    named = Student.objects.filter(pk__in=here).exclude(name="").annotate(said=said)
    return list(named.filter(said__contains=F("name")).values_list("public_id", flat=True))


def acts(user: User, row: Rectification) -> set[str]:
    """What ``user`` may do now: sign, drop, acknowledge, answer, verify."""
    if row.state == State.DRAFT:
        return {"sign", "drop"} if may_supervise(user, PLAN, row.school_id, row.unit) else set()
    if row.state == State.ANSWERED:
        return {"verify"} if may_verify(user, row) else set()
    if is_party(user, row) or not may_answer(user, row.school_id, row.unit):
        return set()
    return {State.ISSUED.value: {"acknowledge"}, State.RECTIFYING.value: {"answer"}}.get(row.state, set())


def is_party(user: User, row: Rectification) -> bool:
    """Whether ``user`` asked for the notice or judged an answer, so that he answers for nobody."""
    return user.pk in (row.inspector_id, row.signer_id, row.verifier_id)


def missed(today: date) -> QuerySet[Rectification]:
    """Notices whose present deadline has passed and was not found missed yet."""
    late = Q(state=State.ISSUED) & (Q(acknowledge_by__lt=today) | Q(due_on__lt=today))
    late |= Q(state=State.RECTIFYING, due_on__lt=today)
    rows: QuerySet[Rectification] = Rectification.objects.filter(late, overdue_on__isnull=True)
    return rows


def waiting(user: User) -> list[tuple[Rectification, str]]:
    """Notices that wait for ``user``, with what they wait for."""
    drafts = supervised(user, PLAN) & Q(state=State.DRAFT)
    verifying = supervised(user, INSPECT) & Q(state=State.ANSWERED)
    answering = answered_for(user) & Q(state__in=[State.ISSUED, State.RECTIFYING])
    rows = Rectification.objects.filter(drafts | verifying | answering)
    rows = rows.select_related("unit__parent", "inspector__unit").order_by("due_on", "pk")
    return [(row, sorted(found)[-1]) for row in rows if (found := acts(user, row))]


def was_overdue() -> Exists:
    """Whether a deadline of the outer notice was missed at any time."""
    return Exists(RectificationStep.objects.filter(rectification=OuterRef("pk"), kind="overdue"))


PERMS = {"sign": PLAN, "drop": PLAN, "acknowledge": ANSWER, "answer": ANSWER, "verify": INSPECT}
"""What each act asks for."""
