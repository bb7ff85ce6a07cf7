"""Who is told when an applicant goes on: teaching and student affairs (S0-2.1-5)."""

from django.urls import reverse

from approvals.notices import tell
from enrollment.models import IntakeBatch
from school.models import Unit

TOLD = (Unit.Duty.TEACHING, Unit.Duty.STUDENT_AFFAIRS)


def tell_of_approval(batch: IntakeBatch, count: int = 1) -> None:
    """``count`` applicants of ``batch`` were approved by the head."""
    _tell("intake.head_approved", batch, count)


def tell_of_acceptance(batch: IntakeBatch, count: int = 1) -> None:
    """``count`` applicants of ``batch`` were accepted; their student files exist."""
    _tell("intake.accepted", batch, count)


def _tell(kind: str, batch: IntakeBatch, count: int) -> None:
    url = reverse("enrollment:applicants", args=[batch.public_id])
    tell(kind, school=batch.school, duties=TOLD, about=batch.name, url=url, count=count)
