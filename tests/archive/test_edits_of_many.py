"""One field of many students in one request: all lines or none, every value frozen."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.roles import Role
from approvals import actions as requests
from approvals.models import Request
from archive.edits import actions
from archive.models import EditRequest
from ledger.models import Event
from records.models import Enrolment, Student
from tests.archive.asking import walk
from tests.cast import Cast
from tests.factories import appoint, make_user, saved
from tests.records.files import make_student

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S0-6.2-1")]


@pytest.fixture
def pupils(cast: Cast) -> list[Student]:
    """Three pupils of one class, in the order of their numbers."""
    made = [make_student(name, cast, school_class=cast.school_class) for name in ("王小明", "李小红", "郎霖")]
    for one in made:
        one.native_place = "湖北武汉"
        saved(one)
    return made


def number(student: Student) -> str:
    return str(Enrolment.objects.get(student=student).student_no)


def take(cast: Cast, typed: EditRequest) -> EditRequest:
    """Submit it and let the head and the archivist pass it: the short way of typing errors."""
    assert typed.path == EditRequest.Path.QUICK
    requests.submit(actor=cast.registrar, request=typed.request)
    return walk(cast, typed, "academic_head", "archivist")


def post(client: Client, user: Any, field: str, lines: str, value: str = "", **more: str) -> Any:
    client.force_login(user)
    reasons = {"cause": "change", "reason": "全班随迁", "basis": "街道 2026-11-02 证明", **more}
    return client.post(
        reverse("archive:edit_many"), {"field": field, "lines": lines, "value": value, **reasons},
        headers={"Accept-Language": "en"},
    )  # fmt: skip


def test_one_request_changes_all_under_one_approval(
    cast: Cast, client: Client, pupils: list[Student]
) -> None:
    first, second, third = pupils
    third.native_place = "浙江杭州"
    saved(third)
    lines = f"{number(first)}\n{number(second)} 江苏 苏州\n\n{number(third)}"
    answer = post(client, cast.registrar, "native_place", lines, "浙江杭州", cause="typing_error")
    typed = EditRequest.objects.get()
    assert answer["Location"] == reverse("approvals:request", args=[typed.request.public_id])
    assert {(one.student, one.new) for one in typed.changes.all()} == {
        (first, "浙江杭州"), (second, "江苏 苏州"),
    }  # fmt: skip
    told = client.get(answer["Location"]).content.decode()
    assert "1 student holds this value already" in told
    typed = take(cast, typed)
    for student in pupils:
        student.refresh_from_db()
    assert [one.native_place for one in pupils] == ["浙江杭州", "江苏 苏州", "浙江杭州"]
    assert Event.objects.filter(action="edit.applied").count() == 1
    assert set(Event.objects.filter(action="student.edited").values_list("subject", flat=True)) == {
        first.public_id, second.public_id,
    }  # fmt: skip
    assert typed.request.state == Request.State.CLOSED


def test_one_stale_value_stops_them_all(cast: Cast, client: Client, pupils: list[Student]) -> None:
    lines = "\n".join(number(one) for one in pupils)
    post(client, cast.registrar, "native_place", lines, "浙江杭州", cause="typing_error")
    typed = EditRequest.objects.get()
    pupils[2].native_place = "湖南长沙"
    saved(pupils[2])
    with pytest.raises(actions.StaleValue):
        take(cast, typed)
    pupils[0].refresh_from_db()
    assert pupils[0].native_place != "浙江杭州"


@pytest.mark.parametrize(
    ("lines", "value", "words"),
    [
        ("{0}\n{0}", "3", "Named twice: {0}"),
        ("{0}\n{1} 3", "", "No value is given for: {0}"),
        ("{0} 3\n{1} 77", "", "{1}: "),
        ("{0} 3\nNOBODY 3", "", "NOBODY"),
        ("{0} 3\n{2} 3", "", "{2}"),
        ("\n".join(f"A{one}" for one in range(201)), "3", "More than 200 students"),
    ],
)
def test_a_fault_in_one_line_is_told_and_nothing_is_drafted(
    cast: Cast, client: Client, pupils: list[Student], lines: str, value: str, words: str
) -> None:
    elsewhere = make_student("赵一", cast, school=cast.other_school)
    numbers = [number(pupils[0]), number(pupils[1]), number(elsewhere)]
    answer = post(client, cast.registrar, "health", lines.format(*numbers), value)
    assert answer.status_code == 422
    assert words.format(*numbers) in answer.content.decode()
    assert not Request.objects.exists()


def test_two_numbers_of_one_student_are_no_two_lines(
    cast: Cast, client: Client, pupils: list[Student]
) -> None:
    earlier = Enrolment.objects.get(student=pupils[0])
    earlier.ended_on = earlier.started_on
    saved(earlier)
    here = {"school": cast.school, "unit": cast.school, "started_on": earlier.started_on}
    saved(Enrolment(student=pupils[0], student_no="A2", enrol_month="202611", **here))
    answer = post(client, cast.registrar, "health", f"A2 3\n{earlier.student_no} 2")
    assert answer.status_code == 422
    assert "one student&#x27;s" in answer.content.decode()
    assert not Request.objects.exists()


@pytest.mark.parametrize(("field", "value"), [("native_place", "浙江杭州"), ("health", "2")])
def test_the_page_asks_as_much_for_two_students_as_for_three(
    cast: Cast, client: Client, pupils: list[Student], field: str, value: str
) -> None:
    counts = []
    for some in (pupils[:2], pupils):
        post(client, cast.registrar, field, "\n".join(number(one) for one in some), value)
        typed = EditRequest.objects.latest("pk")
        page = reverse("approvals:request", args=[typed.request.public_id])
        client.get(page)
        with CaptureQueriesContext(connection) as queries:
            client.get(page)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_who_has_the_right_elsewhere_alone_learns_no_value_by_trying(
    cast: Cast, client: Client, pupils: list[Student]
) -> None:
    guest = make_user("钱进", cast.teaching)
    appoint(guest, Role.REGISTRAR, cast.other_school)
    for value in ("湖北武汉", "浙江杭州"):
        assert post(client, guest, "native_place", number(pupils[0]), value).status_code == 403
    for route in ("archive:edit_many", "archive:inquiry_new", "archive:sharing_new"):
        assert client.post(reverse(route), {"numbers": number(pupils[0])}).status_code == 403, route
