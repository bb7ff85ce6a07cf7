"""Scans: attached, shown, taken off, distributed from a ZIP by name and by the printed form's QR code."""

import io
import zipfile
from typing import Any

import pypdfium2
import pytest
import segno
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from enrollment import actions, printing
from enrollment.actions import scans
from enrollment.card_data import photo_of
from enrollment.four_checks import four_checks
from enrollment.models import Applicant, ApplicantDocument, IntakeBatch, ScanFile, ScanUpload
from enrollment.selectors import book_of
from files import inspection
from files.actions import store
from files.refusals import FileRefused
from files.selectors import BlobDamaged, open_blob
from jobs import actions as jobs
from jobs.actions import JobEnded
from jobs.models import Job
from jobs.tasks import run
from ledger.context import acting
from ledger.history import delete_rows
from ledger.models import Event
from records.models import Document, Enrolment
from tests.cast import Cast
from tests.enrollment.intake import approved, draft, picture, submitted
from tests.factories import saved
from tests.files.test_files import pdf_with_a_lost_page


def image(shade: int, kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), (shade, 120, 200)).save(out, kind)
    return out.getvalue()


def pdf(pages: int = 2) -> bytes:
    document = pypdfium2.PdfDocument.new()
    for _number in range(pages):
        document.new_page(300, 400)
    out = io.BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()


def photographed(text: str) -> bytes:
    """A scan with the QR code of a form on it, turned a little as scanners do."""
    code = io.BytesIO()
    segno.make(text, error="m", micro=False).save(code, kind="png", scale=6, border=4)
    paper = Image.new("RGB", (900, 1200), (250, 250, 246))
    paper.paste(Image.open(code).convert("RGB").rotate(4, expand=True, fillcolor=(250, 250, 246)), (560, 60))
    out = io.BytesIO()
    paper.save(out, "JPEG", quality=80)
    return out.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def distributed(actor: Any, batch: IntakeBatch, files: dict[str, bytes], kind: str = "id_card") -> ScanUpload:
    made = scans.upload(actor=actor, batch=batch, kind=kind, content=zipped(files), filename="班级.zip")
    run(made.job_id)
    assert Job.objects.get(pk=made.job_id).state == Job.State.DONE
    made.refresh_from_db()
    return made


def reasons(made: ScanUpload) -> dict[str, str]:
    return {one.name: one.reason for one in made.files.all()}


@pytest.mark.requirement("S0-3.3-5")
def test_a_clerk_attaches_and_removes_scans_of_an_own_draft(cast: Cast, batch: IntakeBatch) -> None:
    row = draft(cast.clerk, batch)
    version = row.version
    kept = scans.attach(
        actor=cast.clerk, applicant=row, kind="id_card", content=image(1), filename="王小明.jpg"
    )
    assert kept.blob.content_type == "image/jpeg"
    assert Applicant.objects.get(pk=row.pk).version == version + 1
    assert Image.open(io.BytesIO(open_blob(kept.blob))).size == (60, 40)
    with pytest.raises(scans.RepeatedScan):
        scans.attach(actor=cast.clerk, applicant=row, kind="id_card", content=image(1), filename="again.jpg")
    with pytest.raises(FileRefused):
        scans.attach(actor=cast.clerk, applicant=row, kind="photo", content=pdf(), filename="photo.pdf")
    with pytest.raises(actions.NotOwner):
        scans.attach(actor=cast.second_clerk, applicant=row, kind="other", content=image(2), filename="a.jpg")
    scans.remove(actor=cast.clerk, document=kept)
    assert not ApplicantDocument.objects.exists()
    assert list(ApplicantDocument.history.order_by("history_id").values_list("history_type", flat=True)) == [
        "+",
        "-",
    ]
    names = Event.objects.filter(subject=row.public_id, action__startswith="scan.").order_by("id")
    assert [one.action for one in names] == ["scan.attached", "scan.removed"]
    assert "王小明" not in str([one.detail for one in names])


def test_the_content_of_a_scan_goes_with_it(
    cast: Cast, batch: IntakeBatch, django_capture_on_commit_callbacks: Any
) -> None:
    kept = scans.attach(
        actor=cast.clerk,
        applicant=draft(cast.clerk, batch),
        kind="id_card",
        content=image(1),
        filename="a.jpg",
    )
    assert default_storage.exists(kept.blob.storage_key)
    with django_capture_on_commit_callbacks(execute=True):
        scans.remove(actor=cast.clerk, document=kept)
    assert not default_storage.exists(kept.blob.storage_key)


def test_scans_stay_as_they_are_under_review_and_move_again_after_a_return(
    cast: Cast, batch: IntakeBatch
) -> None:
    row = draft(cast.clerk, batch)
    kept = scans.attach(actor=cast.clerk, applicant=row, kind="id_card", content=image(1), filename="a.jpg")
    actions.self_check(actor=cast.clerk, applicant=row)
    for attempt in (
        lambda: scans.attach(
            actor=cast.clerk, applicant=row, kind="other", content=image(2), filename="b.jpg"
        ),
        lambda: scans.remove(actor=cast.clerk, document=kept),
    ):
        with pytest.raises(actions.WrongState):
            attempt()
    actions.send_back(actor=cast.second_clerk, applicant=row, reason="scan_unclear")
    scans.remove(actor=cast.clerk, document=kept)
    assert Applicant.objects.get(pk=row.pk).changed_fields == ["documents"]


def test_every_page_that_is_seen_is_an_event_and_strangers_see_none(cast: Cast, batch: IntakeBatch) -> None:
    row = draft(cast.clerk, batch)
    document = scans.attach(
        actor=cast.clerk, applicant=row, kind="hukou_book", content=pdf(2), filename="户口.pdf"
    )
    client = Client()
    client.force_login(cast.second_clerk)
    viewer = client.get(
        reverse("enrollment:scan", args=[document.public_id]), headers={"X-Requested-With": "x"}
    )
    assert list(viewer.context["pages"]) == [1, 2]
    assert b"<html" not in viewer.content
    for number in (1, 2):
        shown = client.get(reverse("enrollment:scan_page", args=[document.public_id, number]))
        assert shown["Content-Type"] == "image/png"
        assert Image.open(io.BytesIO(shown.content)).size == (600, 800)
        assert shown["Cache-Control"] == "no-store, private"
    assert client.get(reverse("enrollment:scan_page", args=[document.public_id, 3])).status_code == 404
    download = client.get(reverse("enrollment:scan_download", args=[document.public_id]))
    assert download["Content-Disposition"].startswith("attachment")
    assert download.content == open_blob(document.blob)
    seen = Event.objects.filter(subject=row.public_id, actor=cast.second_clerk).order_by("id")
    assert [(one.action, one.detail.get("page")) for one in seen] == [
        ("scan.viewed", 1),
        ("scan.viewed", 2),
        ("scan.downloaded", None),
    ]
    client.force_login(cast.outsider)
    for name, args in (("scan", []), ("scan_page", [1]), ("scan_download", [])):
        refused = client.get(reverse(f"enrollment:{name}", args=[document.public_id, *args]))
        assert refused.status_code == 404
    assert Event.objects.filter(result="refused", actor=cast.outsider).count() == 3


def test_after_acceptance_the_rules_of_the_file_hold_for_its_scans(cast: Cast, batch: IntakeBatch) -> None:
    row = approved(cast, batch)
    blob = store(actor=cast.clerk, content=pdf(2), filename="户口.pdf", allowed=("pdf",))
    scan = saved(ApplicantDocument(applicant=row, kind="hukou_book", blob=blob), by=cast.clerk)
    routes = {
        reverse("enrollment:scan", args=[scan.public_id]): "document",
        reverse("enrollment:scan_page", args=[scan.public_id, 2]): "document_page",
        reverse("enrollment:scan_download", args=[scan.public_id]): "document_download",
    }
    client = Client()
    for reader in (cast.clerk, cast.archivist):
        client.force_login(reader)
        assert [client.get(url).status_code for url in routes] == [200, 200, 200]
    row = actions.accept(actor=cast.archivist, applicant=row)
    document = Document.objects.select_related("student").get(blob=blob)
    own = [document.student.public_id, document.public_id]
    for url, name in routes.items():
        client.force_login(cast.archivist)
        there = client.get(url)
        assert there["Location"] == reverse(
            f"records:{name}", args=[*own, 2] if name == "document_page" else own
        )
        assert client.get(there["Location"]).status_code == 200
        client.force_login(cast.clerk)
        assert client.get(url, follow=True).status_code in {403, 404}
    seen = Event.objects.filter(action="scan.viewed", subject=row.public_id)
    assert set(seen.values_list("actor", flat=True)) == {cast.clerk.pk, cast.archivist.pk}
    review = reverse("enrollment:review", args=[row.public_id])
    for reader, may in ((cast.clerk, False), (cast.archivist, True)):
        client.force_login(reader)
        page = client.get(review).content.decode()
        assert "/intake/scans/" not in page
        assert (reverse("records:student", args=[own[0]]) in page) is may
    with acting(cast.archivist):
        delete_rows([document], actor=cast.archivist)
    assert [client.get(url).status_code for url in routes] == [404, 404, 404]


def test_the_form_attaches_without_leaving_the_page(cast: Cast, batch: IntakeBatch) -> None:
    row = draft(cast.clerk, batch)
    client = Client()
    client.force_login(cast.clerk)
    url = reverse("enrollment:scan_attach", args=[row.public_id])
    sent = {"kind": "id_card", "file": SimpleUploadedFile("a.jpg", picture())}
    answer = client.post(url, sent, headers={"X-Requested-With": "XMLHttpRequest"}).json()
    assert answer["version"] == Applicant.objects.get(pk=row.pk).version
    assert str(ApplicantDocument.objects.get().public_id) in answer["html"]
    sent = {"kind": "id_card", "file": SimpleUploadedFile("a.exe", b"MZ\0\0 not a scan")}
    refused = client.post(url, sent, headers={"X-Requested-With": "XMLHttpRequest"})
    assert refused.status_code == 422
    assert refused.json()["message"]
    assert ApplicantDocument.objects.count() == 1


def test_a_zip_finds_its_applicants_by_form_number_exam_number_and_qr(cast: Cast, batch: IntakeBatch) -> None:
    first, second, third = (draft(cast.clerk, batch, serial) for serial in (1, 2, 3))
    with acting(cast.clerk):
        second.exam_no = "26420106150001"
        second.save(update_fields=["exam_no"])
    form = printing.filled_forms(cast.clerk, batch, [third])
    page = pypdfium2.PdfDocument(form)[0].render(scale=2).to_pil().convert("RGB")
    printed = io.BytesIO()
    page.save(printed, "JPEG", quality=75)
    made = distributed(
        cast.clerk,
        batch,
        {
            f"{first.number}-户口本.jpg": image(10),
            f"{second.exam_no}/身份证.png": image(20, "PNG"),
            "IMG_0001.jpg": printed.getvalue(),
            "IMG_0002.jpg": photographed(first.number),
            "IMG_0003.jpg": image(30),
            f"{first.number} {second.number}.jpg": image(40),
            "Thumbs.db": b"\xd0\xcf\x11\xe0 not a scan",
            "IMG_0004.pdf": pdf_with_a_lost_page(),
        },
    )
    attached = {(one.applicant_id, one.kind) for one in ApplicantDocument.objects.all()}
    assert attached == {
        (first.pk, "hukou_book"),
        (second.pk, "id_card"),
        (third.pk, "collection_form"),
        (first.pk, "collection_form"),
    }
    found = reasons(made)
    assert found["IMG_0003.jpg"] == "no_match"
    assert found[f"{first.number} {second.number}.jpg"] == "several"
    assert found["Thumbs.db"] not in {"", "no_match"}
    assert found["IMG_0004.pdf"] not in {"", "no_match"}
    assert ScanFile.objects.filter(by_qr=True, reason="").count() == 2
    told = Event.objects.get(action="scans.matched")
    assert (told.detail["matched"], told.detail["unmatched"], told.role) == (4, 4, "admissions_clerk")
    client = Client()
    client.force_login(cast.clerk)
    shown = client.get(reverse("enrollment:scan_upload", args=[made.public_id])).content.decode()
    assert "IMG_0003.jpg" in shown
    again = distributed(cast.clerk, batch, {f"{first.number}-户口本.jpg": image(10), "b.jpg": image(99)})
    assert reasons(again)[f"{first.number}-户口本.jpg"] == "repeated"
    assert ApplicantDocument.objects.count() == 4


def test_a_zip_reaches_own_drafts_only_and_the_archives_reach_files(cast: Cast, batch: IntakeBatch) -> None:
    foreign = draft(cast.second_clerk, batch, 1)
    under_review = submitted(cast.clerk, batch, 2)
    accepted = actions.accept(actor=cast.archivist, applicant=approved(cast, batch, 3))
    student_no = Enrolment.objects.get(student=accepted.student).student_no
    files = {
        f"{foreign.number}.jpg": image(1),
        f"{under_review.number}.jpg": image(2),
        f"{student_no}_采集表.jpg": image(3),
    }
    assert list(reasons(distributed(cast.clerk, batch, files)).values()) == [
        "not_own",
        "submitted",
        "accepted",
    ]
    assert not ApplicantDocument.objects.exists()
    made = distributed(cast.archivist, batch, files)
    assert reasons(made)[f"{student_no}_采集表.jpg"] == ""
    document = Document.objects.get()
    assert (document.student, document.kind) == (accepted.student, "collection_form")
    assert Document.history.get().history_user == cast.archivist
    assert Event.objects.get(action="scan.filed").subject == accepted.public_id
    repeated = distributed(cast.archivist, batch, {f"{student_no}_采集表.jpg": image(4)})
    assert reasons(repeated)[f"{student_no}_采集表.jpg"] == "on_file"


def test_dangerous_zips_are_refused_and_leave_nothing(cast: Cast, batch: IntakeBatch) -> None:
    row = draft(cast.clerk, batch)
    made = distributed(
        cast.clerk,
        batch,
        {f"../../{row.number}.jpg": image(1), f"/etc/{row.number}.jpg": image(2), "a.jpg": image(3)},
    )
    found = reasons(made)
    assert found.pop("a.jpg") == "no_match"
    assert set(found.values()) == {"unsafe_name"}
    bomb = zipped({"a.jpg": b"\0" * (300 << 20)})
    crowd = zipped({f"{number}.jpg": b"x" for number in range(2100)})
    for content in (bomb, crowd):
        with pytest.raises(FileRefused) as refused:
            scans.upload(actor=cast.clerk, batch=batch, kind="other", content=content, filename="b.zip")
        assert refused.value.code == "zip_bomb"
    with pytest.raises(FileRefused):
        scans.upload(
            actor=cast.clerk, batch=batch, kind="other", content=zipped({"a": b"1"})[:-30], filename="b.zip"
        )
    assert not ApplicantDocument.objects.exists()
    assert ScanUpload.objects.count() == 1


def test_a_job_that_is_begun_again_goes_on_behind_the_last_file(cast: Cast, batch: IntakeBatch) -> None:
    row = draft(cast.clerk, batch)
    files = {f"{row.number}-身份证.jpg": image(1), f"{row.number}-户口.jpg": image(2)}
    made = scans.upload(actor=cast.clerk, batch=batch, kind="other", content=zipped(files), filename="b.zip")
    run(made.job_id)
    Job.objects.filter(pk=made.job_id).update(state=Job.State.QUEUED)
    run(made.job_id)
    assert ApplicantDocument.objects.count() == 2
    assert made.files.count() == 2


def test_a_zip_goes_on_when_an_applicant_was_taken_back_meanwhile(
    cast: Cast, batch: IntakeBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, kept = draft(cast.clerk, batch, 1), draft(cast.clerk, batch, 2)
    known = scans.Matcher(batch)
    with acting(cast.clerk):
        delete_rows(list(lost.members.all()), actor=cast.clerk)
        delete_rows([lost], actor=cast.clerk)
    monkeypatch.setattr(scans, "Matcher", lambda _batch: known)
    made = distributed(cast.clerk, batch, {f"{lost.number}.jpg": image(1), f"{kept.number}.jpg": image(2)})
    assert reasons(made) == {"": "gone", f"{kept.number}.jpg": ""}, "its name holds what was taken back"
    assert made.finished_at and Event.objects.filter(action="scans.matched").count() == 1


def test_a_distribution_that_fails_says_what_stays_and_is_not_stopped(
    cast: Cast, batch: IntakeBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = draft(cast.clerk, batch, 1), draft(cast.clerk, batch, 2)
    content = zipped({f"{first.number}.jpg": image(1), f"{second.number}.jpg": image(2)})
    made = scans.upload(actor=cast.clerk, batch=batch, kind="id_card", content=content, filename="b.zip")
    with pytest.raises(JobEnded):
        jobs.cancel(actor=cast.clerk, job=made.job)
    real = scans.store

    def breaks(**options: Any) -> Any:
        return 1 / 0 if second.number in options["filename"] else real(**options)

    monkeypatch.setattr(scans, "store", breaks)
    run(made.job_id)
    made.refresh_from_db()
    assert (made.job.state, made.files.count()) == (Job.State.FAILED, 1)
    assert made.finished_at
    assert Event.objects.get(action="scans.matched").detail == {"matched": 1, "unmatched": 0}
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast.clerk)
    page = client.get(reverse("enrollment:scan_upload", args=[made.public_id])).content.decode()
    assert "stopped midway" in page and first.number in page
    page = client.get(reverse("jobs:job", args=[made.job.public_id])).content.decode()
    assert "Nothing was changed" not in page and "What it did until then stays" in page


def test_a_tampered_scan_is_told_as_damaged(cast: Cast, batch: IntakeBatch) -> None:
    row = draft(cast.clerk, batch)
    names = {"scan_page": [1], "scan_download": []}
    for kind, content in (("id_card", image(1)), ("hukou_book", pdf(1))):
        document = scans.attach(actor=cast.clerk, applicant=row, kind=kind, content=content, filename="a")
        key = document.blob.storage_key
        with default_storage.open(key, "rb") as stored:
            sealed = stored.read()
        default_storage.delete(key)
        default_storage.save(key, ContentFile(sealed[:-1] + bytes([sealed[-1] ^ 1])))
        with pytest.raises(BlobDamaged):
            open_blob(document.blob)
        client = Client()
        client.force_login(cast.clerk)
        for name, args in names.items():
            url = reverse(f"enrollment:{name}", args=[document.public_id, *args])
            assert client.get(url).status_code == 404
        viewer = client.get(reverse("enrollment:scan", args=[document.public_id]))
        assert viewer.status_code == 200
        assert photo_of([document]) == b""


def test_a_picture_of_a_zip_is_encoded_once(
    cast: Cast, batch: IntakeBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = draft(cast.clerk, batch)
    encoded: list[str] = []
    real = inspection._encoded

    def counted(picture: Any, kind: str) -> bytes:
        encoded.append(kind)
        return real(picture, kind)

    monkeypatch.setattr(inspection, "_encoded", counted)
    made = distributed(
        cast.clerk, batch, {f"{row.number}.jpg": image(1), "b.jpg": image(2), "c.jpg": image(3)[:-200]}
    )
    assert reasons(made) == {f"{row.number}.jpg": "", "b.jpg": "no_match", "c.jpg": "damaged"}
    assert encoded == ["jpeg"]
    row = Applicant.objects.get(pk=row.pk)
    assert four_checks(row, book_of(batch)).found["usability"] == ()
    assert encoded == ["jpeg"]


def test_the_old_school_adds_nothing_to_the_file_of_who_has_left(cast: Cast, batch: IntakeBatch) -> None:
    accepted = actions.accept(actor=cast.archivist, applicant=approved(cast, batch, 3))
    old = Enrolment.objects.get(student=accepted.student)
    old.ended_on = timezone.localdate()
    saved(old)
    saved(
        Enrolment(
            student=accepted.student,
            school=cast.other_school,
            unit=cast.other_school,
            student_no="20260777",
            status=old.status,
            started_on=old.ended_on,
        )
    )
    made = distributed(cast.archivist, batch, {f"{old.student_no}_采集表.jpg": image(3)})
    assert list(reasons(made).values()) == ["left"]
    assert not Document.objects.exists()
    assert not Event.objects.filter(action="scan.filed").exists()
