"""Photos to the rule: matched, brought to size, cropped, warned of."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts.roles import Role
from accounts.scope import NotPermitted
from core.crypto import blind_index
from files.selectors import open_blob
from jobs import actions as jobs
from jobs.models import Job
from jobs.running import Running
from jobs.tasks import run
from ledger.context import acting, service_user
from ledger.models import Event
from records.documents.actions import erase
from records.models import Document, Enrolment, PhotoFile, PhotoUpload, Student
from records.photos import actions, picture
from records.photos.matching import ClassMatcher
from records.photos.picture import Box, PhotoRefused
from records.photos.reasons import PhotoActRefused
from records.selectors import student_file
from records.tasks import discard_lapsed
from tests.cast import Cast
from tests.enrollment.intake import id_number
from tests.factories import appoint, make_user, saved
from tests.records.files import make_student
from tests.records.photo_files import portrait
from tests.support import hostile_files as hostile


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def pupil(cast: Cast, name: str, serial: int, **values: Any) -> Student:
    number = id_number(serial)
    return make_student(
        name, cast, school_class=cast.school_class, id_number=number, id_type="1",
        id_number_index=blind_index("id_number", number), **values,
    )  # fmt: skip


def imported(
    cast: Cast, files: list[tuple[str, bytes]], replaces: bool = False
) -> tuple[PhotoUpload, dict[str, PhotoFile]]:
    """A ZIP brought in through the page and distributed by the job; its files by name."""
    sent: dict[str, Any] = {
        "school_class": cast.school_class.pk, "file": SimpleUploadedFile("photos.zip", hostile.zip_of(files)),
    }  # fmt: skip
    answer = client_of(cast.registrar).post(
        reverse("records:photos"), sent | ({"replaces": "on"} if replaces else {})
    )
    assert answer.status_code == 302, answer.content.decode()
    made = PhotoUpload.objects.latest("pk")
    assert made.job_id is not None
    run(made.job_id)
    made.refresh_from_db()
    return made, {row.name: row for row in made.files.all()}


def photo(student: Student) -> Document:
    row: Document = Document.objects.select_related("blob").get(
        student=student, kind="photo", is_current=True
    )
    return row


@pytest.mark.requirement("S1-9-2", "S1-9-4", "S1-9-5")
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_photo_is_brought_to_size_format_and_weight(form: str) -> None:
    kept = picture.to_rule(portrait((1300, 1600), form=form, noise=True), limit=60_000)
    with Image.open(io.BytesIO(kept)) as image:
        assert image.format == "JPEG"
        assert image.size == picture.BEST
        assert image.info["dpi"] == (300, 300)
    assert len(kept) < 60_000
    assert picture.is_to_rule(kept, 60_000)
    small = picture.to_rule(portrait((156, 192)), limit=60_000)
    with Image.open(io.BytesIO(small)) as image:
        assert image.width >= 154
        assert image.height >= 189


@pytest.mark.requirement("S1-9-2", "S1-9-5")
def test_what_cannot_be_brought_to_the_rule_is_refused() -> None:
    for size, code in (((150, 185), "too_small"), ((600, 600), "needs_crop"), ((800, 150), "needs_crop")):
        with pytest.raises(PhotoRefused) as refused:
            picture.to_rule(portrait(size), limit=60_000)
        assert refused.value.code == code
    with pytest.raises(PhotoRefused) as heavy:
        picture.to_rule(portrait((650, 800), noise=True), limit=3_000)
    assert heavy.value.code == "too_heavy"
    with pytest.raises(PhotoRefused) as outside:
        picture.to_rule(portrait((600, 600)), limit=60_000, box=Box(300, 0, 400))
    assert outside.value.code == "outside"


@pytest.mark.requirement("S1-9-1", "S1-9-3")
def test_background_and_colour_are_estimated() -> None:
    assert picture.warnings_of(portrait()) == []
    assert picture.warnings_of(portrait(ground=(67, 142, 219))) == []
    assert picture.warnings_of(portrait(ground=(173, 216, 230))) == []
    assert "background_colour" in picture.warnings_of(portrait(ground=(255, 255, 255)))
    assert "background_colour" in picture.warnings_of(portrait(ground=(200, 30, 30)))
    with Image.open(io.BytesIO(portrait())) as image:
        striped = image.copy()
    striped.paste((20, 60, 20), (0, 0, 60, 640))
    out = io.BytesIO()
    striped.save(out, "JPEG")
    assert "background_uneven" in picture.warnings_of(out.getvalue())
    grey = io.BytesIO()
    Image.open(io.BytesIO(portrait())).convert("L").save(grey, "JPEG")
    assert "not_colour" in picture.warnings_of(grey.getvalue())


def test_the_suggested_part_has_the_shape_and_lies_inside() -> None:
    for size in ((600, 600), (4000, 3000), (300, 900)):
        box = picture.suggested(size)
        left, top, right, bottom = box.edges
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1] + 1
        assert picture.fits((box.width, box.height))


@pytest.mark.requirement("S1-9-2", "S1-9-6")
def test_the_zip_of_a_class_finds_its_students_and_tells_why_not(cast: Cast) -> None:
    first, second = pupil(cast, "王小明", 1), pupil(cast, "李小红", 2, exam_no="26420106001234")
    third, fourth = pupil(cast, "张三丰", 3), pupil(cast, "王小", 4)
    twins = [pupil(cast, "赵一", 5), pupil(cast, "赵一", 6)]
    away = make_student("外班生", cast)
    made, rows = imported(
        cast,
        [
            (f"一班/{first.enrolments.get().student_no}.jpg", portrait(mark=1)),
            ("26420106001234.png", portrait(mark=2, form="PNG")),
            (f"{third.id_number}.jpg", portrait(mark=3)),
            ("王小.jpg", portrait(mark=4)),
            ("王小明（2）.jpg", portrait(mark=5)),
            ("赵一.jpg", portrait(mark=6)),
            (f"{away.enrolments.get().student_no}.jpg", portrait(mark=7)),
            ("../../李小红.jpg", portrait(mark=8)),
            ("李小红.svg.jpg", hostile.SVG),
            ("__MACOSX/._王小.jpg", b"x"),
        ],
    )
    states = {name: (row.state, row.reason) for name, row in rows.items()}
    assert {row.student_id for row in rows.values() if row.state == "placed"} == {
        first.pk, second.pk, third.pk, fourth.pk,
    }  # fmt: skip
    assert states["王小明（2）.jpg"] == ("refused", "twice")
    assert states["赵一.jpg"] == ("refused", "several")
    assert states[f"{away.enrolments.get().student_no}.jpg"] == ("refused", "no_match")
    assert states["../../李小红.jpg"] == ("refused", "unsafe_name")
    assert states["李小红.svg.jpg"] == ("refused", "type_not_allowed")
    assert len(rows) == 9
    assert not any(Document.objects.filter(student=one).exists() for one in twins)
    kept = open_blob(photo(second).blob)
    assert picture.is_to_rule(kept, 60_000)
    assert Event.objects.filter(action="photo.placed").count() == 4
    assert made.blob is not None
    page = client_of(cast.registrar).get(reverse("records:photo_upload", args=[made.public_id]))
    assert "赵一.jpg" in page.content.decode()


FITTING = {
    "王明": "王明", "3-1 王明": "王明", "王 明": "王明", "王明_三班（2）": "王明", "王明 三班": "王明",
    "IMG王明": "王明",
    "王明华": "", "王明 华": "", "欧阳王明": "", "买买提·王明": "", "三班王明": "", "王\U00020bb7": "",
    "阿依古丽·买买提": "阿依古丽·买买提", "阿依古丽•买买提": "阿依古丽·买买提", "阿依古丽": "",
    "\U00020bb7野": "\U00020bb7野", "\U00020bb7野家": "", "王\U00020bb7野": "", "〇王明": "",
    "anna-smith 2": "Anna Smith", "Joanna Smith": "", "Anna Smithers": "", "A1001": "王明", "A1001 王明华": "王明",
    "A1001王明": "王明", "A1001 阿依古丽·买买提": "contradiction", "王明 Anna Smith": "several",
    "A1001 A1003 王明": "several",
}  # fmt: skip


def test_a_picture_goes_to_whom_its_whole_name_names(cast: Cast) -> None:
    names = ("王明", "阿依古丽·买买提", "\U00020bb7野", "Anna Smith")
    students = {
        name: make_student(name, cast, school_class=cast.school_class, exam_no=f"A100{place}").pk
        for place, name in enumerate(names, 1)
    }
    matcher = ClassMatcher(cast.school_class)
    for stem, name in FITTING.items():
        expected = (students[name], "") if name in students else (None, name or "no_match")
        assert matcher.match(f"a/{stem}.jpg") == expected, stem


def test_a_photo_that_is_there_stays_unless_it_is_to_be_replaced(cast: Cast) -> None:
    one = pupil(cast, "王小明", 1)
    imported(cast, [("王小明.jpg", portrait(mark=1))])
    _made, kept = imported(cast, [("王小明.jpg", portrait(mark=2))])
    assert kept["王小明.jpg"].reason == "on_file"
    assert photo(one).version == 1
    imported(cast, [("王小明.jpg", portrait(mark=2))], replaces=True)
    assert photo(one).version == 2
    assert Document.objects.filter(student=one, kind="photo").count() == 2
    _made, again = imported(cast, [("王小明.jpg", portrait(mark=2))], replaces=True)
    assert again["王小明.jpg"].reason == "same_photo"


def test_an_import_that_was_interrupted_goes_on_and_repeats_nothing(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    pupil(cast, "王小明", 1)
    pupil(cast, "李小红", 2)
    files = [("王小明.jpg", portrait(mark=1)), ("李小红.jpg", portrait(mark=2))]
    made = actions.upload(
        actor=cast.registrar, school_class=cast.school_class, content=hostile.zip_of(files),
        filename="a.zip", replaces=False,
    )  # fmt: skip
    taken = actions._take

    def die(*args: Any) -> None:
        if args[5].startswith("李"):
            raise MemoryError
        taken(*args)

    monkeypatch.setattr(actions, "_take", die)
    assert made.job is not None
    running = Running(made.job, cast.registrar, lambda done, total: None)
    with acting(cast.registrar), pytest.raises(MemoryError):
        actions.work(running)
    monkeypatch.undo()
    with acting(cast.registrar):
        actions.work(Running(Job.objects.get(pk=made.job_id), cast.registrar, lambda done, total: None))
    assert sorted(made.files.values_list("state", flat=True)) == ["placed", "placed"]
    assert Document.objects.filter(kind="photo").count() == 2


def test_bombs_and_scripts_inside_a_zip_touch_nobody_else(cast: Cast) -> None:
    pupil(cast, "王小明", 1)
    good = ("王小明.jpg", portrait())
    _made, rows = imported(
        cast, [("李小红.png", hostile.png_bomb()), ("a.php.jpg", hostile.SCRIPT), ("b.jpg", b""), good]
    )
    assert [rows[name].reason for name in ("李小红.png", "a.php.jpg", "b.jpg")] == [
        "too_many_pixels", "type_not_allowed", "empty",
    ]  # fmt: skip
    assert rows["王小明.jpg"].state == "placed"
    for content in (hostile.zip_bomb(), b"no zip", hostile.zip_of([("a", b"x")])[:-30]):
        sent = {"school_class": cast.school_class.pk, "file": SimpleUploadedFile("a.zip", content)}
        answer = client_of(cast.registrar).post(reverse("records:photos"), sent)
        assert answer.status_code == 422
    assert PhotoUpload.objects.count() == 1


@pytest.mark.requirement("S1-9-2", "S1-9-3")
def test_one_photo_is_brought_cropped_by_numbers_and_placed(cast: Cast) -> None:
    one = pupil(cast, "王小明", 1)
    client = client_of(cast.registrar)
    sent = {"file": SimpleUploadedFile("a.jpg", portrait((900, 900)))}
    answer = client.post(reverse("records:photo_change", args=[one.public_id]), sent)
    row = PhotoFile.objects.get()
    assert answer["Location"] == reverse("records:photo_crop", args=[row.public_id])
    source = row.source
    assert source is not None
    shown = client.get(answer["Location"]).content.decode()
    assert 'data-width="900"' in shown
    assert client.get(reverse("records:photo_source", args=[row.public_id])).status_code == 200
    url = reverse("records:photo_crop", args=[row.public_id])
    assert client.post(url, {"left": 500, "top": 0, "width": 500}).status_code == 422
    assert client.post(url, {"left": 200, "top": 30, "width": 100}).status_code == 422
    assert not Document.objects.exists()
    assert client.post(url, {"left": 200, "top": 30, "width": 500}).status_code == 302
    kept = photo(one)
    assert (kept.added_by, kept.review) == (cast.registrar, "waiting")
    row.refresh_from_db()
    assert (row.state, row.source) == ("placed", None)
    assert Event.objects.get(action="photo.placed").subject == one.public_id
    with pytest.raises(PhotoActRefused):
        actions.crop(actor=cast.second_registrar, photo=row, box=Box(0, 0, 500))
    assert client_of(cast.adviser).get(reverse("records:photo", args=[one.public_id])).status_code == 200


def test_a_photo_of_another_shape_in_a_zip_waits_for_cropping_and_lapses(cast: Cast) -> None:
    pupil(cast, "王小明", 1)
    made, rows = imported(cast, [("王小明.jpg", portrait((900, 900)))])
    row = rows["王小明.jpg"]
    assert (row.state, row.reason) == ("crop", "needs_crop")
    assert not Document.objects.exists()
    assert discard_lapsed() == 0
    PhotoUpload.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert discard_lapsed() == 1
    row.refresh_from_db()
    assert (row.state, row.reason, row.source) == ("refused", "lapsed", None)
    event = Event.objects.get(action="photos.lapsed")
    assert (event.actor, event.object_uuid, event.detail) == (service_user(), made.public_id, {"files": 1})
    assert event.unit_id == made.unit_id


def test_an_import_whose_job_fails_is_closed_with_an_event(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    pupil(cast, "王小明", 1)
    made = actions.upload(
        actor=cast.registrar, school_class=cast.school_class, filename="a.zip", replaces=False,
        content=hostile.zip_of([("王小明.jpg", portrait())]),
    )  # fmt: skip
    assert made.job is not None
    assert made.blob is not None
    with django_capture_on_commit_callbacks(execute=True):
        jobs.end(made.job, Job.State.FAILED)
    made.refresh_from_db()
    assert made.finished_at is not None
    assert not default_storage.exists(made.blob.storage_key)
    event = Event.objects.get(action="photos.distributed")
    assert (event.actor, event.detail["placed"]) == (cast.registrar, 0)


def test_photos_of_another_school_are_nobodys_here(cast: Cast) -> None:
    one = pupil(cast, "王小明", 1)
    row = actions.bring(
        actor=cast.registrar, file=student_file(cast.registrar, one.public_id),
        content=portrait((900, 900)), filename="a.jpg",
    )  # fmt: skip
    elsewhere = make_user("别校", cast.other_school)
    appoint(elsewhere, Role.STUDENT_AFFAIRS, cast.other_school)
    for name in ("photo_crop", "photo_source"):
        assert client_of(elsewhere).get(reverse(f"records:{name}", args=[row.public_id])).status_code == 404
    assert client_of(cast.archivist).get(reverse("records:photos")).status_code == 403


@pytest.mark.parametrize("shelved", [False, True])
def test_a_school_crops_no_photo_into_a_file_that_is_not_kept_there(cast: Cast, shelved: bool) -> None:
    one = pupil(cast, "王小明", 1)
    row = actions.bring(
        actor=cast.registrar, file=student_file(cast.registrar, one.public_id),
        content=portrait((900, 900)), filename="a.jpg",
    )  # fmt: skip
    stay = one.enrolments.get()
    stay.ended_on = timezone.localdate()
    stay.shelved_on = timezone.localdate() if shelved else None
    saved(stay)
    if not shelved:
        saved(
            Enrolment(
                student=one, school=cast.other_school, unit=cast.other_school, student_no="2026880001",
                started_on=timezone.localdate(),
            )
        )  # fmt: skip
    url = reverse("records:photo_crop", args=[row.public_id])
    assert client_of(cast.registrar).get(url).status_code == 404
    with pytest.raises(NotPermitted):
        actions.crop(actor=cast.registrar, photo=row, box=Box(200, 30, 500))
    assert not Document.objects.exists()


def test_erasing_a_file_takes_the_pictures_that_were_brought_for_it(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    one, other = pupil(cast, "王小明", 1), pupil(cast, "李小红", 2)
    _made, rows = imported(cast, [("王小明.jpg", portrait((900, 900))), ("李小红.jpg", portrait((900, 900)))])
    imported(cast, [("王小明.jpg", portrait())])
    gone, stays = (rows[name].source for name in ("王小明.jpg", "李小红.jpg"))
    placed = photo(one).blob
    assert gone is not None
    assert stays is not None
    with django_capture_on_commit_callbacks(execute=True), acting(cast.archivist):
        erase(one)
    assert not PhotoFile.objects.filter(student=one).exists()
    assert PhotoFile.objects.get().student == other
    assert [default_storage.exists(one.storage_key) for one in (gone, placed, stays)] == [False, False, True]


# Exports


def test_the_way_to_the_exports_is_shown_to_those_who_may_take_it(cast: Cast) -> None:
    exports = reverse("records:photo_exports")
    taking_only = make_user("学生处", cast.student_affairs)
    appoint(taking_only, Role.STUDENT_AFFAIRS, cast.school)
    for who, status in ((cast.registrar, 200), (taking_only, 403)):
        client = client_of(who)
        assert client.get(exports).status_code == status
        assert (exports in client.get(reverse("records:photos")).content.decode()) is (status == 200)
