"""Rows for tests, as short to write as to read. Everything is written in the name of the service account."""

import itertools
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.grants import sync_grants
from accounts.models import Appointment, Training, User
from accounts.roles import ENTRY_ROLES, Role
from ledger.context import acting, service_user
from school.models import ClassStaff, Rule, SchoolClass, Stage, Unit

PASSWORD = "Plum-blossom-26"
LONG_AGO = date(2020, 9, 1)
_serial = itertools.count(1)
_hashed: list[str] = []


def saved(row: Any, *, by: Any = None) -> Any:
    """Save a recorded row in somebody's name (the service account's by default) and return it."""
    with acting(by or service_user()):
        row.save()
    return row


def make_unit(name: str, parent: Unit | None = None, *, kind: str = Unit.Kind.SCHOOL, **values: Any) -> Unit:
    """A unit of the tree with its path; a school is a primary school unless ``stage`` says otherwise."""
    if kind in (Unit.Kind.SCHOOL, Unit.Kind.CENTRAL_SCHOOL):
        values.setdefault("stage", Stage.PRIMARY)
    ancestors = [*parent.ancestors, parent.pk] if parent else []
    unit: Unit = saved(Unit(name=name, parent=parent, ancestors=ancestors, kind=kind, **values))
    return unit


def set_rule(unit: Unit, key: str, value: str, *, valid_from: date = LONG_AGO) -> Rule:
    """A dated rule of a unit."""
    row: Rule = saved(Rule(unit=unit, key=key, value=value, valid_from=valid_from, reason="test"))
    return row


def new_user(name: str, unit: Unit | None, *, staff_no: str = "", **values: Any) -> User:
    """An account, not saved, that may sign in with `PASSWORD` and need not change it."""
    if not _hashed:
        _hashed.append(make_password(PASSWORD))
    values = {
        "must_change_password": False,
        "password_changed_at": timezone.now(),
        "grants_synced_on": timezone.localdate(),
        **values,
    }
    return User(
        name=name, unit=unit, staff_no=staff_no or f"T{next(_serial):04}", password=_hashed[0], **values
    )


def make_user(name: str, unit: Unit | None, *, staff_no: str = "", **values: Any) -> User:
    """The same, saved."""
    user: User = saved(new_user(name, unit, staff_no=staff_no, **values))
    return user


def new_training(user: User, *, valid_until: date | None = None, passed_on: date = LONG_AGO) -> Training:
    """A training that entry roles ask for, not saved; without an end by default."""
    return Training(user=user, name="学籍系统操作培训", passed_on=passed_on, valid_until=valid_until)


def train(user: User, **days: Any) -> Training:
    """The same, saved."""
    row: Training = saved(new_training(user, **days))
    return row


def new_appointment(
    user: User, role: Role, unit: Unit, *, valid_from: date = LONG_AGO, valid_until: date | None = None
) -> Appointment:
    """A role on a unit, not saved, given by the service account."""
    return Appointment(
        user=user,
        role=role,
        unit=unit,
        valid_from=valid_from,
        valid_until=valid_until,
        reason="test",
        granted_by=service_user(),
    )


def appoint(user: User, role: Role, unit: Unit, *, trained: bool = True, **days: Any) -> Appointment:
    """A role that holds at once; entry roles get the training that they need unless ``trained`` is False."""
    if role in ENTRY_ROLES and trained and not user.trainings.exists():
        train(user)
    row: Appointment = saved(new_appointment(user, role, unit, **days))
    sync_grants(user)
    return row


def make_class(
    school: Unit, *, grade_level: int = 1, number: int = 1, school_year: int = 2026, **values: Any
) -> SchoolClass:
    """A class of a school numbered by rule W: entry year, grade, number."""
    entry_year = values.pop("entry_year", school_year - grade_level + 1)
    unit = values.pop("unit", school)
    row: SchoolClass = saved(
        SchoolClass(
            school=school,
            unit=unit,
            entry_year=entry_year,
            grade_level=grade_level,
            number=number,
            class_no=values.pop("class_no", f"{entry_year}{grade_level}{number:02}"),
            name=values.pop("name", f"{'一二三四五六七八九'[grade_level - 1]}年级（{number}）班"),
            label_en=values.pop("label_en", f"Grade {grade_level}, class {number}"),
            school_year=school_year,
            **values,
        )
    )
    return row


def give_class(
    school_class: SchoolClass, user: User, duty: str, *, valid_from: date = LONG_AGO, **values: Any
) -> ClassStaff:
    """Make somebody adviser, teacher or administrator of a class."""
    row: ClassStaff = saved(
        ClassStaff(school_class=school_class, user=user, duty=duty, valid_from=valid_from, **values)
    )
    return row


def yesterday() -> date:
    """The day before today in the school's time zone."""
    return timezone.localdate() - timedelta(days=1)
