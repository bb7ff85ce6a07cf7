"""The home page of each role: inbox, own numbers, charts that cannot hide it, notices."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals.models import Notice, NoticeRead
from approvals.notices import tell
from enrollment.models import Applicant, IntakeBatch
from reports import selectors
from reports.inbox import Inbox
from school.models import Unit
from tests.cast import Cast
from tests.enrollment.intake import approved, draft, make_batch, submitted
from tests.factories import saved
from tests.records.files import make_student


@pytest.fixture
def batch(cast: Cast) -> IntakeBatch:
    """An open batch with one applicant at the initial review."""
    made = make_batch(cast.school)
    submitted(cast.clerk, made, 1)
    return made


def home(client: Client, user: Any, **query: str) -> str:
    client.force_login(user)
    answer = client.get("/", query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_everybody_has_a_home(cast: Cast, batch: IntakeBatch, client: Client) -> None:
    assert reverse("reports:home") == "/"
    for name, user in cast.people.items():
        page = home(client, user)
        assert 'id="inbox"' in page, name
        assert user.name not in page.split("</title>")[0]


def test_what_waits_stands_in_the_inbox_of_who_may_do_it(
    cast: Cast, batch: IntakeBatch, client: Client
) -> None:
    assert reverse("enrollment:review_next", args=[batch.public_id]) in home(client, cast.second_clerk)
    for user in (cast.head, cast.archivist, cast.leader, cast.outsider):
        assert reverse("enrollment:review_next", args=[batch.public_id]) not in home(client, user)
    assert len(Inbox(cast.clerk, tab="started").lines) == 1


def test_only_tabs_that_ask_for_something_are_counted(cast: Cast, batch: IntakeBatch) -> None:
    counts = {key: count for key, _label, count in Inbox(cast.second_clerk).tabs}
    assert counts == {"waiting": 1, "soon": 0, "overdue": 0, "started": None, "done": None}


def test_overdue_rows_have_a_tab_of_their_own(cast: Cast, batch: IntakeBatch) -> None:
    assert Inbox(cast.second_clerk, tab="overdue").lines == []
    row = Applicant.objects.get(batch=batch)
    row.due_on = timezone.localdate() - timedelta(days=7)
    saved(row)
    (line,) = Inbox(cast.second_clerk, tab="overdue").lines
    assert line.days is not None
    assert line.days < 0
    assert Inbox(cast.second_clerk, tab="soon").lines == []
    assert Inbox(cast.second_clerk, kind="notices").lines == []


def test_only_kinds_of_work_that_are_there_can_be_chosen(cast: Cast, batch: IntakeBatch) -> None:
    assert Inbox(cast.second_clerk).kinds == Inbox(cast.clerk).kinds == []
    tell("intake.head_approved", school=cast.school, duties=["admissions"], about="", url="/")
    mixed = Inbox(cast.second_clerk)
    assert {key for key, _label in mixed.kinds} == {"intake", "notices"}
    assert len(mixed.lines) == 2
    chosen = Inbox(cast.second_clerk, kind="notices")
    assert [line.source for line in chosen.lines] == ["notices"]
    assert chosen.kinds == mixed.kinds
    assert [key for key, _label in Inbox(cast.second_clerk, tab="soon", kind="notices").kinds] == ["notices"]


def test_the_inbox_alone_is_answered_to_the_page(cast: Cast, batch: IntakeBatch, client: Client) -> None:
    client.force_login(cast.second_clerk)
    part = client.get("/?tab=done", headers={"HX-Request": "true", "HX-Target": "inbox"}).content.decode()
    assert part.strip().startswith("<section")
    assert "<html" not in part


def test_charts_are_asked_for_by_themselves(cast: Cast, batch: IntakeBatch, client: Client) -> None:
    page = home(client, cast.head)
    for key in ("progress", "faults"):
        assert f'hx-get="{reverse("reports:chart", args=[key])}"' in page
    draft(cast.clerk, batch, 2)
    part = client.get(reverse("reports:chart", args=["progress"])).content.decode()
    assert part.count('<td class="num">1</td>') == 2
    assert "data-chart=" in part
    assert client.get(reverse("reports:chart", args=["secrets"])).status_code == 404
    client.force_login(cast.clerk)
    assert client.get(reverse("reports:chart", args=["progress"])).status_code == 403
    assert 'hx-trigger="intersect' not in home(client, cast.clerk)


def test_figures_count_the_readers_own(cast: Cast, batch: IntakeBatch) -> None:
    make_student("王小明", cast, school_class=cast.school_class)
    make_student("王大山", cast, school=cast.other_school)
    values = {one.icon: one.value for one in selectors.figures(cast.registrar)}
    assert values["id"] == 1
    assert {one.icon: one.value for one in selectors.figures(cast.adviser)} == {"users-group": 1}
    assert selectors.figures(cast.system_admin) == []
    mine = {one.icon: one.value for one in selectors.figures(cast.clerk)}
    assert (mine["user-plus"], mine["file-pencil"]) == (1, 0)


def until_of(page: str) -> str:
    found = re.search(r'name="until" value="([^"]+)"', page)
    assert found
    return found[1]


def test_news_that_came_behind_the_page_stay_unread(cast: Cast, batch: IntakeBatch, client: Client) -> None:
    approved(cast, batch, 3)
    shown = home(client, cast.registrar)
    seen = set(Notice.objects.visible_to(cast.registrar))
    later = {"school": cast.school, "duties": list(Unit.Duty), "about": "二班", "url": "/later/"}
    tell("intake.head_approved", **later)
    client.post(reverse("reports:read_notices"), {"until": until_of(shown)})
    read = NoticeRead.objects.filter(user=cast.registrar)
    assert set(read.values_list("notice", flat=True)) == {one.pk for one in seen}
    assert reverse("reports:read_notices") in home(client, cast.registrar)


def test_notices_are_listed_and_marked_as_read(cast: Cast, batch: IntakeBatch, client: Client) -> None:
    approved(cast, batch, 3)
    assert reverse("reports:read_notices") in home(client, cast.registrar)
    intake_alone = client.get(reverse("reports:home"), {"kind": "intake"}).content.decode()
    assert reverse("reports:read_notices") in intake_alone
    assert until_of(intake_alone) == until_of(home(client, cast.registrar))
    answer = client.post(reverse("reports:read_notices"), {"until": until_of(intake_alone)})
    assert answer.url == "/"
    assert NoticeRead.objects.filter(user=cast.registrar).exists()
    assert reverse("reports:read_notices") not in home(client, cast.registrar)
