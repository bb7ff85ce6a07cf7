"""Rectification notices: who takes which step, deadlines in working days, evidence, reopening, what is overdue."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actions import lock_user
from accounts.roles import Role
from accounts.scope import NotPermitted, OutOfScope
from approvals.models import Notice
from approvals.refusals import AlreadyDecided, RequestRefused, SamePerson, StaleVersion, WrongState
from audit.inspection_models import APART
from audit.inspections.erasing import erase
from audit.models import InspectedFile, Rectification, RectificationEvidence
from audit.opinions import actions as opinions
from audit.rectifications import actions, selectors
from audit.tasks import supervise
from files.models import Discarded
from ledger import events
from ledger.context import acting, service_user
from ledger.models import Event
from school.models import CalendarPeriod
from tests.archive.appraising import WAY, applied, leaver, ten_years, walk
from tests.audit.supervising import TEXT, answered, begun, drafted, finished, issued, scan, worked
from tests.audit.test_inspections import words_of
from tests.cast import Cast, make_cast
from tests.enrollment.intake import picture
from tests.factories import appoint, make_user, saved, set_rule
from tests.records.files import make_student
from tests.support.inbox import inbox_rows
from tests.support.together import at_once

pytestmark = pytest.mark.requirement("S0-7.1-3", "S0-7.1-4")


@pytest.fixture
def monday(monkeypatch: pytest.MonkeyPatch) -> date:
    """Monday 2026-11-23, without public holidays around."""
    day = date(2026, 11, 23)
    monkeypatch.setattr(
        "django.utils.timezone.localdate", lambda value=None, tz=None: day if value is None else value
    )
    return day


def kinds(row: Rectification) -> list[str]:
    return [one.kind for one in row.steps.all()]


def test_a_notice_goes_from_draft_to_close(cast: Cast) -> None:
    row = drafted(cast)
    assert (row.number, row.state) == ("", "draft")
    row = actions.sign(actor=cast.archive_head, row=row)
    assert (
        row.number.startswith("ZG-") and row.due_on and row.acknowledge_by and row.acknowledge_by < row.due_on
    )
    row = actions.acknowledge(actor=cast.head, row=row)
    row = actions.answer(actor=cast.head, row=row, words="已补齐", scans=[scan(), scan("2.jpg")])
    row = actions.verify(actor=cast.archivist, row=row, enough=True, note="已核对原件")
    assert kinds(row) == ["drafted", "issued", "acknowledged", "answered", "closed"]
    assert (row.state, row.verifier) == ("closed", cast.archivist) and row.closed_at
    assert RectificationEvidence.objects.filter(step__rectification=row).count() == 2
    assert Event.objects.filter(action__startswith="rectification.").count() == 5
    assert Event.objects.filter(action="rectification.closed", request_no=row.number).exists()


def test_each_step_is_its_persons_alone(cast: Cast) -> None:
    source = finished(cast)
    for person in (cast.head, cast.clerk, cast.registrar):
        with pytest.raises(NotPermitted):
            actions.draft(actor=person, source=source, unit=cast.admissions, days=5, **TEXT)
    with pytest.raises(WrongState):
        actions.draft(actor=cast.archivist, source=source, unit=cast.teaching, days=5, **TEXT)
    row = drafted(cast, source=source)
    with pytest.raises(NotPermitted):
        actions.sign(actor=cast.archivist, row=row)
    with pytest.raises(OutOfScope):
        selectors.rectification_for(cast.head, row.public_id)
    row = actions.sign(actor=cast.archive_head, row=row)
    for person in (
        cast.academic_head,
        cast.student_affairs_head,
        cast.archive_head,
        cast.clerk,
        cast.outsider,
    ):
        with pytest.raises(NotPermitted):
            actions.acknowledge(actor=person, row=row)
    row = actions.acknowledge(actor=cast.head, row=row)
    with pytest.raises(NotPermitted):
        actions.answer(actor=cast.academic_head, row=row, words="x", scans=[scan()])
    row = answered(cast, row)
    for person in (cast.second_archivist, cast.archive_head):
        with pytest.raises(SamePerson):
            actions.verify(actor=person, row=row, enough=True, note="x")
    with pytest.raises(NotPermitted):
        actions.verify(actor=cast.head, row=row, enough=True, note="x")


def test_who_moved_to_the_department_answers_no_notice_of_his_own(cast: Cast) -> None:
    row = issued(cast)
    for person in (cast.archivist, cast.archive_head):
        person.unit = cast.admissions
        with acting(service_user()):
            person.save(update_fields=["unit"])
        appoint(person, Role.ADMISSIONS_HEAD, cast.school)
        with pytest.raises(SamePerson):
            actions.acknowledge(actor=type(person).objects.get(pk=person.pk), row=row)


@pytest.mark.parametrize(("one", "other"), APART)
def test_the_database_keeps_persons_apart(cast: Cast, one: str, other: str) -> None:
    row = answered(cast)
    row.acknowledger, row.answerer = cast.clerk, cast.second_clerk
    saved(row)
    setattr(row, one, cast.head)
    setattr(row, other, cast.head)
    with pytest.raises(IntegrityError, match=f"rectification_{one}_{other}"), transaction.atomic():
        saved(row)


def test_the_database_lets_no_step_be_skipped(cast: Cast) -> None:
    row = issued(cast)
    row.state = "closed"
    with pytest.raises(IntegrityError, match="rectification_steps_in_order"), transaction.atomic():
        saved(row)
    row = drafted(cast, source=row.inspection)
    row.state = "issued"
    with pytest.raises(IntegrityError, match="rectification_issued_whole"), transaction.atomic():
        saved(row)


def test_another_inspector_verifies_once_the_first_cannot(cast: Cast) -> None:
    row = answered(cast)
    assert not selectors.may_verify(cast.second_archivist, row)
    lock_user(actor=cast.system_admin, user=cast.archivist, reason="离岗")
    row = Rectification.objects.select_related("unit", "school", "inspector__unit").get(pk=row.pk)
    assert actions.verify(actor=cast.second_archivist, row=row, enough=True, note="x").state == "closed"


def test_deadlines_follow_the_working_days_of_the_school(cast: Cast, monday: date) -> None:
    row = issued(cast, days=5)
    assert (row.acknowledge_by, row.due_on) == (date(2026, 11, 25), date(2026, 11, 30))
    days = {"valid_from": date(2026, 11, 24), "valid_until": date(2026, 11, 25)}
    saved(CalendarPeriod(unit=cast.school, kind="holiday", note="校庆", **days))
    later = issued(cast, days=5, source=row.inspection)
    assert (later.acknowledge_by, later.due_on) == (date(2026, 11, 27), date(2026, 12, 2))
    days = {"valid_from": date(2026, 11, 26), "valid_until": date(2026, 12, 31)}
    saved(CalendarPeriod(unit=cast.school, kind="vacation", note="寒假", **days))
    assert issued(cast, days=5, source=row.inspection).due_on == date(2026, 12, 2), (
        "offices work in vacations"
    )


def test_what_is_not_enough_is_opened_again_with_a_new_deadline(cast: Cast) -> None:
    row = answered(cast)
    with pytest.raises(RequestRefused):
        actions.verify(actor=cast.archivist, row=row, enough=False, note=" ", days=3)
    with pytest.raises(RequestRefused):
        actions.verify(actor=cast.archivist, row=row, enough=False, note="缺两份")
    row = actions.verify(actor=cast.archivist, row=row, enough=False, note="缺两份", days=3)
    assert (row.state, kinds(row)[-1]) == ("rectifying", "reopened")
    assert row.steps.last().due_on == row.due_on
    row = answered(cast, row)
    assert actions.verify(actor=cast.archivist, row=row, enough=True, note="已全").state == "closed"
    with pytest.raises(WrongState):
        actions.verify(actor=cast.archivist, row=row, enough=False, note="x", days=3)


def test_a_page_of_the_first_answer_does_not_judge_the_second(cast: Cast) -> None:
    row = answered(cast)
    seen = row.version
    row = actions.verify(actor=cast.archivist, row=row, enough=False, note="缺", days=3)
    row = answered(cast, row)
    with pytest.raises(StaleVersion):
        actions.verify(actor=cast.archivist, row=row, enough=True, note="x", version=seen)


def test_an_answer_has_words_and_evidence_without_numbers(cast: Cast) -> None:
    row = actions.acknowledge(actor=cast.head, row=issued(cast))
    for words, scans in (
        (" ", [scan()]),
        ("已补", []),
        ("已补", [scan()] * 11),
        ("电话13800000000", [scan()]),
    ):
        with pytest.raises(RequestRefused):
            actions.answer(actor=cast.head, row=row, words=words, scans=scans)
    assert not RectificationEvidence.objects.exists()
    with pytest.raises(RequestRefused):
        actions.answer(actor=cast.head, row=issued(cast, source=row.inspection), words="x", scans=[scan()])


def test_a_notice_names_no_student(cast: Cast) -> None:
    worked(cast, "王小明")
    with pytest.raises(RequestRefused):
        drafted(cast, problem="王小明的档案缺材料")
    assert not Rectification.objects.exists()


@pytest.mark.requirement("S0-4.4-3")
@pytest.mark.parametrize("born", ["sample", "opinion"])
def test_no_step_of_a_notice_names_a_student(cast: Cast, born: str) -> None:
    worked(cast, "王小明")
    words = "已补齐王小明的材料"
    source: Any = finished(cast)
    if born == "opinion":
        source = opinions.write(actor=cast.teacher, kind="report", words="王小明的材料放错了柜子")
        with pytest.raises(RequestRefused):
            drafted(cast, source=source, problem="王小明的材料放错了柜子")
    row = drafted(cast, source=source)
    with pytest.raises(RequestRefused):
        actions.drop(actor=cast.archive_head, row=row, note=words)
    row = actions.acknowledge(actor=cast.head, row=actions.sign(actor=cast.archive_head, row=row))
    with pytest.raises(RequestRefused):
        actions.answer(actor=cast.head, row=row, words=words, scans=[scan()])
    row = answered(cast, row)
    for verdict in ({"enough": True}, {"enough": False, "days": 3}):
        with pytest.raises(RequestRefused):
            actions.verify(actor=cast.archivist, row=row, note=words, **verdict)
    assert not any("王小明" in one.note for one in row.steps.all())


def test_a_draft_can_be_left_unissued(cast: Cast) -> None:
    row = drafted(cast)
    with pytest.raises(RequestRefused):
        actions.drop(actor=cast.archive_head, row=row, note="")
    row = actions.drop(actor=cast.archive_head, row=row, note="已口头整改")
    assert (row.state, row.number) == ("dropped", "")
    with pytest.raises(WrongState):
        actions.sign(actor=cast.archive_head, row=row)
    with pytest.raises(OutOfScope):
        selectors.rectification_for(cast.head, row.public_id)


def test_what_is_overdue_is_marked_once_for_each_deadline(cast: Cast) -> None:
    row = issued(cast, days=5)
    assert row.acknowledge_by and row.due_on
    assert actions.mark_overdue(row.acknowledge_by) == 0
    assert actions.mark_overdue(row.acknowledge_by + timedelta(1)) == 1
    assert actions.mark_overdue(row.acknowledge_by + timedelta(1)) == 0
    assert kinds(row).count("overdue") == 1
    told = Notice.objects.filter(kind=actions.OVERDUE).values_list("duty", flat=True)
    assert set(told) == {"admissions", "archives"}
    row = actions.acknowledge(actor=cast.head, row=row)
    assert row.overdue_on is None
    assert actions.mark_overdue(row.due_on + timedelta(1)) == 1
    assert actions.mark_overdue(row.due_on + timedelta(9)) == 0
    row.refresh_from_db()
    assert kinds(row).count("overdue") == 2 and row.overdue_on == row.due_on + timedelta(1)
    row = answered(cast, row)
    row = actions.verify(actor=cast.archivist, row=row, enough=False, note="缺", days=4)
    assert row.overdue_on is None
    assert actions.mark_overdue(row.due_on + timedelta(1)) == 1
    assert kinds(row).count("overdue") == 3


def test_the_task_leaves_the_service_account_as_operator(cast: Cast) -> None:
    row = issued(cast)
    row.acknowledge_by = row.due_on = timezone.localdate() - timedelta(1)
    saved(row)
    supervise()
    supervise()
    event = Event.objects.get(action="rectification.overdue")
    assert event.actor == service_user() and event.object_id == row.pk


def test_two_act_at_once(committed_db: None) -> None:
    cast = make_cast()
    row = issued(cast)
    other = make_user("副主任", cast.admissions)
    appoint(other, Role.ADMISSIONS_HEAD, cast.school)
    gave = at_once(
        lambda: actions.acknowledge(actor=cast.head, row=row),
        lambda: actions.acknowledge(actor=other, row=row),
    )
    (lost,) = [one for one in gave if isinstance(one, Exception)]
    assert isinstance(lost, AlreadyDecided) and lost.by in (cast.head, other)
    late = row.due_on + timedelta(1)
    gave = at_once(lambda: actions.mark_overdue(late), lambda: actions.mark_overdue(late))
    assert set(gave) == {0, 1} and kinds(row).count("overdue") == 1


def test_the_inbox_leads_each_to_his_step(cast: Cast) -> None:
    row = drafted(cast)
    url = reverse("audit:rectification", args=[row.public_id])

    def has(person: Any) -> bool:
        return url in [one.url for one in inbox_rows(type(person).objects.get(pk=person.pk))]

    assert has(cast.archive_head) and not has(cast.head)
    row = actions.sign(actor=cast.archive_head, row=row)
    assert has(cast.head) and not has(cast.archive_head) and not has(cast.academic_head)
    row = answered(cast, row)
    assert has(cast.archivist) and not has(cast.head) and not has(cast.second_archivist)


@pytest.mark.requirement("S0-4.4-3")
def test_evidence_goes_with_the_last_file_of_the_sample(cast: Cast, client: Client) -> None:
    ten_years(cast)
    pair = [leaver(cast, name) for name in ("王小明", "李小红")]
    for one in pair:
        events.record("student.viewed", actor=cast.clerk, obj=one, unit_id=cast.school.pk)
    row = answered(cast)
    assert row.inspection and row.inspection.files.count() == 2
    with acting(cast.archivist):
        assert list(erase(pair[0])) == [], "the other file is still there"
    walk(cast, applied(cast), *WAY)
    proof = RectificationEvidence.objects.get(step__rectification=row)
    assert Discarded.objects.filter(blob=proof.blob).exists()
    for file in row.inspection.files.all():
        assert (file.note, file.faults) == ("", ["incomplete"]) and file.archive_no
    history = InspectedFile.history.filter(history_subject__in=[one.public_id for one in pair])
    assert history.exists() and not any(one.note for one in history)
    client.force_login(cast.archivist)
    assert client.get(reverse("audit:inspection", args=[row.inspection.public_id])).status_code == 200
    assert client.get(reverse("audit:rectification_evidence", args=[proof.public_id])).status_code == 404


@pytest.mark.requirement("S0-4.4-3")
def test_evidence_for_an_opinion_goes_with_any_file_but_stays_while_the_notice_is_open(
    cast: Cast, client: Client
) -> None:
    ten_years(cast)
    student = leaver(cast)
    rows = [
        answered(cast, issued(cast, source=opinions.write(actor=cast.teacher, kind="report", words=words)))
        for words in ("扫描件随意堆放", "档案柜未上锁")
    ]
    closed, running = [RectificationEvidence.objects.get(step__rectification=row) for row in rows]
    actions.verify(actor=cast.archivist, row=rows[0], enough=True, note="已查看")
    elsewhere = make_student("外校生", cast, school=cast.other_school)
    with acting(cast.archivist):
        assert list(erase(elsewhere)) == [], "another school's file"
    events.record("student.viewed", actor=cast.clerk, obj=student, unit_id=cast.school.pk)
    walk(cast, applied(cast), *WAY)

    def gone() -> set[int]:
        return set(Discarded.objects.values_list("blob", flat=True)) & {closed.blob_id, running.blob_id}

    assert gone() == {closed.blob_id}
    actions.verify(actor=cast.archivist, row=rows[1], enough=True, note="已查看")
    assert gone() == {closed.blob_id, running.blob_id}
    client.force_login(cast.archivist)
    url = reverse("audit:rectification", args=[rows[1].public_id])
    page = client.get(url, headers={"accept-language": "en"}).content.decode()
    assert "Scans that went with a destroyed file: 1" in page


@pytest.mark.requirement("S0-4.4-3")
def test_evidence_brought_after_the_destruction_stays(cast: Cast) -> None:
    ten_years(cast)
    leaver(cast)
    walk(cast, applied(cast), *WAY)
    row = answered(cast, issued(cast, source=opinions.write(actor=cast.teacher, kind="report", words="堆放")))
    actions.verify(actor=cast.archivist, row=row, enough=True, note="已查看")
    assert not Discarded.objects.filter(blob__in=row.steps.values("evidence__blob")).exists()


def test_the_notice_is_printed_with_its_course(cast: Cast) -> None:
    draft = drafted(cast)
    with pytest.raises(WrongState):
        actions.print_notice(actor=cast.archive_head, row=draft)
    row = answered(cast, actions.sign(actor=cast.archive_head, row=draft))
    text = words_of(actions.print_notice(actor=cast.head, row=row))
    assert row.number in text and TEXT["measure"] in text and "已补齐" in text


def test_the_way_through_the_pages(cast: Cast, client: Client) -> None:
    source = finished(cast)
    client.force_login(cast.archivist)
    address = reverse("audit:rectification_new", args=[source.public_id])
    assert client.post(address, TEXT).status_code == 422
    assert client.post(address, {**TEXT, "days": 10}).status_code == 302
    row = Rectification.objects.get()
    page = reverse("audit:rectification", args=[row.public_id])

    def post(act: str, **values: Any) -> int:
        row.refresh_from_db()
        address = reverse(f"audit:rectification_{act}", args=[row.public_id])
        return int(client.post(address, values).status_code)

    assert reverse("audit:rectification_sign", args=[row.public_id]) not in client.get(page).content.decode()
    assert post("sign", version=0) == 403
    client.force_login(cast.archive_head)
    assert reverse("audit:rectification_sign", args=[row.public_id]) in client.get(page).content.decode()
    assert post("sign", version=7) == 422
    assert post("sign", version=0) == 302
    client.force_login(cast.head)
    assert post("acknowledge", version=1) == 302
    sent = SimpleUploadedFile("证明.jpg", picture(), content_type="image/jpeg")
    assert post("answer", **{"answer-version": 2, "answer-words": "已补"}) == 422
    assert post("answer", **{"answer-version": 2, "answer-words": "已补", "answer-first": sent}) == 302
    proof = RectificationEvidence.objects.get()
    scan_page = reverse("audit:rectification_evidence", args=[proof.public_id])
    assert scan_page in client.get(page).content.decode()
    assert client.get(scan_page).status_code == 200
    assert Event.objects.filter(action="rectification.evidence_viewed", actor=cast.head).count() == 1
    client.force_login(cast.academic_head)
    assert client.get(scan_page).status_code == 404 and client.get(page).status_code == 404
    client.force_login(cast.archivist)
    verdict = {"verify-version": 3, "verify-outcome": "again", "verify-note": "缺"}
    assert post("verify", **verdict) == 422
    assert post("verify", **verdict, **{"verify-days": 3}) == 302
    row.refresh_from_db()
    assert row.state == "rectifying"


def test_rules_of_the_school_give_the_days(cast: Cast, monday: date, client: Client) -> None:
    set_rule(cast.school, "acknowledgement_days", "1")
    set_rule(cast.school, "rectification_days", "7")
    row = issued(cast)
    assert row.acknowledge_by == date(2026, 11, 24)
    client.force_login(cast.archivist)
    page = client.get(reverse("audit:rectification_new", args=[row.inspection.public_id])).content.decode()
    assert 'value="7"' in page


def test_a_running_inspection_asks_for_nothing(cast: Cast) -> None:
    with pytest.raises(WrongState):
        drafted(cast, source=begun(cast))
