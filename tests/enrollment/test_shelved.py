"""Admissions after a deletion: the intake record lies in the inactive archive with the file."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from enrollment import actions, finding, selectors
from enrollment.models import Applicant, IntakeBatch
from ledger.context import acting
from records.models import Enrolment, Student
from tests.cast import Cast
from tests.enrollment.intake import approved
from tests.factories import saved

pytestmark = pytest.mark.django_db


def shelved(cast: Cast, batch: IntakeBatch) -> Applicant:
    """An applicant who was accepted, and whose file was deleted since."""
    row = actions.accept(actor=cast.archivist, applicant=approved(cast, batch))
    stretch = Enrolment.objects.get(student=row.student)
    stretch.ended_on = stretch.shelved_on = timezone.localdate()
    stretch.status = Student.Status.CANCELLED
    with acting(cast.archive_head):
        stretch.save(update_fields=["ended_on", "shelved_on", "status"])
    return row


@pytest.mark.requirement("S0-6.3-1")
def test_admissions_see_no_applicant_whose_file_was_deleted(
    client: Client, cast: Cast, batch: IntakeBatch
) -> None:
    row = shelved(cast, batch)
    for reader in (cast.clerk, cast.head):
        client.force_login(reader)
        assert client.get(reverse("enrollment:review", args=[row.public_id])).status_code == 404
        shown = client.get(reverse("enrollment:applicants", args=[batch.public_id])).content.decode()
        assert row.name not in shown
        assert not Applicant.objects.visible_to(reader).exists()
        assert not finding.applicants(reader, row.name, False, 10).rows


def test_who_keeps_the_inactive_archive_sees_the_applicant(cast: Cast, batch: IntakeBatch) -> None:
    row = shelved(cast, batch)
    assert selectors.applicant_for(cast.archive_head, row.public_id) == row


def test_who_comes_back_brings_the_intake_record_along(cast: Cast, batch: IntakeBatch) -> None:
    row = shelved(cast, batch)
    here = {"school": cast.school, "unit": cast.school, "started_on": timezone.localdate()}
    saved(Enrolment(student=row.student, student_no="A9", enrol_month="202611", **here))
    assert selectors.applicant_for(cast.clerk, row.public_id) == row
