"""A destroyed file leaves nothing in the intake room: applicant, scans, import with its rows, what a search finds."""

import io
import zipfile
from datetime import date
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
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
from files.selectors import open_blob
from jobs.tasks import run
from records import finders
from records.columns import LAYOUTS
from records.models import Student
from tests.archive.appraising import WAY, applied, ten_years, walk
from tests.archive.test_deletions import held
from tests.archive.test_destruction import rows_that_say
from tests.cast import SCHOOL_CODE, Cast
from tests.enrollment.importing import bring_in, check
from tests.enrollment.intake import GOOD, draft, id_number, make_batch, picture
from tests.factories import saved
from tests.records.files import make_student

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


def left_long_ago(row: Applicant) -> Student:
    """The student whom the applicant became; his retention is over."""
    student = row.student
    assert student is not None
    stay = student.enrolments.get()
    stay.started_on, stay.ended_on, stay.status = date(2005, 9, 1), date(2011, 6, 30), "graduated"
    saved(stay)
    return student


@pytest.mark.requirement("S3-9.2-3")
def test_every_file_of_his_batch_goes_though_no_row_names_him(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    ten_years(cast)
    row = imported(cast)
    content = open_blob(ImportJob.objects.get().blob)
    again = check(
        cast.clerk, row.batch, content.splitlines(keepends=True)[0] + content.splitlines()[1], "b.csv"
    )
    assert not again.rows.exists(), "all are in already"
    refused = check(cast.clerk, row.batch, "王小明,王大明\n王小明,王大明\n".encode(), "c.csv")
    ImportJob.objects.filter(pk=refused.pk).update(
        refusal_detail='{"file": "王小明.xlsx"}', unknown_headers=["王小明"]
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("王小明.png", picture())
    upload = scans.upload(
        actor=cast.clerk, batch=row.batch, kind="other", content=packed.getvalue(), filename="d.zip"
    )
    run(upload.job_id)
    assert not upload.files.exclude(applicant=None).exists() and upload.files.exists()
    left_long_ago(row)
    with django_capture_on_commit_callbacks(execute=True):
        walk(cast, applied(cast), *WAY)
    assert rows_that_say(SECRETS) == []
    for one in (again, refused, upload):
        assert not default_storage.exists(one.blob.storage_key)


def _refused(sql: str, *values: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_an_applicant_stays_the_student_that_he_became(cast: Cast) -> None:
    ten_years(cast)
    row = imported(cast)
    student, living = left_long_ago(row), make_student("李小红", cast)
    link = "UPDATE enrollment_applicant SET student_id = %s WHERE id = %s"
    for other in (living.pk, None):
        _refused(link, other, row.pk)
    hold = held(cast, living)
    walk(cast, applied(cast), *WAY)
    _refused("UPDATE enrollment_applicant SET name = '王小明' WHERE id = %s", row.pk)
    _refused("UPDATE enrollment_applicant SET state = 'draft' WHERE id = %s", row.pk)
    _refused(link, student.pk, draft(cast.clerk, row.batch, 2).pk)
    _refused("UPDATE archive_legalhold SET student_id = %s WHERE id = %s", student.pk, hold.pk)


def test_the_history_of_the_living_stays_though_an_applicant_bears_their_id(cast: Cast) -> None:
    ten_years(cast)
    row = imported(cast)
    student, living = left_long_ago(row), make_student("李小红", cast)
    false = draft(cast.clerk, row.batch, 2)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE enrollment_applicant SET public_id = %s, student_id = %s WHERE id = %s",
            [living.public_id, student.pk, false.pk],
        )
    walk(cast, applied(cast), *WAY)
    assert Student.objects.get(pk=student.pk).destroyed_on is not None
    names = set(Student.history.filter(id=living.pk).values_list("name", flat=True))
    assert names == {"李小红"}
