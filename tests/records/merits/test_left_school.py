"""Entries and penalties of a student who went on: the school that keeps the file reads and adds, the former one not."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from ledger.models import Event
from records.entry_models import Internship, Reward
from records.merits import selectors
from records.merits.actions import entries, penalties
from records.merits.kinds import REWARD
from records.merits.refusals import NotAllowedHere
from records.models import Enrolment
from records.penalty_models import Penalty
from school.models import Stage
from tests.cast import Cast
from tests.factories import appoint, make_unit, make_user, saved
from tests.records.files import make_student
from tests.records.merits.people import delivered, enrolment_of, officer, scan
from tests.records.merits.test_entries import reward

LONG_SINCE = date(2022, 9, 1)


@pytest.fixture
def clerk(cast: Cast) -> User:
    """Student affairs of the school that the student left."""
    return officer(cast)


@pytest.fixture
def next_head(cast: Cast) -> User:
    """Student affairs of the school where he is."""
    user = make_user("蒋新", cast.other_school)
    appoint(user, Role.STUDENT_AFFAIRS_HEAD, cast.other_school)
    return user


@pytest.fixture
def li(cast: Cast) -> Enrolment:
    """The stretch at the school that was left."""
    return enrolment_of(make_student("李明", cast, school_class=cast.school_class), since=LONG_SINCE)


def move(stay: Enrolment, to: Any) -> Enrolment:
    """The student goes on to another school."""
    today = timezone.localdate()
    stay.ended_on, stay.status = today - timedelta(days=2), "transferred_out"
    saved(stay)
    there = Enrolment(
        student=stay.student, school=to, unit=to, student_no="2026880001",
        started_on=today - timedelta(days=1),
    )  # fmt: skip
    made: Enrolment = saved(there)
    return made


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def got(user: User, name: str, *args: object) -> int:
    return client_of(user).get(reverse(f"records:{name}", args=args)).status_code


def test_the_former_school_enters_nothing(cast: Cast, clerk: User, li: Enrolment) -> None:
    move(li, cast.other_school)
    url = reverse("records:reward_new", args=[li.student.public_id])
    client = client_of(clerk)
    assert client.get(url).status_code == 403
    values: dict[str, Any] = {name: "" if value is None else value for name, value in reward().items()}
    assert client.post(url, values | {"granted_on": f"{timezone.localdate():%Y-%m-%d}"}).status_code == 403
    assert got(clerk, "penalty_new", li.student.public_id) == 403
    with pytest.raises(NotAllowedHere):
        entries.enter_rewards(actor=clerk, enrolments=[li], values=reward())
    assert not Reward.objects.exists()


def test_nothing_is_entered_into_the_inactive_archive(cast: Cast, clerk: User, li: Enrolment) -> None:
    appoint(clerk, Role.ARCHIVIST, cast.school)
    li.ended_on = li.shelved_on = timezone.localdate()
    saved(li)
    assert got(clerk, "reward_new", li.student.public_id) == 403
    with pytest.raises(NotAllowedHere):
        entries.enter_rewards(actor=clerk, enrolments=[li], values=reward())


def test_the_school_that_keeps_the_file_opens_what_was_entered_before(
    cast: Cast, clerk: User, next_head: User, li: Enrolment
) -> None:
    (row,) = entries.enter_rewards(actor=clerk, enrolments=[li], values=reward(), scan=scan())
    there = move(li, cast.other_school)
    page = client_of(next_head).get(reverse("records:student_section", args=[li.student.public_id, "merits"]))
    assert reverse("records:reward_evidence", args=[row.public_id]) in page.content.decode()
    for name, action in (("reward", "entry.viewed"), ("reward_evidence", "entry.evidence_viewed")):
        assert got(next_head, name, row.public_id) == 200
        event = Event.objects.get(action=action)
        assert (event.unit_id, event.role) == (there.unit_id, Role.STUDENT_AFFAIRS_HEAD)
        assert got(clerk, name, row.public_id) == 403
    assert not Event.objects.filter(action="request.out_of_scope").exists()
    assert not selectors.entries(clerk, REWARD).exists()
    url = reverse("records:reward_void", args=[row.public_id])
    assert client_of(clerk).post(url, {"text": "录错"}).status_code == 403
    assert client_of(next_head).post(url, {"text": "录错"}).status_code == 302
    row.refresh_from_db()
    assert row.voided_by == next_head
    assert Event.objects.get(action="reward.voided").unit_id == there.unit_id


def test_a_practice_that_was_begun_before_is_finished_where_the_file_is_kept(cast: Cast) -> None:
    first, second = (make_unit(name, cast.bureau, stage=Stage.HIGHER) for name in ("东湖学院", "西湖学院"))
    one, two = make_user("学院教务", first), make_user("新院教务", second)
    appoint(one, Role.REGISTRAR, first)
    appoint(two, Role.REGISTRAR, second)
    stay = enrolment_of(make_student("钱进", cast, school=first))
    practice = {"kind": "post", "organisation": "东湖机械厂", "starts_on": date(2026, 3, 2),
                "planned_until": date(2026, 6, 30)}  # fmt: skip
    (made,) = entries.enter_internships(actor=one, enrolments=[stay], values=practice)
    move(stay, second)
    sent = {"ended_on": "2026-06-30", "result": "good", "assessment": "认真"}
    url = reverse("records:internship_finish", args=[made.public_id])
    assert client_of(one).post(url, sent).status_code == 403
    assert client_of(two).post(url, sent).status_code == 302
    assert Internship.objects.get().finished_by == two


def test_a_penalty_is_shown_on_and_its_case_stays_with_the_school_that_runs_it(
    cast: Cast, clerk: User, next_head: User, li: Enrolment
) -> None:
    row = delivered(clerk, cast.student_affairs_head, li)
    there = move(li, cast.other_school)
    section = reverse("records:student_section", args=[li.student.public_id, "merits"])
    case = reverse("records:penalty", args=[row.public_id])
    assert case in client_of(next_head).get(section).content.decode()
    page = client_of(next_head).get(case)
    assert page.status_code == 200
    assert f"{case}appeal/" not in page.content.decode()
    assert Event.objects.get(action="penalty.viewed").unit_id == there.unit_id
    step = row.steps.get(kind="decided")
    assert got(next_head, "penalty_evidence", row.public_id, step.public_id) == 200
    assert Event.objects.get(action="penalty.evidence_viewed").unit_id == there.unit_id
    assert f"{case}appeal/" in client_of(clerk).get(case).content.decode()
    assert client_of(next_head).get(f"{case}appeal/").status_code == 302
    assert Penalty.objects.get().appeal == ""


def test_the_former_school_learns_nothing_of_penalties_elsewhere(
    cast: Cast, clerk: User, next_head: User, li: Enrolment
) -> None:
    own = delivered(clerk, cast.student_affairs_head, li)
    there = move(li, cast.other_school)
    there.started_on = LONG_SINCE
    saved(there)
    other = officer(cast, "新校学工", cast.other_school)
    elsewhere = delivered(other, next_head, there, proposed_kind="3")
    client = client_of(clerk)
    page = client.get(reverse("records:penalty", args=[own.public_id])).content.decode()
    assert "严重警告" in page
    assert "记过" not in page
    assert got(clerk, "penalty", elsewhere.public_id) == 404
    case = penalties.prepare(
        actor=other, enrolment=there,
        case={"violation": "09", "violation_on": there.started_on, "facts": "事实", "basis": "守则",
              "proposed_kind": "1", "proposed_months": 6},
    )  # fmt: skip
    assert got(clerk, "penalty", case.public_id) == 404
