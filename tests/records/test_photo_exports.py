"""Exports of photos: asked for, released by somebody else, packed, and gone after a day."""

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from files.models import Blob
from jobs.running import Running
from jobs.tasks import run
from ledger.context import acting
from ledger.models import Event
from records.models import PhotoExport
from records.photos import export, picture
from records.photos.reasons import PhotoActRefused
from tests.cast import Cast
from tests.records.files import make_student
from tests.records.photo_files import portrait
from tests.records.test_photos import client_of, imported, photo, pupil


def asked(cast: Cast, **scope: Any) -> PhotoExport:
    answer = client_of(cast.registrar).post(
        reverse("records:photo_exports"),
        {
            "scope": f"c{cast.school_class.pk}",
            "purpose": "status_system",
            "basis": "教基〔2026〕1号",
            **scope,
        },
    )
    assert answer.status_code == 302, answer.content.decode()
    return PhotoExport.objects.latest("pk")


def released(cast: Cast, row: PhotoExport) -> PhotoExport:
    url = reverse("records:photo_export_decide", args=[row.public_id])
    assert client_of(cast.academic_head).post(url, {"decision": "release"}).status_code == 302
    row.refresh_from_db()
    assert row.job_id is not None
    run(row.job_id)
    row.refresh_from_db()
    return row


@pytest.mark.requirement("S1-9-6", "S1-9-7")
def test_an_export_names_photos_by_identity_number_and_writes_down_each(cast: Cast) -> None:
    one, two, three = pupil(cast, "王小明", 1), pupil(cast, "李小红", 2), pupil(cast, "张三丰", 3)
    nobody = make_student("无号生", cast, school_class=cast.school_class)
    imported(
        cast,
        [
            (f"{name}.jpg", portrait(mark=at))
            for at, name in enumerate(("王小明", "李小红", "张三丰", "无号生"))
        ],
    )
    with acting(cast.archivist):
        bad = photo(three)
        bad.review, bad.fault, bad.reviewed_by = "unfit", "not_to_rule", cast.archivist
        bad.save(update_fields=["review", "fault", "reviewed_by"])
    row = released(cast, asked(cast))
    assert (row.state, row.photos, row.left_out) == ("released", 3, 1)
    answer = client_of(cast.registrar).get(reverse("jobs:result", args=[row.job.public_id]))
    assert answer["Content-Disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = sorted(archive.namelist())
        assert all(picture.is_to_rule(archive.read(name), 60_000) for name in names)
    folder = f"{cast.school_class.grade_level}年级/{cast.school_class.class_no}/"
    numbers = [one.id_number, two.id_number, nobody.enrolments.get().student_no]
    assert names == sorted(f"{folder}{number}.jpg" for number in numbers)
    told = Event.objects.filter(action="photo.exported")
    assert {event.subject for event in told} == {one.public_id, two.public_id, nobody.public_id}
    assert {(event.purpose, event.actor) for event in told} == {("status_system", cast.registrar)}
    assert {(event.unit_id, event.detail["export"]) for event in told} == {(cast.school.pk, row.pk)}
    assert Event.objects.get(action="photo_export.packed").detail == {"photos": 3, "left_out": 1}
    assert Event.objects.filter(action="job.result_downloaded").count() == 1
    assert one.id_number not in str(list(Event.objects.values_list("detail", flat=True)))


def test_nobody_releases_his_own_export_and_of_two_one_decides(cast: Cast) -> None:
    pupil(cast, "王小明", 1)
    row = asked(cast)
    own = reverse("records:photo_export_decide", args=[row.public_id])
    client_of(cast.registrar).post(own, {"decision": "release"})
    row.refresh_from_db()
    assert row.state == "asked"
    with pytest.raises(PhotoActRefused) as mine:
        export.decide(actor=cast.registrar, export=row, release=True)
    assert mine.value.code == "own_request"
    row.state, row.decided_by = "released", cast.registrar
    with acting(cast.registrar), pytest.raises(IntegrityError), transaction.atomic():
        row.save(update_fields=["state", "decided_by"])
    assert export.decide(actor=cast.second_registrar, export=row, release=False).state == "refused"
    with pytest.raises(PhotoActRefused) as late:
        export.decide(actor=cast.academic_head, export=row, release=True)
    assert late.value.code == "decided"


def test_a_packed_export_lapses_and_its_content_is_deleted(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    pupil(cast, "王小明", 1)
    imported(cast, [("王小明.jpg", portrait())])
    row = released(cast, asked(cast))
    result = reverse("jobs:result", args=[row.job.public_id])
    assert client_of(cast.second_registrar).get(result).status_code == 404
    assert client_of(cast.registrar).get(result).status_code == 200
    assert row.package is not None
    key = Blob.objects.get(pk=row.package_id).storage_key
    assert export.discard_lapsed(actor=cast.system_admin) == 0
    with django_capture_on_commit_callbacks(execute=True):
        later = timezone.now() + export.LASTS + timedelta(minutes=1)
        assert export.discard_lapsed(actor=cast.system_admin, now=later) == 1
    assert not default_storage.exists(key)
    assert client_of(cast.registrar).get(result).status_code == 403
    assert PhotoExport.objects.get(pk=row.pk).photos == 1


def test_packing_again_after_a_killed_worker_writes_nothing_twice(cast: Cast) -> None:
    pupil(cast, "王小明", 1)
    imported(cast, [("王小明.jpg", portrait())])
    row = released(cast, asked(cast))

    running = Running(row.job, cast.registrar, lambda done, total: None)
    with acting(cast.registrar):
        export.work(running)
    assert running.result == row.package
    assert Event.objects.filter(action="photo.exported").count() == 1


def test_an_export_waits_in_the_inbox_of_those_who_release_it(cast: Cast) -> None:
    pupil(cast, "王小明", 1)
    row = asked(cast)
    url = reverse("records:photo_export", args=[row.public_id])
    from records.photos.reading import inbox

    assert [line.url for line in inbox(cast.academic_head, "waiting")] == [url]
    assert [line.url for line in inbox(cast.registrar, "started")] == [url]
    assert inbox(cast.registrar, "waiting") == []
    refused = client_of(cast.registrar).post(
        reverse("records:photo_exports"), {"scope": f"c{cast.school_class.pk}", "purpose": "", "basis": ""}
    )
    assert refused.status_code == 422
