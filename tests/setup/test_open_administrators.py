"""The first three accounts of an empty installation, opened on the command line."""

import subprocess
import sys
import threading
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.actions import open_administrators
from accounts.models import Appointment, User
from accounts.roles import ADMINISTRATORS
from accounts.scope import units_with
from ledger.context import service_user
from ledger.models import Event
from school.models import Unit
from tests.cast import Cast
from tests.factories import make_unit
from tests.support.clones import BASE_DIR

NAMES = {"system": ("A001", "吴思远"), "security": ("B002", "徐立群"), "audit": ("C003", "马文静")}


def run(**changes: Any) -> str:
    """Run the command for a bureau; the text that it prints."""
    values = {"unit": "云岭市教育局", "kind": "bureau", **NAMES, **changes}
    arguments: list[str] = []
    for name, value in values.items():
        arguments += [f"--{name}", *([value] if isinstance(value, str) else value)]
    out = StringIO()
    call_command("open_administrators", *arguments, stdout=out)
    return out.getvalue()


def password_of(staff_no: str, printed: str) -> str:
    return next(line.split()[-1] for line in printed.splitlines() if line.split()[0] == staff_no)


def counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Unit, User, Appointment, Event))


@pytest.mark.django_db
@pytest.mark.requirement("S0-4.3-1")
def test_three_persons_hold_one_duty_each_on_the_top_unit() -> None:
    run()
    unit = Unit.objects.get()
    assert (unit.name, unit.kind, unit.parent, unit.ancestors) == ("云岭市教育局", "bureau", None, [])
    held = {row.role: row for row in Appointment.objects.select_related("user", "granted_by")}
    assert set(held) == set(ADMINISTRATORS)
    assert {row.user.staff_no: row.user.name for row in held.values()} == dict(NAMES.values())
    assert all(row.granted_by == service_user() and row.unit == unit and row.reason for row in held.values())
    system, security, audit = (User.objects.get(staff_no=no) for no in ("A001", "B002", "C003"))
    assert units_with(system, "manage_users") == units_with(security, "manage_grants") == (unit.pk,)
    assert units_with(audit, "view_events") == (unit.pk,)
    assert not units_with(system, "manage_grants")
    assert not units_with(security, "manage_users")


@pytest.mark.django_db
def test_each_act_stands_in_history_and_ledger_in_the_name_of_the_service_account() -> None:
    run()
    service = service_user()
    names = Event.objects.exclude(action="school.reference_loaded").order_by("pk")
    assert list(names.values_list("action", "actor", "role")) == [
        ("unit.added", service.pk, "service"),
        *[("account.opened", service.pk, "service"), ("account.appointed", service.pk, "service")] * 3,
    ]
    for user in User.objects.filter(kind=User.Kind.STAFF):
        assert [row.history_user for row in user.history.all()] == [service]


@pytest.mark.django_db
def test_the_printed_password_signs_in_once_and_must_be_changed(client: Client) -> None:
    printed = run()
    passwords = {password_of(staff_no, printed) for staff_no, _name in NAMES.values()}
    assert len(passwords) == 3
    stored = User.objects.values_list("password", flat=True)
    assert not any(password in kept for password in passwords for kept in stored)
    values = {"login": "A001", "password": password_of("A001", printed)}
    assert client.post(reverse("account_login"), values).status_code == 302
    answer = client.get("/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("accounts:password"))


@pytest.mark.django_db
def test_a_school_at_the_top_needs_its_code_and_kind_of_schooling() -> None:
    before = counts()
    with pytest.raises(CommandError):
        run(kind="school", stage="higher", code="12345")
    with pytest.raises(CommandError):
        run(kind="school", code="4142099901")
    assert counts() == before
    run(kind="school", stage="higher", code="4142099901", unit="云岭职业大学")
    assert Unit.objects.get().code == "4142099901"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes",
    [
        {"audit": ("a001", "马文静")},
        {"audit": ("C003", "吴思远")},
        {"audit": ("system", "马文静")},
        {"audit": ("", "马文静")},
        {"kind": "department"},
    ],
)
def test_what_does_not_fit_leaves_nothing(changes: dict[str, Any]) -> None:
    before = counts()
    with pytest.raises(CommandError):
        run(**changes)
    assert counts() == before


@pytest.mark.django_db
def test_it_opens_nothing_a_second_time() -> None:
    run()
    before = counts()
    others = {"system": ("D004", "甲"), "security": ("E005", "乙"), "audit": ("F006", "丙")}
    with pytest.raises(CommandError):
        run(unit="另一个教育局", **others)
    assert counts() == before


@pytest.mark.django_db
def test_units_that_exist_are_no_empty_installation() -> None:
    make_unit("青山小学", code="2142001617")
    before = counts()
    with pytest.raises(CommandError):
        run()
    assert counts() == before


def test_administrators_who_exist_are_enough(cast: Cast) -> None:
    before = counts()
    people = dict(zip(ADMINISTRATORS, (("D004", "甲"), ("E005", "乙"), ("F006", "丙")), strict=True))
    with pytest.raises(ValidationError):
        open_administrators(actor=service_user(), unit=cast.bureau, people=people, reason="again")
    assert counts() == before


def test_of_two_at_once_one_opens_the_installation(committed_db: str) -> None:
    names = [("A001", "B002", "C003"), ("D004", "E005", "F006")]
    told: list[str] = []

    def open_one(numbers: tuple[str, str, str]) -> None:
        people = dict(zip(NAMES, zip(numbers, ("甲", "乙", "丙"), strict=True), strict=True))
        try:
            run(unit=f"{numbers[0]}教育局", **people)
            told.append("opened")
        except CommandError:
            told.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=open_one, args=(numbers,)) for numbers in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["opened", "refused"]
    assert Unit.objects.count() == 1
    assert Appointment.objects.count() == 3


def test_the_command_line_opens_once_and_then_fails(committed_db: str) -> None:
    options = ["--unit", "云岭市教育局", "--kind", "bureau"]
    options += [word for name, person in NAMES.items() for word in (f"--{name}", *person)]
    command = [sys.executable, "manage.py", "open_administrators", *options]

    def start() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, check=False)

    first, second = start(), start()
    assert (first.returncode, second.returncode) == (0, 1)
    assert {line.split()[0] for line in first.stdout.splitlines()[1:]} == {"A001", "B002", "C003"}
    assert second.stdout == ""
    assert User.objects.filter(kind=User.Kind.STAFF).count() == 3
