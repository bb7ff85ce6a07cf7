"""Catalogues on paper (案卷目录、全宗目录、卷内文件目录): what stands in them, for whom, and that each is kept."""

from datetime import date
from typing import Any

import pypdfium2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.roles import Role
from archive.catalogues import actions, selectors
from archive.eep.building import build
from archive.eep.reading import read
from archive.models import RetentionTerm
from archive.retention.selectors import period_of
from ledger.models import Event
from records.models import Enrolment, Student
from tests.archive.asking import moves_on
from tests.cast import Cast
from tests.factories import appoint, make_user, saved, set_rule
from tests.records.files import make_student
from tests.support import hostile_files as hostile


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def words(answer: Any) -> str:
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf"), answer.content[:3000]
    assert answer["Cache-Control"] == "no-store, private"
    document = pypdfium2.PdfDocument(answer.content)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    return text.replace("\r", "").replace("\n", "")


def bring(cast: Cast, student: Student, kind: str, *, pages: int, **values: str) -> None:
    content = hostile.pdf(hostile.stream(student.archive_no.encode()), pages=pages)
    form = {"kind": kind, "brought_by": "family", "bringer_name": "赵丽", "secrecy": "ordinary", **values}
    form["file"] = SimpleUploadedFile("scan.pdf", content)
    answer = client_of(cast.registrar).post(reverse("records:document_add", args=[student.public_id]), form)
    assert answer.status_code == 302, answer.content.decode()


@pytest.fixture
def wang(cast: Cast) -> Student:
    """A file with a health form and a secret paper, three pages in all, its paper on a shelf."""
    student = make_student(
        "王小明", cast, paper_place="3号柜", paper_package_no="F-77", archive_no="HH-XS-2026-000001"
    )
    bring(cast, student, "health_form", pages=2, title="体检复查")
    bring(cast, student, "penalty_paper", pages=1, title="处分决定", secrecy="confidential")
    return student


def of_year(user: Any, year: str = "2026") -> Any:
    return client_of(user).post(reverse("archive:catalogue_files"), {"volume": f"{year}-0"})


@pytest.mark.requirement("S2-11.4-1")
def test_the_catalogue_of_files_lists_what_the_school_keeps_of_a_year(cast: Cast, wang: Student) -> None:
    make_student("李小红", cast, archive_no="HH-XS-2025-000009")
    make_student("周小雨", cast, school=cast.other_school, archive_no="HH-XS-2026-000002")
    gone = make_student("钱小刚", cast, archive_no="HH-XS-2026-000003")
    moves_on(cast, gone)
    set_rule(cast.school, "retention_years", "30")
    text = words(of_year(cast.archivist))
    shown = ("案卷目录", "HH-XS-2026-000001", "王小明", "机密", "离校后30年", "3号柜", "F-77", "刘敏")
    assert [one for one in shown if one.replace(" ", "") not in text.replace(" ", "")] == []
    for other in ("李小红", "周小雨", "钱小刚", "体检复查"):
        assert other not in text
    event = Event.objects.get(action="catalogue.printed")
    assert (event.actor, event.subject, event.unit_id) == (cast.archivist, wang.public_id, cast.school.pk)
    assert event.detail == {"kind": "files", "year": "2026", "volume": 1}
    line = selectors.files(cast.archivist, cast.school, "2026")[0]
    assert (line["documents"], line["pages"], line["lent"]) == (2, 3, False)


@pytest.mark.requirement("S2-11.4-1")
def test_the_catalogue_of_the_fonds_counts_by_year_and_names_nobody(cast: Cast, wang: Student) -> None:
    make_student("李小红", cast, archive_no="HH-XS-2026-000014")
    make_student("孙小军", cast, archive_no="OLD-1-XS-2024-000002")
    rows = selectors.fonds(cast.archivist, cast.school)
    assert [tuple(row.values()) for row in rows] == [
        ("HH", "2026", 2, "HH-XS-2026-000001", "HH-XS-2026-000014", 2, 3),
        ("OLD-1", "2024", 1, "OLD-1-XS-2024-000002", "OLD-1-XS-2024-000002", 0, 0),
    ]
    page = client_of(cast.archivist).get(reverse("archive:catalogues")).content.decode()
    assert "HH-XS-2026-000014" in page
    text = words(client_of(cast.archivist).post(reverse("archive:catalogue_fonds")))
    assert "全宗目录" in text
    assert "OLD-1-XS-2024-000002" in text
    assert "王小明" not in text
    assert Event.objects.get(action="catalogue.printed").detail == {"kind": "fonds", "files": 3}


@pytest.mark.requirement("S2-11.4-1")
def test_the_catalogue_inside_a_file_lists_its_documents_in_order(cast: Cast, wang: Student) -> None:
    url = reverse("archive:catalogue_documents", args=[wang.public_id])
    text = words(client_of(cast.archivist).post(url))
    assert "卷内文件目录" in text
    assert "体检复查" in text
    assert text.index("体检复查") < text.index("处分决定")
    event = Event.objects.get(action="catalogue.printed")
    assert event.subject == wang.public_id
    assert event.detail == {"kind": "documents", "documents": 2}
    english = client_of(cast.archivist)
    english.cookies["django_language"] = "en"
    assert "Catalogue of the documents" in words(english.post(url))


def test_only_who_keeps_the_archive_of_that_school_prints_catalogues(cast: Cast, wang: Student) -> None:
    url = reverse("archive:catalogue_documents", args=[wang.public_id])
    for user, status in ((cast.registrar, 403), (cast.leader, 403), (cast.outsider, 403)):
        client = client_of(user)
        for asked in (reverse("archive:catalogue_files"), reverse("archive:catalogue_fonds"), url):
            assert client.post(asked, {"volume": "2026-0"}).status_code == status, (user, asked)
    assert not Event.objects.filter(action="catalogue.printed").exists()
    elsewhere = make_user("金鑫", cast.other_school)
    appoint(elsewhere, Role.ARCHIVIST, cast.other_school)
    assert client_of(elsewhere).post(url).status_code == 404
    assert of_year(elsewhere).status_code == 422, "the other school has no file of that year"


def test_a_year_without_files_is_refused_and_a_large_one_comes_in_volumes(
    cast: Cast, wang: Student, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert of_year(cast.archivist, "1999").status_code == 422
    make_student("李小红", cast, archive_no="HH-XS-2026-000002")
    make_student("孙小军", cast, archive_no="HH-XS-2026-000003")
    monkeypatch.setattr(selectors, "VOLUME", 2)
    url = reverse("archive:catalogue_files")
    first, second = (words(client_of(cast.archivist).post(url, {"volume": f"2026-{one}"})) for one in (0, 1))
    assert "王小明" in first
    assert "李小红" in first
    assert "孙小军" not in first
    assert "孙小军" in second
    assert "李小红" not in second
    assert client_of(cast.archivist).post(url, {"volume": "2026-2"}).status_code == 422
    named = Event.objects.filter(action="catalogue.printed", subject__in=Student.objects.values("public_id"))
    volumes = [one["volume"] for one in named.order_by("pk").values_list("detail", flat=True)]
    assert volumes == [1, 1, 2], "everybody who stands in a volume has an event"


def test_an_empty_volume_leaves_an_event_of_the_school(cast: Cast) -> None:
    actions.print_files(actor=cast.archivist, school=cast.school, year="1999")
    event = Event.objects.get(action="catalogue.printed")
    assert (event.actor, event.object_uuid, event.unit_id) == (
        cast.archivist, cast.school.public_id, cast.school.pk
    )  # fmt: skip
    assert (event.subject, event.role) == (None, "archivist")
    assert event.detail == {"kind": "files", "year": "1999", "volume": 1}


def test_a_package_does_not_tell_of_every_catalogue_that_was_printed(cast: Cast, wang: Student) -> None:
    of_year(cast.archivist)
    assert Event.objects.filter(action="catalogue.printed", subject=wang.public_id).count() == 1
    told = {one["业务行为"] for one in read(build(wang)).acts}
    assert "catalogue.printed" not in told
    assert "document.added" in told


def test_a_catalogue_costs_the_same_for_one_and_for_twelve(cast: Cast, wang: Student) -> None:
    selectors.fonds(cast.archivist, cast.school)
    counts = []
    for more in (0, 11):
        for number in range(more):
            make_student("李小红", cast, archive_no=f"HH-XS-2026-1{number:05d}")
        with CaptureQueriesContext(connection) as queries:
            found = selectors.files(cast.archivist, cast.school, "2026")
            selectors.fonds(cast.archivist, cast.school)
        assert len(found) == 1 + more
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("years", ["10", "permanent"])
@pytest.mark.parametrize("mark", ["", "later", "sooner", "for ever"])
def test_the_catalogue_and_the_page_of_the_file_tell_the_same_retention(
    cast: Cast, years: str, mark: str
) -> None:
    student = make_student("王小明", cast, archive_no="HH-XS-2026-000001")
    set_rule(cast.school, "retention_years", years)
    stay = Enrolment.objects.get(student=student)
    stay.status, stay.started_on, stay.ended_on = Student.Status.GRADUATED, date(2019, 9, 1), date(2025, 7, 1)
    saved(stay)
    if mark:
        until = {"later": date(2044, 1, 1), "sooner": date(2030, 1, 1), "for ever": None}[mark]
        saved(
            RetentionTerm(student=student, school=cast.school, until=until, reason="x", set_by=cast.archivist)
        )
    line = selectors.files(cast.archivist, cast.school, "2026")[0]
    assert line["years"] is None
    assert line["until"] == period_of(student).until
