"""Incidents from the report to what was learnt: steps in order, the suspect outside, closing by another (E.16)."""

from datetime import timedelta
from uuid import uuid4

import pypdfium2
import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actions import unlock_user
from accounts.models import User
from accounts.roles import Role
from accounts.scope import NotPermitted, OutOfScope
from approvals.refusals import RequestRefused, SamePerson, WrongState
from archive.certificates import actions as certificates
from audit.incidents import actions, selectors
from audit.incidents.actions import Notice
from audit.incidents.steps import NEEDS, ORDER, following
from audit.models import DataKind, FrozenAccount, Incident, IncidentStep, Step
from ledger import events
from ledger.context import acting
from ledger.models import Event
from records import reading
from records.selectors import student_file
from tests.cast import Cast, make_cast
from tests.enrollment.intake import id_number
from tests.factories import appoint, make_user, saved, set_rule
from tests.records.files import make_student
from tests.support.behind import behind
from tests.support.inbox import inbox_rows
from tests.support.together import at_once

WORDS = {
    "cause": "笔记本电脑被盗",
    "harm": "可能收到诈骗电话",
    "measures": "已挂失",
    "contact": "档案室 8888",
}
TEXT = {**WORDS, "data_kinds": ["contact", "id_number"]}


def reported(cast: Cast, *, by: User | None = None) -> Incident:
    noticed = timezone.now() - timedelta(hours=1)
    return actions.report(actor=by or cast.teacher, kind="leak", what="名单发到了家长群", noticed_at=noticed)


def take(cast: Cast, incident: Incident, *steps: str, actor: User | None = None) -> None:
    """Take these steps as the security administrator."""
    for step in steps:
        notice = Notice("区网信办", "W-1", timezone.now()) if step == Step.AUTHORITY_NOTIFIED else None
        actions.take_step(
            actor=actor or cast.security_admin, incident=incident, step=step, note="已办", notice=notice
        )


@pytest.mark.requirement("S0-5.2-2", "S0-7.3-1", "S0-7.3-2", "S4-6.2-2")
def test_a_case_goes_through_its_steps_and_another_closes_it(cast: Cast) -> None:
    wang = make_student("王小明", cast, school_class=cast.school_class)
    incident = reported(cast)
    assert incident.number.startswith("AQ-")
    take(cast, incident, Step.ISOLATED, Step.AUTHORITY_NOTIFIED)
    actions.add_class(actor=cast.security_admin, incident=incident, school_class=cast.school_class)
    take(cast, incident, Step.ASSESSED)
    with pytest.raises(WrongState):
        take(cast, incident, Step.STUDENTS_NOTIFIED)
    actions.write_letter(actor=cast.security_admin, incident=incident, **TEXT)
    take(cast, incident, Step.STUDENTS_NOTIFIED, Step.REMEDIED, Step.ACCOUNTABILITY, Step.LESSONS)
    with pytest.raises(NotPermitted):
        actions.close(actor=cast.security_admin, incident=incident, note="x")
    actions.close(actor=cast.leader, incident=incident, note="已结案")
    incident.refresh_from_db()
    assert (incident.state, incident.closer, incident.handler) == ("closed", cast.leader, cast.security_admin)
    assert [one.step for one in incident.steps.all()][-1] == Step.CLOSED
    assert Event.objects.filter(action="incident.step").count() == 8
    with pytest.raises(WrongState):
        actions.write_letter(actor=cast.security_admin, incident=incident, **TEXT)
    assert wang.pk in incident.students.values_list("student_id", flat=True)


def test_no_step_comes_before_what_it_needs(cast: Cast) -> None:
    incident = reported(cast)
    done: set[str] = set()
    for step in ORDER[:-1]:
        for early in set(NEEDS) - set(following(done)) - {Step.CLOSED}:
            with pytest.raises(WrongState):
                take(cast, incident, early)
        take(cast, incident, step)
        done.add(step)
    assert following(done) == [Step.CLOSED]


@pytest.mark.requirement("S1-4-4")
def test_the_clock_runs_from_the_report(cast: Cast) -> None:
    set_rule(cast.school, "incident_authority_hours", "2")
    incident = reported(cast)
    assert incident.authority_due - incident.reported_at == timedelta(hours=2)
    (row,) = inbox_rows(cast.security_admin, kind="incidents")
    assert row.due == timezone.localdate(incident.authority_due)
    with pytest.raises(RequestRefused):
        actions.report(
            actor=cast.teacher, kind="loss", what="x", noticed_at=timezone.now() + timedelta(hours=1)
        )


def test_the_suspect_is_outside_even_when_he_is_the_security_administrator(
    cast: Cast, client: Client
) -> None:
    incident = reported(cast, by=cast.security_admin)
    above = make_user("上级安全员", cast.bureau)
    appoint(above, Role.SECURITY_ADMIN, cast.bureau)
    actions.name_suspect(actor=above, incident=incident, staff_no=cast.security_admin.staff_no)
    for act in (
        lambda: take(cast, incident, Step.ISOLATED),
        lambda: actions.freeze(actor=cast.security_admin, incident=incident, staff_no="C001"),
        lambda: actions.write_letter(actor=cast.security_admin, incident=incident, **TEXT),
        lambda: actions.add_class(
            actor=cast.security_admin, incident=incident, school_class=cast.school_class
        ),
        lambda: actions.name_suspect(actor=cast.security_admin, incident=incident, staff_no="C001"),
    ):
        with pytest.raises(SamePerson):
            act()
    with pytest.raises(OutOfScope):
        selectors.incident_for(cast.security_admin, incident.public_id)
    assert not inbox_rows(cast.security_admin, kind="incidents")
    client.force_login(cast.security_admin)
    for name in ("incidents", "incident_report"):
        assert incident.number not in client.get(reverse(f"audit:{name}")).content.decode()
    take(cast, incident, Step.ISOLATED, actor=above)
    with pytest.raises(SamePerson):
        actions.name_suspect(actor=above, incident=incident, staff_no=above.staff_no)


def test_who_took_a_step_does_not_close(cast: Cast) -> None:
    appoint(cast.leader, Role.LEADER, cast.bureau)
    second = make_user("安全员", cast.school)
    appoint(second, Role.SECURITY_ADMIN, cast.school)
    incident = reported(cast)
    take(cast, incident, Step.ISOLATED, actor=second)
    take(cast, incident, *ORDER[1:-1])
    appoint(second, Role.LEADER, cast.school)
    with pytest.raises(SamePerson):
        actions.close(actor=second, incident=incident, note="x")
    actions.close(actor=cast.leader, incident=incident, note="x")


def test_the_database_keeps_the_persons_apart(cast: Cast) -> None:
    incident = reported(cast)
    by = cast.security_admin
    for values in ({"handler": by, "suspect": by}, {"closer": by, "handler": by, "state": "closed"}):
        row = Incident.objects.get(pk=incident.pk)
        for name, value in values.items():
            setattr(row, name, value)
        row.closed_at = timezone.now() if row.closer else None
        with pytest.raises(IntegrityError), transaction.atomic():
            saved(row)
    with pytest.raises(IntegrityError, match="incident_step_suspect"), transaction.atomic():
        IncidentStep.objects.create(incident=incident, step="isolated", by=by, suspect=by, note="x")
    with pytest.raises(IntegrityError, match="incident_authority_told"), transaction.atomic():
        IncidentStep.objects.create(incident=incident, step="authority", by=by, note="x")
    with pytest.raises(IntegrityError, match="nobody_freezes"), transaction.atomic(), acting(by):
        FrozenAccount.objects.create(incident=incident, user=by, by=by)


@pytest.mark.requirement("S4-6.2-2")
def test_an_account_is_frozen_by_the_security_administrator_alone(cast: Cast, client: Client) -> None:
    incident = reported(cast)
    actions.freeze(actor=cast.security_admin, incident=incident, staff_no=cast.clerk.staff_no.lower())
    cast.clerk.refresh_from_db()
    assert cast.clerk.is_active is False
    assert incident.frozen.get().user == cast.clerk
    assert Event.objects.get(action="account.locked").reason == incident.number
    with pytest.raises(WrongState):
        actions.freeze(actor=cast.security_admin, incident=incident, staff_no=cast.clerk.staff_no)
    with pytest.raises(RequestRefused):
        actions.freeze(actor=cast.security_admin, incident=incident, staff_no=cast.security_admin.staff_no)
    with pytest.raises(NotPermitted):
        actions.freeze(actor=cast.security_admin, incident=incident, staff_no=cast.bureau_officer.staff_no)
    with pytest.raises(RequestRefused):
        actions.freeze(actor=cast.security_admin, incident=incident, staff_no=cast.outsider.staff_no)
    cast.bureau_officer.refresh_from_db()
    assert cast.bureau_officer.is_active


@pytest.mark.requirement("S4-6.2-2")
def test_the_extent_is_found_by_class_number_and_by_what_was_read(cast: Cast) -> None:
    one, two, three = (make_student(name, cast) for name in ("王一", "王二", "王三"))
    other = make_student("外校", cast, school=cast.other_school)
    incident = reported(cast)
    by = {"actor": cast.security_admin, "incident": incident}
    actions.add_numbers(**by, numbers=[one.enrolments.get().student_no])
    with pytest.raises(RequestRefused, match=other.enrolments.get().student_no):
        actions.add_numbers(**by, numbers=[other.enrolments.get().student_no])
    for student in (two, two):
        reading.open_file(actor=cast.registrar, file=student_file(cast.registrar, student.public_id))
    reading.open_file(actor=cast.archivist, file=student_file(cast.archivist, three.public_id))
    today = timezone.localdate()
    viewed = {"staff_no": cast.registrar.staff_no, "since": today, "until": today}
    assert actions.add_viewed(**by, **viewed) == 1
    assert actions.add_viewed(**by, **viewed) == 0
    past = today - timedelta(days=1)
    assert actions.add_viewed(**by, staff_no=cast.archivist.staff_no, since=past, until=past) == 0
    found = dict(incident.students.values_list("student_id", "source"))
    assert found == {one.pk: "numbers", two.pk: "viewed"}
    assert selectors.extent_of(incident) == [(None, 2)]


@pytest.mark.requirement("S0-5.2-2", "S4-6.2-2")
def test_the_letters_tell_what_the_law_asks_and_leave_a_trace_for_each_student(
    cast: Cast, client: Client
) -> None:
    number = id_number(3)
    wang = make_student("王小明", cast, school_class=cast.school_class, id_number=number)
    li = make_student("李明", cast)
    incident = reported(cast)
    by = {"actor": cast.security_admin, "incident": incident}
    actions.add_class(**by, school_class=cast.school_class)
    actions.add_numbers(**by, numbers=[li.enrolments.get().student_no])
    actions.write_letter(**by, **TEXT)
    assert not inbox_rows(cast.archive_head, kind="incidents")
    take(cast, incident, Step.ISOLATED, Step.ASSESSED)
    assert len(inbox_rows(cast.archive_head, kind="incidents")) == 1
    client.force_login(cast.archive_head)
    url = reverse("audit:incident_letters", args=[incident.public_id])
    answer = client.post(url, {"school_class": str(cast.school_class.public_id)})
    assert answer["Content-Type"] == "application/pdf"
    document = pypdfium2.PdfDocument(answer.content)
    words = "".join(page.get_textpage().get_text_range() for page in document)
    assert len(document) == 2
    document.close()
    for part in ("王小明", "泄露", "身份证件号码", "电话、住址", *WORDS.values()):
        assert part in words
    assert "银行账户" not in words
    assert number not in words
    assert "李明" not in words
    printed = Event.objects.filter(action="incident.letter_printed")
    assert list(printed.values_list("subject", flat=True)) == [wang.public_id]
    client.force_login(cast.security_admin)
    assert client.get(url).status_code == 403
    page = client.get(reverse("audit:incident", args=[incident.public_id])).content.decode()
    assert "王小明" not in page
    assert "名单发到了家长群" in page


def test_two_people_taking_the_same_step_at_once(committed_db: str) -> None:
    cast = make_cast()
    second = make_user("安全员", cast.school)
    appoint(second, Role.SECURITY_ADMIN, cast.school)
    incident = reported(cast)
    results = at_once(
        lambda: take(cast, incident, Step.ISOLATED), lambda: take(cast, incident, Step.ISOLATED, actor=second)
    )
    assert sum(isinstance(one, WrongState) for one in results) == 1
    assert incident.steps.count() == 1


def test_the_words_of_a_case_are_stored_encrypted(cast: Cast) -> None:
    incident = reported(cast)
    take(cast, incident, Step.ISOLATED)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT what FROM audit_incident UNION ALL SELECT note FROM audit_incidentstep")
        stored = b"".join(bytes(row[0]) for row in cursor.fetchall())
    assert "名单".encode() not in stored
    assert "已办".encode() not in stored


@pytest.mark.requirement("S1-4-4")
def test_the_clock_runs_until_the_authority_was_told(cast: Cast, client: Client) -> None:
    incident = reported(cast)
    incident.authority_due = timezone.now() - timedelta(minutes=1)
    saved(incident)
    take(cast, incident, Step.ISOLATED, Step.ASSESSED)
    client.force_login(cast.security_admin)
    url = reverse("audit:incident", args=[incident.public_id])
    assert client.get(url).context["overdue"]
    (row,) = inbox_rows(cast.security_admin, kind="incidents")
    assert row.due == timezone.localdate(incident.authority_due)
    take(cast, incident, Step.AUTHORITY_NOTIFIED)
    assert not client.get(url).context["overdue"]
    (row,) = inbox_rows(cast.security_admin, kind="incidents")
    assert row.due is None


def test_who_comes_second_sees_whom_the_first_named(committed_db: str) -> None:
    cast = make_cast()
    second = make_user("安全员", cast.school)
    appoint(second, Role.SECURITY_ADMIN, cast.school)
    incident = reported(cast)
    result = behind(
        lambda: actions.name_suspect(
            actor=cast.security_admin, incident=incident, staff_no=cast.clerk.staff_no
        ),
        lambda: take(cast, incident, Step.ISOLATED, actor=second),
    )
    assert not isinstance(result, Exception)
    assert incident.steps.get().suspect == cast.clerk


def test_who_took_a_step_can_be_suspected_once_another_runs_the_case(cast: Cast) -> None:
    second = make_user("安全员", cast.school)
    appoint(second, Role.SECURITY_ADMIN, cast.school)
    incident = reported(cast)
    take(cast, incident, Step.ISOLATED)
    own = cast.security_admin.staff_no
    with pytest.raises(SamePerson):
        actions.name_suspect(actor=second, incident=incident, staff_no=own)
    take(cast, incident, Step.AUTHORITY_NOTIFIED, actor=second)
    actions.name_suspect(actor=second, incident=incident, staff_no=own)
    incident.refresh_from_db()
    assert (incident.suspect, incident.handler) == (cast.security_admin, second)


def test_an_account_that_was_opened_again_can_be_frozen_again(cast: Cast) -> None:
    incident = reported(cast)
    for _ in range(2):
        actions.freeze(actor=cast.security_admin, incident=incident, staff_no=cast.clerk.staff_no)
        cast.clerk.refresh_from_db()
        assert cast.clerk.is_active is False
        unlock_user(actor=cast.system_admin, user=cast.clerk, reason="误冻")
    assert Event.objects.filter(action="incident.frozen").count() == 2
    found = incident.frozen.order_by("pk").values_list("released_by", flat=True)
    assert list(found) == [cast.system_admin.pk] * 2


def test_each_freezing_is_a_row_of_which_one_stands(cast: Cast, client: Client) -> None:
    first, second = reported(cast), reported(cast)
    by = cast.security_admin
    actions.freeze(actor=by, incident=first, staff_no=cast.clerk.staff_no)
    cast.clerk.refresh_from_db()
    unlock_user(actor=cast.system_admin, user=cast.clerk, reason="误冻")
    actions.freeze(actor=by, incident=first, staff_no=cast.clerk.staff_no)
    open_ones = FrozenAccount.objects.filter(user=cast.clerk, released_at__isnull=True)
    assert (first.frozen.count(), open_ones.count()) == (2, 1)
    with pytest.raises(IntegrityError, match="one_open_freeze"), transaction.atomic(), acting(by):
        FrozenAccount.objects.create(incident=second, user=cast.clerk, by=by)
    client.force_login(by)
    page = client.get(reverse("audit:incident", args=[first.public_id])).content.decode()
    assert page.count(cast.clerk.name) == 3
    assert cast.system_admin.name in page


def test_what_was_taken_counts_as_read(cast: Cast) -> None:
    student = make_student("王一", cast)
    incident = reported(cast)
    asked = certificates.Asked(kind="enrolment", purpose="签证")
    certificates.issue(actor=cast.registrar, enrolment=student.enrolments.get(), asked=asked, key=uuid4())
    today = timezone.localdate()
    found = actions.add_viewed(
        actor=cast.security_admin,
        incident=incident,
        staff_no=cast.registrar.staff_no,
        since=today,
        until=today,
    )
    assert found == 1


def test_every_event_that_counts_as_reading_is_registered() -> None:
    assert set(selectors.READING) <= set(events.actions())


@pytest.mark.parametrize(("since", "until"), [("2026-11-02", "2026-11-01"), ("2026-11-01", "9999-12-31")])
def test_days_that_make_no_sense_are_refused(cast: Cast, client: Client, since: str, until: str) -> None:
    incident = reported(cast)
    client.force_login(cast.security_admin)
    sent = {"extent-staff_no": cast.registrar.staff_no, "extent-since": since, "extent-until": until}
    url = reverse("audit:incident_extent", args=[incident.public_id])
    assert client.post(url, sent).status_code == 422


def told_case(cast: Cast) -> Incident:
    """A case of one class whose students were told."""
    make_student("王小明", cast, school_class=cast.school_class)
    incident = reported(cast)
    by = {"actor": cast.security_admin, "incident": incident}
    actions.add_class(**by, school_class=cast.school_class)
    actions.write_letter(**by, **TEXT)
    take(cast, incident, Step.ISOLATED, Step.AUTHORITY_NOTIFIED, Step.ASSESSED, Step.STUDENTS_NOTIFIED)
    return incident


def pdf_words(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    words = "".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return words


@pytest.mark.requirement("S0-5.2-2")
def test_no_letter_goes_without_the_kinds_of_data(cast: Cast, client: Client) -> None:
    make_student("王小明", cast, school_class=cast.school_class)
    incident = reported(cast)
    by = {"actor": cast.security_admin, "incident": incident}
    actions.add_class(**by, school_class=cast.school_class)
    client.force_login(cast.security_admin)
    url = reverse("audit:incident_letter", args=[incident.public_id])
    answer = client.post(url, {f"letter-{name}": words for name, words in WORDS.items()})
    assert answer.status_code == 422
    assert "data_kinds" in answer.context["letter_form"].errors
    actions.write_letter(**by, **WORDS, data_kinds=[])
    take(cast, incident, Step.ISOLATED, Step.ASSESSED)
    for act in (
        lambda: take(cast, incident, Step.STUDENTS_NOTIFIED),
        lambda: actions.print_notice(**by),
        lambda: actions.print_letters(
            actor=cast.archive_head, incident=incident, class_id=cast.school_class.pk
        ),
    ):
        with pytest.raises(WrongState):
            act()
    kinds = {"letter-data_kinds": ["health", "contact"]}
    answer = client.post(url, {f"letter-{name}": words for name, words in WORDS.items()} | kinds)
    assert answer.status_code == 302
    incident.refresh_from_db()
    assert incident.data_kinds == ["contact", "health"]


@pytest.mark.requirement("S0-5.2-2", "S1-4-4")
def test_the_letter_to_the_authority_names_all_that_the_law_asks_and_no_student(
    cast: Cast, client: Client
) -> None:
    incident = told_case(cast)
    row = Incident.objects.get(pk=incident.pk)
    row.data_kinds = DataKind.values
    saved(row)
    client.force_login(cast.security_admin)
    answer = client.post(reverse("audit:incident_notice", args=[incident.public_id]))
    assert answer["Content-Type"] == "application/pdf"
    words = pdf_words(answer.content)
    for part in ("主管部门", "登录账号和密码", "身份证件号码", "1 人", *WORDS.values()):
        assert part in words
    assert "王小明" not in words
    assert Event.objects.filter(action="incident.notice_printed").count() == 1


@pytest.mark.requirement("S0-5.2-2", "S4-6.2-2")
def test_who_comes_onto_the_list_later_is_told_before_the_case_closes(cast: Cast, client: Client) -> None:
    set_rule(cast.school, "incident_students_hours", "48")
    incident = told_case(cast)
    li = make_student("李明", cast)
    assert not inbox_rows(cast.archive_head, kind="incidents")
    take(cast, incident, Step.REMEDIED, Step.ACCOUNTABILITY, Step.LESSONS)
    number = li.enrolments.get().student_no
    actions.add_numbers(actor=cast.security_admin, incident=incident, numbers=[number])
    due = timezone.localdate(timezone.now() + timedelta(hours=48))
    for person in (cast.archive_head, cast.security_admin):
        (row,) = inbox_rows(person, kind="incidents")
        assert row.due == due
    assert not inbox_rows(cast.leader, kind="incidents")
    with pytest.raises(WrongState):
        actions.close(actor=cast.leader, incident=incident, note="已结案")
    client.force_login(cast.security_admin)
    page = client.get(reverse("audit:incident", args=[incident.public_id]))
    assert page.context["untold"] == 1
    assert [step for step, _label in page.context["step_form"].fields["step"].choices] == ["students"]
    client.force_login(cast.archive_head)
    url = reverse("audit:incident_letters", args=[incident.public_id])
    assert client.get(url).context["untold"] == [(None, 1)]
    words = pdf_words(client.post(url, {"school_class": "", "untold": "1"}).content)
    assert "李明" in words
    told_before = {"school_class": str(cast.school_class.public_id), "untold": "1"}
    assert client.post(url, told_before).status_code == 422
    take(cast, incident, Step.STUDENTS_NOTIFIED)
    with pytest.raises(WrongState):
        take(cast, incident, Step.STUDENTS_NOTIFIED)
    assert not inbox_rows(cast.archive_head, kind="incidents")
    told = incident.steps.filter(step="students").values_list("concerned", flat=True)
    assert list(told) == [1, 2]
    actions.close(actor=cast.leader, incident=incident, note="已结案")


def test_who_closes_reads_what_was_told(cast: Cast, client: Client) -> None:
    incident = told_case(cast)
    take(cast, incident, Step.REMEDIED, Step.ACCOUNTABILITY, Step.LESSONS)
    client.force_login(cast.leader)
    url = reverse("audit:incident", args=[incident.public_id])
    page = client.get(url).content.decode()
    for part in (*WORDS.values(), str(DataKind.ID_NUMBER.label)):
        assert part in page
    assert "/letter/" not in page
    actions.close(actor=cast.leader, incident=incident, note="已结案")
    assert WORDS["harm"] in client.get(url).content.decode()
