"""The random sample before a bulk approval: drawn by the system, ticked when opened, closed with its outcome."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from enrollment.bulk_plan import faulty_ids
from enrollment.models import Applicant, IntakeBatch, IntakeSample, SampleItem
from ledger import events
from school.sampling import draw


def write_sample(
    actor: User, role: str, batch: IntakeBatch, class_no: str, step: str, ids: Sequence[int]
) -> IntakeSample:
    """A fresh sample of these applicants, each as likely as any other."""
    sample = IntakeSample.objects.create(
        batch=batch, class_no=class_no, step=step, drawn_by=actor, population=len(ids)
    )
    drawn = draw(batch.school, ids)
    SampleItem.objects.bulk_create(SampleItem(sample=sample, applicant_id=pk) for pk in sorted(drawn))
    events.record(
        "sample.drawn",
        actor=actor,
        obj=sample,
        role=role,
        unit_id=batch.school_id,
        detail={"step": step, "population": len(ids), "drawn": len(drawn)},
    )
    return sample


def note_opened(actor: User, applicant: Applicant) -> None:
    """Tick the applicant in the open samples of ``actor``."""
    mine = SampleItem.objects.filter(
        applicant=applicant, sample__drawn_by=actor, sample__closed_at=None, opened_at=None
    )
    mine.update(opened_at=timezone.now())


@transaction.atomic
def close_sample(*, actor: User, sample: IntakeSample, role: str, passed: int | None = None) -> None:
    """Write what the sample showed. The caller has locked it."""
    faulty = faulty_ids(sample)
    opened = sample.items.exclude(opened_at=None)
    opened.filter(applicant__in=faulty).update(outcome=SampleItem.Outcome.FAULT)
    opened.exclude(applicant__in=faulty).update(outcome=SampleItem.Outcome.FINE)
    sample.closed_at, sample.faults_found, sample.passed_count = timezone.now(), len(faulty), passed
    sample.save(update_fields=["closed_at", "faults_found", "passed_count"])
    events.record(
        "sample.closed",
        actor=actor,
        obj=sample,
        role=role,
        unit_id=sample.batch.school_id,
        detail={"step": sample.step, "faults": len(faulty), "opened": opened.count()},
    )
