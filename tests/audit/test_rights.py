"""A role is asked for, approved by the head, granted by the security administrator, read by the auditor (E.17)."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actions import appoint_directly
from accounts.models import Appointment, User
from accounts.roles import ADMINISTRATORS, Role
from accounts.scope import NotPermitted, holds
from approvals import actions as requests
from approvals.models import Request
from approvals.refusals import AlreadyDecided, NobodyCan, SamePerson
from audit.models import RoleRequest
from audit.rights import actions
from audit.rights.actions import CannotHold
from ledger.models import Event
from tests.archive.asking import submitted_edit
from tests.audit.test_inspections import words_of
from tests.cast import Cast, make_cast
from tests.factories import appoint, make_unit, make_user, saved, train
from tests.records.files import make_student
from tests.support.behind import behind
from tests.support.inbox import inbox_rows

pytestmark = pytest.mark.requirement("S1-7.3-6", "S2-11.2-1")


def today() -> Any:
    return timezone.localdate()


def asked(person: User, role: Role = Role.CLASS_ADVISER, unit: Any = None, **values: Any) -> RoleRequest:
    days = {"valid_from": today(), "valid_until": today() + timedelta(days=200), **values}
    school = person.unit.employer if person.unit else None
    return actions.draft(actor=person, role=role, unit=unit or school, reason="接任班主任", **days)


def submitted(person: User, *args: Any, **values: Any) -> Request:
    return requests.submit(actor=person, request=asked(person, *args, **values).request)


def newcomer(cast: Cast) -> User:
    return make_user("新教师", cast.teaching)


def test_the_way_from_the_request_to_the_role(cast: Cast, client: Client) -> None:
    person = newcomer(cast)
    request = submitted(person)
    assert request.number.startswith("QX-")
    assert not holds(person, "view_own_class")
    assert [row.url for row in inbox_rows(cast.academic_head, kind="requests")]
    requests.take_step(actor=cast.academic_head, request=request)
    assert [row.url for row in inbox_rows(cast.security_admin, kind="requests")]
    requests.take_step(actor=cast.security_admin, request=request)
    row = Appointment.objects.get(user=person)
    typed = RoleRequest.objects.get()
    assert typed.appointment == row
    assert (row.role, row.unit, row.request_no, row.granted_by) == (
        "class_adviser", cast.school, request.number, cast.security_admin,
    )  # fmt: skip
    assert (row.valid_from, row.valid_until) == (today(), today() + timedelta(days=200))
    assert holds(User.objects.get(pk=person.pk), "view_own_class")
    assert Event.objects.get(action="account.appointed").request_no == request.number
    assert Appointment.history.get(id=row.pk).history_request_no == request.number
    client.force_login(cast.auditor)
    page = client.get(reverse("approvals:request", args=[request.public_id])).content.decode()
    assert "接任班主任" in page
    address = reverse("accounts:unit_grants", args=[cast.school.public_id])
    assert request.number in client.get(address, {"request": "with"}).content.decode()
    assert request.number not in client.get(address, {"request": "without"}).content.decode()


def test_other_people_read_nothing_of_it(cast: Cast, client: Client) -> None:
    request = submitted(newcomer(cast))
    readers = {"academic_head", "leader", "security_admin", "auditor"}
    for name, user in cast.people.items():
        client.force_login(user)
        status = client.get(reverse("approvals:request", args=[request.public_id])).status_code
        assert (status == 200) == (name in readers), name


@pytest.mark.parametrize(
    "name", ["student_affairs_head", "archive_head", "registrar", "system_admin", "auditor"]
)
def test_who_is_no_head_of_the_department_approves_nothing(cast: Cast, name: str) -> None:
    request = submitted(newcomer(cast))
    with pytest.raises(NotPermitted):
        requests.take_step(actor=getattr(cast, name), request=request)
    assert not Appointment.objects.filter(user=request.requester).exists()


def test_a_head_asks_the_leader(cast: Cast) -> None:
    request = submitted(cast.academic_head, Role.STUDENT_AFFAIRS)
    with pytest.raises(SamePerson):
        requests.take_step(actor=cast.academic_head, request=request)
    requests.take_step(actor=cast.leader, request=request)
    requests.take_step(actor=cast.security_admin, request=request)
    assert Appointment.objects.filter(user=cast.academic_head, request_no=request.number).exists()


def test_nobody_grants_what_he_asked_for_or_approved(cast: Cast) -> None:
    second = make_user("二号安全员", cast.school)
    appoint(second, Role.SECURITY_ADMIN, cast.school)
    own = submitted(cast.security_admin, Role.LEADER)
    requests.take_step(actor=cast.leader, request=own)
    with pytest.raises(SamePerson):
        requests.take_step(actor=cast.security_admin, request=own)
    requests.take_step(actor=second, request=own)
    both = make_user("兼任", cast.school)
    appoint(both, Role.SECURITY_ADMIN, cast.school)
    appoint(both, Role.LEADER, cast.school)
    other = submitted(newcomer(cast))
    requests.take_step(actor=both, request=other)
    with pytest.raises(SamePerson):
        requests.take_step(actor=both, request=other)


@pytest.mark.parametrize(
    ("first", "second"), [("requester", "head"), ("requester", "granter"), ("head", "granter")]
)
def test_the_database_keeps_the_three_persons_apart(cast: Cast, first: str, second: str) -> None:
    typed = asked(newcomer(cast))
    person = typed.requester if first == "requester" else cast.leader
    if first != "requester":
        setattr(typed, first, person)
    setattr(typed, second, person)
    with pytest.raises(IntegrityError, match=f"role_request_{first}_{second}"), transaction.atomic():
        saved(typed)


def test_nothing_is_granted_past_the_head_in_the_database(cast: Cast) -> None:
    typed = asked(newcomer(cast))
    typed.appointment, typed.granter = (
        appoint(typed.requester, Role.TEACHER, cast.school),
        cast.security_admin,
    )
    with pytest.raises(IntegrityError, match="role_request_granted_whole"), transaction.atomic():
        saved(typed)


def test_an_entry_role_takes_a_training_when_asked_and_when_granted(cast: Cast) -> None:
    person = make_user("录入员", cast.admissions)
    with pytest.raises(CannotHold):
        asked(person, Role.ADMISSIONS_CLERK)
    training = train(person)
    request = submitted(person, Role.ADMISSIONS_CLERK)
    training.valid_until = today() - timedelta(days=1)
    saved(training)
    with pytest.raises(CannotHold):
        requests.take_step(actor=cast.head, request=request)
    train(person)
    requests.take_step(actor=cast.head, request=request)
    requests.take_step(actor=cast.security_admin, request=request)
    assert holds(User.objects.get(pk=person.pk), "enter_applicant")


@pytest.mark.parametrize("role", [*ADMINISTRATORS])
def test_duties_that_do_not_mix_cannot_even_be_asked_for(cast: Cast, role: Role) -> None:
    with pytest.raises(CannotHold):
        asked(cast.registrar, role)
    assert not Request.objects.exists()


def test_roles_are_asked_for_at_ones_own_school_alone(cast: Cast) -> None:
    for unit in (cast.other_school, cast.bureau):
        with pytest.raises(CannotHold):
            asked(newcomer(cast), Role.TEACHER, unit)


def test_where_no_head_is_nothing_can_be_submitted(cast: Cast) -> None:
    lonely = make_unit("偏远小学", cast.bureau)
    person = make_user("某人", lonely)
    with pytest.raises(NobodyCan):
        submitted(person, Role.TEACHER)


def test_days_that_passed_meanwhile_begin_today_or_not_at_all(cast: Cast) -> None:
    typed = asked(newcomer(cast), valid_until=today() + timedelta(days=5))
    request = requests.submit(actor=typed.requester, request=typed.request)
    typed.refresh_from_db()
    typed.valid_from, typed.valid_until = today() - timedelta(days=9), today() - timedelta(days=1)
    saved(typed)
    with pytest.raises(CannotHold):
        requests.take_step(actor=cast.academic_head, request=request)
    typed.valid_until = today()
    saved(typed)
    requests.take_step(actor=cast.academic_head, request=request)
    requests.take_step(actor=cast.security_admin, request=request)
    assert Appointment.objects.get(user=typed.requester).valid_from == today()


def test_the_form_asks_and_a_returned_request_is_filled_again(cast: Cast, client: Client) -> None:
    person = newcomer(cast)
    client.force_login(person)
    url = reverse("audit:role_new")
    values = {
        "role": "class_adviser", "unit": cast.school.pk, "valid_from": str(today()), "reason": "接任班主任",
        "valid_until": str(today() + timedelta(days=99)),
    }  # fmt: skip
    assert client.post(url, {**values, "valid_until": str(today() - timedelta(days=1))}).status_code == 422
    assert client.post(url, {**values, "unit": cast.other_school.pk}).status_code == 422
    assert client.post(url, values).status_code == 302
    row = Request.objects.get()
    requests.submit(actor=person, request=row)
    requests.send_back(actor=cast.academic_head, request=row, reason="other", comment="期限过长")
    page = client.get(url, {"instead_of": row.public_id}).content.decode()
    assert "接任班主任" in page
    client.post(f"{url}?instead_of={row.public_id}", values)
    row.refresh_from_db()
    assert row.state == "recalled"


def test_two_who_grant_at_once_make_one_role(committed_db: str) -> None:
    cast = make_cast()
    second = make_user("二号安全员", cast.school)
    appoint(second, Role.SECURITY_ADMIN, cast.school)
    request = submitted(newcomer(cast))
    requests.take_step(actor=cast.academic_head, request=request)
    step = partial(requests.take_step, request=request, step="grant")
    result = behind(lambda: step(actor=cast.security_admin), lambda: step(actor=second))
    assert isinstance(result, AlreadyDecided)
    assert Appointment.objects.filter(request_no=request.number).count() == 1


# The printed form


def test_the_form_tells_who_asked_who_decided_and_what_was_given(cast: Cast, client: Client) -> None:
    person = newcomer(cast)
    request = submitted(person)
    requests.take_step(actor=cast.academic_head, request=request, comment="工作需要")
    requests.take_step(actor=cast.security_admin, request=request)
    url = reverse("audit:role_print", args=[request.public_id])
    for reader in (person, cast.academic_head, cast.security_admin, cast.auditor):
        client.force_login(reader)
        text = words_of(client.post(url).content)
        for one in (
            request.number,
            "新教师",
            person.staff_no,
            "教务处",
            "红花小学",
            "接任班主任",
            "工作需要",
        ):
            assert one in text
        assert cast.academic_head.name in text and cast.security_admin.name in text
        until = today() + timedelta(days=200)
        assert text.count(f"{until:%Y-%m-%d}") == 2
    printed = Event.objects.filter(action="role_request.printed")
    assert printed.count() == 4
    assert set(printed.values_list("request_no", flat=True)) == {request.number}
    for other in (cast.registrar, cast.outsider, cast.student_affairs_head):
        client.force_login(other)
        assert client.post(url).status_code == 404


def test_a_draft_and_a_request_of_another_kind_print_no_form(cast: Cast, client: Client) -> None:
    person = newcomer(cast)
    draft = asked(person).request
    client.force_login(person)
    answer = client.post(reverse("audit:role_print", args=[draft.public_id]), follow=True)
    (why,) = answer.context["messages"]
    assert why.level_tag == "error"
    edit = submitted_edit(cast, make_student("王小明", cast), {"name": "王晓明"}).request
    client.force_login(edit.requester)
    assert client.get(reverse("approvals:request", args=[edit.public_id])).status_code == 200
    assert client.post(reverse("audit:role_print", args=[edit.public_id])).status_code == 404
    assert not Event.objects.filter(action="role_request.printed").exists()


# Without a request


def test_a_role_is_given_directly_only_while_nobody_could_approve(cast: Cast, client: Client) -> None:
    values = {"role": Role.TEACHER, "unit": cast.school, "valid_from": today(), "reason": "初始化"}
    person = newcomer(cast)
    with pytest.raises(ValidationError) as fault:
        appoint_directly(actor=cast.security_admin, user=person, **values)
    assert fault.value.code == "by_request"
    client.force_login(cast.security_admin)
    posted = {**values, "unit": cast.school.pk, "role": "teacher", "valid_from": str(today())}
    client.post(reverse("accounts:appoint", args=[person.public_id]), posted)
    assert not Appointment.objects.filter(user=person).exists()
    bureau = make_user("局安全员", cast.bureau)
    appoint(bureau, Role.SECURITY_ADMIN, cast.bureau)
    first = make_user("校长", cast.other_school)
    there = {**values, "role": Role.LEADER, "unit": cast.other_school}
    row = appoint_directly(actor=bureau, user=first, **there)
    assert row.request_no == ""
    with pytest.raises(ValidationError):
        appoint_directly(
            actor=bureau, user=make_user("教师", cast.other_school), **{**there, "role": Role.TEACHER}
        )
