"""Search over events: whose units, who, whom, what, when, from where; saved queries; charts; what it leaves itself."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from accounts.scope import NotPermitted
from audit.models import SavedQuery
from audit.searching import actions
from audit.searching.selectors import events, find_people, window
from ledger.context import acting
from ledger.events import record
from ledger.models import Event
from records.models import Student
from tests.cast import Cast
from tests.enrollment.intake import id_number
from tests.factories import appoint, make_unit, make_user, saved
from tests.records.files import make_student

pytestmark = pytest.mark.django_db
LIST = "audit:events"
NUMBER = id_number(9)


@pytest.fixture
def wang(cast: Cast) -> Student:
    return make_student("王小明", cast, school_class=cast.school_class, id_number=NUMBER)


def told(client: Client, user: Any, **answers: str) -> str:
    """The list as this person gets it for these answers."""
    client.force_login(user)
    posted = client.post(reverse(LIST), {"list_form": "filter", **answers})
    assert posted.status_code == 302
    for words in answers.values():
        assert not words or words.isascii() or words not in posted.url
    return client.get(posted.url).content.decode()


def happened(
    actor: Any, unit: Any, *, action: str = "student.viewed", at: datetime | None = None, **values: Any
) -> Event:
    made: Event = Event.objects.create(
        action=action, actor=actor, unit_id=unit.pk, at=at or timezone.now(), **values
    )
    return made


def link(event: Event) -> str:
    return reverse("audit:event", args=[event.pk])


@pytest.mark.requirement("S1-7.3-6")
def test_an_auditor_sees_the_events_of_his_units_alone(cast: Cast, client: Client) -> None:
    here, there = happened(cast.registrar, cast.school), happened(cast.outsider, cast.other_school)
    below = happened(cast.registrar, cast.teaching)
    nowhere: Event = Event.objects.create(action="account.sign_in_failed", result="failed")
    page = told(client, cast.auditor)
    assert link(here) in page and link(below) in page
    assert link(there) not in page and link(nowhere) not in page
    assert client.get(link(there)).status_code == client.get(link(nowhere)).status_code == 404
    assert Event.objects.filter(action="request.out_of_scope").count() == 2
    above = make_user("上级审计", cast.bureau)
    appoint(above, Role.AUDITOR, cast.bureau)
    every = told(client, above)
    roots = set(type(cast.bureau).objects.filter(parent=None))
    assert (link(nowhere) in every) == (roots == {cast.bureau})
    assert link(there) in every
    other = make_unit("西湖区教育局", kind="bureau")
    assert link(nowhere) not in told(client, above), "another topmost unit is not his"
    assert other.pk


def test_each_question_narrows(cast: Cast, client: Client, wang: Student) -> None:
    old = happened(cast.registrar, cast.school, at=timezone.now() - timedelta(days=45))
    seen = happened(
        cast.registrar, cast.school, subject=wang.public_id, address="10.1.2.3", request_no="XG-2026-000031"
    )
    refused = happened(cast.clerk, cast.school, action="request.refused", result="refused")
    every = {"old": old, "seen": seen, "refused": refused}

    def found(**answers: str) -> set[str]:
        page = told(client, cast.auditor, **answers)
        return {name for name, one in every.items() if link(one) in page}

    assert found() == {"seen", "refused"}
    assert found(action="no.such", result="no' OR 1=1", days="-7") == {"seen", "refused"}
    assert found(days="92") == {"old", "seen", "refused"}
    assert found(who="杨丽") == {"seen"}
    assert found(who=cast.clerk.staff_no) == {"refused"}
    assert found(action="request.refused") == {"refused"} == found(result="refused")
    assert found(address="10.1.2.3") == {"seen"}
    assert found(address="not an address") == set()
    assert found(request_no="xg-2026-000031") == {"seen"}
    for words in ("王小明", NUMBER, wang.enrolments.get().student_no, wang.archive_no):
        assert found(whose=words) == {"seen"}
    day = timezone.localdate(old.at)
    assert found(since=day.isoformat(), until=day.isoformat()) == {"old"}
    assert found(since="2026-02-02", until="2026-01-01") == set()


def test_an_empty_period_is_named(cast: Cast, client: Client) -> None:
    page = told(client, cast.auditor, since="2001-01-01", until="2001-01-31")
    assert "2001-01-01" in page and "2001-01-31" in page
    assert "该时段无记录" in page or "No records in this period" in page


def test_a_student_of_others_is_not_found(cast: Cast, client: Client) -> None:
    other = make_student("李大山", cast, school=cast.other_school)
    assert not find_people(cast.auditor, "李大山").people
    assert not find_people(cast.auditor, other.archive_no).people
    page = told(client, cast.auditor, whose=other.enrolments.get().student_no)
    assert reverse("audit:history", args=[other.public_id]) not in page


@pytest.mark.requirement("S0-5.1-5")
def test_asking_about_a_person_is_an_event_and_turning_pages_is_none(
    cast: Cast, client: Client, wang: Student
) -> None:
    seen = happened(cast.registrar, cast.school, subject=wang.public_id)
    told(client, cast.auditor)
    told(client, cast.auditor, action="student.viewed")
    assert not Event.objects.filter(action__startswith="events.").exists()
    told(client, cast.auditor, whose=NUMBER)
    (asked,) = Event.objects.filter(action="events.searched")
    assert (asked.subject, asked.detail) == (wang.public_id, {"found": 1})
    assert link(asked) in told(client, cast.auditor), "who audits the auditor of a school finds it there"
    client.get(link(seen))
    (opened,) = Event.objects.filter(action="events.opened")
    assert (opened.subject, opened.unit_id, opened.role) == (wang.public_id, cast.school.pk, "auditor")
    client.get(link(happened(cast.registrar, cast.school)))
    assert Event.objects.filter(action="events.opened").count() == 1


def test_an_event_shows_what_it_changed_masked(cast: Cast, client: Client, wang: Student) -> None:
    wang.talent, wang.phone = "书法", "13800138000"
    with acting(cast.registrar):
        wang.save(update_fields=["talent", "phone"])
        event = record("student.viewed", actor=cast.registrar, obj=wang, unit_id=cast.school.pk)
    client.force_login(cast.auditor)
    page = client.get(link(event)).content.decode()
    assert "书法" in page and "138****8000" in page and "13800138000" not in page
    shown = happened(
        cast.registrar, cast.school, detail={"field": "member1.phone", "purpose": "check", "x": 3}
    )
    page = client.get(link(shown)).content.decode()
    assert "联系电话" in page and "核对" in page and "member1.phone" not in page
    odd = happened(cast.registrar, cast.school, detail={"field": "no.such", "purpose": "other"})
    assert "no.such" in client.get(link(odd)).content.decode()


def test_a_list_costs_the_same_for_three_and_thirty(cast: Cast, client: Client) -> None:
    counts = []
    client.force_login(cast.auditor)
    for more in (3, 27):
        for number in range(more):
            pupil = make_student(f"李{'一二三四五六七八九'[number % 9]}", cast)
            happened(cast.registrar, cast.school, subject=pupil.public_id, object_type="records.Student")
        client.get(reverse(LIST))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(LIST))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_saved_queries_are_ones_own_and_name_no_student(cast: Cast, client: Client, wang: Student) -> None:
    client.force_login(cast.auditor)
    posted = client.post(
        reverse(LIST),
        {
            "list_form": "filter",
            "who": cast.clerk.staff_no,
            "whose": "王小明",
            "result": "refused",
            "days": "7",
        },
    )
    query = posted.url.partition("?")[2]
    client.post(f"{reverse('audit:saved_query_new')}?{query}", {"name": "一周内的拒绝"})
    row = SavedQuery.objects.get()
    assert (row.owner, row.who, row.result, row.days) == (cast.auditor, cast.clerk, "refused", 7)
    assert row.history.get().history_user == cast.auditor
    assert "王小明" not in str({**row.__dict__})
    assert "一周内的拒绝" in client.get(reverse(LIST)).content.decode()
    client.post(f"{reverse('audit:saved_query_new')}?{query}", {"name": "一周内的拒绝"})
    assert SavedQuery.objects.count() == 1
    second = make_user("另一审计", cast.school)
    appoint(second, Role.AUDITOR, cast.school)
    client.force_login(second)
    assert "一周内的拒绝" not in client.get(reverse(LIST)).content.decode()
    drop = reverse("audit:saved_query_drop", args=[row.public_id])
    assert client.post(drop).status_code == 404
    with pytest.raises(NotPermitted):
        actions.drop_query(actor=second, query=row)
    client.force_login(cast.auditor)
    client.post(drop)
    assert not SavedQuery.objects.exists()
    names = set(Event.objects.filter(action__startswith="events.query").values_list("action", flat=True))
    assert names == {"events.query_saved", "events.query_dropped"}


def test_what_cannot_be_saved_says_why(cast: Cast) -> None:
    words = dict.fromkeys(("who", "action", "result", "days", "since", "until", "address", "request_no"), "")
    for name, asked in ((NUMBER, words), ("两人", {**words, "who": "C0"})):
        with pytest.raises(actions.NotSaved):
            actions.save_query(actor=cast.auditor, name=name, words=asked)
    with pytest.raises(NotPermitted):
        actions.save_query(actor=cast.clerk, name="某", words=words)
    for number in range(50):
        saved(SavedQuery(owner=cast.auditor, name=str(number)), by=cast.auditor)
    with pytest.raises(actions.NotSaved):
        actions.save_query(actor=cast.auditor, name="某", words=words)
    assert SavedQuery.objects.count() == 50


def test_charts_count_what_was_found_and_stop_at_three_months(cast: Cast, client: Client) -> None:
    for _ in range(3):
        happened(cast.registrar, cast.school)
    happened(cast.clerk, cast.school, action="request.refused", result="refused")
    happened(cast.outsider, cast.other_school)
    client.force_login(cast.auditor)
    answer = client.get(reverse("audit:event_charts"), {"days": "7"})
    days, acts, people = answer.context["list"].charts
    assert [sum(one.values) for one in days.series] == [4, 1, 0], "signing in to ask counts too"
    assert len(days.labels) == 7
    assert list(acts.series[0].values) == [3, 1, 1]
    assert dict(zip(people.labels, people.series[0].values, strict=True)) == {"杨丽": 3, "王芳": 1, "马超": 1}
    long = client.get(reverse("audit:event_charts"), {"days": "366"})
    assert long.context["list"].charts == []


def test_only_the_months_that_are_asked_for_are_opened(cast: Cast) -> None:
    month = timezone.localdate().replace(day=1)
    rows = window(None, month, month).keep(events(cast.auditor))
    plan = rows.order_by("-at", "-pk")[:21].explain()
    assert f"ledger_event_{month:%Y%m}" in plan
    following = (month + timedelta(days=32)).replace(day=1)
    assert f"ledger_event_{following:%Y%m}" not in plan
    assert f"ledger_event_{following:%Y%m}" in events(cast.auditor).order_by("-at")[:21].explain()


def test_what_an_event_tells_besides_stands_in_words(cast: Cast, client: Client) -> None:
    event = happened(
        cast.registrar, cast.school, detail={"rows": 14219, "unit": cast.archives.pk, "bytes": 2048, "x": 3}
    )
    client.force_login(cast.auditor)
    page = client.get(reverse("audit:event", args=[event.pk])).content.decode()
    for told in (
        "<dt>行数</dt><dd>14,219</dd>",
        f"<dt>单位</dt><dd>{cast.archives.label}</dd>",
        "2.0 KB",
    ):
        assert told in page, told
    assert "<dt>x</dt><dd>3</dd>" in page


def test_a_number_a_unit_and_a_role_that_is_gone_are_told_as_they_are(cast: Cast, client: Client) -> None:
    detail = {"number": "JC-2026-000001", "unit": cast.archives.pk, "role": "old_role"}
    row = happened(cast.registrar, cast.school, detail=detail)
    client.force_login(cast.auditor)
    url = reverse("audit:event", args=[row.pk])
    page = client.get(url, headers={"accept-language": "en"}).content.decode()
    told = dict(re.findall(r"<dt>([^<]+)</dt>\s*<dd>([^<]+)</dd>", page))
    assert told["Number"] == "JC-2026-000001"
    assert cast.archives.label in page and "Department concerned" not in page and "Request number" not in told
    assert "old_role" in page
