"""A destroyed file leaves nothing in the intake room: applicant, scans, import with its rows, what a search finds."""

from datetime import date
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from archive.models import DestroyedBlob
from enrollment import actions
from enrollment.actions import scans
from enrollment.models import (
    Applicant,
    ApplicantDocument,
    ApplicantMember,
    ImportJob,
    ImportRow,
    IntakeDecision,
)
from files.models import Blob
from records import finders
from records.columns import LAYOUTS
from tests.archive.appraising import WAY, applied, ten_years, walk
from tests.archive.test_destruction import rows_that_say
from tests.cast import SCHOOL_CODE, Cast
from tests.enrollment.importing import bring_in, check
from tests.enrollment.intake import GOOD, id_number, make_batch, picture
from tests.factories import saved

pytestmark = pytest.mark.django_db
SECRETS = ("王小明", "王大明", "13800138002", "武昌区中南路", id_number(1))


def imported(cast: Cast) -> Applicant:
    """One who came by a file with a scan, after a row of his that was refused, and whom all have passed."""
    batch = make_batch(cast.school)
    columns = LAYOUTS[batch.layout].columns
    good = {**GOOD, "id_number": id_number(1)}
    lines = [
        [SCHOOL_CODE, *(cells.get(column.field, "") for column in columns[1:])]
        for cells in (good, {**good, "id_number": "42010620190603001"})
    ]
    text = "\n".join(",".join(one) for one in ([column.header for column in columns], *lines)) + "\n"
    made = check(cast.clerk, batch, text.encode(), "王小明.csv")
    bring_in(cast.clerk, made)
    row = Applicant.objects.get()
    scans.attach(actor=cast.clerk, applicant=row, kind="other", content=picture(), filename="王小明.jpg")
    row = actions.save_draft(
        actor=cast.clerk, applicant=Applicant.objects.get(), cells={"checked_with_original": "1"}
    ).applicant
    actions.self_check(actor=cast.clerk, applicant=row)
    actions.review_initially(actor=cast.second_clerk, applicant=row)
    actions.approve_as_head(actor=cast.head, applicant=row)
    return actions.accept(actor=cast.archivist, applicant=row)


@pytest.mark.requirement("S3-9.2-3")
def test_nothing_of_a_destroyed_file_stays_in_the_intake(
    cast: Cast, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    ten_years(cast)
    row = imported(cast)
    student = row.student
    assert student is not None
    stay = student.enrolments.get()
    stay.started_on, stay.ended_on, stay.status = date(2005, 9, 1), date(2011, 6, 30), "graduated"
    saved(stay)
    assert ImportRow.objects.exists(), "the row that was refused waits"
    assert {"enrollment.Applicant.name", "enrollment.ImportRow.cells"} <= set(rows_that_say(SECRETS))
    page = reverse("enrollment:review", args=[row.public_id])
    client.force_login(cast.head)
    assert client.get(page).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        walk(cast, applied(cast), *WAY)
    assert rows_that_say(SECRETS) == []
    left = Applicant.objects.get()
    assert (left.state, left.student_id, left.number) == ("destroyed", student.pk, row.number)
    assert IntakeDecision.objects.filter(applicant=left).count() >= 4, "who decided stays"
    for model in (ApplicantMember, ApplicantDocument, ImportRow):
        assert not model._default_manager.exists()
    gone = set(DestroyedBlob.objects.values_list("blob", flat=True))
    assert ImportJob.objects.get().blob_id in gone
    for one in Blob.objects.filter(pk__in=gone):
        assert not default_storage.exists(one.storage_key)
    assert client.get(page).status_code == 404
    for user in (cast.head, cast.archive_head):
        for text in ("王小明", row.number, id_number(1)):
            assert not any(hits.rows for _finder, hits in finders.find(user, text, secrets=True, limit=9))
    batch = reverse("enrollment:batch", args=[left.batch.public_id])
    shown = client.get(batch).content.decode()
    assert "王小明" not in shown
    job = reverse("enrollment:import_result", args=[ImportJob.objects.get().public_id])
    client.force_login(cast.clerk)
    assert client.get(job).status_code == 200
