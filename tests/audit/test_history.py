"""The history of a student file: who may read it, what stays in confidence, a past moment, two moments compared."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from accounts.scope import OutOfScope
from audit.history import kinds
from audit.history.moments import difference, state
from audit.history.selectors import Asked, reach, story
from ledger.context import acting, service_user
from ledger.models import Event
from records.entry_models import Conduct
from records.models import ReadingDay, Student
from tests.cast import Cast
from tests.factories import appoint, make_unit, make_user, saved
from tests.records.files import make_student

pytestmark = pytest.mark.django_db
OLD, NEW = "湖北省武汉市武昌区中南路1号", "湖北省武汉市洪山区珞喻路2号"


@pytest.fixture
def wang(cast: Cast) -> Student:
    return make_student("王小明", cast, school_class=cast.school_class, current_address=OLD, talent="围棋")


def change(actor: Any, student: Student, **values: Any) -> None:
    for name, value in values.items():
        setattr(student, name, value)
    with acting(actor, reason="家长来电", request_no="XG-2026-000031", role="registrar"):
        student.save(update_fields=list(values))


def url(student: Student, name: str = "history") -> str:
    return reverse(f"audit:{name}", args=[student.public_id])


def opened(client: Client, user: Any) -> Client:
    """Signed in, with a purpose chosen where one is asked for."""
    client.force_login(user)
    client.post(reverse("records:purpose"), {"purpose": "check", "next": "/"})
    return client


def noted(action: str) -> list[Event]:
    return list(Event.objects.filter(action=action))


@pytest.mark.requirement("S0-6.2-6")
@pytest.mark.requirement("S3-7.3-1")
def test_an_auditor_sees_each_change_with_operator_request_reason_and_address(
    cast: Cast, client: Client, wang: Student
) -> None:
    change(cast.registrar, wang, talent="书法", current_address=NEW)
    page = opened(client, cast.auditor).get(url(wang)).content.decode()
    for told in ("王小明", "杨丽", "围棋", "书法", "XG-2026-000031", "家长来电", "湖北省武汉市武昌区***"):
        assert told in page
    assert "中南路" not in page and "珞喻路" not in page
    assert "/phone/" not in page and "data-reveal" not in page
    (read,) = noted("history.viewed")
    assert (read.actor, read.subject, read.role) == (cast.auditor, wang.public_id, "auditor")


@pytest.mark.requirement("S0-5.1-5")
def test_each_reading_leaves_one_event_and_counts_as_a_file_of_the_day(
    cast: Cast, client: Client, wang: Student, purpose_is_asked: None
) -> None:
    client.force_login(cast.registrar)
    asked = client.get(url(wang)).content.decode()
    assert "围棋" not in asked and not noted("history.viewed")
    opened(client, cast.registrar).get(url(wang))
    client.get(url(wang, "history_at"), {"at": "2099-01-01"})
    first, second = noted("history.viewed")
    assert {first.subject, second.subject} == {wang.public_id}
    assert {one.detail["purpose"] for one in (first, second)} == {"check"}
    assert not noted("student.viewed")
    assert ReadingDay.objects.get(reader=cast.registrar).students == [wang.pk]


def test_auditors_of_elsewhere_see_nothing_and_leave_a_refusal(
    cast: Cast, client: Client, wang: Student
) -> None:
    bureau = make_unit("西湖区教育局", kind="bureau")
    stranger = make_user("外人", bureau)
    appoint(stranger, Role.AUDITOR, bureau)
    client.force_login(stranger)
    for name in ("history", "history_at"):
        assert client.get(url(wang, name)).status_code == 404
    assert len(noted("request.out_of_scope")) == 2
    assert not noted("history.viewed")


def test_who_sees_no_files_sees_no_history(cast: Cast, client: Client, wang: Student) -> None:
    for person in (cast.clerk, cast.system_admin, cast.leader):
        client.force_login(person)
        assert client.get(url(wang)).status_code == 403


@pytest.mark.requirement("S0-6.2-6")
def test_what_a_section_keeps_in_confidence_shows_to_an_auditor_as_changed_fields_alone(
    cast: Cast, client: Client, wang: Student
) -> None:
    stay = wang.enrolments.get()
    note = Conduct(
        student=wang, enrolment=stay, unit=stay.unit, entered_by=cast.teacher, happened_on=timezone.localdate(),
        kind="note", area="other", text="上课说话",
    )  # fmt: skip
    saved(note, by=cast.teacher)
    note.kind = "praise"
    with acting(cast.teacher, reason="记错了，是表扬"):
        note.save(update_fields=["kind"])
    page = opened(client, cast.auditor).get(url(wang)).content.decode()
    assert "日常行为表现" in page
    assert "已修改，内容保密" in page or "kept in confidence" in page
    assert "表扬" not in page and "记错了" not in page and "上课说话" not in page
    closed = story(reach(cast.academic_head, wang.public_id), Asked())
    with_right = [line for line in closed.lines if any("表扬" in one.after for one in line.changes)]
    assert with_right, "who opens the section sees the values"
    outside = make_user("无权", cast.teaching)
    appoint(outside, Role.CARD_CENTRE, cast.school)
    sentences = [line.sentence for line in story(reach(outside, wang.public_id), Asked()).lines]
    assert sentences and not [one for one in sentences if "日常行为表现" in one]


def test_every_recorded_model_about_a_student_is_told_but_incidents(cast: Cast) -> None:
    traced = kinds.traced()
    assert {"records.Student", "archive.EditChange", "approvals.Request", "enrollment.Applicant"} <= set(
        traced
    )
    assert not [one for one in traced if one.startswith("audit.")]
    assert kinds.shown("archive.LegalHold", None, audits=False) is kinds.Shown.NOTHING


def test_one_field_and_one_period(cast: Cast, client: Client, wang: Student) -> None:
    change(cast.registrar, wang, talent="书法")
    change(cast.registrar, wang, native_place="湖北武汉")
    client = opened(client, cast.auditor)
    only = client.get(url(wang), {"what": "records.Student.talent"}).content.decode()
    assert "书法" in only and "湖北武汉" not in only
    empty = client.get(url(wang), {"until": "2001-01-01"}).content.decode()
    assert "书法" not in empty and "2001-01-01" in empty
    wrong = client.get(url(wang), {"since": "2026-02-02", "until": "2026-01-01"})
    assert wrong.status_code == 422 and "书法" not in wrong.content.decode()
    for forged in (
        {"what": "auth.User.password"},
        {"page": "-3"},
        {"page": "9" * 40},
        {"since": "x' OR 1=1"},
    ):
        assert client.get(url(wang), forged).status_code in (200, 422)


@pytest.mark.requirement("S0-6.2-6")
def test_an_earlier_number_is_shown_to_who_may_reveal_with_one_event(
    cast: Cast, client: Client, wang: Student
) -> None:
    change(cast.registrar, wang, current_address=NEW)
    first = wang.history.order_by("history_id").first()
    address = reverse(
        "audit:history_reveal", args=[wang.public_id, "records.Student", first.history_id, "current_address"]
    )
    page = opened(client, cast.registrar).get(url(wang)).content.decode()
    assert address in page and OLD not in page
    assert client.post(address).json() == {"value": OLD}
    (event,) = noted("history.revealed")
    assert event.subject == wang.public_id
    assert event.detail == {"kind": "records.Student", "row": first.history_id, "field": "current_address"}
    other = make_student("李四", cast, current_address="别处")
    theirs = other.history.get().history_id
    for kind, row, field in (
        ("records.Student", theirs, "current_address"), ("records.Student", first.history_id, "name"),
        ("records.Conduct", first.history_id, "text"), ("auth.User", 1, "password"),
        ("records.Student", 10**12, "phone"),
    ):  # fmt: skip
        forged = reverse("audit:history_reveal", args=[wang.public_id, kind, row, field])
        assert client.post(forged).status_code == 404
    assert len(noted("history.revealed")) == 1
    client.force_login(cast.auditor)
    assert client.post(address).status_code == 403
    assert len(noted("history.revealed")) == 1


@pytest.mark.requirement("S3-7.3-1")
def test_the_file_at_a_past_moment_and_what_differs_between_two(
    cast: Cast, client: Client, wang: Student
) -> None:
    before = timezone.now()
    change(cast.registrar, wang, talent="书法")
    with acting(cast.registrar):
        wang.family.get().delete()
    found = reach(cast.auditor, wang.public_id)
    then = {text for part in state(found, before) for _label, text, _other in part.values}
    now = {text for part in state(found, timezone.now()) for _label, text, _other in part.values}
    assert "围棋" in then and "赵丽" in then and "书法" not in then
    assert "书法" in now and "赵丽" not in now
    assert not {text for text in then if "中南路" in text}
    parts = {part.kind: part for part in difference(found, before, timezone.now())}
    assert set(parts) == {"changed", "removed"}
    assert [one[1:] for one in parts["changed"].values] == [("围棋", "书法")]
    assert state(found, before - timedelta(days=9)) == []
    client = opened(client, cast.auditor)
    shown = client.get(url(wang, "history_at"), {"at": f"{timezone.localtime(before):%Y-%m-%d %H:%M:%S.%f}"})
    page = client.get(url(wang, "history_at"), {"at": "2099-01-02", "other": "2099-01-01"})
    assert shown.status_code == 200 and "围棋" in shown.content.decode()
    assert page.status_code == 422 and "书法" not in page.content.decode()
    assert client.get(url(wang, "history_at"), {"at": "gestern"}).status_code == 422


def test_a_history_costs_the_same_for_three_changes_and_thirty(
    cast: Cast, client: Client, wang: Student
) -> None:
    client = opened(client, cast.auditor)
    counts = []
    for more in (3, 27):
        for number in range(more):
            change(cast.registrar, wang, talent=f"第{more}组第{number}次")
        client.get(url(wang))
        with CaptureQueriesContext(connection) as queries:
            page = client.get(url(wang)).content.decode()
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert page.count("第27组") >= 27


def test_the_file_leads_to_its_history(cast: Cast, client: Client, wang: Student) -> None:
    page = opened(client, cast.registrar).get(
        reverse("records:student_section", args=[wang.public_id, "changes"])
    )
    assert url(wang) in page.content.decode()


def test_a_student_who_went_on_is_read_where_he_is_now(cast: Cast, wang: Student) -> None:
    stay = wang.enrolments.get()
    stay.ended_on, stay.status = timezone.localdate(), Student.Status.TRANSFERRED_OUT
    saved(stay)
    saved(type(stay)(student=wang, school=cast.other_school, unit=cast.other_school, student_no="1",
                     started_on=timezone.localdate()), by=service_user())  # fmt: skip
    with pytest.raises(OutOfScope):
        reach(cast.auditor, wang.public_id)
    there = make_user("审计", cast.other_school)
    appoint(there, Role.AUDITOR, cast.other_school)
    assert reach(there, wang.public_id).audits


def test_a_fault_names_its_field_and_the_file_comes_first_among_the_parts(
    cast: Cast, client: Client, wang: Student
) -> None:
    client.force_login(cast.auditor)
    client.cookies["django_language"] = "en"
    wrong = client.get(url(wang), {"since": "2026", "until": "x"}).content.decode()
    assert "From</p>" in wrong
    assert "Until</p>" in wrong
    assert wrong.count("Write the day as 2026-11-22.") == 2
    assert next(iter(kinds.traced())) == "records.Student"
