"""Students check their own files: they confirm them or ask for corrections, which the office answers once."""

from datetime import date, timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from django.db import IntegrityError, transaction
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.scope import NotPermitted, OutOfScope
from approvals import actions as requests
from approvals import inbox
from approvals.models import Request
from approvals.reasons import ReturnReason
from approvals.refusals import AlreadyDecided, OwnFile, RequestRefused
from archive.edits import actions as edits
from archive.edits.checking import asked
from archive.eep.building import build
from core.crypto import blind_index
from ledger.context import acting
from ledger.models import Event
from records.models import Enrolment, OwnCheck, Student
from records.own_check_models import WORDS_LENGTH
from records.self_service import actions, selectors
from tests.archive.appraising import WAY, applied, ten_years, walk
from tests.archive.asking import moves_on, proof, submitted_edit
from tests.archive.test_destruction import rows_that_say
from tests.archive.test_four_checks import student as accepted
from tests.cast import Cast, make_cast
from tests.enrollment.intake import id_number
from tests.factories import appoint, make_class, make_user, saved
from tests.records.files import make_account, make_student
from tests.support.together import at_once

__all__ = ["accepted"]
pytestmark = pytest.mark.django_db
HOME = "/my-file/"
CONFIRM, ASK = "records:own_file_confirm", "records:own_file_correction"
SAID = "爸爸的电话早就换了"


@pytest.fixture
def pupil(cast: Cast) -> Student:
    return make_student("王小明", cast, school_class=cast.school_class)


def ask(account: User, words: str = SAID, section: str = "family") -> OwnCheck:
    """What a student says is wrong."""
    own = selectors.own_file(account)
    assert own
    actions.ask_correction(actor=account, file=own, section=section, words=words)
    return OwnCheck.objects.get(pk=selectors.checks(own)[0].pk)


def waiting(user: User) -> list[int]:
    """How many corrections stand in the inbox of somebody."""
    return [one.count for one in inbox.rows_by_source(user, "waiting").get("corrections", [])]


@pytest.mark.requirement("S2-1-1")
def test_a_student_asks_and_reads_the_answer(cast: Cast, pupil: Student, client: Client) -> None:
    account = make_account(pupil)
    client.force_login(account)
    assert client.post(reverse(ASK), {"section": "family", "words": SAID}).url == HOME
    row = OwnCheck.objects.get()
    assert (row.student, row.section, row.words, row.answered_at) == (pupil, "family", SAID, None)
    kept = Event.objects.get(action="student.correction_asked")
    assert (kept.subject, kept.role, kept.actor_id) == (pupil.public_id, "student", account.pk)
    assert SAID in client.get(HOME).content.decode()
    office = Client()
    office.force_login(cast.registrar)
    assert waiting(cast.registrar) == [1]
    page = office.get(reverse("records:corrections"), {"state": "open"}).content.decode()
    address = reverse("records:correction", args=[row.public_id])
    assert address in page and "王小明" in page
    assert SAID in office.get(address).content.decode()
    assert Event.objects.filter(action="student.viewed", subject=pupil.public_id).count() == 1
    edit = submitted_edit(cast, pupil, {"talent": "围棋"})
    values = {"answer": "已提交更改申请", "request_no": edit.request.number}
    assert office.post(address, values).url == address
    told = Event.objects.get(action="student.correction_answered")
    assert (told.subject, told.role, told.actor_id) == (pupil.public_id, "registrar", cast.registrar.pk)
    shown = client.get(HOME).content.decode()
    assert "已提交更改申请" in shown and edit.request.number in shown and cast.registrar.name not in shown
    assert waiting(cast.registrar) == []
    assert not Event.objects.filter(detail__icontains=SAID).exists()


@pytest.mark.requirement("S2-1-1")
def test_two_presses_are_one_confirmation(cast: Cast, pupil: Student, client: Client) -> None:
    client.force_login(make_account(pupil))
    for _press in range(2):
        assert client.post(reverse(CONFIRM)).url == HOME
    row = OwnCheck.objects.get()
    assert (row.kind, row.words, row.section) == ("confirmed", "", "")
    assert Event.objects.get(action="student.own_file_confirmed").subject == pupil.public_id
    page = client.get(HOME)
    assert page.context["confirmed"] == row and page.context["may_confirm"]
    assert waiting(cast.registrar) == []


def test_what_is_confirmed_again_later_is_kept_again(cast: Cast, pupil: Student) -> None:
    account = make_account(pupil)
    own = selectors.own_file(account)
    assert own
    actions.confirm(actor=account, file=own)
    with patch.object(timezone, "now", return_value=timezone.now() + timedelta(minutes=2)):
        actions.confirm(actor=account, file=own)
    last = selectors.last_confirmed(own)
    assert OwnCheck.objects.count() == 2 and last
    assert last.asked_at > timezone.now() + timedelta(minutes=1)


def test_after_a_correction_that_was_answered_a_confirmation_is_a_new_one(cast: Cast, pupil: Student) -> None:
    account = make_account(pupil)
    own = selectors.own_file(account)
    assert own
    actions.confirm(actor=account, file=own)
    actions.answer(actor=cast.registrar, check=ask(account), words="已更正")
    actions.confirm(actor=account, file=own)
    actions.confirm(actor=account, file=own)
    assert OwnCheck.objects.filter(kind="confirmed").count() == 2


def test_nobody_confirms_what_he_says_is_wrong(cast: Cast, pupil: Student, client: Client) -> None:
    account = make_account(pupil)
    row = ask(account)
    client.force_login(account)
    assert not client.get(HOME).context["may_confirm"]
    client.post(reverse(CONFIRM))
    assert not OwnCheck.objects.filter(kind="confirmed").exists()
    actions.answer(actor=cast.registrar, check=row, words="已更正")
    client.post(reverse(CONFIRM))
    assert OwnCheck.objects.filter(kind="confirmed").exists()


@pytest.mark.parametrize(
    ("section", "words"),
    [("family", " "), ("family", "错" * (WORDS_LENGTH + 1)), ("changes", SAID), ("", SAID)],
)
def test_what_says_nothing_is_refused(
    cast: Cast, pupil: Student, client: Client, section: str, words: str
) -> None:
    account = make_account(pupil)
    client.force_login(account)
    answer = client.post(reverse(ASK), {"section": section, "words": words})
    assert answer.status_code == 422 and "王小明" in answer.content.decode()
    own = selectors.own_file(account)
    assert own
    with pytest.raises(RequestRefused):
        actions.ask_correction(actor=account, file=own, section=section, words=words)
    assert not OwnCheck.objects.exists()


def test_a_sixth_open_correction_is_refused_with_words(cast: Cast, pupil: Student, client: Client) -> None:
    account = make_account(pupil)
    rows = [ask(account, f"第{number}处") for number in range(actions.MOST_OPEN)]
    client.force_login(account)
    refused = client.post(reverse(ASK), {"section": "basic", "words": "第六处"})
    assert refused.status_code == 422 and "第六处" in refused.content.decode()
    assert OwnCheck.objects.count() == actions.MOST_OPEN == 5
    actions.answer(actor=cast.registrar, check=rows[0], words="已更正")
    assert client.post(reverse(ASK), {"section": "basic", "words": "第六处"}).status_code == 302
    shown = [one.words for one, _section, _state in client.get(HOME).context["checks"]]
    assert shown[0] == "第六处" and len(shown) == 6, "the newest first"


def test_two_at_once_ask_for_no_more_than_five(committed_db: str) -> None:
    cast = make_cast()
    account = make_account(make_student("王小明", cast))
    for number in range(actions.MOST_OPEN - 1):
        ask(account, f"第{number}处")
    results = at_once(*(partial(ask, account, words) for words in ("甲", "乙")))
    assert sorted(type(one).__name__ for one in results) == ["OwnCheck", "RequestRefused"]
    assert OwnCheck.objects.count() == actions.MOST_OPEN


def test_of_two_answers_one_wins_and_the_other_is_told(committed_db: str) -> None:
    cast = make_cast()
    row = ask(make_account(make_student("王小明", cast)))
    both = (cast.registrar, cast.second_registrar)
    results = at_once(*(partial(actions.answer, actor=one, check=row, words=one.staff_no) for one in both))
    (lost,) = [one for one in results if one is not None]
    row.refresh_from_db()
    assert isinstance(lost, AlreadyDecided) and lost.by == row.answered_by
    assert row.answered_by and row.answer == row.answered_by.staff_no
    assert Event.objects.filter(action="student.correction_answered").count() == 1


def test_the_answer_names_a_request_about_this_student(cast: Cast, pupil: Student) -> None:
    row = ask(make_account(pupil))
    other = submitted_edit(cast, make_student("李小红", cast), {"talent": "围棋"})
    for number in ("XG-0000", other.request.number):
        with pytest.raises(RequestRefused):
            actions.answer(actor=cast.registrar, check=row, words="已更正", request_no=number)
    with pytest.raises(RequestRefused):
        actions.answer(actor=cast.registrar, check=row, words="  ")
    row.refresh_from_db()
    assert row.answered_at is None


def test_the_answer_may_name_a_request_about_brother_and_sister(cast: Cast, pupil: Student) -> None:
    sister = make_student("王小红", cast, school_class=cast.school_class)
    stays = [(one, one.enrolments.get()) for one in (pupil, sister)]
    edit = edits.draft(
        actor=cast.registrar, school=cast.school, asked=[asked(*one, {"talent": "围棋"}) for one in stays],
        cause="change", reason="家长来电", basis="户口簿", proofs=(proof(),),
    )  # fmt: skip
    requests.submit(actor=cast.registrar, request=edit.request)
    number = Request.objects.get(pk=edit.request.pk).number
    for one in (pupil, sister):
        row = ask(make_account(one))
        actions.answer(actor=cast.registrar, check=row, words="已提交", request_no=number)
        row.refresh_from_db()
        assert row.request_no == number
    stranger = ask(make_account(make_student("李小红", cast)))
    with pytest.raises(RequestRefused):
        actions.answer(actor=cast.registrar, check=stranger, words="已提交", request_no=number)


def test_the_answer_names_no_request_that_was_refused_or_recalled(cast: Cast, pupil: Student) -> None:
    row = ask(make_account(pupil))
    edit = submitted_edit(cast, pupil, {"talent": "围棋"})
    requests.recall(actor=cast.registrar, request=edit.request)
    refused = submitted_edit(cast, pupil, {"talent": "象棋"})
    requests.refuse(
        actor=cast.archivist, request=refused.request, reason=ReturnReason.OTHER, comment="与材料不符"
    )
    for one in (edit, refused):
        with pytest.raises(RequestRefused):
            actions.answer(actor=cast.registrar, check=row, words="已更正", request_no=one.request.number)
    row.refresh_from_db()
    assert row.answered_at is None


def test_nobody_answers_his_own_child(cast: Cast, pupil: Student, client: Client) -> None:
    row = ask(make_account(pupil))
    number = id_number(3)
    father, member = cast.registrar, pupil.family.get()
    father.id_number = member.id_number = number
    father.id_number_index = member.id_number_index = blind_index("id_number", number)
    saved(father)
    saved(member)
    with pytest.raises(OwnFile):
        actions.answer(actor=father, check=row, words="已更正")
    client.force_login(father)
    assert (
        client.post(reverse("records:correction", args=[row.public_id]), {"answer": "好"}).status_code == 422
    )
    row.refresh_from_db()
    assert row.answered_at is None


# Whose it is


def test_others_see_no_correction(cast: Cast, pupil: Student) -> None:
    row = ask(make_account(pupil))
    clerk = make_user("陈老师", cast.other_school)
    appoint(clerk, Role.REGISTRAR, cast.other_school)
    assert not selectors.corrections(clerk).exists() and waiting(clerk) == []
    with pytest.raises(OutOfScope):
        selectors.correction_for(clerk, row.public_id)
    with pytest.raises(NotPermitted):
        actions.answer(actor=clerk, check=row, words="已更正")
    with pytest.raises(NotPermitted):
        selectors.correction_for(cast.archivist, row.public_id)
    with pytest.raises(Http404):
        selectors.correction_for(cast.registrar, pupil.public_id)


def test_what_a_student_asked_goes_with_him(cast: Cast, pupil: Student) -> None:
    row = ask(make_account(pupil))
    moves_on(cast, pupil)
    assert not selectors.corrections(cast.registrar).exists() and waiting(cast.registrar) == []
    with pytest.raises((OutOfScope, NotPermitted)):
        selectors.correction_for(User.objects.get(pk=cast.registrar.pk), row.public_id)
    there = appoint(make_user("郑新", cast.other_school), Role.REGISTRAR, cast.other_school).user
    assert [one.pk for one in selectors.corrections(there)] == [row.pk] and len(waiting(there)) == 1
    _file, found = selectors.correction_for(there, row.public_id)
    actions.answer(actor=there, check=found, words="已更正")
    row.refresh_from_db()
    assert row.answered_by == there


def test_the_new_school_finds_it_under_its_own_unit_number_and_class(
    cast: Cast, pupil: Student, client: Client
) -> None:
    old = pupil.enrolments.get().student_no
    row = ask(make_account(pupil))
    stay = moves_on(cast, pupil)
    stay.school_class = make_class(cast.other_school, number=7)
    saved(stay)
    there = appoint(make_user("郑新", cast.other_school), Role.REGISTRAR, cast.other_school).user
    client.force_login(there)
    client.post("/me/unit/", {"unit": str(cast.other_school.public_id), "next": "/"})
    page = client.get(reverse("records:corrections")).content.decode()
    assert str(row.public_id) in page
    assert stay.student_no in page and stay.school_class.label in page
    assert old not in page and cast.school_class.label not in page
    for typed, found in ((stay.student_no, True), (old, False)):
        values = {"list_form": "filter", "q": typed}
        page = client.post(reverse("records:corrections"), values, follow=True).content.decode()
        assert (str(row.public_id) in page) is found


def test_no_student_acts_on_a_file_that_his_account_opens_no_more(cast: Cast, pupil: Student) -> None:
    account = make_account(pupil)
    own = selectors.own_file(account)
    assert own
    stay = pupil.enrolments.get()
    stay.ended_on, stay.status = date(2026, 11, 1), Student.Status.GRADUATED
    saved(stay)
    with pytest.raises(RequestRefused):
        actions.ask_correction(actor=account, file=own, section="basic", words=SAID)
    with pytest.raises(RequestRefused):
        actions.confirm(actor=account, file=own)
    assert not OwnCheck.objects.exists()


def test_a_list_and_an_inbox_cost_the_same_for_any_number(
    cast: Cast, client: Client, django_assert_max_num_queries: Any
) -> None:
    client.force_login(cast.registrar)
    address = reverse("records:corrections")
    client.get(address)
    for name in ("王小明", "李小红", "张小华"):
        account = make_account(make_student(name, cast, school_class=cast.school_class))
        ask(account)
        ask(account)
    assert selectors.corrections(cast.registrar).count() == 6
    with django_assert_max_num_queries(1):
        rows = list(selectors.corrections(cast.registrar))
        assert all(one.student.name and one.here_no and one.here_class for one in rows)
    assert waiting(cast.registrar) == [6]
    assert client.get(address).content.decode().count("/student-corrections/") >= 6


# What the database holds, and what remains


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "confirmed", "section": "basic"},
        {"kind": "correction"},
        {"kind": "correction", "section": "basic", "request_no": "XG-1"},
        {"kind": "correction", "section": "basic", "answered_at": "2026-11-22T08:00Z"},
    ],
)
def test_half_a_check_is_refused_by_the_database(cast: Cast, pupil: Student, values: dict[str, Any]) -> None:
    stay: Enrolment = pupil.enrolments.get()
    with acting(cast.registrar), pytest.raises(IntegrityError), transaction.atomic():
        OwnCheck.objects.create(student=pupil, enrolment=stay, **values)


def test_no_package_tells_what_a_student_said(cast: Cast, accepted: Student) -> None:
    account = make_account(accepted)
    row = ask(account)
    actions.answer(actor=cast.registrar, check=row, words="已更正电话")
    own = selectors.own_file(account)
    assert own
    actions.confirm(actor=account, file=own)
    told = build(accepted)
    assert "业务行为".encode() in told
    assert b"correction" not in told and b"confirmed" not in told and SAID.encode() not in told


@pytest.mark.requirement("S3-9.2-3")
def test_nothing_said_remains_of_a_destroyed_file(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    ten_years(cast)
    student = make_student("王小明", cast)
    account = make_account(student)
    row = ask(account)
    actions.answer(actor=cast.registrar, check=row, words="电话已更正为新号")
    assert len(rows_that_say((SAID, "已更正为新号"))) >= 4, "the search of this test finds what is there"
    stay = student.enrolments.get()
    stay.started_on, stay.ended_on = date(2005, 9, 1), date(2011, 6, 30)
    stay.status = Student.Status.GRADUATED
    saved(stay)
    with django_capture_on_commit_callbacks(execute=True):
        walk(cast, applied(cast), *WAY)
    assert rows_that_say((SAID, "已更正为新号")) == []
    assert not OwnCheck.objects.exists()
