"""The pages of entries and penalties as their readers get them, and what waits in the inbox."""

from datetime import date
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from ledger.models import Event
from records.entry_models import Conduct, LearningProblem, Reward
from records.merits.actions import afterwards, entries, penalties
from records.models import Enrolment
from records.penalty_models import Penalty
from school.models import Stage
from tests.cast import Cast
from tests.enrollment.intake import picture
from tests.factories import appoint, make_unit, make_user
from tests.records.files import make_student
from tests.records.merits.people import case, delivered, enrolment_of, heard, officer, paper, scan, term_over
from tests.records.merits.test_entries import note, reward, trouble
from tests.support.inbox import inbox_rows


@pytest.fixture
def clerk(cast: Cast) -> User:
    """Student affairs."""
    return officer(cast)


@pytest.fixture
def li(cast: Cast) -> Enrolment:
    """The enrolment of a pupil of the cast's class."""
    return enrolment_of(make_student("李明", cast, school_class=cast.school_class), since=date(2022, 9, 1))


def tab(enrolment: Enrolment, key: str) -> str:
    return reverse("records:student_section", args=[enrolment.student.public_id, key])


def read(client: Client, user: User, url: str) -> str:
    client.force_login(user)
    answer = client.get(url)
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def upload() -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("奖状.jpg", picture(), "image/jpeg")


@pytest.mark.requirement("S0-3.1-5")
def test_a_reward_is_entered_from_the_file(cast: Cast, client: Client, clerk: User, li: Enrolment) -> None:
    url = reverse("records:reward_new", args=[li.student.public_id])
    assert url in read(client, clerk, tab(li, "merits"))
    page = read(client, clerk, url)
    assert "学校级" in page
    sent = {name: "" if value is None else value for name, value in reward(granted_on="20261012").items()}
    assert client.post(url, sent | {"level": "", "evidence": upload()}).status_code == 422
    assert client.post(url, sent | {"evidence": upload()}).status_code == 302
    row = Reward.objects.get()
    assert (row.granted_on, row.evidence.filename) == (date(2026, 10, 12), "奖状.jpg")
    page = read(client, cast.registrar, tab(li, "merits"))
    assert "三好学生" in page
    assert reverse("records:reward_evidence", args=[row.public_id]) in page
    scan_url = reverse("records:reward_evidence", args=[row.public_id])
    assert client.get(scan_url)["Content-Type"] == "image/jpeg"
    seen = Event.objects.filter(action="entry.evidence_viewed", actor=cast.registrar)
    assert seen.count() == 1
    default_storage.delete(row.evidence.storage_key)
    assert client.get(scan_url).status_code == 404
    assert seen.count() == 1


def test_one_form_for_several_of_a_class(cast: Cast, client: Client, clerk: User, li: Enrolment) -> None:
    wang = enrolment_of(make_student("王芳", cast, school_class=cast.school_class))
    delivered(clerk, cast.student_affairs_head, li, days_ago=10)
    client.force_login(clerk)
    assert cast.school_class.label in client.get(reverse("records:reward_classes")).content.decode()
    url = reverse("records:reward_class", args=[cast.school_class.public_id])
    page = client.get(url).content.decode()
    assert "严重警告" in page
    sent = {name: "" if value is None else value for name, value in reward().items()}
    sent["granted_on"] = f"{sent['granted_on']:%Y-%m-%d}"
    refused = client.post(url, sent | {"ids": [str(li.public_id), str(wang.public_id)]})
    assert refused.status_code == 422
    assert "严重警告" in refused.content.decode()
    assert client.post(url, sent).status_code == 422
    assert client.post(url, sent | {"ids": [str(wang.public_id)]}).status_code == 302
    assert Reward.objects.get().student_id == wang.student_id
    assert "王芳" in read(client, clerk, reverse("records:rewards"))


def test_lists_cost_the_same_for_three_and_ten(
    cast: Cast, client: Client, clerk: User, li: Enrolment
) -> None:
    client.force_login(clerk)
    url, counts = reverse("records:rewards"), []
    for names in (range(3), range(7)):
        rows = [enrolment_of(make_student(f"生{number}", cast)) for number in names]
        entries.enter_rewards(actor=clerk, enrolments=rows, values=reward())
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(url).content.decode()
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert page.count("三好学生") == 10


def test_a_penalty_goes_its_way_in_the_pages(cast: Cast, client: Client, clerk: User, li: Enrolment) -> None:
    client.force_login(clerk)
    new = reverse("records:penalty_new", args=[li.student.public_id])
    sent = case()
    sent["violation_on"] = f"{sent['violation_on']:%Y-%m-%d}"
    assert client.post(new, sent | {"proposed_kind": "6", "proposed_months": ""}).status_code == 422
    assert not Penalty.objects.exists()
    url = client.post(new, sent).url
    day = paper(30).on
    step = {"on": f"{day:%Y-%m-%d}", "way": "direct", "told": "both"}
    assert client.post(f"{url}notice/", step | {"told": "student"}).status_code == 422
    assert client.post(f"{url}notice/", step).status_code == 302
    assert client.post(f"{url}hear/", step | {"statement": "given", "text": "承认"}).status_code == 302
    assert client.get(f"{url}decide/").status_code == 302
    client.force_login(cast.student_affairs_head)
    assert "承认" in client.get(f"{url}decide/").content.decode()
    assert Event.objects.filter(action="penalty.viewed", actor=cast.student_affairs_head).count() == 1
    decision = step | {
        "kind": "1",
        "months": "6",
        "document_no": "12 号",
        "text": "初犯",
        "appeal_told": "on",
    }
    assert client.post(f"{url}decide/", decision).status_code == 422
    assert client.post(f"{url}decide/", decision | {"evidence": upload()}).status_code == 302
    assert client.post(f"{url}decide/", decision | {"evidence": upload()}).status_code == 422
    client.force_login(clerk)
    assert client.post(f"{url}deliver/", step | {"evidence": upload()}).status_code == 302
    row = Penalty.objects.get()
    assert (row.state, row.kind) == ("in_force", "1")
    page = client.get(url).content.decode()
    assert "承认" in page
    assert "12 号" in page
    taken = row.steps.get(kind="decided")
    assert client.get(f"{url}evidence/{taken.public_id}/").status_code == 200
    seen = Event.objects.filter(action="penalty.evidence_viewed", subject=li.student.public_id)
    assert seen.get().detail == {"step": "decided"}


def test_who_sees_penalties_in_a_file(cast: Cast, client: Client, clerk: User, li: Enrolment) -> None:
    head = cast.student_affairs_head
    heard(clerk, li, basis="未决之案")
    held = delivered(clerk, head, li, days_ago=10, proposed_kind="1")
    wrong = delivered(clerk, head, li, days_ago=10, proposed_kind="3")
    afterwards.make_void(actor=officer(cast, "第三人"), penalty=wrong, reason="录错")
    assert held.document_no == wrong.document_no
    for user in (cast.registrar, cast.adviser, cast.archivist):
        page = read(client, user, tab(li, "merits"))
        assert page.count("12 号") == 1
        assert "警告" in page
        assert "严重警告" not in page
        assert "记过" not in page
    assert "严重警告" in read(client, clerk, tab(li, "merits"))
    entries.enter_rewards(actor=head, enrolments=[li], values=reward(), exception="警告期内参赛")
    card_centre = make_user("卡务", cast.student_affairs)
    appoint(card_centre, Role.CARD_CENTRE, cast.school)
    for user in (cast.teacher, card_centre):
        page = read(client, user, tab(li, "merits"))
        assert "三好学生" in page
        assert "警告" not in page
        assert "12 号" not in page
    client.force_login(cast.registrar)
    assert client.get(reverse("records:penalty", args=[held.public_id])).status_code == 403
    client.force_login(card_centre)
    assert client.get(tab(li, "conduct")).status_code == 403


@pytest.mark.requirement("S0-2.2-5", "S1-7.3-1")
def test_a_problem_goes_from_teacher_to_office_and_back(
    cast: Cast, client: Client, clerk: User, li: Enrolment
) -> None:
    client.force_login(cast.teacher)
    url = reverse("records:problem_new", args=[li.student.public_id])
    values = trouble()
    values["noticed_on"] = f"{values['noticed_on']:%Y-%m-%d}"
    assert client.post(url, values).status_code == 302
    row = LearningProblem.objects.get()
    assert (
        client.post(reverse("records:problem_answer", args=[row.public_id]), {"text": "x"}).status_code == 403
    )
    waiting = {str(one.kind): one for one in inbox_rows(clerk, kind="merits")}
    (line,) = waiting.values()
    assert (line.count, line.due) == (1, row.due_on)
    assert [one.count for one in inbox_rows(cast.teacher, "started", kind="merits")] == [1]
    client.force_login(clerk)
    assert row.text in client.get(reverse("records:problem", args=[row.public_id])).content.decode()
    client.post(reverse("records:problem_answer", args=[row.public_id]), {"text": "安排辅导"})
    assert not inbox_rows(clerk, kind="merits")
    assert [one.count for one in inbox_rows(cast.teacher, kind="merits")] == [1]
    client.force_login(cast.teacher)
    client.post(reverse("records:problem_close", args=[row.public_id]))
    assert not inbox_rows(cast.teacher, kind="merits")
    assert "安排辅导" in read(client, cast.registrar, tab(li, "conduct"))


def test_a_void_entry_leaves_the_file(cast: Cast, client: Client, clerk: User, li: Enrolment) -> None:
    (row,) = entries.record_conduct(actor=cast.teacher, enrolments=[li], values=note(text="张冠李戴"))
    assert "张冠李戴" in read(client, cast.adviser, tab(li, "conduct"))
    client.post(reverse("records:conduct_void", args=[row.public_id]), {"text": "不是他"})
    assert Conduct.objects.get().voided_by == cast.adviser
    assert "张冠李戴" not in read(client, cast.adviser, tab(li, "conduct"))
    url = reverse("records:conducts")
    assert "李明" not in read(client, cast.adviser, url)
    assert "李明" in read(client, cast.adviser, f"{url}?void=1")


@pytest.mark.requirement("S0-2.3-1")
def test_the_inbox_follows_a_penalty(cast: Cast, clerk: User, li: Enrolment) -> None:
    head = cast.student_affairs_head

    def lines(user: User) -> list[tuple[int, str]]:
        return [(one.count, one.url.partition("?")[2]) for one in inbox_rows(user, kind="merits")]

    row = penalties.prepare(actor=clerk, enrolment=li, case=case())
    assert lines(clerk) == [(1, "state=preparing")]
    assert lines(head) == []
    penalties.give_notice(actor=clerk, penalty=row, paper=paper(30))
    assert lines(clerk) == lines(head) == [(1, "state=noticed")]
    penalties.hear(actor=clerk, penalty=row, statement="given", paper=paper(20, text="承认"))
    assert lines(clerk) == []
    assert lines(head) == [(1, "state=heard")]
    penalties.send_back(actor=head, penalty=row, reason="补证据")
    assert lines(clerk) == [(1, "state=returned")]
    assert lines(officer(cast, "旁人")) == []
    held = term_over(delivered(clerk, head, li, days_ago=10))
    assert (1, "state=in_force") in lines(clerk)
    afterwards.ask_lifting(actor=clerk, penalty=held, asker="student", paper=paper(text="已改", scan=scan()))
    assert (1, "asked=1") in lines(head)
    assert (1, "state=in_force") not in lines(clerk)


@pytest.mark.requirement("S0-3.1-6")
def test_phones_are_masked_in_the_file_and_whole_on_the_page(cast: Cast, client: Client) -> None:
    college = make_unit("东湖学院", cast.bureau, stage=Stage.HIGHER)
    registrar = make_user("学院教务", college)
    appoint(registrar, Role.REGISTRAR, college)
    row = enrolment_of(make_student("钱进", cast, school=college))
    practice = {"kind": "post", "organisation": "东湖机械厂", "contact": "王工 13800138000",
                "starts_on": date(2026, 3, 2), "planned_until": date(2026, 6, 30)}  # fmt: skip
    (made,) = entries.enter_internships(actor=registrar, enrolments=[row], values=practice)
    page = read(client, registrar, tab(row, "employment"))
    assert "138****8000" in page
    assert "13800138000" not in page
    url = reverse("records:internship", args=[made.public_id])
    assert "13800138000" in read(client, registrar, url)
    assert Event.objects.filter(action="entry.viewed", subject=row.student.public_id).count() == 1
    sent = {"ended_on": "2026-06-30", "result": "good", "assessment": "认真"}
    assert client.post(f"{url}finish/", sent | {"ended_on": "2026-01-01"}).status_code == 422
    assert client.post(f"{url}finish/", sent).status_code == 302
    assert "认真" in read(client, registrar, url)
