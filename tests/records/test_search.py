"""The search box: what finds whom, for whom, and what it leaves behind."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ledger.models import Event
from records import selectors
from records.models import Student
from tests.cast import Cast
from tests.enrollment.intake import id_number, make_batch, submitted
from tests.factories import saved
from tests.records.files import make_student

NUMBER = id_number(7)


@pytest.fixture
def people(cast: Cast) -> dict[str, Student]:
    """Four students of the school, one of the school next door."""
    return {
        "wang": make_student(
            "王小明",
            cast,
            id_number=NUMBER,
            phone="13800138000",
            student_no="2026000123",
            exam_no="26420100000123",
        ),
        "rare": make_student("𠮷䶮㛃", cast),
        "dot": make_student("买买提·艾力", cast),
        "li": make_student("李明慧", cast),
        "other": make_student("王小明", cast, school=cast.other_school, student_no="2026000124"),
    }


def found(user: Any, text: str, **options: Any) -> list[Student]:
    return [row.student for row in selectors.search(user, text, **options).enrolments]


@pytest.mark.requirement("S0-2.4-2")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("明", {"wang", "li"}),
        ("小明", {"wang"}),
        ("王小明", {"wang"}),
        ("wangxiaoming", {"wang"}),
        ("wang xiao", {"wang"}),
        ("xiaom", {"wang"}),
        ("wxm", {"wang"}),
        ("WXM", {"wang"}),
        ("𠮷", {"rare"}),
        ("䶮㛃", {"rare"}),
        ("买买提·艾力", {"dot"}),
        ("买买提•艾", {"dot"}),
        ("艾力", {"dot"}),
        ("2026000123", {"wang"}),
        ("20260001", {"wang"}),
        ("26420100000123", {"wang"}),
        ("１３８００１３８０００", {"wang"}),
        ("13800138000", {"wang"}),
        (NUMBER, {"wang"}),
        (NUMBER.lower(), {"wang"}),
        ("1380013800", set()),
        ("' | 'p", set()),
        ("%", set()),
        ("", set()),
    ],
)
def test_each_kind_of_words_finds_whom_it_should(
    cast: Cast, people: dict[str, Student], text: str, expected: set[str]
) -> None:
    assert set(found(cast.registrar, text)) == {people[one] for one in expected}


def test_archive_number_and_the_phone_of_a_parent(cast: Cast, people: dict[str, Student]) -> None:
    wang = people["wang"]
    assert found(cast.archivist, wang.archive_no) == [wang]
    phone = wang.family.get().phone
    assert found(cast.archivist, phone) == [wang]
    assert found(cast.archivist, phone, secrets=False) == []


def test_nothing_decrypts_a_personal_number(cast: Cast, people: dict[str, Student]) -> None:
    rows = selectors.search(cast.registrar, NUMBER).enrolments
    assert {"id_number", "phone", "home_address", "national_no"} <= rows[0].student.get_deferred_fields()


def test_another_school_and_the_class_staff(cast: Cast, people: dict[str, Student]) -> None:
    assert found(cast.outsider, "王小明") == []
    assert found(cast.adviser, "明") == []
    mine = make_student("周明", cast, school_class=cast.school_class)
    assert found(cast.adviser, "明") == [mine]
    duty = cast.school_class.staff.get(user=cast.adviser)
    duty.valid_until = timezone.localdate() - timedelta(days=1)
    saved(duty)
    assert found(cast.adviser, "明") == []


def test_the_drop_down_asks_no_personal_number(
    cast: Cast, people: dict[str, Student], client: Client
) -> None:
    client.force_login(cast.registrar)
    url = reverse("records:search")
    page = client.post(url, {"q": NUMBER}, headers={"HX-Request": "true"}).content.decode()
    assert "王小明" not in page
    assert not Event.objects.filter(action="student.searched").exists()
    page = client.post(url, {"q": "wxm"}, headers={"HX-Request": "true"}).content.decode()
    assert "王小明" in page
    assert page.count("xj-found-hit") == 1


def test_a_personal_number_leads_to_the_file_and_leaves_an_event_without_it(
    cast: Cast, people: dict[str, Student], client: Client
) -> None:
    client.force_login(cast.registrar)
    answer = client.post(reverse("records:search"), {"q": NUMBER})
    assert answer.url == reverse("records:student", args=[people["wang"].public_id])
    event = Event.objects.get(action="student.searched", detail__found=1)
    assert (event.actor, NUMBER in str(event.detail)) == (cast.registrar, False)
    assert NUMBER not in str(dict(client.session))


def test_results_betray_nobody_outside(cast: Cast, people: dict[str, Student], client: Client) -> None:
    client.force_login(cast.registrar)
    page = client.post(reverse("records:search"), {"q": "王小明"}).content.decode()
    assert str(people["wang"].public_id) in page
    assert str(people["other"].public_id) not in page
    assert "<title>" in page
    assert "王小明" not in page.split("</title>")[0]


def test_applicants_are_found_by_those_who_may(cast: Cast, client: Client) -> None:
    row = submitted(cast.clerk, make_batch(cast.school), name="欧阳海")
    url = reverse("records:search")
    client.force_login(cast.clerk)
    assert (
        reverse("enrollment:review", args=[row.public_id]) in client.post(url, {"q": "oyh"}).content.decode()
    )
    client.force_login(cast.student_affairs_head)
    assert str(row.public_id) not in client.post(url, {"q": "oyh"}).content.decode()


def test_who_sees_nobody_has_no_search_box(cast: Cast, client: Client) -> None:
    client.force_login(cast.system_admin)
    assert "xj-search" not in client.get("/").content.decode()
    assert client.get(reverse("records:search")).status_code == 403


def test_what_is_found_is_shown_as_text(cast: Cast, client: Client) -> None:
    make_student("<i>赵'明&", cast, student_no='2026"<b>')
    client.force_login(cast.registrar)
    page = client.post(reverse("records:search"), {"q": "赵"}).content.decode()
    assert "&lt;i&gt;赵&#x27;明&amp;</a>" in page
    assert "2026&quot;&lt;b&gt;" in page
    assert "<i>" not in page
    assert 'class="xj-badge' in page
