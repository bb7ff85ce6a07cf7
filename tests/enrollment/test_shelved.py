"""Admissions after a deletion: the intake record lies in the inactive archive with the file."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals.models import SpotCheck, SpotCheckItem
from approvals.spot_checks import actions as spot_checks
from enrollment import actions, batch_figures, finding, selectors
from enrollment.models import Applicant, IntakeBatch
from ledger.context import acting
from records.models import Enrolment, Student
from tests.cast import Cast
from tests.enrollment.intake import approved, draft
from tests.enrollment.test_scans import distributed, image
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


def test_admissions_read_no_file_names_of_an_applicant_whose_file_was_deleted(
    client: Client, cast: Cast, batch: IntakeBatch
) -> None:
    row, open_one = shelved(cast, batch), draft(cast.clerk, batch, 2)
    names = {f"{row.number} {row.name}.jpg": image(1), f"{open_one.number}.jpg": image(2), "谁.jpg": image(3)}
    upload = distributed(cast.clerk, batch, names)
    url = reverse("enrollment:scan_upload", args=[upload.public_id])
    for reader, hidden in ((cast.clerk, 1), (cast.archive_head, 0)):
        client.force_login(reader)
        answer = client.get(url, headers={"Accept-Language": "en"})
        shown = answer.content.decode()
        assert (row.name in shown, row.number in shown) == (not hidden, not hidden)
        assert open_one.number in shown and "谁.jpg" in shown
        assert answer.context["result"].hidden == hidden
        assert ("1 file belongs to an applicant whom you do not see" in shown) is bool(hidden)


def test_who_comes_back_brings_the_intake_record_along(cast: Cast, batch: IntakeBatch) -> None:
    row = shelved(cast, batch)
    here = {"school": cast.school, "unit": cast.school, "started_on": timezone.localdate()}
    saved(Enrolment(student=row.student, student_no="A9", enrol_month="202611", **here))
    assert selectors.applicant_for(cast.clerk, row.public_id) == row


def test_another_school_that_takes_him_in_does_not_bring_the_record_back(
    cast: Cast, batch: IntakeBatch
) -> None:
    row = shelved(cast, batch)
    there = {"school": cast.other_school, "unit": cast.other_school, "started_on": timezone.localdate()}
    saved(Enrolment(student=row.student, student_no="B9", enrol_month="202611", **there))
    assert not Applicant.objects.visible_to(cast.clerk).exists()


def test_he_still_counts_and_the_officer_who_opened_his_case_still_reads_it(
    client: Client, cast: Cast, batch: IntakeBatch
) -> None:
    row = shelved(cast, batch)
    assert batch_figures.figures(cast.head, batch).total == 1
    check = saved(SpotCheck(school=cast.school, month=timezone.localdate().replace(day=1), population=1))
    item = saved(SpotCheckItem(spot_check=check, kind="applicant", case=row.public_id, number=row.number))
    client.force_login(cast.bureau_officer)
    page = reverse("enrollment:review", args=[row.public_id])
    assert client.get(page).status_code == 404
    spot_checks.open_case(actor=cast.bureau_officer, item=item)
    assert client.get(page).status_code == 200
