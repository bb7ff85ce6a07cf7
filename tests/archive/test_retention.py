"""E.10 until the destruction: when a file's retention ends, what is listed, how members vote, what the report says."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from accounts.scope import NotPermitted
from approvals.models import Notice
from approvals.refusals import OwnFile, RequestRefused, WrongState
from archive.models import AppraisalRound, AppraisalVote, AppraisedFile, Appraiser, RetentionTerm
from archive.retention import actions
from archive.retention.obstacles import years_after
from archive.retention.selectors import expired, period_of, waiting_rounds
from files.selectors import open_blob
from ledger.models import Event
from records import selectors
from records.models import Student
from records.search import fill
from school.rules import PERMANENT, rule
from tests.archive.appraising import MEMBERS, closed, leaver, opened, ten_years, voted
from tests.archive.asking import submitted_edit
from tests.archive.test_deletions import held, lent
from tests.cast import Cast
from tests.enrollment.intake import id_number
from tests.factories import appoint, make_user, saved, set_rule
from tests.records.files import make_student
from tests.records.merits.people import enrolment_of, heard, officer

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)


def listed(cast: Cast) -> list[str]:
    return [row.student.name for row in expired(cast.school)]


@pytest.mark.requirement("S0-4.4-1", "S0-4.4-2")
def test_files_are_permanent_until_a_school_says_for_how_long(cast: Cast) -> None:
    student = leaver(cast)
    assert rule(cast.school, "retention_years") == PERMANENT
    assert period_of(student).until is None
    assert listed(cast) == []
    ten_years(cast)
    assert period_of(student).until == date(2021, 6, 30)
    assert listed(cast) == ["王小明"]
    set_rule(cast.school, "retention_years", PERMANENT, valid_from=date(2026, 1, 1))
    assert listed(cast) == []


@pytest.mark.requirement("S0-4.4-1")
def test_the_period_runs_from_the_end_of_the_last_stretch_and_not_while_enrolled(cast: Cast) -> None:
    ten_years(cast)
    today = timezone.localdate()
    leaver(cast, "满期", left=years_after(today, -10) - timedelta(days=1))
    leaver(cast, "未满", left=years_after(today, -10))
    present = make_student("在校", cast)
    assert listed(cast) == ["满期"]
    assert period_of(present).enrolled
    assert years_after(date(2024, 2, 29), 1) == date(2025, 2, 28)


def test_a_mark_lengthens_and_never_shortens(cast: Cast) -> None:
    ten_years(cast)
    student = leaver(cast)
    file = selectors.student_file(cast.archivist, student.public_id)
    later = timezone.localdate() + timedelta(days=400)
    actions.mark(actor=cast.archivist, file=file, until=later, reason="校史需要")
    assert (period_of(student).until, listed(cast)) == (later, [])
    for until in (later, timezone.localdate(), timezone.localdate() - timedelta(days=1)):
        with pytest.raises(RequestRefused):
            actions.mark(actor=cast.archivist, file=file, until=until, reason="缩短")
    actions.mark(actor=cast.archive_head, file=file, until=None, reason="永久保存")
    assert period_of(student).until is None
    assert RetentionTerm.objects.count() == 2
    assert Event.objects.filter(action="retention.marked", subject=student.public_id).count() == 2
    for again in (None, later + timedelta(days=400)):
        with pytest.raises(WrongState):
            actions.mark(actor=cast.archivist, file=file, until=again, reason="不再永久")
    other = selectors.student_file(cast.registrar, student.public_id)
    with pytest.raises(NotPermitted):
        actions.mark(actor=cast.registrar, file=other, until=None, reason="无权")


def test_of_several_marks_the_longest_counts(cast: Cast) -> None:
    ten_years(cast)
    student = leaver(cast)
    today = timezone.localdate()
    ends = (today + timedelta(days=400), today - timedelta(days=1), None, today - timedelta(days=1))
    longest = [ends[0], ends[0], None, None]
    for until, left in zip(ends, longest, strict=True):
        RetentionTerm.objects.create(
            student=student, school=cast.school, until=until, reason="校史需要", set_by=cast.archivist
        )
        assert (period_of(student).until, listed(cast)) == (left, [])


@pytest.mark.requirement("S0-4.4-3")
def test_what_stands_in_the_way_keeps_a_file_off_the_list(cast: Cast) -> None:
    ten_years(cast)
    names = {"封存": held, "借出": lent}
    for name, put in names.items():
        put(cast, leaver(cast, name))
    submitted_edit(cast, leaver(cast, "修改"), {"talent": "围棋"})
    penal = make_student("处分", cast)
    heard(officer(cast), enrolment_of(penal))
    stay = penal.enrolments.get()
    stay.started_on, stay.ended_on = date(2005, 9, 1), date(2011, 6, 30)
    saved(stay)
    moved = leaver(cast, "转走")
    stay = moved.enrolments.get()
    saved(
        type(stay)(
            student=moved, school=cast.other_school, unit=cast.other_school, student_no="2012880001",
            started_on=date(2011, 9, 1), ended_on=date(2012, 6, 30),
        )
    )  # fmt: skip
    leaver(cast, "可鉴定")
    assert listed(cast) == ["可鉴定"]


@pytest.mark.requirement("S0-4.4-3")
def test_the_yearly_job_opens_one_round_for_each_school_and_only_one(cast: Cast) -> None:
    ten_years(cast)
    assert actions.open_due() == 0
    leaver(cast)
    assert actions.open_due() == 1
    assert actions.open_due() == 0
    row = AppraisalRound.objects.get()
    assert (row.number, row.files.count()) == (f"JD-{timezone.localdate().year}-000001", 1)
    assert Notice.objects.get().about == row.number
    actions.drop_round(actor=cast.archivist, row=row, reason="重新组织")
    assert actions.open_due() == 0, "once a year"
    assert actions.open_round(actor=cast.archive_head, school=cast.school).files.count() == 1


def test_a_round_needs_files_and_the_right_and_is_open_once(cast: Cast) -> None:
    ten_years(cast)
    with pytest.raises(WrongState):
        actions.open_round(actor=cast.archivist, school=cast.school)
    leaver(cast)
    for name in ("registrar", "leader", "academic_head", "outsider"):
        with pytest.raises(NotPermitted):
            actions.open_round(actor=getattr(cast, name), school=cast.school)
    actions.open_round(actor=cast.archivist, school=cast.school)
    with pytest.raises(WrongState):
        actions.open_round(actor=cast.archivist, school=cast.school)
    with pytest.raises(IntegrityError), transaction.atomic():
        saved(AppraisalRound(number="JD-0", school=cast.school, opened_by=cast.archivist))


@pytest.mark.requirement("S0-4.4-4")
def test_an_appraisal_wants_three_members_of_two_departments_and_every_vote(cast: Cast) -> None:
    ten_years(cast)
    leaver(cast)
    row = opened(cast, "archive_head", "second_archivist", "head")
    voted(cast, row, people=("archive_head", "second_archivist", "head"))
    with pytest.raises(WrongState, match="三名成员"):
        actions.close_round(actor=cast.archivist, row=row, kept_years=10)
    actions.name_appraiser(actor=cast.archivist, row=row, user=cast.academic_head)
    with pytest.raises(WrongState, match="还缺"):
        actions.close_round(actor=cast.archivist, row=row, kept_years=10)
    voted(cast, row, people=("academic_head",))
    actions.close_round(actor=cast.archivist, row=row, kept_years=10)
    assert AppraisedFile.objects.get().outcome == "destroy"


def test_only_who_may_vote_is_named_once_and_while_the_round_is_open(cast: Cast) -> None:
    ten_years(cast)
    leaver(cast)
    row = opened(cast)
    for name in ("registrar", "outsider", "leader"):
        with pytest.raises(RequestRefused):
            actions.name_appraiser(actor=cast.archivist, row=row, user=getattr(cast, name))
    with pytest.raises(WrongState):
        actions.name_appraiser(actor=cast.archivist, row=row, user=cast.head)
    with pytest.raises(NotPermitted):
        actions.name_appraiser(actor=cast.head, row=row, user=cast.archive_head)
    actions.drop_round(actor=cast.archivist, row=row, reason="重新组织")
    with pytest.raises(IntegrityError), transaction.atomic():
        Appraiser.objects.create(
            round=row, user=cast.archive_head, department=cast.archives, named_by=cast.archivist
        )


@pytest.mark.requirement("S0-4.4-4")
def test_a_vote_is_cast_once_by_a_member_while_the_round_is_open(cast: Cast) -> None:
    ten_years(cast)
    leaver(cast)
    row = opened(cast)
    file = row.files.get()
    values: dict[str, Any] = {"row": row, "files": [file.pk], "verdict": "destroy", "reason": "无续存价值"}
    for name in ("archivist", "archive_head", "leader", "registrar"):
        with pytest.raises(NotPermitted):
            actions.vote(actor=getattr(cast, name), **values)
    assert waiting_rounds(cast.head) == {row: 1}
    actions.vote(actor=cast.head, **values)
    assert waiting_rounds(cast.head) == {}
    with pytest.raises(WrongState, match="已"):
        actions.vote(actor=cast.head, **values)
    member = Appraiser.objects.get(user=cast.head)
    with pytest.raises(IntegrityError), transaction.atomic():
        AppraisalVote.objects.create(file=file, appraiser=member, verdict="keep", reason="改主意")
    for wrong in ({"reason": " "}, {"verdict": "burn"}, {"files": []}, {"files": [file.pk, 987654]}):
        with pytest.raises(RequestRefused):
            actions.vote(actor=cast.academic_head, **{**values, **wrong})
    voted(cast, row, people=MEMBERS[1:])
    actions.close_round(actor=cast.archivist, row=row, kept_years=None)
    with pytest.raises(WrongState):
        actions.vote(actor=cast.head, **values)
    late = Appraiser.objects.filter(round=row).first()
    with pytest.raises(IntegrityError, match="closed"), transaction.atomic():
        AppraisalVote.objects.create(file=file, appraiser=late, verdict="keep", reason="迟了")


def test_nobody_votes_on_the_file_of_his_own_family(cast: Cast) -> None:
    ten_years(cast)
    number = id_number(7)
    parent = leaver(cast).family.get()
    parent.id_number = number
    fill(parent)
    saved(parent)
    mother = cast.head
    mother.id_number, mother.id_number_index = number, parent.id_number_index
    saved(mother)
    row = opened(cast)
    with pytest.raises(OwnFile):
        actions.vote(actor=mother, row=row, files=[row.files.get().pk], verdict="keep", reason="留")


@pytest.mark.requirement("S0-4.4-3", "S0-4.4-4", "S3-9.1-1")
def test_one_vote_keeps_a_file_with_a_new_period_and_the_report_says_so(cast: Cast) -> None:
    ten_years(cast)
    kept, gone = leaver(cast, "王小明"), leaver(cast, "李小红")
    row = opened(cast)
    by_student = {one.student_id: one.pk for one in row.files.all()}
    voted(cast, row, people=MEMBERS[1:])
    actions.vote(actor=cast.head, row=row, files=[by_student[kept.pk]], verdict="keep", reason="校史需要")
    actions.vote(actor=cast.head, row=row, files=[by_student[gone.pk]], verdict="destroy", reason="无价值")
    row = actions.close_round(actor=cast.archivist, row=row, kept_years=30)
    assert dict(row.files.values_list("student", "outcome")) == {kept.pk: "keep", gone.pk: "destroy"}
    assert period_of(kept).until == years_after(timezone.localdate(), 30)
    assert listed(cast) == []
    assert row.report is not None
    content = open_blob(row.report)
    assert content.startswith(b"%PDF-") and b"pdfaid" in content
    assert row.report_sha256 == row.report.sha256
    assert "王小明".encode() not in content


def test_a_hold_that_came_meanwhile_spares_the_file(cast: Cast) -> None:
    ten_years(cast)
    student = leaver(cast)
    row = opened(cast)
    voted(cast, row)
    held(cast, student)
    row = actions.close_round(actor=cast.archivist, row=row, kept_years=10)
    assert row.files.get().outcome == "spared"
    assert RetentionTerm.objects.count() == 0


@pytest.mark.requirement("S0-4.4-3")
@pytest.mark.parametrize("days", [None, 400])
def test_a_mark_that_came_meanwhile_spares_the_file_and_stays(cast: Cast, days: int | None) -> None:
    ten_years(cast)
    student = leaver(cast)
    row = opened(cast)
    voted(cast, row)
    file = selectors.student_file(cast.archivist, student.public_id)
    until = days and timezone.localdate() + timedelta(days=days)
    actions.mark(actor=cast.archivist, file=file, until=until or None, reason="校史需要")
    row = actions.close_round(actor=cast.archivist, row=row, kept_years=1)
    assert row.files.get().outcome == "spared"
    assert period_of(student).until == until


@pytest.mark.requirement("S0-4.4-3")
def test_a_longer_rule_that_came_meanwhile_spares_the_file(cast: Cast) -> None:
    ten_years(cast)
    leaver(cast)
    row = opened(cast)
    voted(cast, row)
    set_rule(cast.school, "retention_years", "30", valid_from=date(2026, 1, 1))
    row = actions.close_round(actor=cast.archivist, row=row, kept_years=1)
    assert row.files.get().outcome == "spared"


def test_the_pages_say_who_may_do_what(cast: Cast, client: Client) -> None:
    ten_years(cast)
    student = leaver(cast)
    client.force_login(cast.archivist)
    assert client.post(reverse("archive:round_open")).status_code == 302
    row = AppraisalRound.objects.get()
    page = reverse("archive:round", args=[row.public_id])
    assert "王小明" in client.get(page).content.decode()
    for name in MEMBERS:
        done = client.post(
            reverse("archive:round_member", args=[row.public_id]), {"user": getattr(cast, name).pk}
        )
        assert done.status_code == 302
    client.force_login(cast.head)
    vote = reverse("archive:round_vote", args=[row.public_id])
    assert client.post(vote, {"verdict": "destroy", "reason": ""}).status_code == 422
    client.post(vote, {"verdict": "destroy", "reason": "无价值", "ids": [row.files.get().pk]})
    assert AppraisalVote.objects.count() == 1
    for name, status in (("registrar", 403), ("outsider", 403), ("second_registrar", 403)):
        client.force_login(getattr(cast, name))
        assert client.get(page).status_code == status
    other = make_user("外校", cast.other_school)
    appoint(other, Role.ARCHIVE_HEAD, cast.other_school)
    client.force_login(other)
    assert client.get(page).status_code == 404
    client.force_login(cast.archivist)
    keeping = reverse("archive:keeping", args=[student.public_id])
    assert "2021" in client.get(keeping).content.decode()
    marking = reverse("archive:retention_mark", args=[student.public_id])
    assert client.post(marking, {"period-reason": "校史"}).status_code == 422
    assert client.post(marking, {"period-permanent": "on", "period-reason": "校史"}).status_code == 302
    assert period_of(Student.objects.get(pk=student.pk)).until is None


def test_a_closed_round_cannot_lose_its_report(cast: Cast) -> None:
    ten_years(cast)
    leaver(cast)
    row = closed(cast)
    row.report = None
    with pytest.raises(IntegrityError), transaction.atomic():
        saved(row)
