"""The scheduler finds what calls for an alert in days that are over, by the rules of each school (E.4, D.2)."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from approvals import actions as requests
from audit.alerts.actions import find_alerts, find_unused
from audit.alerts.selectors import events_behind
from audit.models import Alert
from audit.tasks import find_alerts as task
from audit.tasks import find_unused as find_unused_task
from core.crypto import blind_index
from ledger.models import Event
from records.models import FamilyMember, Student
from records.reading import open_file
from records.selectors import student_file
from school.models import CalendarPeriod
from tests.archive.asking import submitted_edit
from tests.cast import Cast, make_cast
from tests.factories import appoint, make_unit, make_user, saved, set_rule
from tests.records.files import make_student
from tests.support.together import at_once

pytestmark = pytest.mark.requirement("S0-5.1-5")

MONDAY = date(2026, 11, 16)
TODAY = MONDAY + timedelta(days=1)
NUMBERS = ("110101199003070000", "110101199003070001")


@pytest.fixture(autouse=True)
def no_other_kind(request: pytest.FixtureRequest) -> Iterator[None]:
    """People of the cast never signed in and did nothing: each test asks for the kinds that it is about."""
    if "cast" in request.fixturenames:
        cast = request.getfixturevalue("cast")
        quiet(cast)
    yield


def quiet(cast: Cast) -> None:
    for key in ("alert_account_days", "alert_grant_days"):
        set_rule(cast.bureau, key, "never")


def at(hour: int, day: date = MONDAY) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(hour)))


def read(person: User, student: Student, hour: int, *, day: date = MONDAY, **values: Any) -> Event:
    event = Event(
        action="student.viewed", actor=person, subject=student.public_id, at=at(hour, day),
        unit_id=student.enrolments.get().unit_id, role=values.pop("role", "registrar"), **values,
    )  # fmt: skip
    event.save()
    return event


def found() -> list[tuple[str, User, int, int]]:
    find_alerts(TODAY)
    return [(one.kind, one.person, one.count, one.limit) for one in Alert.objects.order_by("pk")]


def student(cast: Cast, name: str = "王小明") -> Student:
    return make_student(name, cast, school_class=cast.school_class)


# Outside working hours


@pytest.mark.parametrize(("hour", "raised"), [(6, 1), (7, 0), (18, 0), (19, 1), (23, 1)])
def test_reading_outside_the_schools_hours_raises_an_alert(cast: Cast, hour: int, raised: int) -> None:
    read(cast.registrar, student(cast), hour)
    assert found() == [("hours", cast.registrar, 1, 0)] * raised


def test_hours_and_number_are_rules_of_the_school(cast: Cast) -> None:
    one, two = student(cast), student(cast, "李明")
    for each in (one, two):
        read(cast.registrar, each, 20)
    set_rule(cast.school, "alert_outside_hours", "2")
    assert found() == []
    set_rule(cast.school, "alert_outside_hours", "1", valid_from=MONDAY)
    assert found() == [("hours", cast.registrar, 2, 1)]


def test_later_hours_or_the_word_never_raise_none(cast: Cast) -> None:
    read(cast.registrar, student(cast), 20)
    hours = set_rule(cast.school, "alert_hours", "06:30-22:00")
    assert found() == []
    hours.value = "08:00-18:00"
    saved(hours)
    set_rule(cast.school, "alert_outside_hours", "never")
    assert found() == []


def test_a_day_off_is_outside_working_hours_and_the_schools_calendar_decides(cast: Cast) -> None:
    sunday = MONDAY - timedelta(days=1)
    read(cast.registrar, student(cast), 10, day=sunday)
    saved(CalendarPeriod(unit=cast.school, kind="working", valid_from=sunday, valid_until=sunday))
    assert found() == []
    saved(CalendarPeriod(unit=cast.school, kind="holiday", valid_from=MONDAY, valid_until=MONDAY))
    read(cast.registrar, student(cast, "李明"), 10)
    assert found() == [("hours", cast.registrar, 1, 0)]


def test_what_a_request_or_work_led_to_does_not_count(cast: Cast) -> None:
    one, two, three = student(cast), student(cast, "李明"), student(cast, "张三")
    read(cast.registrar, one, 20, request_no="XG-2026-000001")
    read(cast.registrar, two, 20, detail={"work": "XG-2026-000002"})
    assert found() == []
    read(cast.registrar, three, 20, detail={"purpose": "duty"})
    assert found() == [("hours", cast.registrar, 1, 0)]


def test_the_student_himself_is_no_reader(cast: Cast) -> None:
    one = student(cast)
    pupil = make_user("王小明", cast.school, kind=User.Kind.STUDENT)
    read(pupil, one, 22, role="student")
    assert found() == []


# Family and colleagues


def parent_of(person: User, child: Student, number: str) -> None:
    index = blind_index("id_number", number)
    person.id_number_index = index
    saved(person)
    saved(FamilyMember(student=child, position=9, relation="51", name="某", id_number_index=index))


def test_ones_own_child_raises_an_alert(cast: Cast) -> None:
    child, other = student(cast), student(cast, "李明")
    parent_of(cast.registrar, child, NUMBERS[0])
    read(cast.registrar, other, 10)
    assert found() == []
    read(cast.registrar, child, 10)
    assert found() == [("family", cast.registrar, 1, 0)]


def test_colleagues_children_count_by_the_rule_and_no_child_of_another_school(cast: Cast) -> None:
    child, other = student(cast), student(cast, "李明")
    parent_of(cast.teacher, child, NUMBERS[0])
    parent_of(cast.outsider, other, NUMBERS[1])
    for each in (child, other):
        read(cast.registrar, each, 10)
    assert found() == []
    set_rule(cast.school, "alert_colleagues", "0")
    assert found() == [("colleagues", cast.registrar, 1, 0)]


def test_ones_own_child_is_no_colleagues_child(cast: Cast) -> None:
    child = student(cast)
    parent_of(cast.registrar, child, NUMBERS[0])
    set_rule(cast.school, "alert_colleagues", "0")
    read(cast.registrar, child, 10)
    assert [kind for kind, *_rest in found()] == ["family"]


# Refusals


def refuse(person: User | None, **values: Any) -> None:
    about = {"action": "request.refused", "actor": person, "result": "refused", "at": at(10), **values}
    Event(**about).save()


def test_many_refusals_and_failed_sign_ins_of_one_person_raise_an_alert(cast: Cast) -> None:
    set_rule(cast.school, "alert_refusals", "3")
    for _time in range(2):
        refuse(cast.teacher)
        refuse(None, object_type="accounts.User", object_id=cast.teacher.pk)
        refuse(cast.clerk)
    refuse(None)
    assert found() == [("refusals", cast.teacher, 4, 3)]


def test_what_somebody_does_at_another_school_is_told_there(cast: Cast) -> None:
    here, there = student(cast), make_student("李明", cast, school=cast.other_school)
    shown = [read(cast.registrar, here, 20)]
    read(cast.registrar, there, 21)
    assert found() == [("hours", cast.registrar, 1, 0), ("hours", cast.registrar, 1, 0)]
    assert events_behind(Alert.objects.get(school=cast.school)) == shown
    assert [one.unit_id for one in events_behind(Alert.objects.get(school=cast.other_school))] == [
        cast.other_school.pk
    ]


@pytest.mark.parametrize("kind", ["college", "site"])
def test_refusals_count_wherever_they_were(cast: Cast, kind: str) -> None:
    below = make_unit("分部", cast.school, kind=kind)
    set_rule(cast.school, "alert_refusals", "3")
    refuse(cast.teacher, unit_id=cast.teaching.pk)
    refuse(cast.teacher)
    refuse(cast.teacher, unit_id=below.pk)
    assert found() == []
    refuse(cast.teacher, unit_id=cast.other_school.pk)
    assert found() == [("refusals", cast.teacher, 4, 3)]
    alert = Alert.objects.get()
    assert alert.school == cast.school
    shown = [one.unit_id for one in events_behind(alert)]
    assert shown == [cast.teaching.pk, None, below.pk, cast.other_school.pk]


def test_much_reading_shows_the_colleges_and_says_that_the_number_is_the_days(
    cast: Cast, client: Client
) -> None:
    college = make_unit("分院", cast.school, kind="college")
    one = student(cast)
    there = Event(
        action="student.viewed", actor=cast.registrar, subject=one.public_id, at=at(10), unit_id=college.pk
    )
    there.save()
    about: dict[str, Any] = {"school": cast.school, "person": cast.registrar, "day": MONDAY, "limit": 50}
    much = saved(Alert(kind="bulk", count=51, **about))
    assert events_behind(much) == [there]
    assert events_behind(saved(Alert(kind="hours", count=1, **about))) == [], "the college has its own"
    client.force_login(cast.security_admin)
    page = client.get(
        reverse("audit:alert", args=[much.public_id]), headers={"accept-language": "en"}
    ).content.decode()
    assert "also elsewhere" in page
    assert "on the whole day, at every school: 51" in page


# What is not used


def test_what_is_not_used_is_looked_for_once_a_day_alone(cast: Cast) -> None:
    set_rule(cast.school, "alert_grant_days", "60")
    make_user("离岗", cast.teaching, last_seen_on=MONDAY - timedelta(days=99))
    set_rule(cast.school, "alert_account_days", "30")
    assert find_alerts(TODAY) == 0
    (beat,) = [one for one in settings.CELERY_BEAT_SCHEDULE.values() if one["task"] == "audit.find_unused"]
    assert (len(beat["schedule"].hour), len(beat["schedule"].minute)) == (1, 1)
    find_unused_task()
    assert Alert.objects.filter(kind="account", person__name="离岗").count() == 1


def test_an_account_that_nobody_uses_is_told_once(cast: Cast) -> None:
    set_rule(cast.school, "alert_account_days", "30")
    idle = make_user("离岗", cast.teaching, last_seen_on=MONDAY - timedelta(days=31))
    never = make_user("未登录", cast.teaching, password_changed_at=at(9, MONDAY - timedelta(days=40)))
    make_user("在岗", cast.teaching, last_seen_on=MONDAY - timedelta(days=30))
    make_user("已锁", cast.teaching, last_seen_on=MONDAY - timedelta(days=99), is_active=False)
    make_user("外校", cast.other_school, last_seen_on=MONDAY - timedelta(days=99))
    find_unused(TODAY)
    kept = Alert.objects.filter(day=MONDAY)
    assert {(one.person, one.count) for one in kept} == {(idle, 31), (never, 40)}
    find_unused(TODAY + timedelta(days=1))
    assert Alert.objects.filter(person=idle).count() == 1
    find_unused(TODAY + timedelta(days=31))
    assert Alert.objects.filter(person=idle).count() == 2


def test_a_role_that_nobody_uses_is_told_and_one_in_use_is_not(cast: Cast) -> None:
    set_rule(cast.school, "alert_grant_days", "60")
    long_ago = MONDAY - timedelta(days=200)
    person = make_user("多职", cast.teaching)
    used = appoint(person, Role.REGISTRAR, cast.school, valid_from=long_ago)
    idle = appoint(person, Role.FINANCE, cast.school, valid_from=long_ago)
    appoint(person, Role.LEADER, cast.school, valid_from=MONDAY - timedelta(days=10))
    read(person, student(cast), 10, role="registrar")
    find_unused(TODAY)
    alert = Alert.objects.get(person=person)
    assert (alert.kind, alert.appointments, alert.count, alert.limit) == ("grants", [idle.pk], 1, 60)
    assert used.pk not in alert.appointments


def test_use_on_another_unit_or_before_the_span_is_no_use(cast: Cast) -> None:
    set_rule(cast.school, "alert_grant_days", "60")
    person = make_user("多职", cast.teaching)
    held = appoint(person, Role.REGISTRAR, cast.school, valid_from=MONDAY - timedelta(days=200))
    there = make_student("李明", cast, school=cast.other_school)
    read(person, there, 10)
    read(person, student(cast), 10, day=MONDAY - timedelta(days=61))
    find_unused(TODAY)
    assert Alert.objects.get(person=person).appointments == [held.pk]


@pytest.mark.parametrize("kind", ["vacation", "holiday"])
def test_a_vacation_is_no_time_in_which_a_role_rests(cast: Cast, kind: str) -> None:
    set_rule(cast.school, "alert_grant_days", "60")
    person = make_user("多职", cast.teaching)
    appoint(person, Role.REGISTRAR, cast.school, valid_from=MONDAY - timedelta(days=200))
    read(person, student(cast), 10, day=MONDAY - timedelta(days=70))
    off = {"valid_from": MONDAY - timedelta(days=50), "valid_until": MONDAY - timedelta(days=31)}
    away = saved(CalendarPeriod(unit=cast.bureau, kind=kind, **off))
    find_unused(TODAY)
    assert not Alert.objects.filter(person=person).exists(), "20 days off make 60 days 80"
    find_unused(TODAY + timedelta(days=10))
    assert Alert.objects.filter(person=person).exists()
    away.valid_from = date(2000, 1, 1)
    saved(away)
    old, young = make_user("老员工", cast.teaching), make_user("新员工", cast.teaching)
    for one, days in ((old, 500), (young, 400)):
        appoint(one, Role.REGISTRAR, cast.school, valid_from=MONDAY - timedelta(days=days))
    find_unused(TODAY)
    told = Alert.objects.filter(person__in=[old, young]).values_list("person", flat=True)
    assert list(told) == [old.pk], "a year off at most lengthens the time"


def test_a_role_given_within_the_time_and_the_days_off_is_new(cast: Cast) -> None:
    set_rule(cast.school, "alert_grant_days", "60")
    person = make_user("多职", cast.teaching)
    appoint(person, Role.REGISTRAR, cast.school, valid_from=MONDAY - timedelta(days=61))
    off = {"valid_from": MONDAY - timedelta(days=10), "valid_until": MONDAY - timedelta(days=1)}
    saved(CalendarPeriod(unit=cast.school, kind="vacation", **off))
    find_unused(TODAY)
    assert not Alert.objects.filter(person=person).exists()
    find_unused(TODAY + timedelta(days=12))
    assert Alert.objects.filter(person=person).exists()


# Running


def test_a_second_run_and_a_run_after_standing_still_add_nothing_twice(cast: Cast) -> None:
    read(cast.registrar, student(cast), 20)
    assert find_alerts(TODAY) == 1
    assert find_alerts(TODAY) == 0
    assert find_alerts(TODAY + timedelta(days=2)) == 0
    assert Event.objects.filter(action="alert.raised").count() == 1
    task()


def test_the_day_that_runs_is_not_looked_at(cast: Cast) -> None:
    read(cast.registrar, student(cast), 20, day=TODAY)
    assert find_alerts(TODAY) == 0
    assert find_alerts(TODAY + timedelta(days=1)) == 1


def test_two_runs_at_once_raise_one_alert(committed_db: str) -> None:
    cast = make_cast()
    quiet(cast)
    read(cast.registrar, student(cast), 20)
    at_once(partial(find_alerts, TODAY), partial(find_alerts, TODAY))
    assert Alert.objects.count() == 1
    assert Event.objects.filter(action="alert.raised").count() == 1


# What leads to a file


def test_a_file_that_a_waiting_request_is_about_is_no_bulk_reading(cast: Cast) -> None:
    set_rule(cast.school, "bulk_view_limit", "10")
    one = student(cast)
    request = submitted_edit(cast, one, {"name": "王晓明"}).request
    for other in range(10):
        person_opens(cast.academic_head, student(cast, f"李{'一二三四五六七八九十'[other]}"))
    person_opens(cast.academic_head, one)
    assert not Alert.objects.exists()
    event = Event.objects.get(action="student.viewed", subject=one.public_id)
    assert event.detail["work"] == request.number
    requests.take_step(actor=cast.academic_head, request=request)
    person_opens(cast.academic_head, one)
    assert Alert.objects.get().person == cast.academic_head
    assert "work" not in Event.objects.filter(action="student.viewed").latest("pk").detail


def test_a_request_that_waits_for_somebody_else_excuses_nobody(cast: Cast) -> None:
    one = student(cast)
    submitted_edit(cast, one, {"name": "王晓明"})
    for person in (cast.registrar, cast.second_registrar):
        person_opens(person, one)
    assert not any("work" in event.detail for event in Event.objects.filter(action="student.viewed"))


def person_opens(person: User, one: Student) -> None:
    open_file(actor=person, file=student_file(person, one.public_id), purpose="duty")
