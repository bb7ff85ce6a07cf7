"""E.7: an export needs a second person, above a limit or unmasked the head of archives, and leaves a trace of each."""

import csv
import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.grants import sync_grants
from accounts.models import Appointment
from accounts.roles import Role
from accounts.scope import NotPermitted
from approvals import actions as requests
from approvals import selectors as request_reads
from approvals.models import Request
from approvals.reasons import ReturnReason
from approvals.refusals import NobodyCan, RequestRefused, SamePerson, WrongState
from audit.exports import actions, selectors
from audit.exports.columns import columns_of
from audit.incidents.selectors import READING
from audit.models import ExportRequest
from audit.tasks import discard_exports
from jobs.models import Job
from jobs.tasks import run
from ledger.context import acting
from ledger.models import Event
from ledger.seals import live
from ledger.seals.findings import Findings
from records.models import Enrolment, ReadingDay, Student
from tests.archive.asking import moves_on
from tests.audit.exporting import NUMBERS, asked, content, form, fresh, made, pupils, seen, sheet, stepped
from tests.cast import Cast, make_cast
from tests.factories import appoint, make_user, saved, set_rule
from tests.records.files import make_student
from tests.support.inbox import inbox_rows
from tests.support.together import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S2-13-3", "S2-13-4", "S1-8-5")]


def fetched(user: Any, typed: ExportRequest) -> int:
    client = Client()
    client.force_login(user)
    assert typed.job
    return client.get(reverse("jobs:result", args=[typed.job.public_id])).status_code


def test_a_confirmed_export_is_masked_marked_and_known_to_each_student(cast: Cast) -> None:
    one, two = pupils(cast, "王小明", "=1+1")
    typed = made(cast, [two, one])
    number = typed.request.number
    assert number.startswith("DC-")
    mark, header, *rows = sheet(content(typed))
    assert all(part in mark[0] for part in (number, "杨丽", cast.registrar.staff_no, "宋洁"))
    assert header == ("姓名", "身份证件号", "学号", "联系电话", "成员1联系电话")
    assert [row[0] for row in rows] == ["'=1+1", "王小明"], "in the order of the list; no cell runs"
    assert rows[1][1] == "110" + "*" * 14 + "X"
    assert not [number for number in NUMBERS if number.encode() in content(typed)]
    book = openpyxl.load_workbook(io.BytesIO(content(typed)))
    assert book.properties.identifier == number
    assert number in str(book.worksheets[0].oddFooter.center.text)
    assert (typed.rows, typed.whole, typed.needs_approval) == (2, False, False)
    assert typed.file and typed.sha256 == typed.file.sha256 and len(typed.content_digest) == 64
    told = Event.objects.filter(action="student.exported")
    assert {(event.subject, event.unit_id) for event in told} == {
        (one.public_id, cast.school.pk), (two.public_id, cast.school.pk),
    }  # fmt: skip
    assert {(event.actor, event.purpose, event.role) for event in told} == {
        (cast.registrar, "roster", "registrar")
    }
    assert {(event.detail["number"], event.request_no) for event in told} == {(number, number)}
    event = Event.objects.get(action="export.made")
    assert event.detail == {"number": number, "whole": False, "students": 2, "left_out": 0, "columns": 5}
    assert not ReadingDay.objects.exists(), (
        "an export is watched by two persons, not by the alert of much reading"
    )
    assert "student.exported" in READING
    mine = [row for row in inbox_rows(cast.registrar, kind="exports") if number in str(row.title)]
    assert [row.is_notice for row in mine] == [True]
    assert fetched(cast.registrar, typed) == 200
    assert not inbox_rows(cast.registrar, kind="exports"), "fetched"
    for other in (cast.second_registrar, cast.archive_head, cast.auditor):
        assert fetched(other, typed) in {403, 404}


def test_the_second_person_and_the_approver_are_others(cast: Cast) -> None:
    people = pupils(cast, "王小明")
    with pytest.raises(SamePerson):
        asked(cast, people, named=cast.registrar)
    stranger = make_user("外校人", cast.other_school)
    appoint(stranger, Role.REGISTRAR, cast.other_school)
    above = make_user("上级", cast.bureau)
    appoint(above, Role.REGISTRAR, cast.bureau)
    for named in (stranger, above, cast.auditor, cast.clerk):
        with pytest.raises(RequestRefused):
            asked(cast, people, named=named)
    typed = asked(cast, people, whole=True)
    assert typed.needs_approval
    for who in (cast.registrar, cast.archivist, cast.archive_head):
        with pytest.raises((SamePerson, NotPermitted)):
            stepped(who, typed)
    typed = stepped(cast.second_registrar, typed)
    assert (typed.second, typed.job) == (cast.second_registrar, None)
    both = appoint(cast.second_registrar, Role.ARCHIVE_HEAD, cast.school)
    appoint(cast.registrar, Role.ARCHIVE_HEAD, cast.school)
    for who in (both.user, cast.registrar):
        with pytest.raises(SamePerson):
            stepped(who, typed)
    assert stepped(cast.archive_head, typed).approver == cast.archive_head


def test_the_database_holds_the_persons_apart(cast: Cast) -> None:
    typed = made(cast, pupils(cast, "王小明"), whole=True)
    broken: list[dict[str, Any]] = [
        {"named": cast.registrar, "second": cast.registrar},
        {"named": cast.registrar, "second": None},
        {"second": cast.archivist},
        {"approver": cast.registrar},
        {"approver": cast.second_registrar},
        {"approver": None},
        {"needs_approval": False},
        {"second": None},
        {"sha256": ""},
        {"requester": cast.archivist},
    ]
    for values in broken:
        row = fresh(typed)
        for name, value in values.items():
            setattr(row, name, value)
        with acting(cast.registrar), pytest.raises(IntegrityError), transaction.atomic():
            row.save(update_fields=list(values))
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_whole_numbers_and_many_students_go_to_the_head_of_archives(cast: Cast) -> None:
    people = pupils(cast, "王小明", "李小红", "张小军")
    set_rule(cast.school, "export_limit", "2")
    assert not asked(cast, people[:2]).needs_approval
    many = stepped(cast.second_registrar, asked(cast, people))
    assert (many.needs_approval, many.request.step, many.job) == (True, "approval", None)
    assert [row for row in inbox_rows(cast.archive_head) if many.request.number in str(row.title)]
    assert not asked(cast, people[:1], whole=True, columns=["name", "sex"]).whole, "nothing in it is masked"
    typed = made(cast, people[:1], whole=True)
    assert NUMBERS[0] in str(sheet(content(typed)))
    assert Event.objects.get(action="student.exported").detail["whole"] is True
    with pytest.raises(NobodyCan):
        asked(cast, people, named=cast.archive_head)


def together(cast: Cast, people: list[Student]) -> int:
    return selectors.together(cast.registrar, cast.school, [one.pk for one in people])


def test_exports_cut_into_pieces_go_to_the_head_of_archives(cast: Cast) -> None:
    people = pupils(cast, "王小明", "李小红", "张小军")
    set_rule(cast.school, "export_limit", "2")
    first = asked(cast, people[:2])
    assert (first.needs_approval, first.together) == (False, 2)
    again = asked(cast, people[1:2])
    assert (again.needs_approval, again.together) == (False, 2), "each student counts once"
    piece = stepped(cast.second_registrar, asked(cast, people[2:]))
    assert (piece.needs_approval, piece.together, piece.job) == (True, 3, None)
    colleague = asked(cast, people[2:], actor=cast.second_registrar, named=cast.registrar)
    assert not colleague.needs_approval, "each exporter counts alone"
    for one in (first, again, piece):
        one.request.submitted_at -= timedelta(days=30)
        saved(one.request)
    assert asked(cast, people[2:]).needs_approval, "what waits counts on any day: it can still be confirmed"


@pytest.mark.parametrize("is_made", [True, False])
def test_what_was_given_counts_for_the_days_of_the_rule(cast: Cast, is_made: bool) -> None:
    people = pupils(cast, "王小明", "李小红", "张小军")
    set_rule(cast.school, "export_limit", "2")
    given = stepped(cast.second_registrar, asked(cast, people[:2]))
    if is_made and given.job:
        run(given.job.pk)
        given = fresh(given)
    given.request.submitted_at -= timedelta(days=30)
    saved(given.request)
    assert together(cast, people[2:]) == 3, "it was given today, whenever it was asked for"
    given.request.closed_at -= timedelta(days=7)
    saved(given.request)
    if is_made:
        assert together(cast, people[2:]) == 3, "the file counts from when it was made"
        given.made_at -= timedelta(days=7)
        saved(given)
    assert together(cast, people[2:]) == 1, "the days are over"
    set_rule(cast.school, "export_days", "8")
    assert together(cast, people[2:]) == 3


def test_what_was_never_given_counts_for_nothing_but_what_came_back_does(cast: Cast) -> None:
    people = pupils(cast, "王小明", "李小红", "张小军")
    set_rule(cast.school, "export_limit", "2")
    for end in (requests.refuse, requests.send_back):
        typed = asked(cast, people[:2])
        end(actor=cast.second_registrar, request=typed.request, reason=ReturnReason.OTHER, comment="用途不明")
        typed = fresh(typed)
        typed.request.submitted_at -= timedelta(days=30)
        saved(typed.request)
        waits = end is requests.send_back
        later = asked(cast, people[2:])
        assert later.needs_approval is waits, "who gets it back can submit it again on any day"
        requests.recall(actor=cast.registrar, request=later.request)
    instead = asked(cast, people[2:], instead_of=fresh(typed))
    assert not instead.needs_approval, "it is counted in place of the one that it replaces"


def test_two_pieces_at_the_same_moment_are_counted_together(committed_db: str) -> None:
    cast = make_cast()
    people = pupils(cast, "王小明", "李小红", "张小军")
    set_rule(cast.school, "export_limit", "2")
    made = at_once(lambda: asked(cast, people[:2]), lambda: asked(cast, people[2:]))
    assert sorted(one.needs_approval for one in made) == [False, True]


def test_the_named_person_alone_confirms_in_the_own_inbox_or_refuses(cast: Cast) -> None:
    typed = asked(cast, pupils(cast, "王小明"))
    mine = [row for row in inbox_rows(cast.second_registrar) if typed.request.number in str(row.title)]
    assert len(mine) == 1
    assert "王小明" not in str(mine[0].title)
    assert not [row for row in inbox_rows(cast.academic_head) if typed.request.number in str(row.title)]
    client = Client()
    client.force_login(cast.second_registrar)
    url = reverse("approvals:take_step", args=[typed.request.public_id])
    client.post(url, {"password": "wrong", "step": "second"})
    assert fresh(typed).second is None
    requests.refuse(
        actor=cast.second_registrar, request=typed.request, reason=ReturnReason.OTHER, comment="用途不明"
    )
    assert (fresh(typed).job, fresh(typed).request.state) == (None, Request.State.REFUSED)


def test_a_returned_export_is_asked_anew_with_the_same_students(cast: Cast, client: Client) -> None:
    people = pupils(cast, "王小明", "李小红")
    typed = asked(cast, people)
    requests.send_back(
        actor=cast.second_registrar, request=typed.request, reason=ReturnReason.OTHER, comment="少选几列"
    )
    client.force_login(cast.registrar)
    again = client.get(reverse("approvals:again", args=[typed.request.public_id]), follow=True)
    assert set(again.context["form"]["columns"].value()) == set(typed.columns)
    url = f"{reverse('audit:export_new')}?instead_of={typed.request.public_id}"
    answer = client.post(url, form(second=cast.second_registrar, seen=seen(client, url)))
    assert answer.status_code == 302, answer.content.decode()
    later = ExportRequest.objects.latest("pk")
    assert (later.people, later.columns) == ([one.pk for one in people], ["name", "student_no"])
    assert fresh(typed).request.state == Request.State.RECALLED


def test_who_left_the_scope_meanwhile_is_not_in_the_file(cast: Cast) -> None:
    stays, goes, shelved = pupils(cast, "王小明", "李小红", "张小军")
    typed = stepped(cast.second_registrar, asked(cast, [stays, goes, shelved]))
    moves_on(cast, goes)
    stay = Enrolment.objects.get(student=shelved)
    stay.ended_on = stay.shelved_on = timezone.localdate()
    saved(stay)
    assert typed.job
    run(typed.job.pk)
    typed = fresh(typed)
    assert (typed.asked, typed.rows, typed.people) == (3, 1, [stays.pk])
    assert [row[0] for row in sheet(content(typed))[2:]] == ["王小明"]
    assert Event.objects.get(action="export.made").detail["left_out"] == 2
    assert Event.objects.filter(action="student.exported").count() == 1
    assert fetched(cast.registrar, typed) == 200
    stay = Enrolment.objects.get(student=stays)
    stay.ended_on = stay.shelved_on = timezone.localdate()
    saved(stay)
    assert fetched(cast.registrar, typed) == 403, "the file outlives no right"


def withdraw(cast: Cast) -> None:
    for row in Appointment.objects.filter(user=cast.registrar):
        row.withdrawn_at = timezone.now()
        saved(row)
    sync_grants(cast.registrar)


def test_nothing_is_confirmed_made_or_fetched_when_the_right_has_ended(cast: Cast) -> None:
    people = pupils(cast, "王小明")
    waiting, confirmed = asked(cast, people), stepped(cast.second_registrar, asked(cast, people))
    done = made(cast, people)
    withdraw(cast)
    with pytest.raises(WrongState):
        stepped(cast.second_registrar, waiting)
    assert confirmed.job
    run(confirmed.job.pk)
    assert (Job.objects.get(pk=confirmed.job.pk).state, fresh(confirmed).made_at) == (Job.State.FAILED, None)
    assert Event.objects.filter(action="student.exported").count() == 1
    assert fetched(cast.registrar, done) == 403
    with pytest.raises(NotPermitted):
        asked(cast, people)


def test_nobody_exports_other_schools_or_unmasks_without_the_right(cast: Cast) -> None:
    own, foreign = make_student("王小明", cast), make_student("李小红", cast, school=cast.other_school)
    assert asked(cast, [own, foreign]).people == [own.pk]
    with pytest.raises(WrongState):
        asked(cast, [foreign])
    for who in (cast.teacher, cast.adviser, cast.clerk, cast.archive_head, cast.security_admin):
        with pytest.raises(NotPermitted):
            asked(cast, [own], actor=who)


def test_a_job_that_runs_twice_makes_one_file(cast: Cast) -> None:
    typed = made(cast, pupils(cast, "王小明"))
    assert typed.job
    before = (typed.file_id, typed.made_at, Event.objects.count())
    Job.objects.filter(pk=typed.job.pk).update(state=Job.State.QUEUED)
    run(typed.job.pk)
    again = fresh(typed)
    assert (again.file_id, again.made_at, Event.objects.count()) == before


def test_a_worker_that_dies_in_the_middle_leaves_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = stepped(cast.second_registrar, asked(cast, pupils(cast, "王小明")))
    assert typed.job

    def dies(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(actions, "_note", dies)
        with pytest.raises(KeyboardInterrupt), transaction.atomic():
            run(typed.job.pk)
    assert (fresh(typed).file, fresh(typed).made_at) == (None, None)
    run(typed.job.pk)
    assert fresh(typed).rows == 1
    assert Event.objects.filter(action="export.made").count() == 1


def test_the_file_is_deleted_after_a_day_and_the_register_stays(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    typed = made(cast, pupils(cast, "王小明"))
    assert discard_exports() == 0
    with acting(cast.registrar):
        typed.lapses_at = timezone.now() - timedelta(seconds=1)
        typed.save(update_fields=["lapses_at"])
    assert fetched(cast.registrar, typed) == 403
    assert typed.file and default_storage.exists(typed.file.storage_key)
    with django_capture_on_commit_callbacks(execute=True):
        assert discard_exports() == 1
    assert not default_storage.exists(typed.file.storage_key)
    assert discard_exports() == 0
    typed = fresh(typed)
    assert (typed.rows, len(typed.sha256), typed.is_there) == (1, 64, False)
    assert Event.objects.filter(action="export.lapsed").count() == 1


def test_a_destroyed_student_takes_waiting_files_along(cast: Cast) -> None:
    one, two = pupils(cast, "王小明", "李小红")
    his, others = made(cast, [one, two]), made(cast, [two])
    with acting(cast.archivist):
        assert actions.erase(one) == [his.file]
    assert fresh(his).discarded_at is not None
    assert fetched(cast.registrar, fresh(his)) == 403
    assert fetched(cast.registrar, others) == 200


def test_text_has_a_byte_order_mark_and_no_running_cell(cast: Cast) -> None:
    typed = made(
        cast, pupils(cast, "@SUM(A1)"), file_format="csv", columns=["name", "is_orphan", "birth_date"]
    )
    data = content(typed)
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert typed.request.number in rows[0][0]
    assert rows[1:] == [["姓名", "出生日期", "是否孤儿"], ["'@SUM(A1)", "2019-06-03", ""]]


def test_every_column_can_be_exported_at_the_cost_of_few(cast: Cast) -> None:
    fields = [column.field for column in columns_of(cast.school)]
    one, *_more = people = pupils(cast, "王小明", "李小红", "张小军")
    counted = []
    for students in ([one], people):
        typed = stepped(cast.second_registrar, asked(cast, students, columns=fields))
        assert typed.job
        with CaptureQueriesContext(connection) as queries:
            run(typed.job.pk)
        counted.append(len(queries))
    assert counted[0] == counted[1]
    header, row = sheet(content(fresh(typed)))[1:3]
    shown = dict(zip(header, row, strict=True))
    told = {"学校标识码": cast.school.code, "班号": cast.school_class.class_no, "学籍状态": "在读"}
    assert {key: shown[key] for key in told} == told
    assert shown["成员1姓名"] == "赵丽"
    assert shown["成员1联系电话"].startswith("139****")


def test_two_confirm_at_the_same_moment_and_one_file_comes_of_it(committed_db: str) -> None:
    cast = make_cast()
    typed = asked(cast, pupils(cast, "王小明"))
    results = at_once(*[lambda: stepped(cast.second_registrar, typed)] * 2)
    assert sorted(isinstance(one, RequestRefused) for one in results) == [False, True]
    assert Job.objects.filter(kind=actions.JOB).count() == 1


def test_the_register_shows_ones_own_and_auditors_all(cast: Cast) -> None:
    typed = asked(cast, pupils(cast, "王小明"))
    assert list(selectors.exports(cast.registrar)) == [typed]
    assert list(selectors.exports(cast.auditor)) == list(selectors.exports(cast.security_admin)) == [typed]
    assert not selectors.exports(cast.second_registrar).exists()
    assert request_reads.request_for(cast.auditor, typed.request.public_id) == typed.request


def test_live_rows_and_their_history_agree(cast: Cast) -> None:
    made(cast, pupils(cast, "王小明"))
    findings = Findings()
    live.check(findings, [])
    assert not [one for one in findings.kept if one.table == ExportRequest._meta.db_table]
