"""The list of students, the student file and one's own class as their readers get them."""

import re
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.roles import Role
from ledger.context import acting
from ledger.models import Event
from records.completeness import completeness
from records.lists import StudentList
from records.models import Student
from records.selectors import duties_in, enrolments, facts
from reports.selectors import figures
from tests.cast import Cast
from tests.enrollment.intake import id_number
from tests.factories import appoint, give_class, make_user, saved
from tests.records.files import make_student

NUMBER = id_number(9)


@pytest.fixture
def wang(cast: Cast) -> Student:
    """A student of the cast's class."""
    return make_student(
        "王小明", cast, school_class=cast.school_class, id_number=NUMBER, phone="13800138000",
        current_address="湖北省武汉市武昌区中南路1号", ethnicity="01",
    )  # fmt: skip


def file_url(student: Student) -> str:
    return reverse("records:student", args=[student.public_id])


def read(client: Client, user: Any, url: str, **headers: str) -> Any:
    client.force_login(user)
    return client.get(url, headers=headers)


def views(student: Student) -> int:
    return Event.objects.filter(action="student.viewed", subject=student.public_id).count()


def test_a_list_costs_the_same_for_three_and_thirty(cast: Cast, client: Client) -> None:
    client.force_login(cast.registrar)
    url = reverse("records:students")
    columns = [column.key for column in StudentList.columns]
    client.post(url, {"list_form": "settings", "columns_shown": "1", "column": columns})
    counts = []
    for names in (range(3), range(27)):
        for number in names:
            make_student(f"李{'一二三四五六七八九'[number % 9]}", cast, school_class=cast.school_class)
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(url).content.decode()
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert page.count("<tr") == 21
    asked = " ".join(one["sql"] for one in queries)
    encrypted = ("id_number", "phone", "current_address", "home_address", "national_no")
    taken = re.findall(r'(?<!\()"records_student"\."(\w+)"(?:,| AS| FROM)', asked)
    assert "name" in taken
    assert not set(encrypted) & set(taken)
    assert '"records_familymember"."name"' not in asked
    row = enrolments(cast.registrar)[0]
    assert set(encrypted) <= row.student.get_deferred_fields()


def test_the_list_shows_own_school_only_and_filters_by_name(
    cast: Cast, client: Client, wang: Student
) -> None:
    other = make_student("王大山", cast, school=cast.other_school)
    client.force_login(cast.registrar)
    page = client.get(reverse("records:students")).content.decode()
    assert file_url(wang) in page
    assert file_url(other) not in page
    li = make_student("李明", cast)
    answer = client.post(reverse("records:students"), {"list_form": "filter", "q": "wxm"})
    assert "wxm" not in answer.url
    page = client.get(answer.url).content.decode()
    assert file_url(wang) in page
    assert file_url(li) not in page


@pytest.mark.requirement("S0-3.1-1")
def test_opening_a_file_is_one_event_and_its_parts_add_none(
    cast: Cast, client: Client, wang: Student
) -> None:
    page = read(client, cast.registrar, file_url(wang)).content.decode()
    assert "王小明" not in page.split("</title>")[0]
    assert NUMBER not in page
    assert "13800138000" not in page
    assert NUMBER[:3] + "**************" + NUMBER[-1] in page
    assert "中南路" not in page
    assert views(wang) == 1
    event = Event.objects.get(action="student.viewed")
    assert (event.actor, event.unit_id, event.role) == (cast.registrar, cast.school.pk, "registrar")
    for key in ("family", "study", "documents", "process", "changes"):
        url = reverse("records:student_section", args=[wang.public_id, key])
        answer = client.get(url, headers={"HX-Request": "true", "HX-Target": "tab-panel"})
        assert answer.status_code == 200
        assert "<html" not in answer.content.decode()
    assert views(wang) == 1
    client.get(file_url(wang))
    assert views(wang) == 2


def test_a_part_without_its_page_is_an_opening(cast: Cast, client: Client, wang: Student) -> None:
    url = reverse("records:student_section", args=[wang.public_id, "family"])
    read(client, cast.registrar, url, **{"HX-Request": "true", "HX-Target": "tab-panel"})
    assert views(wang) == 1


def test_another_school_gets_404_and_a_refusal(cast: Cast, client: Client, wang: Student) -> None:
    stranger = make_user("外人", cast.other_school)
    appoint(stranger, Role.ARCHIVIST, cast.other_school)
    assert read(client, stranger, file_url(wang)).status_code == 404
    assert views(wang) == 0
    assert Event.objects.filter(action="request.out_of_scope", actor=stranger).count() == 1


def test_a_reveal_is_one_field_and_one_event(cast: Cast, client: Client, wang: Student) -> None:
    client.force_login(cast.registrar)
    for field, value in (("id_number", NUMBER), ("member1.phone", wang.family.get().phone)):
        url = reverse("records:reveal", args=[wang.public_id, field])
        assert client.get(url).status_code == 405
        answer = client.post(url)
        assert answer.json() == {"value": value}
        assert "no-store" in answer["Cache-Control"]
        assert Event.objects.filter(action="student.revealed", detail__field=field).count() == 1
    for field in ("name", "password", "member9.phone", "member1.name", "student.phone"):
        assert client.post(reverse("records:reveal", args=[wang.public_id, field])).status_code == 404
    assert Event.objects.filter(action="student.revealed").count() == 2


def test_without_the_right_nothing_is_shown_in_full(cast: Cast, client: Client, wang: Student) -> None:
    card_centre = make_user("卡务", cast.student_affairs)
    appoint(card_centre, Role.CARD_CENTRE, cast.school)
    page = read(client, card_centre, file_url(wang)).content.decode()
    assert "data-reveal" not in page
    assert client.post(reverse("records:reveal", args=[wang.public_id, "phone"])).status_code == 403
    assert not Event.objects.filter(action="student.revealed").exists()


def test_field_history_names_operator_before_and_after(cast: Cast, client: Client, wang: Student) -> None:
    with acting(cast.registrar, reason="户口簿更名"):
        wang.ethnicity, wang.phone = "02", "13900139000"
        wang.save(update_fields=["ethnicity", "phone"])
    url = reverse("records:student_section", args=[wang.public_id, "changes"])
    page = read(client, cast.registrar, url).content.decode()
    assert "户口簿更名" in page
    assert cast.registrar.name in page.split('class="xj-timeline"')[1]
    assert "汉族" in page
    assert "蒙古族" in page
    assert "138****8000" in page
    assert "139****9000" in page
    assert "13900139000" not in page


def test_class_staff_see_their_pupils_and_locked_parts(cast: Cast, client: Client, wang: Student) -> None:
    li = make_student("李明", cast)
    page = read(client, cast.adviser, file_url(wang)).content.decode()
    assert 'aria-disabled="true"' in page
    assert read(client, cast.adviser, file_url(li)).status_code == 404
    url = reverse("records:student_section", args=[wang.public_id, "documents"])
    assert read(client, cast.adviser, url).status_code == 403


def test_my_class_shows_contacts_masked_and_what_is_missing(
    cast: Cast, client: Client, wang: Student
) -> None:
    answer = read(client, cast.adviser, reverse("records:my_classes"))
    shown = client.get(answer.url)
    page = shown.content.decode()
    phone = wang.family.get().phone
    assert phone not in page
    assert f"{phone[:3]}****{phone[-4:]}" in page
    assert shown.context["todo"] == {"complete": 0, "photos": 1, "phones": 0, "documents": 0}
    assert Event.objects.get(action="class.roster_viewed").detail == {"count": 1}
    url = reverse("records:reveal", args=[wang.public_id, "member1.phone"])
    assert client.post(url).json() == {"value": phone}
    assert read(client, cast.registrar, answer.url).status_code == 403


def test_a_duty_that_has_ended_is_not_told(cast: Cast) -> None:
    give_class(cast.school_class, cast.teacher, "class_admin", valid_until=date(2021, 1, 1))
    assert duties_in(cast.teacher, [cast.school_class]) == {cast.school_class.pk: "任课教师"}


def test_without_a_class_counts_the_same_on_the_home_page_and_in_its_list(cast: Cast, client: Client) -> None:
    make_student("张三", cast)
    gone = make_student("李四", cast).enrolments.get()
    gone.ended_on = gone.started_on
    saved(gone)
    figure = next(one for one in figures(cast.registrar) if "no_class" in one.url)
    client.force_login(cast.registrar)
    page = client.get(figure.url).content.decode()
    assert (figure.value, "张三" in page, "李四" in page) == (1, True, False)


def test_completeness_names_whose_job_it_is(cast: Cast, wang: Student) -> None:
    row = facts(enrolments(cast.registrar).filter(student=wang)).get()
    with CaptureQueriesContext(connection) as queries:
        found = completeness(row)
    missing = {item.key: item.holder for item in found.missing}
    assert len(queries) == 0
    assert missing["document.photo"] == "adviser"
    assert {"phone", "id_number", "current_address", "guardian_phone"}.isdisjoint(missing)
    assert 0 < found.percent < 100
