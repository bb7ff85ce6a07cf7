"""A file that turns up is recognised: the very file, its serial, its cells saved anew, or the students in it."""

import csv
import hashlib
import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.exports import recognising
from core.workbook import WorkbookRefused, write_table
from files.models import Blob
from ledger.models import Event
from records.models import Enrolment, Student
from tests.audit.exporting import NUMBERS, content, made, pupils, sheet
from tests.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S1-8-5")]


OTHERS = tuple(f"同学{one}" for one in "一二三四五六七八九")
"""With one more they are as many students as an export is known by."""


def ways(cast: Cast, data: bytes) -> dict[str, list[str]]:
    """How each export is known by a file."""
    answer = recognising.by_file(actor=cast.auditor, content=data)
    return {one.export.request.number: one.ways for one in answer.found}


def saved_anew(data: bytes, change: Any = None, *, bare: bool = False) -> bytes:
    """The workbook as another program writes it; ``bare`` without serial anywhere."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    if change:
        change(book.worksheets[0])
    if bare:
        book.properties.identifier = book.properties.title = None
        book.worksheets[0].delete_rows(1)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_each_way_of_recognising(cast: Cast) -> None:
    people = pupils(cast, "王小明", "=李小红", "张小军", *OTHERS)
    typed = made(cast, people)
    number, data = typed.request.number, content(typed)
    assert ways(cast, data) == {number: ["file"]}
    assert ways(cast, saved_anew(data)) == {number: ["cells", "serial", "students"]}
    assert ways(cast, saved_anew(data, bare=True)) == {number: ["cells", "students"]}

    def changed(rows: Any) -> None:
        rows["A3"].value = "别人"

    assert ways(cast, saved_anew(data, changed)) == {number: ["serial", "students"]}
    assert ways(cast, saved_anew(data, changed, bare=True)) == {number: ["students"]}
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows(sheet(data)[1:])
    assert ways(cast, text.getvalue().encode("gb18030")) == {number: ["cells", "students"]}


def test_a_text_is_recognised_as_a_workbook_is(cast: Cast) -> None:
    typed = made(cast, pupils(cast, "王小明", *OTHERS), file_format="csv")
    number, data = typed.request.number, content(typed)
    assert ways(cast, data) == {number: ["file"]}
    assert ways(cast, data.replace(b"\r\n", b"\n")) == {number: ["cells", "serial", "students"]}


def numbers_of(people: list[Student]) -> list[str]:
    stays = {one.student_id: one.student_no for one in Enrolment.objects.filter(student__in=people)}
    return [stays[one.pk] for one in people]


def table_of(numbers: list[str]) -> bytes:
    return write_table(["谁", "号"], [["某", one] for one in numbers], text_columns=[1])


def test_exports_are_ordered_by_the_rough_share_of_the_students(cast: Cast) -> None:
    people = pupils(cast, "王小明", "李小红", "张小军", *OTHERS)
    all_of_them, some_of_them = made(cast, people), made(cast, people[:10])
    answer = recognising.by_file(actor=cast.auditor, content=table_of([*numbers_of(people[:11]), "9999999"]))
    assert answer.students == 11
    assert [(one.export, one.share) for one in answer.found] == [(all_of_them, "all"), (some_of_them, "most")]
    by_identity = [*[one.lower() for one in NUMBERS], *numbers_of(people[3:])]
    answer = recognising.by_file(actor=cast.auditor, content=table_of(by_identity))
    assert (answer.students, answer.found[0].share) == (12, "all")


def test_a_class_with_and_without_one_student_gets_one_answer(cast: Cast, client: Client) -> None:
    people = pupils(cast, "王小明", *[f"同学{at}" for at in range(1, 25)])
    older, newer = made(cast, people[:20]), made(cast, people[4:24])
    client.force_login(cast.auditor)
    for asked_of in (people, people[1:]):
        file = SimpleUploadedFile("x.xlsx", table_of(numbers_of(asked_of)))
        page = client.post(
            reverse("audit:export_recognise"), {"file": file}, headers={"Accept-Language": "en"}
        )
        found = [(one.export, one.ways, one.share) for one in page.context["answer"].found]
        assert found == [(newer, ["students"], "most"), (older, ["students"], "most")]
        rows = page.content.decode().split("<tbody>")[1].split("</tbody>")[0]
        assert rows.count("Most of its students") == 2
        assert "%" not in rows and "of 25" not in rows and "of 24" not in rows


def test_a_file_with_few_numbers_does_not_tell_who_is_in_which_export(cast: Cast) -> None:
    people = pupils(cast, "王小明", *OTHERS, "局外人")
    typed = made(cast, people[:10])
    numbers = numbers_of(people)
    for few in (numbers[:1], numbers[:9], [*numbers[:1], *(str(9999900 + one) for one in range(20))]):
        answer = recognising.by_file(actor=cast.auditor, content=table_of(few))
        assert (answer.found, answer.students) == ([], 0)
    answer = recognising.by_file(actor=cast.auditor, content=table_of(numbers[1:]))
    assert (answer.found, answer.students) == ([], 10), "nine of an export are too few"
    answer = recognising.by_file(actor=cast.auditor, content=table_of(numbers[:10]))
    assert [one.export for one in answer.found] == [typed]
    details = Event.objects.filter(action="export.recognised").order_by("pk").values_list("detail", flat=True)
    assert [one["numbers"] for one in details] == [1, 9, 21, 10, 10]
    assert not any(number in str(list(details)) for number in numbers)


def test_nothing_of_another_school_is_recognised_and_names_alone_tell_nothing(cast: Cast) -> None:
    typed = made(cast, pupils(cast, "王小明"))
    above = cast.security_admin
    assert recognising.by_digest(actor=above, sha256=typed.sha256).found[0].ways == ["file"]
    assert recognising.by_digest(actor=above, sha256=typed.content_digest).found[0].ways == ["cells"]
    for digest in (typed.sha256, typed.content_digest):
        assert not recognising.by_digest(actor=cast.outsider, sha256=digest).found
    assert not recognising.by_file(actor=cast.outsider, content=content(typed)).found
    assert ways(cast, write_table(["姓名"], [["王小明"]])) == {}


def test_what_is_no_table_is_refused(cast: Cast) -> None:
    for data in (b"%PDF-1.7", b"PK\x03\x04broken", b"\0" * 100):
        with pytest.raises(WorkbookRefused):
            recognising.by_file(actor=cast.auditor, content=data)


def test_the_page_answers_keeps_one_event_and_stores_nothing(cast: Cast, client: Client) -> None:
    typed = made(cast, pupils(cast, "王小明", *OTHERS))
    data, url = content(typed), reverse("audit:export_recognise")
    client.force_login(cast.auditor)
    before = Blob.objects.count()
    page = client.post(url, {"file": SimpleUploadedFile("x.xlsx", saved_anew(data))})
    assert typed.request.number in page.content.decode()
    assert "王小明" not in page.content.decode()
    event = Event.objects.get(action="export.recognised")
    assert (event.actor, event.detail) == (
        cast.auditor, {"by": "file", "found": 1, "ways": ["cells", "serial", "students"], "numbers": 10}
    )  # fmt: skip
    assert Blob.objects.count() == before
    page = client.post(url, {"sha256": hashlib.sha256(data).hexdigest().upper()})
    assert typed.request.number in page.content.decode()
    for wrong in ({}, {"sha256": "abc"}, {"file": SimpleUploadedFile("x.xlsx", b"%PDF-1.7")}):
        assert client.post(url, wrong).status_code == 422
    large = SimpleUploadedFile("x.csv", b"1," * (6 << 20))
    assert client.post(url, {"file": large}).status_code in {413, 422}


def test_recognising_costs_the_same_for_many_exports(cast: Cast) -> None:
    people = pupils(cast, "王小明", "李小红", *OTHERS)
    data = saved_anew(content(made(cast, people)))
    ways(cast, data)
    counted = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            recognising.by_file(actor=cast.auditor, content=data)
        counted.append(len(queries))
        made(cast, people)
        made(cast, people[:10])
    assert counted[0] == counted[1]
