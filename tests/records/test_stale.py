"""Files that nobody kept up (久未更新): when a file was last changed, and the filter of stale files."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from records.entry_models import Reward
from records.models import Enrolment, Student
from records.selectors import facts
from records.stale import stale_only
from school.rules import rule, rule_values
from tests.archive.asking import moves_on
from tests.cast import Cast
from tests.factories import saved, set_rule
from tests.records.files import make_student

NOW = timezone.now()


def ago(days: int) -> Any:
    """Whatever is written meanwhile is written that many days before `NOW`."""
    return patch("django.utils.timezone.now", return_value=NOW - timedelta(days=days))


def written(days: int, name: str, cast: Cast, **values: Any) -> Student:
    with ago(days):
        return make_student(name, cast, **values)


def stale_files() -> set[str]:
    return set(stale_only(Enrolment.objects.all(), True).values_list("student__name", flat=True))


def the_day(days: int) -> str:
    return f"{timezone.localdate(NOW - timedelta(days=days)):%Y-%m-%d}"


def listed(cast: Cast, **params: str) -> tuple[str, int]:
    client = Client()
    client.force_login(cast.registrar)
    url = reverse("records:students")
    client.post(url, {"list_form": "settings", "columns_shown": "1", "column": ["changed"]})
    client.get(url, params)
    with CaptureQueriesContext(connection) as queries:
        page = client.get(url, params).content.decode()
    return page, len(queries)


@pytest.mark.requirement("S0-2.3-3")
def test_a_file_without_a_change_for_the_months_of_the_rule_is_listed_as_stale(cast: Cast) -> None:
    written(400, "王小明", cast)
    written(300, "李小红", cast)
    page, _queries = listed(cast, stale="1")
    assert "王小明" in page
    assert "李小红" not in page
    page, _queries = listed(cast)
    assert the_day(400) in page
    assert the_day(300) in page


def _family(student: Student) -> None:
    member = student.family.get()
    member.job = "教师"
    saved(member)


def _reward(student: Student) -> None:
    stay = student.enrolments.get()
    by = stay.history.get().history_user
    values = {"name": "三好学生", "level": "1", "grade": "1", "category": "1", "school_year": 2026}
    one = Reward(
        student=student,
        enrolment=stay,
        unit=stay.unit,
        entered_by=by,
        granted_on=timezone.localdate(),
        **values,
    )
    saved(one)


def _enrolment(student: Student) -> None:
    stay = student.enrolments.get()
    stay.seat_no = 9
    saved(stay)


@pytest.mark.parametrize("change", [_family, _reward, _enrolment])
def test_every_part_of_a_file_keeps_it_fresh(cast: Cast, change: Callable[[Student], None]) -> None:
    student = written(400, "王小明", cast)
    assert stale_files() == {"王小明"}
    with ago(3):
        change(student)
    assert stale_files() == set()
    row = facts(Enrolment.objects.all(), ["last_change"]).get()
    assert row.last_change == NOW - timedelta(days=3)


def test_the_rule_of_the_nearest_unit_counts_from_its_day_on(cast: Cast) -> None:
    written(200, "王小明", cast)
    written(200, "周小雨", cast, school=cast.other_school)
    set_rule(cast.bureau, "stale_months", "6")
    assert stale_files() == {"王小明", "周小雨"}
    for months, days in (("3", -200), ("9", -100), ("1", 10)):
        set_rule(cast.school, "stale_months", months, valid_from=timezone.localdate() + timedelta(days=days))
    assert stale_files() == {"周小雨"}
    for unit, months in ((cast.school, 9), (cast.other_school, rule(cast.other_school, "stale_months"))):
        row = Enrolment.objects.annotate(months=rule_values("stale_months", "unit")).get(unit=unit)
        assert row.months == str(months)
        assert months == rule(unit, "stale_months")


def test_only_files_that_are_kept_up_here_can_be_stale(cast: Cast) -> None:
    left, moved = written(900, "王小明", cast), written(900, "李小红", cast)
    with ago(800):
        stay = left.enrolments.get()
        stay.status, stay.ended_on = Student.Status.GRADUATED, stay.started_on
        saved(stay)
        moves_on(cast, moved)
    page, _queries = listed(cast, stale="1")
    assert "王小明" not in page
    assert "李小红" not in page
    assert stale_files() == {"李小红"}
    page, _queries = listed(cast)
    assert the_day(800) in page
    assert page.count(the_day(800)) == 1


def test_the_list_with_its_last_changes_costs_the_same_for_two_and_twenty(cast: Cast) -> None:
    counts = []
    for more, shown in ((2, 2), (18, 20)):
        for number in range(more):
            written(400, f"李{'一二三四五六七八九'[number % 9]}", cast)
        page, queries = listed(cast, stale="1")
        assert page.count("<tr") == 1 + shown
        counts.append(queries)
    assert counts[0] == counts[1]
