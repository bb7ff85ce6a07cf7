"""Accounts, appointments, trainings: what each act leaves, and what nobody may do."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from accounts import actions, selectors
from accounts.models import Appointment, FormerPassword, User
from accounts.roles import ADMINISTRATORS, Role
from accounts.scope import NotPermitted, holds
from ledger.context import service_user
from ledger.models import Event
from school.models import Unit
from tests.cast import Cast
from tests.factories import PASSWORD, appoint, make_unit, make_user, saved, train

pytestmark = pytest.mark.django_db


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def today() -> object:
    return timezone.localdate()


@contextmanager
def refused(code: str) -> Iterator[None]:
    """The action must refuse with a fault of this code, whatever the language of its words."""
    with pytest.raises(ValidationError) as fault:
        yield
    faults = (
        fault.value.error_dict.values() if hasattr(fault.value, "error_dict") else [fault.value.error_list]
    )
    assert code in {one.code for found in faults for one in found}


def give(cast: Cast, user: User, role: Role, unit: Unit | None = None, **more: object) -> Appointment:
    values = {"valid_from": today(), "reason": "新学期分工", **more}
    return actions.appoint(
        actor=cast.security_admin, user=user, role=role, unit=unit or cast.school, **values
    )


def last_event(action: str) -> Event:
    event = Event.objects.filter(action=action).order_by("-pk").first()
    assert event is not None
    return event


@pytest.mark.requirement("S2-11.2-1", "S1-5.2-4")
def test_opening_an_account_tells_a_password_once_and_forces_its_change(cast: Cast) -> None:
    user, password = actions.open_user(
        actor=cast.system_admin, staff_no="N001", name="新人", unit=cast.admissions, mobile="13812345678"
    )
    stored = fresh(user)
    assert stored.check_password(password)
    assert stored.must_change_password
    assert stored.mobile == "13812345678"
    with connection.cursor() as cursor:
        cursor.execute("SELECT mobile FROM accounts_user WHERE id = %s", [user.pk])
        assert b"138" not in bytes(cursor.fetchone()[0])
    event = last_event("account.opened")
    assert (event.actor_id, event.role, event.unit_id) == (
        cast.system_admin.pk,
        "system_admin",
        cast.admissions.pk,
    )
    assert password not in str(event.detail)
    history = User.history.get(id=user.pk)
    assert history.history_user_id == cast.system_admin.pk
    assert not hasattr(history, "password")


def test_a_staff_number_is_taken_in_any_case(cast: Cast) -> None:
    make_user("在先", cast.admissions, staff_no="ab12")
    with pytest.raises(ValidationError) as fault:
        actions.open_user(actor=cast.system_admin, staff_no="AB12", name="在后", unit=cast.admissions)
    assert "staff_no" in fault.value.message_dict


@pytest.mark.parametrize(("kind", "told"), [("student", "A student signs in"), ("staff", "has an account")])
def test_whoever_finds_a_number_taken_is_told_whether_a_student_has_it(
    cast: Cast, kind: str, told: str
) -> None:
    make_user("王小明", cast.school, staff_no="2026010001", kind=kind)
    with override("en"), pytest.raises(ValidationError) as fault:
        actions.open_user(actor=cast.system_admin, staff_no="2026010001", name="新人", unit=cast.admissions)
    (words,) = fault.value.message_dict["staff_no"]
    assert told in words and "王小明" not in words


def test_the_database_takes_a_staff_number_in_one_spelling_alone(cast: Cast) -> None:
    make_user("甲", cast.school, staff_no="zh-01")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_user("乙", cast.school, staff_no="ZH-01")


def test_accounts_are_kept_in_ones_own_units_only(cast: Cast) -> None:
    for unit in (cast.other_school, cast.bureau):
        with pytest.raises(NotPermitted):
            actions.open_user(actor=cast.system_admin, staff_no="X1", name="某", unit=unit)
    with pytest.raises(NotPermitted):
        actions.reset_password(actor=cast.system_admin, user=cast.outsider, reason="x")
    with pytest.raises(NotPermitted):
        actions.change_user(actor=cast.system_admin, user=cast.clerk, unit=cast.other_school, name="王芳")
    with pytest.raises(NotPermitted):
        actions.lock_user(actor=cast.head, user=cast.clerk, reason="x")


def test_changing_an_account_names_the_fields_and_not_the_values(cast: Cast) -> None:
    actions.change_user(
        actor=cast.system_admin,
        user=cast.clerk,
        unit=cast.archives,
        name=cast.clerk.name,
        mobile="13912345678",
    )
    event = last_event("account.changed")
    assert event.detail == {"fields": ["mobile", "unit"]}
    assert fresh(cast.clerk).unit_id == cast.archives.pk


@pytest.mark.requirement("S0-3.3-1", "S1-3-2", "S1-8-6")
def test_an_entry_role_asks_for_a_valid_training(cast: Cast) -> None:
    user = make_user("新录入员", cast.admissions)
    with refused("untrained"):
        give(cast, user, Role.ADMISSIONS_CLERK)
    actions.record_training(
        actor=cast.security_admin, user=user, name="学籍管理培训", passed_on=today(), certificate_no="X-1"
    )
    give(cast, user, Role.ADMISSIONS_CLERK)
    assert holds(fresh(user), "enter_applicant")
    event = last_event("account.appointed")
    assert (event.object_id, event.role, event.reason) == (user.pk, "security_admin", "新学期分工")
    assert event.detail == {"role": "admissions_clerk"}
    assert user.trainings.count() == 1


def test_a_new_training_wakes_a_role_that_rests(cast: Cast) -> None:
    user = make_user("过期", cast.admissions)
    appoint(user, Role.REGISTRAR, cast.school, trained=False)
    assert not holds(fresh(user), "view_student")
    actions.record_training(actor=cast.security_admin, user=fresh(user), name="培训", passed_on=today())
    assert holds(fresh(user), "view_student")


@pytest.mark.requirement("S3-5.1-1")
def test_ending_a_role_takes_effect_at_once_even_on_its_first_day(cast: Cast) -> None:
    user = make_user("一日", cast.admissions)
    row = give(cast, user, Role.LEADER)
    session = Client()
    session.force_login(fresh(user))
    assert holds(fresh(user), "view_figures")
    actions.end_appointment(actor=cast.security_admin, appointment=row, reason="调离")
    assert not holds(fresh(user), "view_figures")
    with pytest.raises(ValidationError):
        actions.end_appointment(actor=cast.security_admin, appointment=row, reason="again")
    give(cast, user, Role.LEADER)
    assert holds(fresh(user), "view_figures")
    assert Appointment.history.filter(id=row.pk).count() == 2


def test_what_an_appointment_must_not_be(cast: Cast) -> None:
    user = make_user("某", cast.admissions)
    wrong: list[tuple[str, dict[str, object]]] = [
        ("valid_from", {"role": Role.LEADER, "valid_from": today() - timedelta(days=1)}),
        ("valid_until", {"role": Role.LEADER, "valid_until": today() - timedelta(days=1)}),
        ("role", {"role": Role.STUDENT}),
        ("unit", {"role": Role.BUREAU_OFFICER}),
    ]
    for field, values in wrong:
        with pytest.raises(ValidationError) as fault:
            give(cast, user, **values)  # type: ignore[arg-type]  # each misses or breaks one value on purpose
        assert list(fault.value.message_dict) == [field]
    give(cast, user, Role.LEADER)
    with refused("twice"):
        give(cast, user, Role.LEADER)
    with refused("oneself"):
        give(cast, cast.security_admin, Role.LEADER)
    with pytest.raises(NotPermitted):
        give(cast, user, Role.LEADER, unit=cast.other_school)
    with pytest.raises(NotPermitted):
        actions.appoint(
            actor=cast.system_admin,
            user=user,
            role=Role.LEADER,
            unit=cast.school,
            valid_from=today(),
            reason="x",
        )
    service = service_user()
    with refused("not_staff"):
        give(cast, service, Role.LEADER)  # type: ignore[arg-type]  # the service account is a User


@pytest.mark.parametrize("second", [*ADMINISTRATORS, Role.ARCHIVIST])
def test_administrators_duties_stay_apart_in_the_action(cast: Cast, second: Role) -> None:
    user = make_user("兼任", cast.admissions)
    give(cast, user, Role.AUDITOR, valid_until=today() + timedelta(days=30))
    with pytest.raises(ValidationError):
        give(cast, user, second, valid_from=today() + timedelta(days=30))
    give(cast, user, second, valid_from=today() + timedelta(days=31))


def bare(user: User, role: Role, unit: Unit, granted_by: User | None = None) -> None:
    """An appointment written past the action."""
    with transaction.atomic():
        saved(
            Appointment(
                user=user,
                role=role,
                unit=unit,
                valid_from=today(),
                reason="x",
                granted_by=granted_by or service_user(),
            )
        )


@pytest.mark.parametrize(
    ("first", "second", "constraint"),
    [
        (Role.SYSTEM_ADMIN, Role.AUDITOR, "one_administrator_duty"),
        (Role.SECURITY_ADMIN, Role.SYSTEM_ADMIN, "one_administrator_duty"),
        (Role.SYSTEM_ADMIN, Role.ARCHIVIST, "administrators_see_no_students"),
        (Role.TEACHER, Role.AUDITOR, "administrators_see_no_students"),
        (Role.LEADER, Role.LEADER, "appointment_once"),
    ],
)
def test_the_database_keeps_duties_apart_past_the_code(
    cast: Cast, first: Role, second: Role, constraint: str
) -> None:
    user = make_user("绕过", cast.admissions)
    bare(user, first, cast.school)
    with pytest.raises(IntegrityError, match=constraint):
        bare(user, second, cast.school)
    bare(user, Role.LEADER if first != Role.LEADER else Role.ARCHIVIST, cast.admissions)


def test_the_database_lets_nobody_appoint_himself_or_be_superuser(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="nobody_appoints_oneself"):
        bare(cast.security_admin, Role.LEADER, cast.school, granted_by=cast.security_admin)
    with (
        pytest.raises(IntegrityError, match="nobody_is_superuser"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE accounts_user SET is_superuser = true WHERE id = %s", [cast.clerk.pk])


@pytest.mark.requirement("S3-6.1-2")
def test_a_new_password_is_strong_and_not_one_of_the_last_five(cast: Cast) -> None:
    user = cast.clerk
    for weak in ("short-A1", "alllowercaseletters", "lowercase12345", "王芳的密码是很长的一句话"):
        with pytest.raises(ValidationError) as fault:
            actions.change_own_password(actor=user, old=PASSWORD, new=weak)
        assert list(fault.value.message_dict) == ["new"]
    with pytest.raises(ValidationError) as fault:
        actions.change_own_password(actor=user, old="wrong", new="Pine-tree-2026")
    assert list(fault.value.message_dict) == ["old"]
    used = [PASSWORD]
    for number in range(5):
        new = f"Pine-tree-20{number}x"
        for old in used[-5:]:
            with pytest.raises(ValidationError):
                actions.change_own_password(actor=user, old=used[-1], new=old)
        actions.change_own_password(actor=user, old=used[-1], new=new)
        used.append(new)
    actions.change_own_password(actor=user, old=used[-1], new=PASSWORD)
    assert fresh(user).check_password(PASSWORD), "the sixth back is free again"
    assert FormerPassword.objects.filter(user=user).count() == 6


def test_a_reset_tells_a_new_password_and_ends_open_sessions(cast: Cast) -> None:
    session = Client()
    session.force_login(cast.clerk)
    assert session.get("/me/").status_code == 200
    password = actions.reset_password(actor=cast.system_admin, user=cast.clerk, reason="忘记密码")
    assert session.get("/me/").status_code == 302
    assert fresh(cast.clerk).check_password(password)
    assert fresh(cast.clerk).must_change_password
    with pytest.raises(ValidationError):
        actions.reset_password(actor=cast.system_admin, user=cast.system_admin, reason="x")


def test_locking_takes_the_grants_away_and_unlocking_gives_them_back(cast: Cast) -> None:
    actions.lock_user(actor=cast.system_admin, user=cast.clerk, reason="离岗")
    assert not holds(fresh(cast.clerk), "enter_applicant")
    assert last_event("account.locked").reason == "离岗"
    actions.unlock_user(actor=cast.system_admin, user=cast.clerk, reason="返岗")
    assert holds(fresh(cast.clerk), "enter_applicant")
    with pytest.raises(ValidationError):
        actions.lock_user(actor=cast.system_admin, user=cast.system_admin, reason="x")


def test_a_schools_administrator_takes_over_no_account_with_duties_above(client: Client, cast: Cast) -> None:
    both = make_user("双岗", cast.teaching)
    appoint(both, Role.TEACHER, cast.school)
    appoint(both, Role.BUREAU_OFFICER, cast.bureau)
    for act in (actions.reset_password, actions.lock_user, actions.unlock_user):
        with pytest.raises(NotPermitted):
            act(actor=cast.system_admin, user=both, reason="x")
    assert fresh(both).check_password(PASSWORD)
    client.force_login(cast.system_admin)
    page = client.get(reverse("accounts:user", args=[both.public_id])).content.decode()
    assert "reset-password" not in page
    assert reverse("accounts:change_user", args=[both.public_id]) in page
    top = make_user("秦岭", cast.bureau)
    appoint(top, Role.SYSTEM_ADMIN, cast.bureau)
    actions.reset_password(actor=top, user=both, reason="忘记密码")
    assert not fresh(both).check_password(PASSWORD)


def test_the_form_of_an_account_shows_no_contact_that_its_page_hides(client: Client, cast: Cast) -> None:
    stranger = make_user("外人", cast.other_school, mobile="13900139000")
    appoint(stranger, Role.TEACHER, cast.school)
    keeper = make_user("机房", cast.teaching)
    appoint(keeper, Role.SYSTEM_ADMIN, cast.school)
    peer = make_user("同级", cast.archives, mobile="13900139001", qq="12345678")
    client.force_login(keeper)
    assert client.get(reverse("accounts:change_user", args=[stranger.public_id])).status_code == 403
    address = reverse("accounts:change_user", args=[peer.public_id])
    page = client.get(address).content.decode()
    assert "12345678" in page
    assert "13900139001" not in page
    answer = client.post(address, {"name": "同级", "unit": cast.archives.pk, "qq": "87654321", "mobile": ""})
    assert answer.status_code == 302
    assert (fresh(peer).qq, fresh(peer).mobile) == ("87654321", "13900139001")


def test_a_lost_second_factor_is_the_security_administrators(cast: Cast) -> None:
    TOTP.activate(cast.clerk, generate_totp_secret())
    with pytest.raises(NotPermitted):
        actions.reset_second_factor(actor=cast.system_admin, user=cast.clerk, reason="x")
    actions.reset_second_factor(actor=cast.security_admin, user=cast.clerk, reason="手机遗失")
    assert last_event("account.second_factor_reset").actor_id == cast.security_admin.pk
    with pytest.raises(ValidationError):
        actions.reset_second_factor(actor=cast.security_admin, user=cast.clerk, reason="x")


@pytest.mark.requirement("S1-3-6", "S1-3-7")
def test_contacts_show_four_up_and_down_three_to_peers_two_to_others(cast: Cast) -> None:
    seen = selectors.contacts_shown
    assert len(seen(cast.leader, cast.clerk)) == 4
    assert len(seen(cast.clerk, cast.bureau_officer)) == 4
    assert seen(cast.clerk, cast.registrar) == ("office_phone", "email", "qq")
    assert seen(cast.leader, cast.outsider) == ("office_phone", "email", "qq")
    assert seen(cast.clerk, cast.outsider) == ("office_phone", "email")


@pytest.mark.requirement("S0-5.1-2", "S4-4.1-5")
def test_who_can_see_what_names_each_path(client: Client, cast: Cast) -> None:
    client.force_login(cast.security_admin)
    page = client.get(f"/grants/{cast.school.public_id}/?perm=accept_applicant")
    rows = {row.user.name: (row.role, row.unit.name) for row in page.context["list"].objects}
    assert rows == {
        cast.archivist.name: ("archivist", "红花小学"),
        cast.second_archivist.name: ("archivist", "红花小学"),
        cast.archive_head.name: ("archive_head", "红花小学"),
    }
    above = client.get(f"/grants/{cast.school.public_id}/?perm=approve_no_hukou")
    assert [row.unit.name for row in above.context["list"].objects] == ["东湖区教育局"]
    asked = {"unit": str(cast.school.public_id), "perm": "approve_no_hukou"}
    assert (
        client.get("/grants/", asked)["Location"] == f"/grants/{cast.school.public_id}/?perm=approve_no_hukou"
    )
    nowhere = client.get("/grants/", {"unit": "x", "perm": "become_king"})["Location"]
    assert "perm" not in nowhere
    assert client.get(nowhere).status_code == 200
    person = client.get(f"/users/{cast.archivist.public_id}/").content.decode()
    assert "红花小学" in person
    assert "学籍系统" in person, "who gave the role"


def test_the_grants_of_a_closed_unit_stay_readable(client: Client, cast: Cast) -> None:
    closed = make_unit("旧校", cast.bureau, is_active=False)
    reader = make_user("审计", cast.bureau)
    appoint(reader, Role.AUDITOR, closed)
    client.force_login(reader)
    answer = client.get("/grants/")
    assert client.get(answer["Location"]).status_code == 200


def test_the_list_of_users_costs_the_same_for_three_and_thirty(client: Client, cast: Cast) -> None:
    from django.test.utils import CaptureQueriesContext

    client.force_login(cast.system_admin)
    client.get("/users/")
    counts = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get("/users/")
        counts.append(len(queries))
        for number in range(15):
            appoint(make_user(f"员工{number}", cast.admissions), Role.TEACHER, cast.school)
    assert counts[0] == counts[1]


def test_a_user_opens_an_account_and_gives_a_role_through_the_pages(client: Client, cast: Cast) -> None:
    client.force_login(cast.system_admin)
    told = client.post("/users/new/", {"staff_no": "P100", "name": "页面", "unit": cast.admissions.pk})
    password = told.context["password"]
    user = User.objects.get(staff_no="P100")
    assert user.check_password(password)
    assert password not in client.get(f"/users/{user.public_id}/").content.decode()
    assert client.get(f"/users/{user.public_id}/appoint/").status_code == 403
    client.force_login(cast.security_admin)
    values = {"role": "leader", "unit": cast.school.pk, "valid_from": str(today()), "reason": "任命"}
    assert client.post(f"/users/{user.public_id}/appoint/", values).status_code == 200
    assert not Appointment.objects.filter(user=user).exists()
    for head in (cast.head, cast.leader):
        head.is_active = False
        saved(head)
    assert client.post(f"/users/{user.public_id}/appoint/", values).status_code == 200, (
        "locked, but head still"
    )
    for row in Appointment.objects.filter(user__in=[cast.head, cast.leader]):
        row.withdrawn_at = timezone.now() - timedelta(days=31)
        saved(row)
    assert client.post(f"/users/{user.public_id}/appoint/", values).status_code == 302
    refused = client.post(f"/users/{user.public_id}/appoint/", values)
    assert refused.status_code == 200
    assert refused.context["form"].errors["role"]
    assert Appointment.objects.filter(user=user).count() == 1
    train(user)
