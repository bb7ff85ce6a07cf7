"""Documents of an accepted file: brought, checked by somebody else, versioned, opened by those who may."""

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from PIL import Image

from accounts.roles import Role
from files.models import Blob
from files.refusals import MESSAGES
from ledger.context import acting
from ledger.models import Event
from records.documents import actions, reading
from records.documents.actions import Description
from records.documents.refusals import DocumentRefused
from records.models import Document, DocumentKind, Student
from records.selectors import completeness_of, student_file
from tests.cast import Cast
from tests.factories import appoint, make_user
from tests.records.files import make_student
from tests.support import hostile_files as hostile
from tests.support.scanner import daemon

PDF = hostile.pdf(hostile.stream(b""), pages=2)


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(name: str, student: Student, *args: object) -> str:
    return reverse(f"records:{name}", args=[student.public_id, *args])


def form(content: bytes = b"", name: str = "scan.pdf", **values: object) -> dict[str, object]:
    usual = {"kind": "health_form", "brought_by": "family", "bringer_name": "赵丽", "secrecy": "ordinary"}
    return {**usual, "file": SimpleUploadedFile(name, content or PDF), **values}


def added(cast: Cast, pupil: Student, **values: object) -> Document:
    """A document that the registrar added through the page."""
    answer = client_of(cast.registrar).post(address("document_add", pupil), form(**values))
    assert answer.status_code == 302, answer.content.decode()
    return Document.objects.select_related("blob", "student").latest("pk")


@pytest.fixture
def pupil(cast: Cast) -> Student:
    return make_student("王小明", cast, school_class=cast.school_class)


@pytest.mark.requirement("S0-3.2-1", "S2-11.4-3")
def test_a_document_is_added_with_source_metadata_and_numbers(cast: Cast, pupil: Student) -> None:
    row = added(cast, pupil, title="2026 年体检表", class_code="XJ·JK", subject_terms="体检，视力 体检")
    assert (row.kind, row.title, row.item_no, row.version) == ("health_form", "2026 年体检表", 1, 1)
    assert (row.brought_by, row.bringer_name, row.added_by) == ("family", "赵丽", cast.registrar)
    assert (row.class_code, row.subject_terms) == ("XJ·JK", ["体检", "视力"])
    assert (row.blob.pages, row.blob.size, len(row.blob.sha256)) == (2, len(PDF), 64)
    assert row.number == f"{pupil.archive_no}-001"
    assert row.review == "waiting"
    event = Event.objects.get(action="document.added")
    assert (event.subject, event.role) == (pupil.public_id, Role.REGISTRAR)
    assert "体检" not in str(event.detail)
    second = added(cast, pupil, content=hostile.jpeg(), name="b.jpg")
    assert second.item_no == 2


def test_the_very_same_file_is_not_added_twice(cast: Cast, pupil: Student) -> None:
    added(cast, pupil)
    answer = client_of(cast.registrar).post(address("document_add", pupil), form())
    assert answer.status_code == 422
    assert Document.objects.count() == Blob.objects.count() == 1


def test_a_scan_under_the_wrong_kind_is_filed_anew_under_the_right_one(cast: Cast, pupil: Student) -> None:
    row = added(cast, pupil, kind="transcript")
    client_of(cast.archivist).post(
        address("document_check", pupil, row.public_id), {"outcome": "unfit", "fault": "wrong_kind"}
    )
    same = client_of(cast.registrar).post(address("document_version", pupil, row.public_id), form())
    assert same.status_code == 422
    right = added(cast, pupil, kind="health_form")
    assert (right.kind, right.item_no, right.blob.sha256) == ("health_form", 2, row.blob.sha256)
    again = client_of(cast.registrar).post(address("document_add", pupil), form())
    assert again.status_code == 422


@pytest.mark.requirement("S0-3.2-1", "S0-3.2-3")
def test_another_person_of_the_archives_checks_and_an_illegible_scan_counts_as_missing(
    cast: Cast, pupil: Student
) -> None:
    pupil.is_orphan = True
    with acting(cast.registrar):
        pupil.save(update_fields=["is_orphan"])
    row = added(cast, pupil, kind="orphan")

    def lacks() -> bool:
        found = completeness_of(student_file(cast.archivist, pupil.public_id))
        return any(item.key == "document.orphan" for item in found.missing)

    assert not lacks()
    archivist = client_of(cast.archivist)
    unsaid = archivist.post(
        address("document_check", pupil, row.public_id), {"outcome": "unfit"}, follow=True
    )
    assert "哪里" in unsaid.content.decode() or "Say what" in unsaid.content.decode()
    archivist.post(
        address("document_check", pupil, row.public_id),
        {"outcome": "unfit", "fault": "illegible", "note": "字迹模糊"},
    )
    row.refresh_from_db()
    assert (row.review, row.fault, row.review_note) == ("unfit", "illegible", "字迹模糊")
    assert row.reviewed_by == cast.archivist
    assert Event.objects.get(action="document.rejected").detail["fault"] == "illegible"
    assert lacks()
    client_of(cast.registrar).post(
        address("document_version", pupil, row.public_id), form(content=hostile.jpeg(), name="b.jpg")
    )
    better = Document.objects.get(is_current=True, student=pupil)
    assert (better.item_no, better.version, better.review) == (1, 2, "waiting")
    assert not lacks()
    archivist.post(address("document_check", pupil, better.public_id), {"outcome": "sound"})
    better.refresh_from_db()
    assert better.review == "sound"


def test_nobody_checks_what_he_added_himself(cast: Cast, pupil: Student) -> None:
    file = student_file(cast.archivist, pupil.public_id)
    row = actions.add(
        actor=cast.archivist, file=file, kind="other", content=PDF, filename="a.pdf", told=Description()
    )
    client_of(cast.archivist).post(address("document_check", pupil, row.public_id), {"outcome": "sound"})
    row.refresh_from_db()
    assert row.review == "waiting"
    with pytest.raises(DocumentRefused) as own:
        actions.check(actor=cast.archivist, file=file, document=row, sound=True)
    assert own.value.code == "own_work"
    row.review, row.reviewed_by = "sound", cast.archivist
    with acting(cast.archivist), pytest.raises(IntegrityError), transaction.atomic():
        row.save(update_fields=["review", "reviewed_by"])
    other = student_file(cast.second_archivist, pupil.public_id)
    assert actions.check(actor=cast.second_archivist, file=other, document=row, sound=True).review == "sound"
    with pytest.raises(DocumentRefused):
        actions.check(actor=cast.archive_head, file=student_file(cast.archive_head, pupil.public_id),
                      document=row, sound=True)  # fmt: skip


def test_a_new_version_leaves_the_old_one_and_of_two_at_once_one_is_told(cast: Cast, pupil: Student) -> None:
    first = added(cast, pupil)
    file = student_file(cast.registrar, pupil.public_id)
    told = Description(title="更清晰")
    second = actions.add_version(
        actor=cast.registrar, file=file, document=first, content=hostile.jpeg(), filename="b.jpg", told=told
    )
    first.refresh_from_db()
    assert (first.is_current, second.is_current, second.version) == (False, True, 2)
    with pytest.raises(DocumentRefused) as late:
        actions.add_version(
            actor=cast.second_registrar, file=student_file(cast.second_registrar, pupil.public_id),
            document=first, content=hostile.jpeg((50, 50)), filename="c.jpg", told=told,
        )  # fmt: skip
    assert late.value.code == "superseded"
    page = client_of(cast.archivist).get(address("document", pupil, first.public_id)).content.decode()
    assert str(second.public_id) in page
    second.is_current, first.is_current = True, True
    with acting(cast.registrar), pytest.raises(IntegrityError), transaction.atomic():
        first.save(update_fields=["is_current"])


def test_a_secret_document_asks_for_more_than_the_file(cast: Cast, pupil: Student) -> None:
    row = added(cast, pupil, kind="penalty_paper", secrecy="secret", title="处分决定")
    names = [("document", ()), ("document_page", (1,)), ("document_download", ())]
    for user, status in ((cast.archivist, 200), (cast.registrar, 403), (cast.outsider, 403)):
        for name, more in names:
            answer = client_of(user).get(address(name, pupil, row.public_id, *more))
            assert answer.status_code == status, (user, name)
    listed = client_of(cast.registrar).get(address("student_section", pupil, "documents")).content.decode()
    assert "处分决定" not in listed
    assert str(row.public_id) not in listed
    kept = client_of(cast.registrar).get(reverse("records:documents")).content.decode()
    assert "处分决定" not in kept
    better = actions.add_version(
        actor=cast.archivist, file=student_file(cast.archivist, pupil.public_id), document=row,
        content=hostile.jpeg(), filename="b.jpg", told=Description(secrecy="ordinary"),
    )  # fmt: skip
    assert better.secrecy == "secret"


def test_what_a_document_is_about_is_told_to_those_who_may_open_it(cast: Cast, pupil: Student) -> None:
    card = make_user("蔡卡", cast.student_affairs)
    appoint(card, Role.CARD_CENTRE, cast.school)
    plain = added(cast, pupil, title="体检复查", subject_terms="视力")
    row = added(cast, pupil, content=hostile.jpeg(), name="b.jpg", secrecy="secret", subject_terms="抑郁")
    client_of(cast.archivist).post(
        address("document_catalogue", pupil, row.public_id),
        {"class_code": "JX", "subject_terms": "抑郁 复诊"},
    )
    client_of(cast.archivist).post(
        address("document_catalogue", pupil, plain.public_id), {"class_code": "JX", "subject_terms": "近视"}
    )
    listing = reverse("records:documents")
    history = address("student_section", pupil, "changes")
    told: dict[str, tuple[Any, set[str]]] = {
        "archivist": (cast.archivist, {"体检复查", "近视", "抑郁", "复诊"}),
        "registrar": (cast.registrar, {"体检复查", "近视"}),
        "card": (card, set()),
    }
    for name, (user, words) in told.items():
        client = client_of(user)
        page = client.get(listing).content.decode()
        assert plain.number in page
        assert row.number in page
        assert {one for one in ("体检复查", "近视", "抑郁", "复诊") if one in page} == words, name
        changes = client.get(history).content.decode()
        assert ("复诊" in changes, "近视" in changes) == ("复诊" in words, "近视" in words), name
        for term in ("抑郁", "近视"):
            found = client.post(listing, {"list_form": "filter", "term": term}, follow=True).content.decode()
            assert (row.number in found, plain.number in found) == (
                term == "抑郁" and term in words, term == "近视" and term in words,
            ), (name, term)  # fmt: skip


def test_secrecy_is_lowered_with_a_reason_in_every_version(cast: Cast, pupil: Student) -> None:
    row = added(cast, pupil, secrecy="secret")
    url = address("document_secrecy", pupil, row.public_id)
    client_of(cast.archivist).post(url, {"secrecy": "ordinary", "reason": " "})
    row.refresh_from_db()
    assert row.secrecy == "secret"
    client_of(cast.archivist).post(url, {"secrecy": "ordinary", "reason": "决定已公开"})
    row.refresh_from_db()
    assert row.secrecy == "ordinary"
    assert Event.objects.get(action="document.secrecy_changed").reason == "决定已公开"
    assert client_of(cast.registrar).post(url, {"secrecy": "secret", "reason": "x"}).status_code == 403


def test_who_sees_the_file_but_not_the_document_and_who_sees_neither(cast: Cast, pupil: Student) -> None:
    row = added(cast, pupil)
    card = make_user("蔡卡", cast.student_affairs)
    appoint(card, Role.CARD_CENTRE, cast.school)
    elsewhere = make_user("别校", cast.other_school)
    appoint(elsewhere, Role.ARCHIVIST, cast.other_school)
    for name, more in (("document", ()), ("document_page", (1,)), ("document_download", ())):
        url = address(name, pupil, row.public_id, *more)
        assert client_of(card).get(url).status_code == 403
        assert client_of(elsewhere).get(url).status_code == 404
        assert client_of(cast.adviser).get(url).status_code == 403
        assert Client().get(url).status_code == 302
    assert not Event.objects.filter(action__in=["student.document_viewed", "document.downloaded"]).exists()


def test_the_address_of_another_file_or_of_after_sign_out_opens_nothing(cast: Cast, pupil: Student) -> None:
    row = added(cast, pupil)
    other = make_student("李小红", cast)
    archivist = client_of(cast.archivist)
    assert archivist.get(address("document", other, row.public_id)).status_code == 404
    assert archivist.get(address("document_download", other, row.public_id)).status_code == 404
    page = address("document_page", pupil, row.public_id, 1)
    seen = archivist.get(page)
    assert seen.status_code == 200
    assert seen["Cache-Control"] == "no-store, private"
    archivist.post(reverse("account_logout"))
    gone = archivist.get(page)
    assert gone.status_code == 302
    assert "sign-in" in gone["Location"]
    assert archivist.get(page, headers={"X-Requested-With": "fetch"}).status_code == 401


def test_pages_are_pictures_with_the_readers_name_and_each_look_is_kept(cast: Cast, pupil: Student) -> None:
    sheet = io.BytesIO()
    Image.new("RGB", (900, 1200), "white").save(sheet, "PNG")
    row = added(cast, pupil, content=sheet.getvalue(), name="a.png")
    client = client_of(cast.archivist)
    part = client.get(address("document", pupil, row.public_id), headers={"X-Requested-With": "fetch"})
    assert "<html" not in part.content.decode()
    answer = client.get(address("document_page", pupil, row.public_id, 1))
    assert answer["Content-Type"] == "image/jpeg"
    with Image.open(io.BytesIO(answer.content)) as seen:
        darkest, lightest = seen.convert("L").getextrema()
    assert darkest < 245 < lightest
    event = Event.objects.get(action="student.document_viewed")
    assert (event.actor, event.subject, event.detail["page"]) == (cast.archivist, pupil.public_id, 1)
    assert client.get(address("document_page", pupil, row.public_id, 2)).status_code == 404
    taken = client.get(address("document_download", pupil, row.public_id))
    assert taken["Content-Disposition"].startswith("attachment")
    assert taken["X-Content-Type-Options"] == "nosniff"
    assert Event.objects.filter(action="document.downloaded").count() == 1


@pytest.mark.requirement("S2-11.4-3", "S2-11.4-4")
def test_documents_are_found_by_class_number_and_subject_term_with_related_ones(
    cast: Cast, pupil: Student
) -> None:
    one = added(cast, pupil)
    two = added(cast, pupil, content=hostile.jpeg(), name="b.jpg", kind="transcript")
    archivist = client_of(cast.archivist)
    catalogue = address("document_catalogue", pupil, one.public_id)
    archivist.post(catalogue, {"class_code": "JX11", "subject_terms": "体检 视力"})
    client_of(cast.registrar).post(address("document_relate", pupil, one.public_id), {"item_no": two.item_no})
    listing = reverse("records:documents")
    for words in ({"class": "JX"}, {"term": "视力"}):
        found = archivist.post(listing, {"list_form": "filter", **words}, follow=True).content.decode()
        assert one.number in found
        assert two.number not in found
    page = archivist.get(address("document", pupil, two.public_id)).content.decode()
    assert str(one.public_id) in page
    exported = reading.export(pupil)
    assert [row["related_items"] for row in exported] == [[2], [1]]
    assert exported[0]["subject_terms"] == ["体检", "视力"]
    client_of(cast.registrar).post(address("document_unrelate", pupil, one.public_id, two.item_no))
    assert reading.export(pupil)[0]["related_items"] == []


@pytest.mark.requirement("S2-6.3-3")
def test_the_paper_twin_is_kept_beside_the_file(cast: Cast, pupil: Student) -> None:
    url = address("paper", pupil)
    archivist = client_of(cast.archivist)
    seen = actions.paper_state(pupil)
    told = {"has_paper": "on", "place": "库房 1 柜 3", "package_no": "MF-2026-0007", "seen": seen}
    assert archivist.post(url, told).status_code == 302
    pupil.refresh_from_db()
    assert (pupil.has_paper, pupil.paper_place, pupil.paper_package_no) == (
        True,
        "库房 1 柜 3",
        "MF-2026-0007",
    )
    late = archivist.post(url, {**told, "place": "库房 2"})
    assert late.status_code == 422
    pupil.refresh_from_db()
    assert pupil.paper_place == "库房 1 柜 3"
    page = archivist.get(address("student_section", pupil, "documents")).content.decode()
    assert "MF-2026-0007" in page
    assert Event.objects.filter(action="student.paper_noted", subject=pupil.public_id).count() == 1


def test_erasing_leaves_neither_rows_nor_contents(cast: Cast, pupil: Student) -> None:
    row = added(cast, pupil)
    key = row.blob.storage_key
    with acting(cast.archivist):
        actions.erase(pupil)
    assert not Document.objects.filter(student=pupil).exists()
    assert Blob.objects.get(pk=row.blob_id).storage_key == key
    assert reading.export(pupil) == []


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (hostile.GIF_SCRIPT, "a.gif"),
        (hostile.SVG, "a.jpg"),
        (hostile.HTML, "photo.png"),
        (hostile.pdf() + hostile.zip_of([("a.html", b"x")]), "a.pdf"),
        (hostile.png_bomb(), "a.png"),
        (b"", "a.jpg"),
    ],
    ids=["gif-js", "svg", "html", "pdf-zip", "bomb", "empty"],
)
def test_hostile_files_are_refused_by_the_page_with_words(
    cast: Cast, pupil: Student, content: bytes, name: str
) -> None:
    sent = form() | {"file": SimpleUploadedFile(name, content)}
    answer = client_of(cast.registrar).post(address("document_add", pupil), sent)
    assert answer.status_code == 422
    assert "xj-fault" in answer.content.decode()
    assert not Blob.objects.exists()


def test_the_page_stores_nothing_that_the_scanner_finds_or_cannot_look_at(
    cast: Cast, pupil: Student, settings: Any
) -> None:
    def send(content: bytes) -> tuple[int, str]:
        sent = form() | {"file": SimpleUploadedFile("a.pdf", content)}
        answer = client_of(cast.registrar).post(address("document_add", pupil), sent)
        return answer.status_code, answer.content.decode()

    with daemon(settings):
        assert send(PDF)[0] == 302
        status, page = send(hostile.pdf(hostile.stream(b"% EICAR"), pages=3))
        assert status == 422
        assert str(MESSAGES["infected"]) in page
    status, page = send(hostile.pdf(hostile.stream(b""), pages=4))
    assert status == 422
    assert str(MESSAGES["scanner_silent"]) in page
    assert Document.objects.count() == Blob.objects.count() == 1


def test_a_disguised_script_comes_out_as_a_plain_picture(cast: Cast, pupil: Student) -> None:
    row = added(
        cast, pupil, content=hostile.jpeg_from_a_phone() + hostile.SCRIPT, name="../../payload.php.jpg"
    )
    taken = client_of(cast.archivist).get(address("document_download", pupil, row.public_id))
    assert b"<?php" not in taken.content
    assert b"SECRET" not in taken.content
    assert taken["Content-Disposition"] == "attachment; filename*=UTF-8''payload.php.jpg"
    assert taken["Content-Type"] == "image/jpeg"
    assert taken["Content-Security-Policy"].startswith("sandbox")


def test_photos_do_not_come_by_this_page(cast: Cast, pupil: Student) -> None:
    answer = client_of(cast.registrar).post(address("document_add", pupil), form(kind=DocumentKind.PHOTO))
    assert answer.status_code == 422
    assert not Document.objects.exists()
